"""Verbs for what staff work on."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import NotFound, SituationSettled, SituationTaken
from bot.models import (
    READS,
    AuditAct,
    AuditEntry,
    Inquiry,
    Mailing,
    Sealed,
    Situation,
    SituationStatus,
    StoredEntry,
)
from bot.store.base import Pool, QueueLength, Reading
from bot.store.tinydb.core import Core, verb
from bot.store.tinydb.shared import acknowledge, add_version, inquiries_of, note, owe_mailing


class SituationVerbs(Core):
    """The queue: claimed, answered once, resolved."""

    @verb
    def queue(self) -> Sequence[Situation]:
        """Return every open situation, urgent ones first, then oldest first."""
        return self._tables.situations.all_at(self._tables.queue.all())

    @verb
    def queue_length(self) -> QueueLength:
        """Return how long the queue is, without reading it."""
        every, urgent = self._tables.queue.all(), self._tables.queue.before((True,))
        first = self._tables.situations.all_at([*urgent[:1], *every[len(urgent) :][:1]])
        return QueueLength(
            urgent=len(urgent),
            other=len(every) - len(urgent),
            oldest=min((situation.opened_at for situation in first), default=None),
        )

    @verb
    def situation(self, situation_id: str) -> Situation | None:
        """Return the situation, if it is kept."""
        return self._tables.situations.get(situation_id)

    @verb
    def situation_of(self, reference: str) -> Situation | None:
        """Return the situation that holds the inquiry of that reference."""
        inquiry = self._tables.inquiries.at(self._tables.inquiry_by_reference.get(reference))
        return None if inquiry is None else self._tables.situations.get(inquiry.situation_id)

    @verb
    def inquiries_in(self, situation_id: str, first: int = 0, most: int | None = None) -> Sequence[Inquiry]:
        """Return the inquiries in the situation, oldest first, for work that shows their words to nobody."""
        return inquiries_of(self._tables, situation_id, first, most)

    @verb
    def pool(self, name: str, after: int = 0) -> Pool:
        """Return the open situations of the pool with numbers beyond `after`."""
        opened = self._tables.pools.get(name)
        return Pool(
            number=0 if opened is None else opened.opened,
            situations=self._tables.situations.all_at(self._tables.open_by_pool.after(name, after)),
        )

    @verb
    def open_situation(
        self,
        situation_id: str,
        staff: str,
        at: datetime,
        *,
        more: bool = False,
        first: int = 0,
        most: int | None = None,
        under: int | None = None,
    ) -> Reading:
        """Record that `staff` is shown the words of inquiries in the situation, and return those inquiries."""
        situation = self._tables.situations.need(situation_id)
        shown = inquiries_of(self._tables, situation_id, first, most)
        references = tuple(inquiry.reference for inquiry in shown)
        if under is None:
            act = AuditAct.OPENED_MORE if more else AuditAct.OPENED
            entry = AuditEntry(
                at=at, account=staff, act=act, situation_id=situation_id, references=references
            )
            under = note(self._tables, self._chain, entry).number
        else:
            row = self._tables.audit.need(under)
            covered = row.act in READS and row.account == staff and row.situation_id == situation_id
            if not (covered and set(references) <= set(row.references)):
                raise NotFound("The record does not say that these words may be shown; open them again.")
        acknowledge(self._tables, self._chain, situation, staff, at)
        for inquiry in shown:
            self._tables.inquiries.put(replace(inquiry, seen_by_staff=True))
        return Reading(inquiries=[replace(each, seen_by_staff=True) for each in shown], number=under)

    @verb
    def claim_situation(self, situation_id: str, staff: str, now: datetime, until: datetime) -> Situation:
        """Give the situation to `staff`, or prolong their hold, until `until`."""
        return self._claim(self._free(situation_id, staff, now), staff, now, until)

    @verb
    def release_situation(self, situation_id: str, staff: str, now: datetime) -> Situation:
        """Return the situation to the queue."""
        situation = self._tables.situations.need(situation_id)
        _check_holder(situation, staff, now)
        released = replace(situation, claimed_by=None, claimed_until=None)
        self._tables.situations.put(released)
        return released

    @verb
    def save_draft(self, situation_id: str, staff: str, draft: Sealed | None, now: datetime) -> None:
        """Keep what `staff` has begun to write."""
        situation = self._free(situation_id, staff, now)
        wrote_at = situation.staff_wrote_at if draft is None else now
        self._tables.situations.put(replace(situation, draft=draft, staff_wrote_at=wrote_at))

    @verb
    def claim_next(
        self, staff: str, now: datetime, until: datetime, closed_lanes: Collection[str] = ()
    ) -> Situation | None:
        """Give `staff` the first situation of the queue that nobody holds."""
        for situation in map(self._tables.situations.at, self._tables.queue.all()):
            if situation is not None and situation.lane not in closed_lanes and not _held(situation, now):
                return self._claim(situation, staff, now, until)
        return None

    @verb
    def resolve_situation(
        self, situation_id: str, staff: str, now: datetime, mailing: Mailing, entry: StoredEntry | None
    ) -> Situation:
        """Resolve the situation: `mailing` is owed to everybody in it, and `entry` is filed."""
        situation = self._free(situation_id, staff, now)
        owe_mailing(self._tables, situation_id, mailing)
        if entry is not None:
            add_version(self._tables, entry)
        acknowledge(self._tables, self._chain, situation, staff, now)
        resolved = replace(_settled(situation, SituationStatus.RESOLVED, staff, now), staff_wrote_at=now)
        self._tables.situations.put(resolved)
        return resolved

    @verb
    def close_situation(self, situation_id: str, staff: str, now: datetime, mailing: Mailing) -> Situation:
        """Close the situation without an answer: `mailing` closes the inquiries and tells those who asked."""
        situation = self._free(situation_id, staff, now)
        owe_mailing(self._tables, situation_id, mailing)
        acknowledge(self._tables, self._chain, situation, staff, now)
        closed = _settled(situation, SituationStatus.CLOSED, staff, now)
        self._tables.situations.put(closed)
        return closed

    @verb
    def expire_claims(self, now: datetime, latest: datetime) -> Sequence[str]:
        """Return claims that ran out, or end after `latest`, to the queue; the ids of those situations."""
        ends = self._tables.claims_by_end
        expired = self._tables.situations.all_at([*ends.until(now), *ends.after(latest)])
        for situation in expired:
            self._tables.situations.put(replace(situation, claimed_by=None, claimed_until=None))
        return [situation.id for situation in expired]

    def _claim(self, situation: Situation, staff: str, now: datetime, until: datetime) -> Situation:
        claimed = replace(situation, claimed_by=staff, claimed_until=until)
        self._tables.situations.put(claimed)
        acknowledge(self._tables, self._chain, claimed, staff, now)
        return claimed

    def _free(self, situation_id: str, staff: str, now: datetime) -> Situation:
        """Return a situation that `staff` may work on."""
        situation = self._tables.situations.need(situation_id)
        if situation.status is not SituationStatus.OPEN:
            raise SituationSettled("This situation was answered or closed already; go back to the queue.")
        _check_holder(situation, staff, now)
        return situation


def _held(situation: Situation, now: datetime) -> bool:
    return situation.claimed_until is not None and situation.claimed_until > now


def _check_holder(situation: Situation, staff: str, now: datetime) -> None:
    holder, until = situation.claimed_by, situation.claimed_until
    if holder is not None and until is not None and holder != staff and _held(situation, now):
        raise SituationTaken(holder, until)


def _settled(situation: Situation, status: SituationStatus, staff: str, now: datetime) -> Situation:
    return replace(
        situation,
        status=status,
        updated_at=now,
        claimed_by=None,
        claimed_until=None,
        settled_at=now,
        settled_by=staff,
        draft=None,
    )
