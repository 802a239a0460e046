"""One situation: open it, hold it, answer it."""

import contextlib
from collections.abc import Awaitable, Sequence
from typing import Any

from aiohttp import web

from bot import replies
from bot.desk import WORDINGS
from bot.errors import NotFound, SituationSettled, SituationTaken, Stale, StoreError
from bot.explain import explain, lines
from bot.locale import catalogue
from bot.models import CallReason, Situation, SituationStatus, StaffAnswer
from bot.permissions import PERMISSIONS, Permission
from bot.privacy import screen
from bot.staff import forms
from bot.staff.guard import is_live
from bot.staff.keys import CONSOLE, PREFIX, VISITOR, Console
from bot.staff.pages import go, language_of, page

NEAR_AT_LEAST = 3
NEAR = 0.1
"""Beyond the first few, only answers at least this likely to fit are worth the room."""


async def situation_page(request: web.Request) -> web.Response:
    """Show the situation: its row alone until this session has opened it, then its words."""
    return await _show(request)


async def state_part(request: web.Request) -> web.Response:
    """Return who holds the situation and where it stands, without words."""
    situation = await _desk(request).desk.peek(_id(request), request[VISITOR].name)
    return page(request, "_state.html", **_standing(request, situation))


async def deliveries_part(request: web.Request) -> web.Response:
    """Return what became of the replies, without words."""
    desk, me = _desk(request).desk, request[VISITOR].name
    situation = await desk.peek(_id(request), me)
    owed = await desk.deliveries(situation.id, me, _first(request, situation.inquiries))
    return page(request, "_all_deliveries.html", owed=owed)


async def called_emergency(request: web.Request) -> web.Response:
    """Record that emergency services were called, and tell the citizen unless that raises danger."""
    sent = await forms.fields(request)
    console, me = _desk(request), request[VISITOR]
    second = sent.get("second", "")
    try:
        reason = CallReason(sent.get("reason", ""))
    except ValueError:
        return await _show(request, mistake=forms.Mistake("staff.called.which_reason"), status=400)
    if second and second not in await _colleagues(request):
        return await _show(request, mistake=forms.Mistake("staff.called.which_second"), status=400)
    await console.desk.called_emergency(
        _id(request), me.name, reason, second=second or None, tell=bool(sent.get("tell"))
    )
    return go(f"{_path(request)}?notice=called")


async def open_words(request: web.Request) -> web.Response:
    """Open the citizens' words to this session; with `then=claim`, take the situation too."""
    sent = await forms.fields(request)
    console, me = _desk(request), request[VISITOR]
    opened = await console.desk.open(_id(request), me.name)
    shown = len(opened.inquiries)
    # What joined between the reading and now is not among the few that were read.
    inquiries = shown if shown < WORDINGS else opened.situation.inquiries
    console.opened.note(me.session.digest, opened.situation.id, inquiries, opened.row)
    if sent.get("then") == "claim":
        # When somebody was quicker, the page says who holds it or how it ended.
        with contextlib.suppress(SituationTaken, SituationSettled):
            await console.desk.claim(_id(request), me.name)
    return go(_path(request))


async def claim(request: web.Request) -> web.Response:
    """Take the situation, or hold it longer."""
    return await _act(request, _desk(request).desk.claim(_id(request), request[VISITOR].name), _path(request))


async def release(request: web.Request) -> web.Response:
    """Give the situation back to the queue."""
    act = _desk(request).desk.release(_id(request), request[VISITOR].name)
    return await _act(request, act, f"{PREFIX}?notice=released&situation={_id(request)}")


async def save_draft(request: web.Request) -> web.Response:
    """Keep what is being written; writing takes the situation, as answering would."""
    sent = await forms.fields(request)
    return await _act(request, _keep(request, sent.get("text", "")), f"{_path(request)}?notice=draft", sent)


async def preview(request: web.Request) -> web.Response:
    """Show the answer as the citizen will see it, above the form it came from."""
    sent = await forms.fields(request)
    try:
        forms.text(sent, "text", forms.ANSWER_MOST, "staff.answer.missing", "staff.answer.long")
    except forms.Mistake as exc:
        return await _show(request, sent=sent, mistake=exc, status=400)
    return await _show(request, sent=sent, preview=True)


