"""Reading what a form sent."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlsplit

from aiohttp import web

from bot.models import Language
from bot.text import read_language

ANSWER_MOST = 8_000
QUESTION_MOST = 500
SOURCE_MOST = 500
FORM_MOST = 512 * 1024
"""Bytes of a whole form; more is refused unread."""
NOT_KEPT = frozenset(
    {"csrf", "form_token", "password", "old_password", "new_password", "code", "recovery", "ticket"}
)
"""Fields that are never shown back."""


class Mistake(Exception):
    """A form cannot be used as it is; `key` names the sentence that says what to mend."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


async def fields(request: web.Request) -> dict[str, str]:
    """Return the fields of the form, with line ends as `\\n`.

    Raises `HTTPBadRequest` when the form is not readable as text.
    """
    try:
        sent = await request.post()
    except (ValueError, LookupError) as exc:
        raise web.HTTPBadRequest from exc
    return {name: value.replace("\r\n", "\n") for name, value in sent.items() if isinstance(value, str)}


def kept(sent: dict[str, str]) -> list[tuple[str, str]]:
    """Return the fields worth showing to somebody whose form could not be used."""
    return [(name, value) for name, value in sent.items() if name not in NOT_KEPT and value.strip()]


def text(sent: dict[str, str], name: str, most: int, missing: str, long: str = "staff.form.long") -> str:
    """Return a field that must hold something. Raises `Mistake`."""
    value = "".join(_storable(sent.get(name, ""))).strip()
    if not value:
        raise Mistake(missing)
    if len(value) > most:
        raise Mistake(long, length=len(value), most=most)
    return value


def number(sent: dict[str, str], name: str) -> int | None:
    """Return the whole number in a field that no person fills in; None when there is none."""
    value = sent.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def language(sent: dict[str, str]) -> Language:
    """Return the language chosen. Raises `Mistake`."""
    found = read_language(sent.get("language", ""))
    if found is None:
        raise Mistake("staff.form.language")
    return found


def source(sent: dict[str, str]) -> str | None:
    """Return the address where an answer was published, if one was given. Raises `Mistake`."""
    value = sent.get("source", "").strip()
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname or len(value) > SOURCE_MOST:
        raise Mistake("staff.form.source")
    return value


def date(sent: dict[str, str], name: str) -> dt.date | None:
    """Return the date in the field, if there is one. Raises `Mistake`."""
    value = sent.get(name, "").strip()
    if not value:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError as exc:
        raise Mistake("staff.form.date") from exc


def _storable(value: str) -> Iterator[str]:
    """Leave out what no text needs: control characters other than line ends and tabs, lone surrogates."""
    for character in value:
        if character in "\n\t" or (character >= " " and not 0xD800 <= ord(character) <= 0xDFFF):
            yield character
