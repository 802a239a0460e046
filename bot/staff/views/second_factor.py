"""Switching one's own second factor on and off."""

from aiohttp import web

from bot.models import StaffAccount
from bot.staff import forms
from bot.staff.auth import SignInRefused
from bot.staff.keys import CONSOLE, PREFIX, SESSION_COOKIE, VISITOR
from bot.staff.pages import client_of, go, page, set_cookie, too_many
from bot.staff.second_factor import CodeRefused, Proposal, TicketOver, address, picture
from bot.throttle import Throttled

PAGE = f"{PREFIX}/account/second-factor"


async def second_factor_page(request: web.Request) -> web.Response:
    """Show what is set up, or a fresh secret to set up; nothing is kept before it is confirmed."""
    return _page(request)


async def switch_on(request: web.Request) -> web.Response:
    """Keep the secret that a code confirms, and show the recovery codes, once."""
    sent = await forms.fields(request)
    accounts, me = request.app[CONSOLE].accounts, request[VISITOR]
    ticket = sent.get("ticket", "")
    try:
        proposal = accounts.factors.proposed(me.account, ticket)
    except TicketOver:
        return _page(request, 409, mistake=("staff.factor.over", {}))
    try:
        account = await accounts.confirm(me.name, sent.get("password", ""), client=client_of(request))
        codes = await accounts.factors.switch_on(account, ticket, sent.get("code", ""))
    except TicketOver:
        return go(PAGE)  # set up meanwhile in another tab
    except (SignInRefused, CodeRefused, Throttled) as exc:
        return _refused(request, exc, proposal)
    return await _anew(request, page(request, "recovery_codes.html", codes=codes, first=True))


async def renew_codes(request: web.Request) -> web.Response:
    """Show new recovery codes, once; those before are void."""
    sent = await forms.fields(request)
    try:
        account = await _prove(request, sent)
    except (SignInRefused, CodeRefused, Throttled) as exc:
        return _refused(request, exc)
    codes = await request.app[CONSOLE].accounts.factors.renew(account)
    return page(request, "recovery_codes.html", codes=codes, first=False)


async def switch_off(request: web.Request) -> web.Response:
    """Forget the second factor, for somebody who shows it once more."""
    sent = await forms.fields(request)
    try:
        account = await _prove(request, sent)
    except (SignInRefused, CodeRefused, Throttled) as exc:
        return _refused(request, exc)
    await request.app[CONSOLE].accounts.factors.remove(account.name)
    return await _anew(request, go(f"{PAGE}?notice=factor_off"))


def given_code(sent: dict[str, str]) -> str:
    """Return the code of a form: one of the telephone, else a recovery code."""
    return sent.get("code", "").strip() or sent.get("recovery", "")


async def _prove(request: web.Request, sent: dict[str, str]) -> StaffAccount:
    accounts, me = request.app[CONSOLE].accounts, request[VISITOR]
    account = await accounts.confirm(me.name, sent.get("password", ""), client=client_of(request))
    await accounts.factors.check(account, given_code(sent))
    return account


async def _anew(request: web.Request, response: web.Response) -> web.Response:
    """Let the browser go on in a session of its own: the change ended every one."""
    token = await request.app[CONSOLE].accounts.begin_session(request[VISITOR].name)
    set_cookie(request, response, SESSION_COOKIE, token)
    return response


def _refused(
    request: web.Request, exc: SignInRefused | CodeRefused | Throttled, proposal: Proposal | None = None
) -> web.Response:
    if isinstance(exc, Throttled):
        again = _page(
            request, 429, mistake=("staff.sign_in.throttled", {"n": exc.seconds}), proposal=proposal
        )
        return too_many(again, exc)
    key = "staff.factor.refused" if isinstance(exc, CodeRefused) else "staff.account.wrong_password"
    return _page(request, 403, mistake=(key, {}), proposal=proposal)


def _page(
    request: web.Request,
    status: int = 200,
    *,
    mistake: tuple[str, dict[str, object]] | None = None,
    proposal: Proposal | None = None,
) -> web.Response:
    console, me = request.app[CONSOLE], request[VISITOR]
    content = console.live.corpus.content
    if proposal is None and me.account.second_factor is None:
        proposal = console.accounts.factors.propose(me.account)
    issuer = content.desk_name(me.account.language)
    return page(
        request,
        "second_factor.html",
        status=status,
        proposal=proposal,
        qr=picture(address(proposal.secret, me.name, issuer)) if proposal else None,
        secret=" ".join(proposal.secret[at : at + 4] for at in range(0, len(proposal.secret), 4))
        if proposal
        else "",
        required=content.desk.second_factor == "required",
        mistake=mistake,
        notice=request.query.get("notice", ""),
    )
