"""Reading what a citizen sent over HTTP: bounded, strict, and precise about what is wrong."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from bot.channels.webchat.languages import CHOSEN
from bot.channels.webchat.problems import Problem
from bot.models import LANGUAGES, Language
from bot.text import read_language

LONGEST_BODY = 64 * 1024
LONGEST_TEXT = 4_000
LONGEST_MESSAGE_ID = 128
LONGEST_OPTION_BYTES = 40
BODY_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message as its sender wrote it, checked."""

    text: str
    option: str | None
    message_id: str | None
    language: Language | None
    conversation: str | None
    start: str | None


async def read_json(request: web.Request) -> Asked:
    """Read a message from a JSON body. Raises `Problem`."""
    body = await _read_body(request, "application/json")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Problem("body_not_utf8") from exc
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise Problem("body_not_json") from exc
    if not isinstance(data, dict):
        raise Problem("body_not_object")
    return read_asked(request, data)


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the fields of the plain form that were filled in. Raises `Problem`."""
    body = await _read_body(request, "application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=20)
    except UnicodeDecodeError as exc:
        raise Problem("body_not_utf8") from exc
    except ValueError as exc:
        raise Problem("body_unreadable") from exc
    # Browsers send line breaks as CR LF.
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


async def _read_body(request: web.Request, media_type: str) -> bytes:
    if request.content_type != media_type:
        raise Problem("media_type", expected=media_type, headers={"Accept-Post": media_type})
    too_large = Problem("body_too_large", limit=LONGEST_BODY // 1024)
    if request.content_length is not None and request.content_length > LONGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_chunked(16 * 1024):
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise too_large
    except TimeoutError as exc:
        raise Problem("body_too_slow") from exc
    except (web.RequestPayloadError, web.PayloadAccessError) as exc:
        raise Problem("body_unreadable") from exc
    return bytes(body)


def read_asked(request: web.Request, data: Mapping[str, object]) -> Asked:
    """Check the fields of a message. Raises `Problem`."""
    language = _language(data)
    if language is not None:
        request[CHOSEN] = language
    text = _string(data, "text")
    option = _string(data, "option")
    if text is None and option is None:
        raise Problem("field_missing", field="text")
    if text is not None and option is not None:
        raise Problem("field_both", field="option")
    if text is not None and len(text) > LONGEST_TEXT:
        raise Problem("text_too_long", field="text", limit=LONGEST_TEXT, length=len(text))
    if option is not None and not 1 <= len(option.encode()) <= LONGEST_OPTION_BYTES:
        raise Problem("field_length", field="option", limit=LONGEST_OPTION_BYTES)
    message_id = _string(data, "message_id")
    if message_id is not None and not 1 <= len(message_id) <= LONGEST_MESSAGE_ID:
        raise Problem("field_length", field="message_id", limit=LONGEST_MESSAGE_ID)
    return Asked(
        text=text or "",
        option=option,
        message_id=message_id,
        language=language,
        conversation=_string(data, "conversation"),
        start=_string(data, "start"),
    )


def _string(data: Mapping[str, object], field: str) -> str | None:
    value = data.get(field)
    if value is None or isinstance(value, str):
        return value
    raise Problem("field_type", field=field)


def _language(data: Mapping[str, object]) -> Language | None:
    tag = _string(data, "language")
    if tag is None:
        return None
    language = read_language(tag)
    if language is None:
        raise Problem("language_unknown", field="language", languages=", ".join(LANGUAGES))
    return language
