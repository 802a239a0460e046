"""Verbs for the outbox."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.models import Delivery, DeliveryStatus
from bot.store.tinydb.core import Core, verb


class DeliveryVerbs(Core):
    """Replies that are owed, and what became of them."""

    @verb
    def owed(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """Return deliveries that are owed and due, oldest first."""
        due = self._tables.deliveries.all_at(self._tables.owed_by_due_time.until(now))
        return sorted(due, key=lambda delivery: delivery.created_at)[:limit]

    @verb
    def deliveries_of(self, inquiry_id: str) -> Sequence[Delivery]:
        """Return everything owed or sent for the inquiry, oldest first."""
        return self._of(inquiry_id)

    @verb
    def settle_delivery(
        self,
        delivery_id: str,
        status: DeliveryStatus,
        *,
        due_at: datetime | None = None,
        problem: str | None = None,
    ) -> None:
        """Record what became of an attempt: sent, placed, failed, or still owed and due again at `due_at`."""
        delivery = self._tables.deliveries.need(delivery_id)
        self._tables.deliveries.put(
            replace(
                delivery,
                status=status,
                due_at=due_at or delivery.due_at,
                attempts=delivery.attempts + 1,
                problem=problem,
            )
        )

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

    def _of(self, inquiry_id: str) -> Sequence[Delivery]:
        found = self._tables.deliveries.all_at(self._tables.deliveries_by_inquiry.get(inquiry_id))
        return sorted(found, key=lambda delivery: delivery.created_at)
