"""Verbs for what a whole situation is owed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import Stale
from bot.models import Inquiry, Mailing, SituationStatus
from bot.store.base import MadeOut
from bot.store.giving import given
from bot.store.tinydb.core import Core, verb
from bot.store.tinydb.shared import follow_inquiries, owe, unsettled_in


class MailingVerbs(Core):
    """From one row that owes a situation to a delivery for each inquiry in it."""

    made_out_at_once = 40

    @verb
    def mailings(self) -> Sequence[Mailing]:
        """Return the mailings that are not made out, oldest first."""
        return self._tables.mailings.all_at(self._tables.mailings_by_age.all())

    @verb
    def recipients(self, mailing: Mailing, limit: int) -> Sequence[Inquiry]:
        """Return the next inquiries of its situation after `mailing.after`, by id."""
        found = self._tables.inquiries_in_order.after(mailing.situation_id, mailing.after, limit)
        return self._tables.inquiries.all_at(found)

    @verb
    def make_out(self, mailing: Mailing, made: Sequence[MadeOut], after: str | None) -> Mailing | None:
        """Owe what was made out, and return the mailing as it goes on from `after`."""
        if self._tables.mailings.get(mailing.id) != mailing:
            raise Stale("Somebody else made out more of this mailing; look where it stands.")
        for each in made:
            inquiry = self._tables.inquiries.get(each.inquiry_id)
            if inquiry is not None:
                self._give(mailing, inquiry, each)
        if after is None:
            self._tables.mailings.remove(mailing.id)
            self._end(mailing.situation_id, mailing.created_at)
            return None
        going_on = replace(mailing, after=after)
        self._tables.mailings.put(going_on)
        return going_on

    def _give(self, mailing: Mailing, inquiry: Inquiry, made: MadeOut) -> None:
        told, status = given(mailing, inquiry.status, inquiry.newer_than)
        if told:
            owe(self._tables, inquiry.id, made.delivery)
            if made.words is not None:
                inquiry = replace(inquiry, words=(*inquiry.words, made.words))
        if status is not inquiry.status:
            at = mailing.created_at
            inquiry = replace(inquiry, status=status, updated_at=at, settled_at=at)
        self._tables.inquiries.put(inquiry)

    def _end(self, situation_id: str, at: datetime) -> None:
        """Let the situation stand as its inquiries do: open when somebody in it is left without an answer."""
        situation = self._tables.situations.need(situation_id)
        opened = situation.status is SituationStatus.OPEN
        left = unsettled_in(self._tables, situation_id)
        if left and not opened:
            self._tables.situations.put(
                replace(situation, status=SituationStatus.OPEN, settled_at=None, settled_by=None)
            )
        elif opened and not left:
            follow_inquiries(self._tables, situation_id, at)
