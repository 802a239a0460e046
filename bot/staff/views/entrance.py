"""Signing in and out, and joining by an invitation."""

from functools import partial

from aiohttp import web

from bot.errors import InviteSpent, NameTaken
from bot.staff import edge, forms
from bot.staff.auth import Accounts, SignInRefused, Throttled, Unsuitable
from bot.staff.keys import CONSOLE, LANGUAGE, PREFIX, SESSION_COOKIE, VISITOR
from bot.staff.pages import go, language_of, page, set_cookie
from bot.text import read_language

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
    name, where = sent.get("name", ""), edge.local_path(sent.get("next", PREFIX))
    held_path = edge.local_path(sent["held_path"]) if sent.get("held_path") else None
    held = [(key.removeprefix(HELD), value) for key, value in sent.items() if key.startswith(HELD)]
    again = partial(_form, request, next=where, name=name, held_path=held_path, held=held)
    try:
        token = await accounts.sign_in(name, sent.get("password", ""), client=_client(request))
    except SignInRefused:
        return again(status=403, mistake=("staff.sign_in.refused", {}))
    except Throttled as exc:
        return _too_many(again(status=429, mistake=_wait(exc)), exc)
    await _end_earlier(request)
    if held_path and held:
        await _recognise(request, accounts, token)
        response = page(request, "resume.html", path=held_path, held=held, back=where)
    else:
        response = go(where)
    set_cookie(request, response, SESSION_COOKIE, token)
    return response


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    await request.app[CONSOLE].accounts.sign_out(request.cookies[SESSION_COOKIE])
    response = go(f"{PREFIX}/sign-in")
    response.del_cookie(SESSION_COOKIE, path=PREFIX)
    return response


async def join_page(request: web.Request) -> web.Response:
    """Show the form by which somebody invited makes their account."""
    try:
        invited = await request.app[CONSOLE].accounts.is_invited(
            request.match_info["token"], client=_client(request)
        )
    except Throttled as exc:
        response = page(request, "invite_spent.html", status=429)
        return _too_many(response, exc)
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
            request.match_info["token"], name, sent.get("password", ""), chosen, client=_client(request)
        )
    except Unsuitable as exc:
        mistake = (f"staff.unsuitable.{exc.reason}", {})
    except NameTaken:
        mistake, status = ("staff.unsuitable.name_taken", {}), 409
    except InviteSpent:
        return page(request, "invite_spent.html", status=410)
    except Throttled as exc:
        response = page(request, "join.html", status=429, name=name, mistake=_wait(exc), chosen=chosen)
        return _too_many(response, exc)
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


async def _end_earlier(request: web.Request) -> None:
    """End the session this browser came with: a new one takes its place."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        await request.app[CONSOLE].accounts.sign_out(token)


async def _recognise(request: web.Request, accounts: Accounts, token: str) -> None:
    visitor = await accounts.visitor(token)
    if visitor is not None:
        request[VISITOR] = visitor
        request[LANGUAGE] = visitor.account.language


def _client(request: web.Request) -> str:
    return edge.client(request, request.app[CONSOLE].settings.trusted_proxies)


def _wait(exc: Throttled) -> tuple[str, dict[str, object]]:
    return "staff.sign_in.throttled", {"n": exc.seconds}


def _too_many(response: web.Response, exc: Throttled) -> web.Response:
    response.headers["Retry-After"] = str(exc.seconds)
    return response
