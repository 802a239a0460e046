"""What tells an open page that something changed: ids, never words."""

import asyncio
import contextlib
import json

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from bot.permissions import Permission
from bot.staff.auth import Visitor
from bot.staff.keys import CONSOLE, SESSION_COOKIE, STREAMS, VISITOR, Console
from bot.staff.pages import read_cookie

SESSION_CHECKED_EVERY = 20.0
OF_WORK = frozenset({"situation", "delivery", "alarm"})
"""Kinds of change that only those who work with situations hear of."""


async def stream(request: web.Request) -> web.StreamResponse:
    """Send an event for every change until the page goes, the session ends or the desk stops.

    Each has the change's number as its id, so a page whose connection was cut goes on after the last one it saw, through
    another process too.
    """
    console = request.app[CONSOLE]
    token = read_cookie(request, SESSION_COOKIE) or ""
    streams = request.app[STREAMS]
    async with sse_response(request, ping_interval=SESSION_CHECKED_EVERY) as sse:
        tasks = {
            asyncio.create_task(_tell(console, request[VISITOR], token, sse, sse.last_event_id or None)),
            asyncio.create_task(_watch_session(console, token, sse)),
            asyncio.create_task(sse.wait()),
        }
        me = asyncio.current_task()
        if me is not None:
            streams.add(me)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if me is not None:
                streams.discard(me)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return sse


async def _tell(
    console: Console, visitor: Visitor, token: str, sse: EventSourceResponse, since: str | None
) -> None:
    changes = console.desk.changes(since)
    with contextlib.suppress(ConnectionError, TimeoutError):
        # From here on nothing is missed: a new page may read what happened before, one that returns is told of it.
        await sse.send("", event="ready" if since is None else "resumed")
        async for change in changes:
            if change.kind in OF_WORK and not (
                visitor.may(Permission.WORK) and await console.desk.concerns(change, visitor.name)
            ):
                continue
            told = json.dumps({"kind": change.kind, "id": change.id})
            await sse.send(told, event="change", id=change.number or None)
            if change.kind == "staff" and await console.accounts.visitor(token, touch=False) is None:
                await sse.send("", event="signed-out")
                return


async def _watch_session(console: Console, token: str, sse: EventSourceResponse) -> None:
    # Time alone ends a session, so there is no event to wait for.
    while await console.accounts.visitor(token, touch=False) is not None:  # noqa: ASYNC110
        await asyncio.sleep(SESSION_CHECKED_EVERY)
    with contextlib.suppress(ConnectionError, TimeoutError):
        await sse.send("", event="signed-out")
