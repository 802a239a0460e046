"""Verbs for what time does, beside claims running out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import NotFound, StoreError
from bot.models import Delivery, Inquiry, InquiryStatus
from bot.store.rows import Round
from bot.store.tinydb.core import Core, verb
from bot.store.tinydb.shared import follow_inquiries, owe, remove_inquiry

CLOCKWORK = "clockwork"


class UpkeepVerbs(Core):
    """Closing, purging, forgetting, counting."""

    @verb
    def last_round(self) -> datetime | None:
        """Return when what time does was last done."""
        last = self._tables.rounds.get(CLOCKWORK)
        return None if last is None else last.at

    @verb
    def note_round(self, at: datetime) -> None:
        """Keep when what time does was done."""
        self._tables.rounds.put(Round(name=CLOCKWORK, at=at))

    @verb
    def inquiries_settled_before(
        self, at: datetime, status: str, limit: int, *, urgent: bool
    ) -> Sequence[Inquiry]:
        """Return urgent or other inquiries of that status whose `settled_at` lies before `at`, oldest first."""
        settled = self._tables.settled_inquiries.before((InquiryStatus(status), urgent), at, limit)
        return self._tables.inquiries.all_at(settled)

    @verb
    def inquiries_opened_before(self, at: datetime, limit: int) -> Sequence[Inquiry]:
        """Return inquiries that are not closed and were opened before `at`, oldest first."""
        return self._tables.inquiries.all_at(self._tables.unclosed_inquiries.before(at, limit))

    @verb
    def close_inquiry(
        self, inquiry_id: str, now: datetime, *, was: InquiryStatus, told: Delivery | None = None
    ) -> None:
        """Close an inquiry of status `was` for good; `told` is owed to the citizen."""
        inquiry = self._tables.inquiries.need(inquiry_id)
        if inquiry.status is not was or was is InquiryStatus.CLOSED:
            raise NotFound(f"Inquiry {inquiry.reference} is not {was} (any more), so it is not closed.")
        if told is not None:
            owe(self._tables, inquiry_id, told)
        self._tables.inquiries.put(
            replace(inquiry, status=InquiryStatus.CLOSED, updated_at=now, settled_at=now)
        )
        follow_inquiries(self._tables, inquiry.situation_id, now)

    @verb
    def purge_inquiry(self, inquiry_id: str) -> None:
        """Remove a closed inquiry with all that is its own, and its situation when it was the last one."""
        inquiry = self._tables.inquiries.get(inquiry_id)
        if inquiry is None:
            return
        if inquiry.status is not InquiryStatus.CLOSED:
            raise StoreError(f"Inquiry {inquiry.reference} is not closed, so it is kept; close it first.")
        remove_inquiry(self._tables, inquiry, None)

    @verb
    def drop_expired(self, now: datetime, messages_before: datetime, sessions_before: datetime) -> int:
        """Remove what is kept for a time only; return how many rows went."""
        tables = self._tables
        return (
            tables.conversations.remove_at(tables.conversations_by_end.until(now))
            + tables.messages.remove_at(tables.messages_by_age.before(messages_before))
            + tables.sessions.remove_at(tables.sessions_by_use.before(sessions_before))
            + tables.invites.remove_at(tables.invites_by_end.until(now))
        )

    @verb
    def counters(self) -> dict[str, int]:
        """Return every anonymous counter."""
        return {counter.name: counter.count for counter in self._tables.counters.all()}
