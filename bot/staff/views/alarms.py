"""Urgent situations that somebody must take note of: above every page, and one button."""

from aiohttp import web

from bot.staff.guard import is_live
from bot.staff.keys import CONSOLE, PREFIX, VISITOR
from bot.staff.pages import go, page


async def alarms_part(request: web.Request) -> web.Response:
    """Return the banner alone, for a page that is open to renew."""
    return page(request, "_alarms.html")


async def acknowledge(request: web.Request) -> web.Response:
    """Take note: nobody is told any more; the situation's page says who was first."""
    situation_id = request.match_info["id"]
    await request.app[CONSOLE].desk.acknowledge(situation_id, request[VISITOR].name)
    return web.Response(status=204) if is_live(request) else go(f"{PREFIX}/situations/{situation_id}")
