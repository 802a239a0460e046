"""Knowledge entries: drafting, publishing, withdrawing."""

import datetime as dt
from typing import Any

from aiohttp import web

from bot.desk import OpenedEntry
from bot.errors import EntryChanged, NotCleared, NotFound, SamePerson
from bot.models import EntryStatus, KnowledgeEntry
from bot.staff import forms
from bot.staff.keys import CONSOLE, PREFIX, VISITOR
from bot.staff.pages import go, language_of, page

LIST = f"{PREFIX}/knowledge"
FROM_FILE = 0
"""The version of an entry that stands in a content file and was never changed here."""
FIELDS = ("question", "answer", "language", "source", "review_by")


async def list_page(request: web.Request) -> web.Response:
    """List the entries of one status; drafts first, since they wait for somebody."""
    entries = await _entries(request)
    counts = {status: sum(1 for e in entries if e.entry.status is status) for status in EntryStatus}
    wanted = request.query.get("status", "")
    if wanted in set(EntryStatus):
        shown = EntryStatus(wanted)
    else:
        shown = EntryStatus.DRAFT if counts[EntryStatus.DRAFT] else EntryStatus.PUBLISHED
    words = request.query.get("words", "").strip()[:100]
    return page(
        request,
        "knowledge.html",
        entries=[entry for entry in entries if entry.entry.status is shown and _holds(entry, words)],
        sought_words=words,
        counts=counts,
        shown=shown,
        notice=request.query.get("notice", ""),
        files=request.app[CONSOLE].live.version,
    )


async def new_page(request: web.Request) -> web.Response:
    """Show an empty draft."""
    return _form(request, None, {"language": language_of(request)})


async def create(request: web.Request) -> web.Response:
    """File a new draft."""
    return await _save(request, None)


async def entry_page(request: web.Request) -> web.Response:
    """Show an entry, its form and its versions."""
    entry = await _entry(request)
    return await _entry_page(request, entry, _values(entry))


async def save(request: web.Request) -> web.Response:
    """Keep a new version of the entry, as a draft."""
    return await _save(request, await _entry(request))


async def publish(request: web.Request) -> web.Response:
    """Approve the version that was read; with enough people, it is published."""
    sent = await forms.fields(request)
    desk = request.app[CONSOLE].desk
    entry = await _entry(request)
    try:
        now = await desk.publish(entry.entry.id, _version(sent), request[VISITOR].name)
    except SamePerson:
        mistake = forms.Mistake("staff.entry.same_person")
        return await _entry_page(request, entry, _values(entry), mistake=mistake, status=409)
    except NotCleared:
        mistake = forms.Mistake("staff.finding.first")
        return await _entry_page(request, entry, _values(entry), mistake=mistake, status=409)
    except EntryChanged:
        return await _changed(request, None)
    done = "published" if now.entry.status is EntryStatus.PUBLISHED else "approved"
    return go(f"{LIST}/{entry.entry.id}?notice={done}")


async def clear(request: web.Request) -> web.Response:
    """Record that a second person looked at what seems to be personal data, and lets it stand."""
    sent = await forms.fields(request)
    entry = await _entry(request)
    try:
        await request.app[CONSOLE].desk.clear_entry(entry.entry.id, _version(sent), request[VISITOR].name)
    except SamePerson:
        mistake = forms.Mistake("staff.finding.not_the_author")
        return await _entry_page(request, entry, _values(entry), mistake=mistake, status=409)
    except EntryChanged:
        return await _changed(request, None)
    return go(f"{LIST}/{entry.entry.id}?notice=cleared")


async def withdraw_page(request: web.Request) -> web.Response:
    """Ask whether the entry should really go."""
    return page(request, "withdraw.html", opened=await _entry(request))


async def withdraw(request: web.Request) -> web.Response:
    """Take the entry back; citizens are not answered with it any more."""
    sent = await forms.fields(request)
    entry_id = request.match_info["id"]
    desk, me, version = request.app[CONSOLE].desk, request[VISITOR].name, _version(sent)
    try:
        if version == FROM_FILE:
            version = (await _over_file(request, await _entry(request))).version
        await desk.withdraw_entry(entry_id, version, me)
    except EntryChanged:
        return await _changed(request, None)
    return go(f"{LIST}/{entry_id}?notice=withdrawn")


