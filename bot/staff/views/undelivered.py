"""Replies that did not get through: by reference, and why; those given up can be tried again."""

from contextlib import suppress

from aiohttp import web

from bot.errors import Stale
from bot.models import DeliveryStatus
from bot.staff import forms
from bot.staff.keys import CONSOLE, PREFIX, VISITOR
from bot.staff.pages import go, page

PLACE = f"{PREFIX}/undelivered"


async def undelivered_page(request: web.Request) -> web.Response:
    """List what was given up, and what is being tried again."""
    listed = await request.app[CONSOLE].desk.undelivered(request[VISITOR].name)
    return page(
        request,
        "undelivered.html",
        given_up=[each for each in listed if each[0].delivery.status is DeliveryStatus.FAILED],
        trying=[each for each in listed if each[0].delivery.status is DeliveryStatus.OWED],
        notice=request.query.get("notice", ""),
    )


async def try_again(request: web.Request) -> web.Response:
    """Owe a reply anew."""
    sent = await forms.fields(request)
    with suppress(Stale):  # somebody else was quicker
        await request.app[CONSOLE].desk.try_again(sent.get("delivery", ""), request[VISITOR].name)
    return go(f"{PLACE}?notice=again")
