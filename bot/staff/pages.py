"""Rendering the console's pages, and the headers every response carries."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.headers import harden, page_policy
from bot.locale import catalogue
from bot.models import LANGUAGES, Language, Situation
from bot.permissions import Permission
from bot.staff import edge, show
from bot.staff.keys import (
    ALARMS,
    ATTENTION,
    BROWSING,
    CONSOLE,
    FORM_COOKIE,
    FORM_TOKEN,
    LANGUAGE,
    PREFIX,
    VISITOR,
)
from bot.text import read_language
from bot.throttle import Throttled
from bot.urgent import unverified_numbers

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE_NAMES: Mapping[Language, str] = {"zh-Hans": "简体中文", "zh-Hant": "繁體中文", "en": "English"}

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["reveal"] = show.reveal
_templates.filters["visible"] = show.visible
_templates.filters["marked"] = show.marked


def sayer(language: Language) -> Callable[..., str]:
    """Return the function that says a sentence of the catalogue in that language.

    With `n`, a key that has `.one` and `.other` forms is said in the one that fits.
    """
    sentences = catalogue(language)

    def say(key: str, **values: object) -> str:
        if key not in sentences and "n" in values:
            key += ".one" if values["n"] == 1 else ".other"
        return sentences[key].format(**values)

    return say


def say(request: web.Request, key: str, **values: object) -> str:
    """Say one sentence of the catalogue in the visitor's language."""
    return sayer(language_of(request))(key, **values)


def known(language: Language, key: str) -> bool:
    """Tell whether the catalogue has that sentence."""
    return key in catalogue(language)


def language_of(request: web.Request) -> Language:
    """Return the language the page is in."""
    return read_language(request.get(LANGUAGE, "")) or edge.language(request)


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return a page, or a part of one, from its template."""
    console = request.app[CONSOLE]
    language = language_of(request)
    content = console.live.corpus.content
    now = console.clock()
    zone = console.settings.timezone
    speak = sayer(language)
    visitor = request.get(VISITOR)

    def title(target: str | None) -> str:
        return show.visible(content.title(target, language)) if target else ""

    def lane(situation: Situation) -> str:
        return lane_name(situation.lane)

    def lane_name(lane: str) -> str:
        return show.visible(content.lane_title(lane, language))

    def age(at: datetime) -> str:
        return show.age(at, now, speak)

    def clock(at: datetime) -> str:
        return show.local_time(at, zone, now)

    html = _templates.get_template(template).render(
        {
            "t": speak,
            "known": lambda key: known(language, key),
            "language": language,
            "language_names": LANGUAGE_NAMES,
            "languages": LANGUAGES,
            "desk_name": content.desk_name(language),
            "agency": content.agency(language),
            "visitor": visitor,
            "may": lambda permission: visitor is not None and visitor.may(Permission(permission)),
            "csrf": visitor.session.csrf if visitor else "",
            "form_token": request.get(FORM_TOKEN, ""),
            "problems": console.live.problems if visitor else (),
            "alarms": request.get(ALARMS, ()),
            "browsing_now": request.get(BROWSING, ()),
            "record_unsound": BROWSING in request
            and console.oversight.verified is not None
            and not console.oversight.verified.sound,
            "publish_needs": console.desk.publish_needs,
            "unverified": unverified_numbers(content.urgent, now.date()) if visitor else (),
            "prefix": PREFIX,
            "path": request.path,
            "path_qs": request.path_qs,
            "static": static_url,
            "now": now,
            "target_title": title,
            "lane_title": lane,
            "lane_name": lane_name,
            "lane_names": lambda lanes: speak("staff.list").join(map(lane_name, lanes)),
            "attention": request.get(ATTENTION),
            "age": age,
            "clock": clock,
            **values,
        }
    )
    response = web.Response(text=html, status=status, content_type="text/html", charset="utf-8")
    token = request.get(FORM_TOKEN)
    if token is not None and read_cookie(request, FORM_COOKIE) != token:
        set_cookie(request, response, FORM_COOKIE, token)
    return response


def set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read, other sites cannot use, and that goes with the browser's session."""
    https = edge.is_https(request, request.app[CONSOLE].settings)
    response.set_cookie(
        edge.cookie_name(name, https=https),
        value,
        path=edge.cookie_path(https=https),
        httponly=True,
        samesite="Strict",
        secure=https,
    )


def read_cookie(request: web.Request, name: str) -> str | None:
    """Return the cookie of that name as it was set for this kind of connection."""
    https = edge.is_https(request, request.app[CONSOLE].settings)
    return request.cookies.get(edge.cookie_name(name, https=https))


def drop_cookie(request: web.Request, response: web.StreamResponse, name: str) -> None:
    """Let the browser forget the cookie."""
    https = edge.is_https(request, request.app[CONSOLE].settings)
    response.del_cookie(
        edge.cookie_name(name, https=https),
        path=edge.cookie_path(https=https),
        httponly=True,
        samesite="Strict",
        secure=https,
    )


def client_of(request: web.Request) -> str:
    """Return the network address that the request came from, as far as proxies are trusted."""
    return edge.client(request, request.app[CONSOLE].settings.trusted_proxies)


def too_many(response: web.Response, exc: Throttled) -> web.Response:
    """Let the response say when to try again."""
    response.headers["Retry-After"] = str(exc.seconds)
    return response


def go(path: str) -> web.Response:
    """Return the redirect that follows a form."""
    return web.Response(status=303, headers={"Location": path})


@cache
def static_url(name: str) -> str:
    """Return the address of a static file; it changes with the file, so that browsers may keep it."""
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{PREFIX}/static/{name}?v={version}"


def headers_for(request: web.Request, response: web.StreamResponse, *, https: bool) -> None:
    """Set what every response of the console carries."""
    response.headers["Content-Security-Policy"] = page_policy()
    response.headers["X-Frame-Options"] = "DENY"
    if request.path.startswith(f"{PREFIX}/static/") and response.status in (200, 304):
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if "v" in request.query else "no-cache"
        )
    else:
        response.headers["Cache-Control"] = "no-store"
    harden(response, https=https)
