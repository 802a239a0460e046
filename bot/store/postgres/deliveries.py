"""Verbs for the outbox."""

from collections.abc import Sequence
from datetime import datetime

from bot.errors import Stale
from bot.models import Delivery, DeliveryStatus
from bot.store.base import Owed
from bot.store.giving import REACHED
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.finding import inquiry_from, missing, readable
from bot.store.postgres.records import aware
from bot.store.postgres.tables import DELIVERIES, INQUIRIES
from bot.store.postgres.transaction import Row, Transaction

FOUND = f"""
    SELECT {DELIVERIES.selected("d")}, {INQUIRIES.selected("i")}, k.wrapped FROM deliveries AS d
    JOIN inquiries AS i ON i.id = d.inquiry_id JOIN keys AS k ON k.owner = i.id
"""
SETTLE = """
    UPDATE deliveries SET status = %(status)s, due_at = COALESCE(%(due_at)s, due_at),
        attempts = GREATEST(attempts, %(attempts)s) + 1, problem = %(problem)s
    WHERE id = %(id)s AND CASE WHEN %(reached)s THEN status NOT IN ('sent', 'placed')
        ELSE status = 'owed' AND attempts = %(attempts)s END
    RETURNING inquiry_id
"""


class DeliveryVerbs(Core):
    """Replies that are owed, and what became of them."""

    @reading
    async def owed(self, tx: Transaction, limit: int, after: Delivery | None = None) -> Sequence[Owed]:
        """Return what is owed, due or not, oldest first: the first ones, or those that come after `after`."""
        begin = "" if after is None else "AND (d.created_at, d.id) > (%s, %s)"
        values = () if after is None else (after.created_at, after.id)
        rows = await tx.rows(
            f"{FOUND} WHERE d.status = 'owed' {begin} ORDER BY d.created_at, d.id LIMIT %s", (*values, limit)
        )
        return readable("delivery", rows, _owed)

    @reading
    async def oldest_due(self, tx: Transaction, now: datetime) -> datetime | None:
        """Return since when the oldest delivery is owed that could go out now."""
        row = await tx.row(
            "SELECT created_at FROM deliveries WHERE status = 'owed' AND due_at <= %s ORDER BY created_at LIMIT 1",
            (aware(now),),
        )
        return None if row is None else row[0]

    @reading
    async def delivery(self, tx: Transaction, delivery_id: str) -> Owed | None:
        """Return the delivery with its inquiry, whatever became of it."""
        row = await tx.row(f"{FOUND} WHERE d.id = %s", (delivery_id,))
        return None if row is None else _owed(row)

    @reading
    async def deliveries_of(self, tx: Transaction, inquiry_id: str) -> Sequence[Delivery]:
        """Return everything owed or sent for the inquiry, oldest first."""
        rows = await tx.rows(
            f"SELECT {DELIVERIES.selected()} FROM deliveries WHERE inquiry_id = %s ORDER BY created_at, id",
            (inquiry_id,),
        )
        return readable("delivery", rows, DELIVERIES.record)

    @reading
    async def undelivered(self, tx: Transaction, limit: int) -> Sequence[Owed]:
        """Return what was given up, and what is owed after an attempt that failed, oldest first."""
        rows = await tx.rows(
            f"{FOUND} WHERE d.status = 'failed' OR (d.status = 'owed' AND d.attempts > 0) "
            "ORDER BY d.created_at, d.id LIMIT %s",
            (limit,),
        )
        return readable("delivery", rows, _owed)

    @verb
    async def settle_delivery(
        self,
        tx: Transaction,
        delivery_id: str,
        status: DeliveryStatus,
        *,
        attempts: int,
        due_at: datetime | None = None,
        problem: str | None = None,
    ) -> None:
        """Record what became of an attempt: sent, placed, failed, dropped, or still owed and due again at `due_at`."""
        settled = await tx.row(
            SETTLE,
            {
                "id": delivery_id,
                "status": status,
                "attempts": attempts,
                "due_at": None if due_at is None else aware(due_at),
                "problem": problem,
                "reached": status in REACHED,
            },
        )
        if settled is None:
            await _check_there(tx, delivery_id)
            raise Stale("Somebody else recorded what became of this delivery; nothing was changed.")
        tx.tell("delivery", delivery_id, settled[0])

    @verb
    async def retry_delivery(self, tx: Transaction, delivery_id: str, now: datetime) -> None:
        """Owe anew, from `now`, what was given up."""
        row = await tx.row(
            "UPDATE deliveries SET status = 'owed', due_at = %s WHERE id = %s AND status = 'failed' "
            "RETURNING inquiry_id",
            (aware(now), delivery_id),
        )
        if row is None:
            await _check_there(tx, delivery_id)
            raise Stale("This reply is not given up any more.")
        tx.tell("delivery", delivery_id, row[0])

    async def mark_seen(self, inquiry_ids: Sequence[str]) -> int:
        """Turn placed deliveries of these inquiries into sent ones; return how many."""
        # They are one person's, and rows that one transaction wrote can be put together by its number: one for each.
        placed = await self._with_placed(inquiry_ids)
        return sum([await self._mark_seen_in(inquiry_id) for inquiry_id in placed])

    @reading
    async def _with_placed(self, tx: Transaction, inquiry_ids: Sequence[str]) -> Sequence[str]:
        found = await tx.rows(
            "SELECT DISTINCT inquiry_id FROM deliveries WHERE inquiry_id = ANY (%s) AND status = 'placed'",
            (list(inquiry_ids),),
        )
        return [inquiry_id for (inquiry_id,) in found]

    @verb
    async def _mark_seen_in(self, tx: Transaction, inquiry_id: str) -> int:
        seen = await tx.rows(
            "UPDATE deliveries SET status = 'sent' WHERE inquiry_id = %s AND status = 'placed' RETURNING id",
            (inquiry_id,),
        )
        for (delivery_id,) in seen:
            tx.tell("delivery", delivery_id, inquiry_id)
        return len(seen)


async def _check_there(tx: Transaction, delivery_id: str) -> None:
    if await tx.row("SELECT 1 FROM deliveries WHERE id = %s", (delivery_id,)) is None:
        raise missing("deliveries", delivery_id)


def _owed(row: Row) -> Owed:
    place = len(DELIVERIES.columns)
    return Owed(delivery=DELIVERIES.record(row[:place]), inquiry=inquiry_from(row[place:]))
