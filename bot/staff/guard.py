"""What stands before every page: who is asking, may they, is the form ours; and a designed page when not."""

import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from secrets import token_urlsafe
from traceback import extract_tb
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.errors import NotFound, StoreError
from bot.paging import audience, told
from bot.permissions import Permission
from bot.staff import edge, forms
from bot.staff.attention import attention
from bot.staff.auth import Visitor
from bot.staff.keys import (
    ALARMS,
    ATTENTION,
    BROWSING,
    CONSOLE,
    FORM_COOKIE,
    FORM_TOKEN,
    LANGUAGE,
    PREFIX,
    SESSION_COOKIE,
    VISITOR,
    Access,
    Console,
    Going,
    Needed,
)
from bot.staff.pages import go, page, read_cookie

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FORM_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
DESIGNED = frozenset({400, 403, 404, 405, 413, 429, 500, 503})
_VERBS = frozenset(
    [
        "next",
        "again",
        "open",
        "claim",
        "release",
        "draft",
        "preview",
        "answer",
        "close",
        "publish",
        "clear",
        "password",
        "language",
        "invite",
        "disable",
        "enable",
        "access",
        "reset",
        "codes",
        "off",
        "code",
        "sign-out",
        "called",
        "acknowledge",
        "verify",
    ]
)
"""The last parts of paths that only take forms."""
LIVE_HEADER = "X-Console"
"""Set by the console's own script: a short answer will do."""


def is_live(request: web.Request) -> bool:
    """Tell whether the page's script asks, not the person."""
    return LIVE_HEADER in request.headers


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with a sentence."""
    try:
        return await handler(request)
    except web.HTTPException as exc:
        if exc.status < 400:
            raise
        response = problem(request, exc.status)
        if "Allow" in exc.headers:
            response.headers["Allow"] = exc.headers["Allow"]
        return response
    except NotFound:
        return problem(request, 404)
    except ConnectionError:
        # Whoever asked has gone: a closed page is no trouble of the store's.
        return problem(request, 503)
    except (StoreError, OSError) as exc:
        log.error("The console could not reach the store", extra={"error": type(exc).__name__})
        return problem(request, 503)
    except Exception as exc:
        # Neither message nor values are logged: they could hold a citizen's words.
        frame = extract_tb(exc.__traceback__)[-1]
        log.error(
            "A console page failed",
            extra={"error": type(exc).__name__, "where": f"{frame.filename}:{frame.lineno}"},
        )
        return problem(request, 500)


def problem(request: web.Request, status: int) -> web.Response:
    """Return the page that says what went wrong and what to do."""
    if status not in DESIGNED:
        status = 400
    return page(request, "problem.html", status=status, problem=status)


def guard(needs: dict[web.AbstractRoute, Needed]) -> Middleware:
    """Return the middleware that lets nobody past who may not pass; a route it does not know is administrators'."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        console = request.app[CONSOLE]
        token = read_cookie(request, SESSION_COOKIE)
        # A script that fetches is no sign of life; one that saves a draft is: somebody types.
        touch = not (is_live(request) and request.method == "GET")
        visitor = await console.accounts.visitor(token, touch=touch) if token else None
        if visitor is not None:
            request[VISITOR] = visitor
            request[LANGUAGE] = visitor.account.language
        if request.match_info.http_exception is not None:
            return await handler(request)
        needed = needs.get(request.match_info.route, Permission.PEOPLE)
        changes = request.method not in ("GET", "HEAD")
        if changes:
            # A long paste is met with a sentence by the form that took it, not with a cut connection.
            request = request.clone(client_max_size=forms.FORM_MOST)
        if changes and edge.from_another_site(request):
            return problem(request, 403)
        if changes and request.content_type.startswith("multipart/"):
            # No form of ours uploads; reading this one would put what it holds into a temporary file.
            return problem(request, 400)
        if needed is Access.PUBLIC:
            return await _public(request, handler, changes)
        if visitor is None:
            return await _sign_in_first(request, changes)
        if needed is not Access.SETTING_UP and _must_set_up(console, visitor):
            return await _set_up_first(request, changes)
        if isinstance(needed, Permission) and not visitor.may(needed):
            return problem(request, 403)
        if changes:
            sent = await forms.fields(request)
            if not _same(sent.get("csrf", ""), visitor.session.csrf):
                return page(request, "stale.html", status=403, kept=forms.kept(sent), back=_back(request))
        await _look_up_banners(request, visitor, changes)
        return await handler(request)

    return check


