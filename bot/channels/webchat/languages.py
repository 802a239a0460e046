"""Which of the desk's languages somebody reads."""

from aiohttp import web

from bot.models import Language
from bot.text import read_language
from bot.visitor import preferred

CHOSEN = web.RequestKey("chosen_language", str)
"""What the body of the request said, once it was read."""

DEFAULT: Language = "zh-Hans"


def asked(request: web.Request) -> Language:
    """Return the language the request asks for: its body, then `?language=`, then its headers."""
    for tag in (request.get(CHOSEN), request.query.get("language")):
        language = read_language(tag) if tag else None
        if language is not None:
            return language
    return preferred(request.headers.get("Accept-Language", "")) or DEFAULT
