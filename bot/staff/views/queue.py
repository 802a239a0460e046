"""The queue: what waits for a person, most urgent and oldest first."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from bot.models import DeliveryStatus
from bot.permissions import Permission
from bot.staff.keys import CONSOLE, PREFIX, VISITOR
from bot.staff.pages import go, page

ROWS = 100
"""Rows on one page: more than anybody works through before the order has changed."""


async def queue_page(request: web.Request) -> web.Response:
    """Show the queue; whoever has no business with it starts where they work."""
    if not request[VISITOR].may(Permission.WORK):
        return go(f"{PREFIX}/knowledge")
    return page(
        request,
        "queue.html",
        **await _rows(request),
        undelivered=await _undelivered(request),
        notice=request.query.get("notice", ""),
        notice_situation=request.query.get("situation", ""),
        sought=request.query.get("sought", "")[:40],
    )


async def queue_slash(request: web.Request) -> web.Response:
    """Give the queue one address."""
    return go(PREFIX)


async def queue_part(request: web.Request) -> web.Response:
    """Return the rows alone, for the page that shows them to renew."""
    return page(request, "_rows.html", **await _rows(request))


async def banners_part(request: web.Request) -> web.Response:
    """Return what stands above every page, for a page that is long open to renew."""
    return page(request, "_banners.html")


async def find(request: web.Request) -> web.Response:
    """Lead to the situation that holds a reference; its words stay closed."""
    sought = request.query.get("reference", "").strip()[:40]
    if not sought:
        return go(PREFIX)
    situation = await request.app[CONSOLE].desk.find(sought, request[VISITOR].name)
    if situation is not None:
        return go(f"{PREFIX}/situations/{situation.id}")
    return page(
        request,
        "queue.html",
        status=404,
        **await _rows(request),
        undelivered=await _undelivered(request),
        notice="",
        notice_situation="",
        sought=sought,
    )


async def take_next(request: web.Request) -> web.Response:
    """Take the first situation that nobody holds, and go there."""
    taken = await request.app[CONSOLE].desk.claim_next(request[VISITOR].name)
    return go(f"{PREFIX}?notice=nothing_free" if taken is None else f"{PREFIX}/situations/{taken.id}")


async def _undelivered(request: web.Request) -> int:
    """Return how many replies were given up, as far as they are listed."""
    listed = await request.app[CONSOLE].desk.undelivered(request[VISITOR].name)
    return sum(owed.delivery.status is DeliveryStatus.FAILED for owed, _ in listed)


async def _rows(request: web.Request) -> dict[str, Any]:
    console = request.app[CONSOLE]
    situations = await console.desk.queue(request[VISITOR].name)
    start = request.query.get("from", "0")
    first = min(int(start[:9]), max(0, len(situations) - 1)) if start.isascii() and start.isdigit() else 0
    now = console.clock()
    retention = console.live.corpus.content.desk.retention
    long_ago = now - timedelta(days=retention.open_warning_days)
    held = [s for s in situations if s.claimed_by and s.claimed_until and s.claimed_until > now]
    return {
        "situations": situations[first : first + ROWS],
        "total": len(situations),
        "urgent": sum(1 for s in situations if s.urgent),
        "mine": sum(1 for s in held if s.claimed_by == request[VISITOR].name),
        "held": {s.id for s in held},
        "long_open": sum(1 for s in situations if s.opened_at <= long_ago),
        "warning_days": retention.open_warning_days,
        "open_days": retention.open_days,
        "first": first,
        "rows": ROWS,
    }