async def answer(request: web.Request) -> web.Response:
    """Answer everybody in the situation."""
    sent = await forms.fields(request)
    console, me = _desk(request), request[VISITOR]
    try:
        text = forms.text(sent, "text", forms.ANSWER_MOST, "staff.answer.missing", "staff.answer.long")
        question = None
        if sent.get("publish"):
            question = forms.text(
                sent, "question", forms.QUESTION_MOST, "staff.answer.question_missing", "staff.form.long"
            )
    except forms.Mistake as exc:
        return await _show(request, sent=sent, mistake=exc, status=400)
    if await _more_was_said(request, sent):
        return await _show(request, sent=sent, mistake=forms.Mistake("staff.answer.more_said"), status=409)
    return await _act(
        request,
        console.desk.answer(
            StaffAnswer(situation_id=_id(request), author=me.name, text=text, question=question)
        ),
        f"{PREFIX}?notice=answered&situation={_id(request)}",
        sent,
    )


async def close(request: web.Request) -> web.Response:
    """Close the situation without an answer."""
    act = _desk(request).desk.close(_id(request), request[VISITOR].name)
    return await _act(request, act, f"{PREFIX}?notice=closed&situation={_id(request)}")


async def _act(
    request: web.Request, act: Awaitable[object], then: str, sent: dict[str, str] | None = None
) -> web.Response:
    """Do it and go on to `then`; when somebody was quicker, say so on a page that keeps what was typed."""
    status, reason, values = 409, "", {}
    try:
        await act
    except SituationTaken as exc:
        reason, values = "taken", {"staff": exc.staff, "until": exc.until}
    except SituationSettled:
        reason, values = "settled", await _ending(request)
    except NotFound:
        status, reason = 404, "gone"
    except Stale:
        reason = "joined"
    except (StoreError, OSError):
        # It may have happened all the same, as when a database went away while it committed.
        status, reason = 503, "unavailable"
    else:
        return web.Response(status=204) if is_live(request) else go(then)
    if is_live(request):
        return web.Response(status=status, text=reason)
    return page(
        request,
        "conflict.html",
        status=status,
        reason=reason,
        values=values,
        kept=forms.kept({name: (sent or {}).get(name, "") for name in ("text", "question")}),
        back=_path(request),
    )


async def _keep(request: web.Request, text: str) -> None:
    desk, me = _desk(request).desk, request[VISITOR].name
    await desk.claim(_id(request), me)
    await desk.save_draft(_id(request), me, text[: forms.ANSWER_MOST * 2])


async def _ending(request: web.Request) -> dict[str, Any]:
    """Return who settled the situation and when, as far as it is still known."""
    try:
        situation = await _desk(request).desk.peek(_id(request), request[VISITOR].name)
    except NotFound:
        return {}
    return {
        "staff": situation.settled_by,
        "at": situation.settled_at,
        "mine": situation.settled_by == request[VISITOR].name,
        "answered": situation.status is SituationStatus.RESOLVED,
    }


async def _more_was_said(request: web.Request, sent: dict[str, str]) -> bool:
    """Tell whether a citizen whose words stood on the page with this form has written more since.

    Who joined since is no reason to stop: while thousands ask about one event, an answer would never get out.
    """
    console, me = _desk(request), request[VISITOR]
    seen = forms.number(sent, "seen")
    if seen is None:
        return False
    first, shown = forms.number(sent, "first") or 0, forms.number(sent, "shown") or WORDINGS
    try:
        situation = await console.desk.peek(_id(request), me.name)
        if not await _open_to_me(request, situation):
            return False
        return await console.desk.said(_id(request), me.name, first, min(shown, WORDINGS)) > seen
    except NotFound:
        return False


