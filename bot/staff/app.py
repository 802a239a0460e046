"""The console as an aiohttp application, to be mounted at /staff."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from aiohttp import web

from bot.config import Settings
from bot.corpus import LiveCorpus
from bot.desk import Desk
from bot.oversight import Oversight
from bot.staff import edge
from bot.staff.auth import Accounts
from bot.staff.guard import Handler, errors, guard
from bot.staff.keys import CONSOLE, STREAMS, Access, Console
from bot.staff.pages import STATIC, headers_for
from bot.staff.views import audit, entrance, knowledge, people, queue, situations
from bot.staff.views import live as live_views

Route = tuple[str, str, Handler, Access]

_SITUATION = "/situations/{id}"
_ENTRY = "/knowledge/{id}"

ROUTES: Sequence[Route] = (
    ("GET", "/sign-in", entrance.sign_in_page, Access.PUBLIC),
    ("POST", "/sign-in", entrance.sign_in, Access.PUBLIC),
    ("GET", "/join/{token}", entrance.join_page, Access.PUBLIC),
    ("POST", "/join/{token}", entrance.join, Access.PUBLIC),
    ("POST", "/sign-out", entrance.sign_out, Access.STAFF),
    ("GET", "/account", people.account_page, Access.STAFF),
    ("POST", "/account/password", people.change_password, Access.STAFF),
    ("POST", "/account/language", people.change_language, Access.STAFF),
    ("GET", "/people", people.people_page, Access.ADMINISTRATOR),
    ("POST", "/people/invite", people.invite, Access.ADMINISTRATOR),
    ("POST", "/people/disable", people.disable, Access.ADMINISTRATOR),
    ("POST", "/people/enable", people.enable, Access.ADMINISTRATOR),
    ("GET", "/audit", audit.audit_page, Access.ADMINISTRATOR),
    ("POST", "/audit/verify", audit.verify, Access.ADMINISTRATOR),
    ("GET", "", queue.queue_page, Access.STAFF),
    ("GET", "/", queue.queue_slash, Access.STAFF),
    ("GET", "/queue", queue.queue_part, Access.STAFF),
    ("GET", "/banners", queue.banners_part, Access.STAFF),
    ("GET", "/find", queue.find, Access.STAFF),
    ("GET", "/stream", live_views.stream, Access.STAFF),
    ("GET", _SITUATION, situations.situation_page, Access.STAFF),
    ("GET", _SITUATION + "/state", situations.state_part, Access.STAFF),
    ("GET", _SITUATION + "/deliveries", situations.deliveries_part, Access.STAFF),
    ("POST", _SITUATION + "/called", situations.called_emergency, Access.STAFF),
    ("POST", _SITUATION + "/open", situations.open_words, Access.STAFF),
    ("POST", _SITUATION + "/claim", situations.claim, Access.STAFF),
    ("POST", _SITUATION + "/release", situations.release, Access.STAFF),
    ("POST", _SITUATION + "/draft", situations.save_draft, Access.STAFF),
    ("POST", _SITUATION + "/preview", situations.preview, Access.STAFF),
    ("POST", _SITUATION + "/answer", situations.answer, Access.STAFF),
    ("POST", _SITUATION + "/close", situations.close, Access.STAFF),
    ("GET", "/knowledge", knowledge.list_page, Access.STAFF),
    ("GET", "/knowledge/new", knowledge.new_page, Access.STAFF),
    ("POST", "/knowledge/new", knowledge.create, Access.STAFF),
    ("GET", _ENTRY, knowledge.entry_page, Access.STAFF),
    ("POST", _ENTRY, knowledge.save, Access.STAFF),
    ("POST", _ENTRY + "/publish", knowledge.publish, Access.STAFF),
    ("GET", _ENTRY + "/withdraw", knowledge.withdraw_page, Access.STAFF),
    ("POST", _ENTRY + "/withdraw", knowledge.withdraw, Access.STAFF),
)
"""Every page and form of the console, and who may use it."""


def create_console(
    *,
    desk: Desk,
    oversight: Oversight,
    accounts: Accounts,
    live: LiveCorpus,
    settings: Settings,
    clock: Callable[[], datetime],
) -> web.Application:
    """Return the console. Mount it with `app.add_subapp("/staff", console)`; it closes `accounts` at the end."""
    access: dict[web.AbstractRoute, Access] = {}
    app = web.Application(middlewares=[errors, guard(access)])
    app[CONSOLE] = Console(
        desk=desk, oversight=oversight, accounts=accounts, live=live, settings=settings, clock=clock
    )
    app[STREAMS] = set()
    for method, path, handler, who in ROUTES:
        access[app.router.add_route(method, path, handler)] = who
        if method == "GET" and handler is not live_views.stream:
            access[app.router.add_route("HEAD", path, handler)] = who
    for route in app.router.add_static("/static", STATIC, follow_symlinks=False):
        access[route] = Access.PUBLIC

    async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
        headers_for(request, response, https=edge.is_https(request, settings))

    async def end_streams(app: web.Application) -> None:
        streams = app[STREAMS]
        for task in streams:
            task.cancel()
        await asyncio.gather(*streams, return_exceptions=True)

    async def let_go(app: web.Application) -> None:
        accounts.close()

    app.on_response_prepare.append(set_headers)
    app.on_shutdown.append(end_streams)
    app.on_cleanup.append(let_go)
    return app
