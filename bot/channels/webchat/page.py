"""The chat page: whole on the server, so that it works without a script; `static/chat.js` makes it live."""

from datetime import datetime
from functools import cache
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

import jinja2
from aiohttp import web

from bot.channels.webchat.conversations import address_of, is_token
from bot.channels.webchat.incoming import LONGEST_TEXT, read_asked, read_form
from bot.channels.webchat.languages import asked
from bot.channels.webchat.parts import PARTS, Parts
from bot.channels.webchat.problems import Problem
from bot.channels.webchat.records import state_of, turn_record
from bot.channels.webchat.words import LINKS, host_of, linked, paragraphs
from bot.errors import StoreError
from bot.locale import catalogue
from bot.models import LANGUAGES, Language, Turn
from bot.text import read_language

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"linked": linked, "paragraphs": paragraphs, "host": host_of}

STARTERS = 6
LEAVE_TO = "about:blank"
"""Where "leave quickly" leads: a page that says nothing, asks no host and works offline."""
COMMANDS = {
    "/human": "ask_person", "/status": "status", "/privacy": "privacy", "/mydata": "mydata", "/erase": "erase",
}  # fmt: skip
"""Commands the page sends by a button, and the sentence a person reads in their place."""


async def get_page(request: web.Request) -> web.Response:
    """Show the page with no conversation yet; the script brings back the one this tab holds."""
    return _chat_page(request, token=None)


async def get_private(request: web.Request) -> web.Response:
    """Show the conversation of a private link."""
    parts = request.app[PARTS]
    token = parts.known_token(request)
    return await _private_page(request, token)


async def get_about(request: web.Request) -> web.Response:
    """Show who runs the desk, what it sorts by and looks for, and what it cannot promise."""
    parts = request.app[PARTS]
    language = asked(request)
    html = _templates.get_template("about.html").render(
        **_common(parts, language),
        **parts.assistant.about(language),
        privacy=parts.assistant.privacy(language),
        languages=LANGUAGES,
        embedded=_embedded(request),
        home=f"/{_query(request)}",
    )
    return _html(html, language, 200, {})


async def post_chat(request: web.Request) -> web.Response:
    """Take a message from the plain form and lead to the conversation's private link."""
    fields = await read_form(request)
    if "option" not in fields:
        fields.setdefault("text", "")
    try:
        sent = read_asked(request, fields)
        opened, replies = await request.app[PARTS].ask(request, sent)
    except Problem as problem:
        if problem.kind not in _WORTH_MENDING:
            raise
        # The words go back into the box: nobody should have to write them twice.
        token = None if problem.kind == "conversation_unknown" else fields.get("conversation")
        return await _private_page(request, token, problem, fields.get("text", ""))
    if any(reply.kind == "urgent" and not reply.owed for reply in replies):
        # A card that is not known to be filed is shown here and now: the page it would lead to asks the store.
        now = request.app[PARTS].clock()
        turns = [Turn(who="citizen", at=now, text=sent.text)]
        turns += [Turn(who="desk", at=now, reply=reply) for reply in replies]
        return _chat_page(request, token=opened, turns=[turn_record(turn) for turn in turns])
    return web.Response(
        status=303, headers={"Location": f"/c/{opened}{_query(request)}#latest", "Cache-Control": "no-store"}
    )


_WORTH_MENDING = frozenset({"text_too_long", "too_many", "not_recorded", "conversation_unknown"})


def problem_page(request: web.Request, problem: Problem) -> web.Response:
    """Show a problem to somebody whose browser asked for a page."""
    language = asked(request)
    parts = request.app[PARTS]
    html = _templates.get_template("problem.html").render(
        **_common(parts, language),
        title=problem.title(language),
        detail=problem.detail(language, parts.assistant.say),
        home=f"/{_query(request)}",
    )
    return _html(html, language, problem.status, problem.headers)


