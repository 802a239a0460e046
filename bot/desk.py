"""The human half: what staff do with situations and what becomes of their answers."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import TypeVar

from bot.codec import from_json, to_json
from bot.corpus import LiveCorpus
from bot.errors import (
    UNREADABLE,
    EntryChanged,
    NotCleared,
    NotFound,
    SamePerson,
    Stale,
    StoreError,
)
from bot.exchange import open_words
from bot.mailing import Mailer, mailing_to
from bot.models import (
    READS,
    Alarm,
    AuditAct,
    AuditEntry,
    AuditRow,
    CallReason,
    Change,
    Delivery,
    DeliveryKind,
    EntryStatus,
    Inquiry,
    KnowledgeEntry,
    Language,
    Mailing,
    Situation,
    StaffAnswer,
    StoredEntry,
    Words,
)
from bot.privacy import Finding, screen
from bot.quiet import not_before
from bot.reference import read_reference
from bot.store.base import Owed, Store
from bot.vault import Box, Vault

log = logging.getLogger(__name__)

T = TypeVar("T")

SUGGESTIONS = 5
WORDINGS = 20
"""Inquiries whose words are shown on one page of a situation."""
EVERY_ONE = 1_000_000
UNDELIVERED = 200
"""Replies that did not get through, on one page."""
ACTS = 1000
"""Rows of the record looked through for what staff did in a situation."""
ATTEMPTS = 20
MOMENT = 0.1
"""Seconds between attempts to say something to people to whom something else is just being said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedInquiry:
    """An inquiry with its words, after a member of staff opened it."""

    inquiry: Inquiry
    words: tuple[Words, ...]
    deliveries: tuple[Delivery, ...]
    damaged: bool = False
    """Some of what was said cannot be opened any more, and is not among the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Approved words that may fit."""

    target: str
    title: str
    answer: str
    language: Language
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSituation:
    """A situation with one page of the words in it."""

    situation: Situation
    inquiries: tuple[OpenedInquiry, ...]
    """Those whose words are shown, oldest first: at most `WORDINGS`, from number `first` on."""
    first: int
    draft: str | None
    suggestions: tuple[Suggestion, ...]
    acts: tuple[AuditRow, ...]
    """What staff recorded about it beside reading, oldest first."""
    row: int
    """The row of the record that says these words were shown."""

    @property
    def said(self) -> int:
        """How much was said in these: more of it later means that somebody wrote since."""
        return sum(len(opened.words) for opened in self.inquiries)

    @property
    def asked(self) -> str:
        """All that citizens said in these: what the suggestions are found by."""
        return _asked(self.inquiries)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEntry:
    """One version of a knowledge entry."""

    entry: KnowledgeEntry
    version: int
    author: str
    saved_at: dt.datetime
    published_by: tuple[str, ...]
    approvals_missing: int
    cleared_by: str | None = None
    """Who cleared the findings."""

    @property
    def question_findings(self) -> tuple[Finding, ...]:
        """What looks like personal data in the question."""
        return screen(self.entry.question)

    @property
    def answer_findings(self) -> tuple[Finding, ...]:
        """What looks like personal data in the answer."""
        return screen(self.entry.answer)

    @property
    def to_clear(self) -> bool:
        """Whether somebody must clear findings before it can be published."""
        return self.cleared_by is None and bool(self.question_findings or self.answer_findings)