async def _save(request: web.Request, entry: OpenedEntry | None) -> web.Response:
    sent = await forms.fields(request)
    try:
        values: dict[str, Any] = {
            "question": forms.text(sent, "question", forms.QUESTION_MOST, "staff.entry.question_missing"),
            "answer": forms.text(sent, "answer", forms.ANSWER_MOST, "staff.entry.answer_missing"),
            "language": forms.language(sent),
            "source": forms.source(sent),
            "review_by": forms.date(sent, "review_by"),
        }
    except forms.Mistake as exc:
        if entry is None:
            return _form(request, exc, sent, status=400)
        return await _entry_page(request, entry, sent, mistake=exc, status=400)
    try:
        saved = await request.app[CONSOLE].desk.save_entry(
            entry.entry.id if entry else None,
            request[VISITOR].name,
            base_version=_version(sent) if entry else 0,
            **values,
        )
    except EntryChanged:
        return await _changed(request, sent)
    return go(f"{LIST}/{saved.entry.id}?notice=saved")


async def _changed(request: web.Request, sent: dict[str, str] | None) -> web.Response:
    """Somebody saved a newer version: show it beside what was typed, which can then be saved over it."""
    entry = await _entry(request)
    # Who only pressed "publish" typed nothing that could be compared.
    key = "staff.entry.changed" if sent is not None else "staff.entry.changed_first"
    mistake = forms.Mistake(key, staff=entry.author)
    return await _entry_page(
        request, entry, sent or _values(entry), mistake=mistake, status=409, theirs=sent is not None
    )


async def _entry(request: web.Request) -> OpenedEntry:
    console, entry_id = request.app[CONSOLE], request.match_info["id"]
    try:
        return await console.desk.entry(entry_id)
    except NotFound:
        filed = console.live.corpus.content.entries.get(entry_id)
        if filed is None:
            raise
        return _from_file(filed)


async def _entries(request: web.Request) -> list[OpenedEntry]:
    """Return what was written here, newest first, then what only stands in the content files."""
    console = request.app[CONSOLE]
    written = await console.desk.entries()
    known = {opened.entry.id for opened in written}
    filed = [e for e in console.live.corpus.content.entries.values() if e.id not in known]
    return [*written, *(_from_file(e) for e in sorted(filed, key=lambda e: e.date, reverse=True))]


def _from_file(entry: KnowledgeEntry) -> OpenedEntry:
    return OpenedEntry(
        entry=entry,
        version=FROM_FILE,
        author=entry.approver or "",
        saved_at=dt.datetime.combine(entry.date, dt.time(), dt.UTC),
        published_by=(),
        approvals_missing=0,
    )


async def _over_file(request: web.Request, filed: OpenedEntry) -> OpenedEntry:
    """Lay a version over an entry that only stands in a file, so that it can be withdrawn here."""
    entry = filed.entry
    return await request.app[CONSOLE].desk.save_entry(
        entry.id,
        request[VISITOR].name,
        question=entry.question,
        answer=entry.answer,
        language=entry.language or language_of(request),
        source=entry.source,
        review_by=entry.review_by,
        base_version=FROM_FILE,
    )


def _holds(opened: OpenedEntry, words: str) -> bool:
    text = f"{opened.entry.question} {opened.entry.answer}".casefold()
    return all(word in text for word in words.casefold().split())


async def _entry_page(
    request: web.Request,
    entry: OpenedEntry,
    values: dict[str, str],
    *,
    mistake: forms.Mistake | None = None,
    status: int = 200,
    theirs: bool = False,
) -> web.Response:
    written = entry.version != FROM_FILE
    versions = await request.app[CONSOLE].desk.entry_versions(entry.entry.id) if written else []
    return page(
        request,
        "entry.html",
        status=status,
        opened=entry,
        versions=list(reversed(versions)),
        values={name: values.get(name, "") for name in FIELDS},
        mistake=mistake,
        theirs=theirs,
        approved_by_me=request[VISITOR].name in entry.published_by or request[VISITOR].name == entry.author,
        notice=request.query.get("notice", ""),
        answer_most=forms.ANSWER_MOST,
        question_most=forms.QUESTION_MOST,
    )


def _form(
    request: web.Request, mistake: forms.Mistake | None, values: dict[str, str], *, status: int = 200
) -> web.Response:
    return page(
        request,
        "new_entry.html",
        status=status,
        values={name: values.get(name, "") for name in FIELDS},
        mistake=mistake,
        answer_most=forms.ANSWER_MOST,
        question_most=forms.QUESTION_MOST,
    )


def _values(entry: OpenedEntry) -> dict[str, str]:
    kept = entry.entry
    return {
        "question": kept.question,
        "answer": kept.answer,
        "language": kept.language or "zh-Hans",
        "source": kept.source or "",
        "review_by": kept.review_by.isoformat() if kept.review_by else "",
    }


def _version(sent: dict[str, str]) -> int:
    version = sent.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1