async def _open_to_me(request: web.Request, situation: Situation) -> int:
    """Return how many of the situation's inquiries, oldest first, this session has opened."""
    console, me = _desk(request), request[VISITOR]
    mine = console.opened.inquiries(me.session.digest, situation.id)
    if mine < situation.inquiries:
        # Perhaps through another process of the desk: the record of reads knows.
        mine = max(mine, await console.desk.opened_since(situation.id, me.name, me.session.started_at))
    return min(mine, situation.inquiries)


async def _colleagues(request: web.Request) -> Sequence[str]:
    """Return who can have been asked about this situation: those who may see it, but for the visitor."""
    console, situation_id, me = _desk(request), _id(request), request[VISITOR].name
    return [
        person.name
        for person in await console.accounts.people()
        if person.name != me
        and not person.disabled
        and Permission.WORK in PERMISSIONS[person.role]
        and await console.desk.may_see(situation_id, person.name)
    ]


async def _show(
    request: web.Request,
    *,
    sent: dict[str, str] | None = None,
    mistake: forms.Mistake | None = None,
    preview: bool = False,
    status: int = 200,
) -> web.Response:
    console, me = _desk(request), request[VISITOR]
    situation = await console.desk.peek(_id(request), request[VISITOR].name)
    standing = _standing(request, situation)
    notice = request.query.get("notice", "")
    open_to_me = await _open_to_me(request, situation)
    if not open_to_me:
        return page(request, "unopened.html", status=status, notice=notice, sent=sent or {}, **standing)
    first = _first(request, open_to_me)
    # The page that an opening leads to stands under that opening's row; every other that shows words has its own.
    under = console.opened.first_look(me.session.digest, situation.id) if first == 0 else None
    most = min(WORDINGS, open_to_me - first)
    opened = await console.desk.open(situation.id, me.name, more=True, first=first, most=most, under=under)
    sent = sent or {}
    text = sent.get("text", opened.draft or "")
    corpus = console.live.corpus
    content = corpus.content
    language = opened.inquiries[0].inquiry.language if opened.inquiries else language_of(request)
    why = explain(corpus, opened.asked, language, console.clock()) if opened.suggestions else None
    return page(
        request,
        "situation.html",
        status=status,
        notice=notice,
        opened=opened,
        suggestions=[
            s for place, s in enumerate(opened.suggestions) if place < NEAR_AT_LEAST or s.confidence >= NEAR
        ],
        why=lines(why, catalogue(language_of(request))) if why is not None else (),
        seen=opened.said,
        total=opened.situation.inquiries,
        open_to_me=open_to_me,
        wordings=WORDINGS,
        reasons=list(CallReason),
        colleagues=await _colleagues(request),
        text=text,
        question=sent.get("question", ""),
        publish=bool(sent.get("publish")),
        mistake=mistake,
        previews=[
            replies.staff_answer(content, inquiry.inquiry.reference, text.strip(), inquiry.inquiry.language)
            for inquiry in opened.inquiries
            if preview
        ],
        found=list(dict.fromkeys(found.kind for found in screen(text))) if preview else [],
        answer_most=forms.ANSWER_MOST,
        question_most=forms.QUESTION_MOST,
        **_standing(request, opened.situation),
    )


def _standing(request: web.Request, situation: Situation) -> dict[str, Any]:
    me, now = request[VISITOR].name, _desk(request).clock()
    held = bool(situation.claimed_by and situation.claimed_until and situation.claimed_until > now)
    settled = situation.status is not SituationStatus.OPEN
    return {
        "situation": situation,
        "settled": settled,
        "mine": held and situation.claimed_by == me and not settled,
        "others": held and situation.claimed_by != me and not settled,
    }


def _first(request: web.Request, total: int) -> int:
    """Return the number of the first inquiry to show: the beginning of one of the pages."""
    asked = request.query.get("from", "0")
    wanted = int(asked[:9]) if asked.isascii() and asked.isdigit() else 0
    return min(wanted, max(0, total - 1)) // WORDINGS * WORDINGS


def _desk(request: web.Request) -> Console:
    return request.app[CONSOLE]


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _path(request: web.Request) -> str:
    return f"{PREFIX}/situations/{_id(request)}"
