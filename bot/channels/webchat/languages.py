"""Which of the desk's languages somebody reads."""

from aiohttp import web

from bot.models import LANGUAGES, Language
from bot.text import read_language

CHOSEN = web.RequestKey("chosen_language", str)
"""What the body of the request said, once it was read."""

DEFAULT: Language = "zh-Hans"


def preferred(header: str) -> Language | None:
    """Return the language an Accept-Language header likes best among the desk's."""
    best: tuple[float, Language] | None = None
    for item in header.split(",")[:20]:
        tag, _, quality = item.partition(";")
        language = read_language(tag)
        if language is None:
            continue
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if weight > 0 and (best is None or weight > best[0]):
            best = (weight, language)
    return best[1] if best else None


def asked(request: web.Request) -> Language:
    """Return the language the request asks for: its body, then `?language=`, then its headers."""
    for tag in (request.get(CHOSEN), request.query.get("language")):
        language = read_language(tag) if tag else None
        if language is not None:
            return language
    return preferred(request.headers.get("Accept-Language", "")) or DEFAULT


__all__ = ["CHOSEN", "DEFAULT", "LANGUAGES", "asked", "preferred", "read_language"]
