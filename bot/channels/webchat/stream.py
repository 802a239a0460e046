"""Replies pushed to open pages as they happen (server-sent events)."""

import asyncio
import random
from collections.abc import Sequence

import orjson
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from bot.channels.webchat.conversations import address_of
from bot.channels.webchat.parts import PARTS
from bot.channels.webchat.problems import Problem
from bot.channels.webchat.records import reply_record
from bot.models import Reply

HEARTBEAT_SECONDS = 15


async def get_stream(request: web.Request) -> web.StreamResponse:
    """Stream new replies; with Last-Event-ID, first the ones after it."""
    parts = request.app[PARTS]
    token = parts.known_token(request)

    def connected() -> bool:
        return request.transport is not None and not request.transport.is_closing()

    with parts.streams.listen(token, connected) as listener:
        # Read when already listening: what is placed from now on is pushed, what was before is found by reading.
        exchange = await parts.assistant.exchange(address_of(token))
        if exchange is None:
            raise Problem("conversation_unknown")
        replies = [turn.reply for turn in exchange.turns if turn.reply is not None]
        listener.shown.update(reply.id for reply in replies)
        parts.streams.reach(token, [inquiry.id for inquiry in exchange.inquiries])
        async with sse_response(request, ping_interval=HEARTBEAT_SECONDS) as stream:
            # Pages that lost the desk together should not return together.
            await stream.send("", event="hello", retry=random.randint(2000, 5000))  # noqa: S311
            gone = asyncio.create_task(stream.wait())
            gone.add_done_callback(lambda _: listener.end())
            try:
                missed: Sequence[Reply] = ()
                if stream.last_event_id is not None:
                    missed = _after(replies, stream.last_event_id)
                    await parts.assistant.seen(address_of(token))
                for reply in missed:
                    await _send(stream, reply)
                given = {reply.id for reply in missed}
                async for reply in listener.replies():
                    if reply.id not in given:  # pushed while the conversation was being read
                        await _send(stream, reply)
            except ConnectionResetError:
                pass  # the page went away
            finally:
                gone.cancel()
    return stream


def _after(replies: Sequence[Reply], last_event_id: str) -> Sequence[Reply]:
    """Return the replies after the one the page saw last; all of them when that one is not kept any more."""
    ids = [reply.id for reply in replies]
    return replies[ids.index(last_event_id) + 1 :] if last_event_id in ids else replies


async def _send(stream: EventSourceResponse, reply: Reply) -> None:
    await stream.send(orjson.dumps(reply_record(reply)).decode(), id=reply.id)
