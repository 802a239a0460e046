"""One's own account, and for administrators everybody's."""

import logging

from aiohttp import web

from bot.models import Role
from bot.staff import edge, forms
from bot.staff.auth import SignInRefused, Unsuitable
from bot.staff.keys import CONSOLE, PREFIX, SESSION_COOKIE, VISITOR
from bot.staff.pages import client_of, go, page, set_cookie, too_many
from bot.throttle import Throttled

log = logging.getLogger(__name__)

ACCOUNT = f"{PREFIX}/account"
PEOPLE = f"{PREFIX}/people"


async def account_page(request: web.Request) -> web.Response:
    """Show the visitor's own account."""
    return _account(request)


async def change_password(request: web.Request) -> web.Response:
    """Set a new password; every other session of the account ends."""
    sent = await forms.fields(request)
    console = request.app[CONSOLE]
    client = client_of(request)
    try:
        token = await console.accounts.change_password(
            request[VISITOR].name, sent.get("old_password", ""), sent.get("new_password", ""), client=client
        )
    except SignInRefused:
        return _account(request, 403, ("staff.account.wrong_password", {}))
    except Unsuitable as exc:
        return _account(request, 400, (f"staff.unsuitable.{exc.reason}", {}))
    except Throttled as exc:
        return too_many(_account(request, 429, ("staff.sign_in.throttled", {"n": exc.seconds})), exc)
    response = go(f"{ACCOUNT}?notice=password")
    set_cookie(request, response, SESSION_COOKIE, token)
    return response


async def change_language(request: web.Request) -> web.Response:
    """Speak another language to this account."""
    sent = await forms.fields(request)
    try:
        chosen = forms.language(sent)
    except forms.Mistake as exc:
        return _account(request, 400, (exc.key, exc.values))
    await request.app[CONSOLE].accounts.set_language(request[VISITOR].name, chosen)
    return go(f"{ACCOUNT}?notice=language")


async def people_page(request: web.Request) -> web.Response:
    """List the accounts."""
    return await _people(request)


async def invite(request: web.Request) -> web.Response:
    """Show a link by which one person can make an account; it is shown here and never again."""
    sent = await forms.fields(request)
    console = request.app[CONSOLE]
    try:
        role = Role(sent.get("role", ""))
    except ValueError:
        return await _people(request, 400, mistake=("staff.people.which_role", {}))
    token = await console.accounts.invite(role)
    link = f"{edge.origin(request, console.settings)}{PREFIX}/join/{token}"
    return await _people(request, link=link, link_role=role)


async def set_access(request: web.Request) -> web.Response:
    """Give somebody another role, or name them for restricted lanes; their sessions end."""
    sent = await forms.fields(request)
    console, me = request.app[CONSOLE], request[VISITOR]
    name = sent.get("name", "")
    try:
        role = Role(sent.get("role", ""))
    except ValueError:
        return await _people(request, 400, mistake=("staff.people.which_role", {}))
    if name == me.name and role is not me.account.role:
        # Whoever administers cannot give that away, so somebody always can.
        return await _people(request, 400, mistake=("staff.people.not_own_role", {}))
    lanes = [lane for lane in console.live.corpus.content.desk.restricted_lanes if sent.get(f"lane.{lane}")]
    given = await console.accounts.set_access(name, role, lanes, by=me.name)
    log.info(
        "Access to the console was changed",
        extra={"by": me.name, "account": name, "role": given.role.value, "lanes": given.lanes},
    )
    response = go(f"{PEOPLE}?notice=access")
    if name == me.name and given.lanes != me.account.lanes:
        set_cookie(request, response, SESSION_COOKIE, await console.accounts.begin_session(name))
    return response


async def reset_second_factor(request: web.Request) -> web.Response:
    """Take somebody's second factor away, who lost the telephone and the recovery codes; they are told by whom."""
    sent = await forms.fields(request)
    me, name = request[VISITOR].name, sent.get("name", "")
    if name == me:
        return await _people(request, 400, mistake=("staff.people.own_factor", {}))
    await request.app[CONSOLE].accounts.factors.remove(name, by=me)
    log.info("A second factor was reset", extra={"by": me, "account": name})
    return go(f"{PEOPLE}?notice=factor_reset")


async def disable(request: web.Request) -> web.Response:
    """Shut an account out at once."""
    return await _set_disabled(request, True)


async def enable(request: web.Request) -> web.Response:
    """Let an account in again."""
    return await _set_disabled(request, False)


async def _set_disabled(request: web.Request, disabled: bool) -> web.Response:
    sent = await forms.fields(request)
    name = sent.get("name", "")
    if name == request[VISITOR].name:
        # Whoever administers cannot shut themselves out, so somebody always can.
        return await _people(request, 400, mistake=("staff.people.not_yourself", {}))
    await request.app[CONSOLE].accounts.set_disabled(name, disabled)
    return go(f"{PEOPLE}?notice={'disabled' if disabled else 'enabled'}")


def _account(
    request: web.Request, status: int = 200, mistake: tuple[str, dict[str, object]] | None = None
) -> web.Response:
    return page(
        request, "account.html", status=status, mistake=mistake, notice=request.query.get("notice", "")
    )


async def _people(
    request: web.Request,
    status: int = 200,
    *,
    mistake: tuple[str, dict[str, object]] | None = None,
    link: str | None = None,
    link_role: Role | None = None,
) -> web.Response:
    return page(
        request,
        "people.html",
        status=status,
        people=await request.app[CONSOLE].accounts.people(),
        mistake=mistake,
        link=link,
        link_role=link_role,
        roles=list(Role),
        restricted=sorted(request.app[CONSOLE].live.corpus.content.desk.restricted_lanes),
        notice=request.query.get("notice", ""),
    )
