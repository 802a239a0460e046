"""The public JSON API."""

from pathlib import Path

import orjson
import yaml
from aiohttp import web

from bot.channels.webchat.conversations import address_of
from bot.channels.webchat.incoming import read_json
from bot.channels.webchat.languages import asked
from bot.channels.webchat.parts import PARTS
from bot.channels.webchat.problems import Problem
from bot.channels.webchat.records import exchange_record, option_records, reply_record
from bot.mydata import NAME

_DESCRIPTION = Path(__file__).parent / "openapi.yaml"


async def post_message(request: web.Request) -> web.Response:
    """Answer a message, or hand it to a person; its effect is durable when the response is sent."""
    token, replies = await request.app[PARTS].ask(request, await read_json(request))
    return _json({"conversation": token, "replies": [reply_record(reply) for reply in replies]})


async def get_conversation(request: web.Request) -> web.Response:
    """Return the exchange and its state."""
    parts = request.app[PARTS]
    token = parts.known_token(request)
    exchange = await parts.assistant.exchange(address_of(token))
    if exchange is None:
        raise Problem("conversation_unknown")
    await parts.assistant.seen(address_of(token))
    return _json(exchange_record(token, exchange))


async def get_data(request: web.Request) -> web.Response:
    """Return everything kept for the conversation, as a file to save."""
    parts = request.app[PARTS]
    data = await parts.assistant.my_data(address_of(parts.known_token(request)))
    if data is None:
        raise Problem("conversation_unknown")
    return web.Response(
        body=data,
        content_type="application/json",
        charset="utf-8",
        headers={"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{NAME}"'},
    )


async def get_topics(request: web.Request) -> web.Response:
    """Return the menu; an id is what `option` takes."""
    language = asked(request)
    topics = request.app[PARTS].assistant.topics(language)
    return _json({"language": language, "topics": option_records(topics)}, cache="no-cache")


def describe() -> bytes:
    """Return the API's description (OpenAPI 3.1) as JSON."""
    return orjson.dumps(yaml.load(_DESCRIPTION.read_bytes(), Loader=yaml.CSafeLoader))


def _json(record: object, *, cache: str = "no-store") -> web.Response:
    return web.Response(
        body=orjson.dumps(record), content_type="application/json", headers={"Cache-Control": cache}
    )