class Desk:
    """What the console calls. Every method raises `bot.errors` with a sentence."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        live: LiveCorpus,
        clock: Callable[[], dt.datetime],
        timezone: dt.tzinfo,
    ) -> None:
        self._store = store
        self._vault = vault
        self._live = live
        self._mailer = Mailer(store=store, vault=vault, live=live)
        self._clock = clock
        self._timezone = timezone

    @property
    def publish_needs(self) -> int:
        """How many people must agree before an entry is published."""
        return self._live.corpus.content.desk.publish_needs

    def changes(self, since: str | None = None) -> AsyncIterator[Change]:
        """Yield what changes from now on, or after the change of the number `since` (see `Store.changes`)."""
        return self._store.changes(since)

    # --- situations

    # A restricted lane is closed here and not in the console's pages: whatever calls the desk, somebody who is not
    # named for the lane is answered as if the situation did not exist.

    async def queue(self, staff: str) -> Sequence[Situation]:
        """Return the open situations that `staff` may see, urgent ones first, then oldest first."""
        closed = await self._closed_to(staff)
        return [situation for situation in await self._store.queue() if situation.lane not in closed]

    async def peek(self, situation_id: str, staff: str) -> Situation:
        """Return what a queue row shows. Raises `NotFound`, also for a lane that is closed to `staff`."""
        situation = await self._store.situation(situation_id)
        if situation is None or situation.lane in await self._closed_to(staff):
            raise NotFound("There is no such situation any more; the citizen may have taken it back.")
        return situation

    async def may_see(self, situation_id: str, staff: str) -> bool:
        """Tell whether there is such a situation, in a lane that is not closed to `staff`."""
        situation = await self._store.situation(situation_id)
        return situation is not None and situation.lane not in await self._closed_to(staff)

    async def find(self, reference: str, staff: str) -> Situation | None:
        """Return the situation of a reference as somebody read it out, if `staff` may see it; opens nothing."""
        known = read_reference(reference)
        situation = None if known is None else await self._store.situation_of(known)
        return None if situation is None or situation.lane in await self._closed_to(staff) else situation

    async def concerns(self, change: Change, staff: str) -> bool:
        """Tell whether `staff` may hear of the change: of one in a lane closed to them they may not."""
        closed = await self._closed_to(staff)
        if not closed or not change.id:
            return True
        match change.kind:
            case "situation":
                return change.part_of not in closed
            case "delivery":
                # Of one that is gone with its inquiry the situation's own change tells whoever may hear of it.
                inquiry = await self._store.inquiry(change.part_of)
                return inquiry is not None and await self.may_see(inquiry.situation_id, staff)
            case "alarm":
                situation = await self._store.situation(change.id)
                return situation is None or situation.lane not in closed
            case _:
                return True

    async def _closed_to(self, staff: str) -> frozenset[str]:
        """Return the lanes that somebody may see nothing of."""
        restricted = self._live.corpus.content.desk.restricted_lanes
        if not restricted:
            return restricted
        account = await self._store.account(staff)
        named = () if account is None or account.disabled else account.lanes
        return restricted.difference(named)

    async def open(
        self,
        situation_id: str,
        staff: str,
        *,
        more: bool = False,
        first: int = 0,
        most: int = WORDINGS,
        under: int | None = None,
    ) -> OpenedSituation:
        """Return a page of the words in the situation, recorded as read by `staff` and marked as seen.

        `more` says that they opened the situation before. `under` is the row that an opening a moment ago wrote:
        what it covers is returned without another. Raises `NotFound`.
        """
        await self.peek(situation_id, staff)
        reading = await self._store.open_situation(
            situation_id, staff, self._clock(), more=more, first=first, most=most, under=under
        )
        situation = await self.peek(situation_id, staff)
        opened = tuple([await self._opened(inquiry) for inquiry in reading.inquiries])
        recorded = await self._store.audit_rows(situation_id=situation_id, limit=ACTS)
        return OpenedSituation(
            situation=situation,
            inquiries=opened,
            first=first,
            draft=self._draft(situation),
            suggestions=self._suggestions(opened),
            acts=tuple(row for row in reversed(recorded) if row.act not in READS),
            row=reading.number,
        )

    async def opened_since(self, situation_id: str, staff: str, since: dt.datetime) -> int:
        """Return how many of the situation's inquiries, oldest first, `staff` has opened since then, as is recorded.

        Whoever was shown a whole page of them has opened all.
        """
        rows = await self._store.audit_rows(account=staff, situation_id=situation_id, limit=ACTS)
        shown = max((len(row.references) for row in rows if row.act in READS and row.at > since), default=0)
        return EVERY_ONE if shown >= WORDINGS else shown

    async def said(self, situation_id: str, staff: str, first: int, most: int) -> int:
        """Return how much was said in these inquiries of the situation; opens nothing. Raises `NotFound`."""
        await self.peek(situation_id, staff)
        return sum(
            len(inquiry.words) for inquiry in await self._store.inquiries_in(situation_id, first, most)
        )

    async def deliveries(
        self, situation_id: str, staff: str, first: int = 0
    ) -> Sequence[tuple[Inquiry, Sequence[Delivery]]]:
        """Return what is owed or sent for the inquiries on a page of the situation; opens nothing. Raises `NotFound`."""
        await self.peek(situation_id, staff)
        return [
            (inquiry, await self._store.deliveries_of(inquiry.id))
            for inquiry in await self._store.inquiries_in(situation_id, first, WORDINGS)
        ]

    async def undelivered(self, staff: str) -> Sequence[tuple[Owed, Situation]]:
        """Return replies that were given up or did not get through yet, oldest first, at most `UNDELIVERED`, with their
        situations, as far as `staff` may see those; opens nothing."""
        closed = await self._closed_to(staff)
        found = []
        for owed in await self._store.undelivered(UNDELIVERED):
            situation = await self._store.situation(owed.inquiry.situation_id)
            if situation is not None and situation.lane not in closed:
                found.append((owed, situation))
        return found

    async def try_again(self, delivery_id: str, staff: str) -> None:
        """Owe anew a reply that was given up. Raises `NotFound`, `Stale` when it is not given up (any more)."""
        owed = await self._store.delivery(delivery_id)
        if owed is None:
            raise NotFound("There is no such reply any more; the citizen may have taken the question back.")
        await self.peek(owed.inquiry.situation_id, staff)
        await self._store.retry_delivery(delivery_id, self._clock())

    async def called_emergency(
        self, situation_id: str, staff: str, reason: CallReason, *, second: str | None, tell: bool
    ) -> None:
        """Record that emergency services were called; with `tell`, the citizens are told. Raises `NotFound`."""
        situation = await self.peek(situation_id, staff)
        now = self._clock()
        act = AuditEntry(
            at=now,
            account=staff,
            act=AuditAct.CALLED_EMERGENCY,
            situation_id=situation_id,
            references=situation.references,
            reason=reason,
            second=second,
        )
        if tell:
            mailing = mailing_to(self._vault, situation, DeliveryKind.CALLED, staff, now)
            await self._owe_all(mailing, lambda: self._store.note_act(act, mailing))
        else:
            await self._store.note_act(act)

    async def alarms(self, staff: str) -> Sequence[tuple[Alarm, Situation]]:
        """Return the alarms nobody has acknowledged and `staff` may see, oldest first, each with its situation."""
        closed = await self._closed_to(staff)
        going = [
            (alarm, await self._store.situation(alarm.situation_id)) for alarm in await self._store.alarms()
        ]
        return [
            (alarm, situation)
            for alarm, situation in going
            if situation is not None and situation.lane not in closed
        ]

    async def acknowledge(self, situation_id: str, staff: str) -> Alarm:
        """Take note of an urgent situation: nobody is told of it any more. Raises `NotFound`."""
        await self.peek(situation_id, staff)
        return await self._store.acknowledge_alarm(situation_id, staff, self._clock())

    async def claim(self, situation_id: str, staff: str) -> Situation:
        """Take the situation, or keep it longer. Raises `SituationTaken`, `SituationSettled`, `NotFound`."""
        await self.peek(situation_id, staff)
        now = self._clock()
        minutes = self._live.corpus.content.desk.claim_minutes
        return await self._store.claim_situation(
            situation_id, staff, now, now + dt.timedelta(minutes=minutes)
        )

    async def claim_next(self, staff: str) -> Situation | None:
        """Take the first situation of the queue that nobody holds and `staff` may see; None when there is none."""
        now = self._clock()
        minutes = self._live.corpus.content.desk.claim_minutes
        return await self._store.claim_next(
            staff, now, now + dt.timedelta(minutes=minutes), await self._closed_to(staff)
        )

    async def release(self, situation_id: str, staff: str) -> Situation:
        """Return the situation to the queue. Raises `SituationTaken`, `NotFound`."""
        await self.peek(situation_id, staff)
        return await self._store.release_situation(situation_id, staff, self._clock())

    async def save_draft(self, situation_id: str, staff: str, text: str) -> None:
        """Keep what is begun. Raises `SituationTaken`, `SituationSettled`, `NotFound`."""
        situation = await self.peek(situation_id, staff)
        draft = self._box(situation).seal("draft", text.encode()) if text.strip() else None
        await self._store.save_draft(situation_id, staff, draft, self._clock())

    async def answer(self, answer: StaffAnswer) -> Situation:
        """Answer every inquiry in the situation, claiming it on the way; file a draft entry when asked.

        Raises `SituationTaken`, `SituationSettled`, `NotFound`.
        """
        situation = await self.claim(answer.situation_id, answer.author)
        now = self._clock()
        said = Words(who="staff", at=now, text=answer.text, author=answer.author)
        entry = None
        if answer.question is not None:
            entry = self._stored(
                KnowledgeEntry(
                    id=f"desk-{token_hex(8)}",
                    question=answer.question,
                    answer=answer.text,
                    language=situation.languages[0] if situation.languages else None,
                    status=EntryStatus.DRAFT,
                    date=now.astimezone(self._timezone).date(),
                ),
                version=1,
                author=answer.author,
                # The moment of the answer would tell which inquiry the entry came from; the day does not.
                saved_at=now.astimezone(self._timezone).replace(hour=0, minute=0, second=0, microsecond=0),
            )
        mailing = mailing_to(self._vault, situation, DeliveryKind.ANSWER, answer.author, now, said=said)
        return await self._owe_all(
            mailing,
            lambda: self._store.resolve_situation(situation.id, answer.author, now, mailing, entry),
        )

    async def close(self, situation_id: str, staff: str) -> Situation:
        """Close the situation without an answer, and tell those who asked. Raises as `answer`."""
        situation = await self.claim(situation_id, staff)
        now = self._clock()
        mailing = mailing_to(
            self._vault,
            situation,
            DeliveryKind.CLOSED,
            staff,
            now,
            due_at=not_before(now, self._timezone),
        )
        return await self._owe_all(
            mailing, lambda: self._store.close_situation(situation_id, staff, now, mailing)
        )

    async def _owe_all(self, mailing: Mailing, record: Callable[[], Awaitable[T]]) -> T:
        """Record what owes `mailing` to everybody in its situation, and make out the first part of it.

        What was said there before is finished first, so that everybody hears one after the other. Whatever goes wrong
        after it is recorded, it is owed: whoever sends goes on with it.
        """
        attempts = 0
        while True:
            for before in await self._store.mailings():
                if before.situation_id == mailing.situation_id:
                    await self._mailer.finish(before)
            try:
                recorded = await record()
                break
            except Stale:
                attempts += 1
                if attempts == ATTEMPTS:
                    raise
                await asyncio.sleep(MOMENT)
        try:
            await self._mailer.begin(mailing)
        except (StoreError, OSError):
            log.exception("A mailing could not be begun", extra={"mailing": mailing.id})
        return recorded

    async def _opened(self, inquiry: Inquiry) -> OpenedInquiry:
        words, damaged = open_words(self._vault, inquiry)
        return OpenedInquiry(
            inquiry=inquiry,
            words=words,
            deliveries=tuple(await self._store.deliveries_of(inquiry.id)),
            damaged=damaged,
        )

    def _draft(self, situation: Situation) -> str | None:
        if situation.draft is None:
            return None
        try:
            return self._box(situation).open("draft", situation.draft).decode()
        except UNREADABLE:
            log.exception("A draft could not be opened", extra={"situation": situation.id})
            return None

    def _box(self, owner: Inquiry | Situation) -> Box:
        return self._vault.unwrap(owner.id, owner.data_key)

    def _suggestions(self, opened: Sequence[OpenedInquiry]) -> tuple[Suggestion, ...]:
        asked = _asked(opened)
        if not asked:
            return ()
        corpus = self._live.corpus
        language = opened[0].inquiry.language
        ranking = corpus.matcher.rank(asked, limit=SUGGESTIONS)
        return tuple(
            Suggestion(
                target=found.key,
                title=corpus.content.title(found.key, language),
                answer=corpus.content.answer(found.key, language),
                language=corpus.content.answer_language(found.key, language),
                confidence=found.confidence,
            )
            for found in ranking.candidates
        )

    # --- knowledge

    async def entries(self) -> Sequence[OpenedEntry]:
        """Return the newest version of each entry written at the console, newest first."""
        return self._readable(await self._store.entries())

    async def entry(self, entry_id: str) -> OpenedEntry:
        """Return the newest version. Raises `NotFound`."""
        return (await self.entry_versions(entry_id))[-1]

    async def entry_versions(self, entry_id: str) -> Sequence[OpenedEntry]:
        """Return every version, oldest first. Raises `NotFound`."""
        versions = await self._store.entry_versions(entry_id)
        opened = self._readable(versions)
        if not opened:
            raise NotFound("There is no such entry.")
        return opened

    async def save_entry(
        self,
        entry_id: str | None,
        staff: str,
        *,
        question: str,
        answer: str,
        language: Language,
        source: str | None,
        review_by: dt.date | None,
        base_version: int,
    ) -> OpenedEntry:
        """Save a draft: a new entry, or the next version of one. Raises `EntryChanged`."""
        entry = KnowledgeEntry(
            id=entry_id or f"desk-{token_hex(8)}",
            question=question,
            answer=answer,
            language=language,
            status=EntryStatus.DRAFT,
            date=self._clock().astimezone(self._timezone).date(),
            source=source,
            review_by=review_by,
            valid_until=await self._valid_until(entry_id),
        )
        return await self._save(self._stored(entry, version=base_version + 1, author=staff))

    async def publish(self, entry_id: str, version: int, staff: str) -> OpenedEntry:
        """Agree to this version; with enough people it is published, and live within two seconds.

        The author counts as one; an entry that was withdrawn is proposed anew by whoever publishes it. Raises `EntryChanged`, `SamePerson`, `NotFound`.
        """
        current = await self._current(entry_id, version)
        if current.status is not EntryStatus.PUBLISHED and self._opened_entry(current).to_clear:
            raise NotCleared(
                "What looks like personal data in this entry must be cleared by a second person before it is published."
            )
        if current.status is EntryStatus.WITHDRAWN:
            current = replace(current, author=staff)
            if self.publish_needs > 1:
                proposed = replace(self._opened_entry(current).entry, status=EntryStatus.DRAFT, approver=None)
                return await self._save(
                    self._stored(proposed, version=version + 1, author=staff, cleared_by=current.cleared_by)
                )
        approved = (*current.published_by, *((staff,) if staff not in current.published_by else ()))
        agreed = {current.author, *approved}
        if current.status is EntryStatus.PUBLISHED:
            return self._opened_entry(current)
        if len(agreed) < self.publish_needs and staff in (current.author, *current.published_by):
            raise SamePerson(
                f"{self.publish_needs} people must agree to publish; somebody other than {staff} is needed."
            )
        entry = from_json(KnowledgeEntry, self._vault.open("entry", current.body))
        status = EntryStatus.PUBLISHED if len(agreed) >= self.publish_needs else EntryStatus.DRAFT
        entry = replace(entry, status=status, approver=", ".join(sorted(agreed)))
        return await self._save(
            self._stored(
                entry,
                version=version + 1,
                author=current.author,
                published_by=approved,
                cleared_by=current.cleared_by,
            )
        )

    async def clear_entry(self, entry_id: str, version: int, staff: str) -> OpenedEntry:
        """Record that `staff` looked at what seems to be personal data in this version and lets it stand.

        Whoever wrote the version cannot clear it, however few people it takes to publish; the next edit asks anew.
        Raises `EntryChanged`, `SamePerson`, `NotFound`.
        """
        current = await self._current(entry_id, version)
        opened = self._opened_entry(current)
        if not opened.to_clear:
            return opened
        if staff == current.author:
            raise SamePerson(f"{staff} wrote this version; somebody else must look at what was found in it.")
        return await self._save(
            self._stored(
                opened.entry,
                version=version + 1,
                author=current.author,
                published_by=current.published_by,
                cleared_by=staff,
            )
        )

    async def withdraw_entry(self, entry_id: str, version: int, staff: str) -> OpenedEntry:
        """Stop sending the answer. Raises `EntryChanged`, `NotFound`."""
        current = await self._current(entry_id, version)
        entry = from_json(KnowledgeEntry, self._vault.open("entry", current.body))
        return await self._save(
            self._stored(
                replace(entry, status=EntryStatus.WITHDRAWN),
                version=version + 1,
                author=staff,
                cleared_by=current.cleared_by,
            )
        )

    async def _valid_until(self, entry_id: str | None) -> dt.date | None:
        """Return the day after which the entry must not be sent, which an edit does not change."""
        if entry_id is None:
            return None
        versions = await self._store.entry_versions(entry_id)
        if versions:
            return self._opened_entry(versions[-1]).entry.valid_until
        published = self._live.corpus.content.entries.get(entry_id)
        return None if published is None else published.valid_until

    async def _current(self, entry_id: str, version: int) -> StoredEntry:
        versions = await self._store.entry_versions(entry_id)
        if not versions:
            raise NotFound("There is no such entry.")
        if versions[-1].version != version:
            raise EntryChanged("Somebody changed this entry meanwhile; look at the newest version first.")
        return versions[-1]

    async def _save(self, entry: StoredEntry) -> OpenedEntry:
        await self._store.save_entry(entry)
        return self._opened_entry(entry)

    def _stored(
        self,
        entry: KnowledgeEntry,
        *,
        version: int,
        author: str,
        published_by: tuple[str, ...] = (),
        cleared_by: str | None = None,
        saved_at: dt.datetime | None = None,
    ) -> StoredEntry:
        return StoredEntry(
            id=entry.id,
            version=version,
            status=entry.status,
            body=self._vault.seal("entry", to_json(entry)),
            author=author,
            saved_at=saved_at or self._clock(),
            published_by=published_by,
            cleared_by=cleared_by,
        )

    def _readable(self, entries: Sequence[StoredEntry]) -> Sequence[OpenedEntry]:
        opened = []
        for entry in entries:
            try:
                opened.append(self._opened_entry(entry))
            except UNREADABLE:
                log.exception(
                    "An entry could not be opened", extra={"entry": entry.id, "version": entry.version}
                )
        return opened

    def _opened_entry(self, stored: StoredEntry) -> OpenedEntry:
        withdrawn = stored.status is EntryStatus.WITHDRAWN
        agreed = set() if withdrawn else {stored.author, *stored.published_by}
        missing = 0 if stored.status is EntryStatus.PUBLISHED else max(0, self.publish_needs - len(agreed))
        return OpenedEntry(
            entry=from_json(KnowledgeEntry, self._vault.open("entry", stored.body)),
            version=stored.version,
            author=stored.author,
            saved_at=stored.saved_at,
            published_by=stored.published_by,
            approvals_missing=missing,
            cleared_by=stored.cleared_by,
        )


async def stored_entries(store: Store, vault: Vault) -> Sequence[KnowledgeEntry]:
    """Return what the console has published or withdrawn, for the live corpus.

    A draft on top of a published version leaves that version live. An entry whose live version cannot be opened is out
    of use, as if it were withdrawn: what it replaced must not be said again.
    """
    live: list[KnowledgeEntry] = []
    for newest in await store.entries():
        versions = (
            [newest] if newest.status is not EntryStatus.DRAFT else await store.entry_versions(newest.id)
        )
        settled = [version for version in versions if version.status is not EntryStatus.DRAFT]
        if settled:
            live.append(_live(settled[-1], vault))
    return live


def _live(stored: StoredEntry, vault: Vault) -> KnowledgeEntry:
    try:
        return from_json(KnowledgeEntry, vault.open("entry", stored.body))
    except UNREADABLE:
        log.exception("An entry could not be opened; it is out of use", extra={"entry": stored.id})
        return KnowledgeEntry(
            id=stored.id,
            question="",
            answer="",
            language=None,
            status=EntryStatus.WITHDRAWN,
            date=stored.saved_at.date(),
        )


def _asked(opened: Sequence[OpenedInquiry]) -> str:
    return " ".join(words.text for inquiry in opened for words in inquiry.words if words.who == "citizen")
