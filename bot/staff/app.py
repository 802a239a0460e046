"""The console as an aiohttp application, to be mounted at /staff."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from aiohttp import web

from bot.config import Settings
from bot.corpus import LiveCorpus
from bot.desk import Desk
from bot.oversight import Oversight
from bot.permissions import Permission
from bot.staff import edge
from bot.staff.auth import Accounts
from bot.staff.guard import Handler, errors, guard
from bot.staff.keys import CONSOLE, STREAMS, Access, Console, Needed
from bot.staff.pages import STATIC, headers_for
from bot.staff.views import (
    alarms,
    audit,
    entrance,
    knowledge,
    people,
    queue,
    second_factor,
    situations,
    undelivered,
)
from bot.staff.views import live as live_views

Route = tuple[str, str, Handler, Needed]

_SITUATION = "/situations/{id}"
_ENTRY = "/knowledge/{id}"

ROUTES: Sequence[Route] = (
    ("GET", "/sign-in", entrance.sign_in_page, Access.PUBLIC),
    ("POST", "/sign-in", entrance.sign_in, Access.PUBLIC),
    ("GET", "/join/{token}", entrance.join_page, Access.PUBLIC),
    ("POST", "/join/{token}", entrance.join, Access.PUBLIC),
    ("POST", "/sign-in/code", entrance.sign_in_code, Access.PUBLIC),
    ("POST", "/sign-out", entrance.sign_out, Access.SETTING_UP),
    ("GET", "/account", people.account_page, Access.SIGNED_IN),
    ("POST", "/account/password", people.change_password, Access.SIGNED_IN),
    ("POST", "/account/language", people.change_language, Access.SETTING_UP),
    ("GET", "/account/second-factor", second_factor.second_factor_page, Access.SETTING_UP),
    ("POST", "/account/second-factor", second_factor.switch_on, Access.SETTING_UP),
    ("POST", "/account/second-factor/codes", second_factor.renew_codes, Access.SIGNED_IN),
    ("POST", "/account/second-factor/off", second_factor.switch_off, Access.SIGNED_IN),
    ("GET", "/people", people.people_page, Permission.PEOPLE),
    ("POST", "/people/invite", people.invite, Permission.PEOPLE),
    ("POST", "/people/access", people.set_access, Permission.PEOPLE),
    ("POST", "/people/reset", people.reset_second_factor, Permission.PEOPLE),
    ("POST", "/people/disable", people.disable, Permission.PEOPLE),
    ("POST", "/people/enable", people.enable, Permission.PEOPLE),
    ("GET", "/audit", audit.audit_page, Permission.AUDIT),
    ("POST", "/audit/verify", audit.verify, Permission.AUDIT),
    ("GET", "", queue.queue_page, Access.SIGNED_IN),
    ("GET", "/", queue.queue_slash, Access.SIGNED_IN),
    ("GET", "/queue", queue.queue_part, Permission.WORK),
    ("GET", "/banners", queue.banners_part, Access.SIGNED_IN),
    ("GET", "/alarms", alarms.alarms_part, Permission.WORK),
    ("GET", "/find", queue.find, Permission.WORK),
    ("POST", "/next", queue.take_next, Permission.WORK),
    ("GET", "/undelivered", undelivered.undelivered_page, Permission.WORK),
    ("POST", "/undelivered/again", undelivered.try_again, Permission.WORK),
    ("GET", "/stream", live_views.stream, Access.SIGNED_IN),
    ("GET", _SITUATION, situations.situation_page, Permission.WORK),
    ("GET", _SITUATION + "/state", situations.state_part, Permission.WORK),
    ("GET", _SITUATION + "/deliveries", situations.deliveries_part, Permission.WORK),
    ("POST", _SITUATION + "/acknowledge", alarms.acknowledge, Permission.WORK),
    ("POST", _SITUATION + "/called", situations.called_emergency, Permission.WORK),
    ("POST", _SITUATION + "/open", situations.open_words, Permission.WORK),
    ("POST", _SITUATION + "/claim", situations.claim, Permission.WORK),
    ("POST", _SITUATION + "/release", situations.release, Permission.WORK),
    ("POST", _SITUATION + "/draft", situations.save_draft, Permission.WORK),
    ("POST", _SITUATION + "/preview", situations.preview, Permission.WORK),
    ("POST", _SITUATION + "/answer", situations.answer, Permission.WORK),
    ("POST", _SITUATION + "/close", situations.close, Permission.WORK),
    ("GET", "/knowledge", knowledge.list_page, Permission.DRAFT),
    ("GET", "/knowledge/new", knowledge.new_page, Permission.DRAFT),
    ("POST", "/knowledge/new", knowledge.create, Permission.DRAFT),
    ("GET", _ENTRY, knowledge.entry_page, Permission.DRAFT),
    ("POST", _ENTRY, knowledge.save, Permission.DRAFT),
    ("POST", _ENTRY + "/publish", knowledge.publish, Permission.PUBLISH),
    ("POST", _ENTRY + "/clear", knowledge.clear, Permission.CLEAR),
    ("GET", _ENTRY + "/withdraw", knowledge.withdraw_page, Permission.PUBLISH),
    ("POST", _ENTRY + "/withdraw", knowledge.withdraw, Permission.PUBLISH),
)
"""Every page and form of the console, and what it asks of whoever uses it."""


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
    needs: dict[web.AbstractRoute, Needed] = {}
    app = web.Application(middlewares=[errors, guard(needs)])
    app[CONSOLE] = Console(
        desk=desk, oversight=oversight, accounts=accounts, live=live, settings=settings, clock=clock
    )
    app[STREAMS] = set()
    for method, path, handler, needed in ROUTES:
        needs[app.router.add_route(method, path, handler)] = needed
        if method == "GET" and handler is not live_views.stream:
            needs[app.router.add_route("HEAD", path, handler)] = needed
    for route in app.router.add_static("/static", STATIC, follow_symlinks=False):
        needs[route] = Access.PUBLIC

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
