"""Signing in and out, and joining by an invitation."""

from functools import partial

from aiohttp import web

from bot.errors import InviteSpent, NameTaken
from bot.staff import edge, forms
from bot.staff.auth import Accounts, CodeWanted, SignInRefused, Unsuitable
from bot.staff.keys import CONSOLE, LANGUAGE, PREFIX, SESSION_COOKIE, VISITOR
from bot.staff.pages import client_of, drop_cookie, go, language_of, page, read_cookie, set_cookie, too_many
from bot.staff.second_factor import CodeRefused, TicketOver
from bot.staff.views.second_factor import given_code
from bot.text import read_language
from bot.throttle import Throttled

HELD = "held."
"""Before the name of a field that somebody was sending when their session had ended."""


async def sign_in_page(request: web.Request) -> web.Response:
    """Show the form; somebody signed in is sent on."""
    where = edge.local_path(request.query.get("next", PREFIX))
    if VISITOR in request:
        return go(where)
    return _form(request, next=where)


async def sign_in(request: web.Request) -> web.Response:
    """Open a session and go back to where the person was."""
    sent = await forms.fields(request)
    accounts = request.app[CONSOLE].accounts
    name = sent.get("name", "")
    where, held_path, held = _returning(sent)
    again = partial(_form, request, next=where, name=name, held_path=held_path, held=held)
    try:
        token = await accounts.sign_in(name, sent.get("password", ""), client=client_of(request))
    except SignInRefused:
        return again(status=403, mistake=("staff.sign_in.refused", {}))
    except CodeWanted as exc:
        return _code_form(request, exc.ticket, next=where, held_path=held_path, held=held)
    except Throttled as exc:
        return too_many(again(status=429, mistake=_wait(exc)), exc)
    return await _enter(request, token, where, held_path, held)


async def sign_in_code(request: web.Request) -> web.Response:
    """Open a session for somebody whose password was right and who now shows a code."""
    sent = await forms.fields(request)
    where, held_path, held = _returning(sent)
    ticket = sent.get("ticket", "")
    again = partial(_code_form, request, ticket, next=where, held_path=held_path, held=held)
    try:
        token = await request.app[CONSOLE].accounts.sign_in_with_code(
            ticket, given_code(sent), client=client_of(request)
        )
    except (TicketOver, SignInRefused):
        mistake: tuple[str, dict[str, object]] = ("staff.sign_in.over", {})
        return _form(request, next=where, status=403, mistake=mistake, held_path=held_path, held=held)
    except CodeRefused:
        return again(status=403, mistake=("staff.factor.refused", {}))
    except Throttled as exc:
        return too_many(again(status=429, mistake=_wait(exc)), exc)
    return await _enter(request, token, where, held_path, held)


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    await request.app[CONSOLE].accounts.sign_out(read_cookie(request, SESSION_COOKIE) or "")
    response = go(f"{PREFIX}/sign-in")
    drop_cookie(request, response, SESSION_COOKIE)
    return response


async def join_page(request: web.Request) -> web.Response:
    """Show the form by which somebody invited makes their account."""
    try:
        invited = await request.app[CONSOLE].accounts.is_invited(
            request.match_info["token"], client=client_of(request)
        )
    except Throttled as exc:
        response = page(request, "invite_spent.html", status=429)
        return too_many(response, exc)
    if not invited:
        return page(request, "invite_spent.html", status=410)
    return page(request, "join.html", name="", mistake=None, chosen=language_of(request))


async def join(request: web.Request) -> web.Response:
    """Make the account and sign in."""
    sent = await forms.fields(request)
    name = sent.get("name", "")
    chosen = read_language(sent.get("language", "")) or language_of(request)
    request[LANGUAGE] = chosen
    mistake: tuple[str, dict[str, object]]
    status = 400
    try:
        token = await request.app[CONSOLE].accounts.accept(
            request.match_info["token"], name, sent.get("password", ""), chosen, client=client_of(request)
        )
    except Unsuitable as exc:
        mistake = (f"staff.unsuitable.{exc.reason}", {})
    except NameTaken:
        mistake, status = ("staff.unsuitable.name_taken", {}), 409
    except InviteSpent:
        return page(request, "invite_spent.html", status=410)
    except Throttled as exc:
        response = page(request, "join.html", status=429, name=name, mistake=_wait(exc), chosen=chosen)
        return too_many(response, exc)
    else:
        await _end_earlier(request)
        response = go(PREFIX)
        set_cookie(request, response, SESSION_COOKIE, token)
        return response
    return page(request, "join.html", status=status, name=name, mistake=mistake, chosen=chosen)


def _form(
    request: web.Request,
    *,
    next: str,
    status: int = 200,
    name: str = "",
    mistake: tuple[str, dict[str, object]] | None = None,
    held_path: str | None = None,
    held: list[tuple[str, str]] | None = None,
) -> web.Response:
    return page(
        request,
        "sign_in.html",
        status=status,
        next=next,
        name=name,
        mistake=mistake,
        ended=bool(held),
        held_path=held_path,
        held=held or [],
    )


def _code_form(
    request: web.Request,
    ticket: str,
    *,
    next: str,
    status: int = 200,
    mistake: tuple[str, dict[str, object]] | None = None,
    held_path: str | None,
    held: list[tuple[str, str]],
) -> web.Response:
    return page(
        request,
        "code.html",
        status=status,
        ticket=ticket,
        next=next,
        mistake=mistake,
        held_path=held_path,
        held=held,
    )


def _returning(sent: dict[str, str]) -> tuple[str, str | None, list[tuple[str, str]]]:
    """Return where to go afterwards, and what somebody was sending, and where to, when their session had ended."""
    held_path = edge.local_path(sent["held_path"]) if sent.get("held_path") else None
    held = [(key.removeprefix(HELD), value) for key, value in sent.items() if key.startswith(HELD)]
    return edge.local_path(sent.get("next", PREFIX)), held_path, held


async def _enter(
    request: web.Request, token: str, where: str, held_path: str | None, held: list[tuple[str, str]]
) -> web.Response:
    """Give the browser its session, and lead it on."""
    await _end_earlier(request)
    if held_path and held:
        await _recognise(request, request.app[CONSOLE].accounts, token)
        response = page(request, "resume.html", path=held_path, held=held, back=where)
    else:
        response = go(where)
    set_cookie(request, response, SESSION_COOKIE, token)
    return response


async def _end_earlier(request: web.Request) -> None:
    """End the session this browser came with: a new one takes its place."""
    token = read_cookie(request, SESSION_COOKIE)
    if token:
        await request.app[CONSOLE].accounts.sign_out(token)


async def _recognise(request: web.Request, accounts: Accounts, token: str) -> None:
    visitor = await accounts.visitor(token)
    if visitor is not None:
        request[VISITOR] = visitor
        request[LANGUAGE] = visitor.account.language


def _wait(exc: Throttled) -> tuple[str, dict[str, object]]:
    return "staff.sign_in.throttled", {"n": exc.seconds}