async def _look_up_banners(request: web.Request, visitor: Visitor, changes: bool) -> None:
    """Let the request know what stands above the pages of a visitor who may do what."""
    console = request.app[CONSOLE]
    if visitor.may(Permission.WORK):
        request[ALARMS] = await _alarms(console, visitor)
    if visitor.may(Permission.AUDIT) and not changes:
        request[BROWSING] = await console.oversight.browsing(recent=True)
    if visitor.may(Permission.PEOPLE):
        restricted = console.live.corpus.content.desk.restricted_lanes
        request[ATTENTION] = await attention(
            console.accounts, restricted, clock_leapt=await console.oversight.clock_leapt()
        )


async def _alarms(console: Console, visitor: Visitor) -> Sequence[Going]:
    """Return the urgent situations nobody has taken note of, as this visitor's page shows them."""
    going = await console.desk.alarms(visitor.name)
    if not going:
        return ()
    people, paging = await console.accounts.people(), console.live.corpus.content.desk.paging
    return [
        Going(
            alarm=alarm,
            situation=situation,
            audience=audience(alarm),
            for_me=visitor.name in told(people, audience(alarm), paging),
        )
        for alarm, situation in going
    ]


def _must_set_up(console: Console, visitor: Visitor) -> bool:
    """Tell whether the visitor may only set up the second factor that this desk requires."""
    required = console.live.corpus.content.desk.second_factor == "required"
    return required and visitor.account.second_factor is None


async def _set_up_first(request: web.Request, changes: bool) -> web.StreamResponse:
    """Lead to the page that sets up a second factor; what was being sent is shown, not done."""
    if is_live(request) or request.path == f"{PREFIX}/stream":
        return web.Response(status=403, text="second_factor")
    if not changes:
        return go(f"{PREFIX}/account/second-factor")
    return page(request, "set_up_first.html", status=403, kept=forms.kept(await forms.fields(request)))


async def _public(request: web.Request, handler: Handler, changes: bool) -> web.StreamResponse:
    """Pass on a page for anybody; its form must carry the token that stands in the cookie."""
    token = _give_form_token(request)
    if changes:
        sent = await forms.fields(request)
        if token != read_cookie(request, FORM_COOKIE) or not _same(sent.get("form_token", ""), token):
            return page(request, "stale.html", status=403, kept=[], back=_back(request))
    return await handler(request)


async def _sign_in_first(request: web.Request, changes: bool) -> web.StreamResponse:
    """Send somebody to the sign-in page and back; what they were sending is kept in that page's form."""
    if is_live(request) or request.path == f"{PREFIX}/stream":
        return web.Response(status=401, text="")
    if not changes:
        if (
            request.headers.get("Sec-Fetch-Site") == "cross-site"
            and read_cookie(request, SESSION_COOKIE) is None
        ):
            # A link from elsewhere brings no strict cookie; asking again from our own page does.
            return page(request, "again.html")
        return go(f"{PREFIX}/sign-in?next={quote(request.path_qs, safe='')}")
    sent = await forms.fields(request)
    _give_form_token(request)
    return page(
        request,
        "sign_in.html",
        status=401,
        next=_back(request),
        name="",
        mistake=None,
        ended=True,
        held_path=request.path,
        held=forms.kept(sent),
    )


def _give_form_token(request: web.Request) -> str:
    """Return the token that forms for anybody carry: the one in the cookie, or a new one for it."""
    held = read_cookie(request, FORM_COOKIE) or ""
    token = held if _FORM_TOKEN.fullmatch(held) else token_urlsafe(24)
    request[FORM_TOKEN] = token
    return token


def _back(request: web.Request) -> str:
    """Return the page a form stood on: the path without the verb at its end."""
    head, _, last = request.path.rpartition("/")
    return head if last in _VERBS else request.path


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