async def _private_page(
    request: web.Request, token: str | None, problem: Problem | None = None, box: str = ""
) -> web.Response:
    parts = request.app[PARTS]
    exchange = None
    if token is not None and is_token(token):
        try:
            exchange = await parts.assistant.exchange(address_of(token))
            await parts.assistant.seen(address_of(token))
        except (StoreError, OSError):
            if problem is None:
                raise
    if exchange is None:
        # With words to give back, a page to send them from anew is better than none.
        if problem is None:
            raise Problem("conversation_unknown")
        return _chat_page(request, token=None, problem=problem, box=box)
    return _chat_page(
        request,
        token=token,
        turns=[turn_record(turn) for turn in exchange.turns],
        state=state_of(exchange.inquiries),
        problem=problem,
        box=box,
    )


def _chat_page(
    request: web.Request,
    *,
    token: str | None,
    turns: list[dict[str, Any]] | None = None,
    state: str = "automatic",
    problem: Problem | None = None,
    box: str = "",
) -> web.Response:
    parts = request.app[PARTS]
    language = asked(request)
    turns = turns or []
    topics = parts.assistant.topics(language)
    origin = parts.settings.public_url or str(request.url.origin())
    html = _templates.get_template("chat.html").render(
        **_common(parts, language),
        welcome=parts.assistant.say("welcome", language),
        topics=topics,
        starters=topics[:STARTERS],
        turns=turns,
        last_question=max((n for n, turn in enumerate(turns) if turn["from"] == "citizen"), default=-1),
        state=state,
        token=token,
        start=None if token else parts.starts.issue(),
        private_link=f"{origin}/c/{token}" if token else None,
        path=f"/c/{token}" if token else "/",
        query=_query(request),
        embedded=_embedded(request),
        languages=LANGUAGES,
        longest=LONGEST_TEXT,
        problem=problem.detail(language, parts.assistant.say) if problem else None,
        box=box,
        links=LINKS,
        commands={command: catalogue(language)[f"web.{key}"] for command, key in COMMANDS.items()},
        script_words=_script_words(language),
        new_id=lambda: token_urlsafe(16),
        clock=lambda at: _clock(parts, at),
        leave_to=LEAVE_TO,
    )
    return _html(html, language, problem.status if problem else 200, problem.headers if problem else {})


def _common(parts: Parts, language: Language) -> dict[str, Any]:
    names = parts.names()

    def sentence(key: str, **values: str | int) -> str:
        return catalogue(language)[f"web.{key}"].format(**values)

    return {
        "t": sentence,
        "language": language,
        "desk": names.desk_name(language),
        "agency": names.agency(language),
    }


@cache
def _script_words(language: Language) -> dict[str, str]:
    """Return the sentences the script says, and the labels it shares with the page."""
    sentences = catalogue(language)
    prefix = "web.js."
    own = {key.removeprefix(prefix): text for key, text in sentences.items() if key.startswith(prefix)}
    shared = {key: sentences[f"web.{key}"] for key in ("you", "automatic", "staff", "urgent", "options")}
    return own | shared


def widget() -> bytes:
    """Return the widget: one script, with its words in every language."""
    words = {language: {key: catalogue(language)[f"web.widget.{key}"] for key in ("open", "close", "title")}
             for language in LANGUAGES}  # fmt: skip
    return _templates.get_template("widget.js").render(words=words).encode()


def _embedded(request: web.Request) -> bool:
    return request.query.get("embed") == "1"


def _query(request: web.Request) -> str:
    """Return the part of the query that every link of the page carries on."""
    kept: dict[str, str] = {}
    language = read_language(request.query.get("language", ""))
    if language is not None:
        kept["language"] = language
    if _embedded(request):
        kept["embed"] = "1"
    return f"?{urlencode(kept)}" if kept else ""


def _clock(parts: Parts, at: str) -> str:
    """Return a time as people at the desk read it, with the day when it is not today's."""
    zone = parts.settings.timezone
    local = datetime.fromisoformat(at).astimezone(zone)
    same_day = local.date() == parts.clock().astimezone(zone).date()
    return local.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M")


def _html(html: str, language: Language, status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(
        text=html,
        status=status,
        content_type="text/html",
        headers={
            **headers,
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Vary": "Accept-Language",
            "X-Robots-Tag": "noindex",
        },
    )
