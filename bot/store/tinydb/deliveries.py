"""Verbs for the outbox."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import Stale
from bot.models import Delivery, DeliveryStatus
from bot.store.base import Owed
from bot.store.giving import REACHED
from bot.store.tinydb.core import Core, verb


class DeliveryVerbs(Core):
    """Replies that are owed, and what became of them."""

    @verb
    def owed(self, limit: int, after: Delivery | None = None) -> Sequence[Owed]:
        """Return what is owed, due or not, oldest first: the first ones, or those that come after `after`."""
        if after is None:
            return self._with_inquiries(self._tables.owed.first(limit))
        return self._with_inquiries(self._tables.owed.after((after.created_at, after.id), limit))

    @verb
    def oldest_due(self, now: datetime) -> datetime | None:
        """Return since when the oldest delivery is owed that could go out now."""
        for delivery in map(self._tables.deliveries.at, self._tables.owed.all()):
            if delivery is not None and delivery.due_at <= now:
                return delivery.created_at
        return None

    @verb
    def delivery(self, delivery_id: str) -> Owed | None:
        """Return the delivery with its inquiry, whatever became of it."""
        delivery = self._tables.deliveries.get(delivery_id)
        return None if delivery is None else self._owed(delivery)

    @verb
    def deliveries_of(self, inquiry_id: str) -> Sequence[Delivery]:
        """Return everything owed or sent for the inquiry, oldest first."""
        return self._of(inquiry_id)

    @verb
    def undelivered(self, limit: int) -> Sequence[Owed]:
        """Return what was given up, and what is owed after an attempt that failed, oldest first."""
        return self._with_inquiries(self._tables.undelivered.first(limit))

    @verb
    def settle_delivery(
        self,
        delivery_id: str,
        status: DeliveryStatus,
        *,
        attempts: int,
        due_at: datetime | None = None,
        problem: str | None = None,
    ) -> None:
        """Record what became of an attempt: sent, placed, failed, dropped, or still owed and due again at `due_at`."""
        delivery = self._tables.deliveries.need(delivery_id)
        if status in REACHED:
            outdated = delivery.status in REACHED
        else:
            outdated = delivery.status is not DeliveryStatus.OWED or delivery.attempts != attempts
        if outdated:
            raise Stale("Somebody else recorded what became of this delivery; nothing was changed.")
        self._tables.deliveries.put(
            replace(
                delivery,
                status=status,
                due_at=due_at or delivery.due_at,
                attempts=max(delivery.attempts, attempts) + 1,
                problem=problem,
            )
        )

    @verb
    def retry_delivery(self, delivery_id: str, now: datetime) -> None:
        """Owe anew, from `now`, what was given up."""
        delivery = self._tables.deliveries.need(delivery_id)
        if delivery.status is not DeliveryStatus.FAILED:
            raise Stale("This reply is not given up any more.")
        self._tables.deliveries.put(replace(delivery, status=DeliveryStatus.OWED, due_at=now))

    @verb
    def mark_seen(self, inquiry_ids: Sequence[str]) -> int:
        """Turn placed deliveries of these inquiries into sent ones; return how many."""
        placed = [
            delivery
            for inquiry_id in dict.fromkeys(inquiry_ids)
            for delivery in self._of(inquiry_id)
            if delivery.status is DeliveryStatus.PLACED
        ]
        for delivery in placed:
            self._tables.deliveries.put(replace(delivery, status=DeliveryStatus.SENT))
        return len(placed)

    def _with_inquiries(self, rows: Sequence[int]) -> Sequence[Owed]:
        return [self._owed(delivery) for delivery in self._tables.deliveries.all_at(rows)]

    def _owed(self, delivery: Delivery) -> Owed:
        return Owed(delivery=delivery, inquiry=self._tables.inquiries.need(delivery.inquiry_id))

    def _of(self, inquiry_id: str) -> Sequence[Delivery]:
        found = self._tables.deliveries.all_at(self._tables.deliveries_by_inquiry.get(inquiry_id))
        return sorted(found, key=lambda delivery: (delivery.created_at, delivery.id))
