"""Verbs for what time does, beside claims running out."""

from collections.abc import Sequence
from datetime import datetime

from bot.errors import NotFound, StoreError
from bot.models import Delivery, Inquiry, InquiryStatus
from bot.store.postgres.changelog import TRIM
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.finding import INQUIRIES_FOUND, inquiry_from, missing, readable
from bot.store.postgres.following import follow_inquiries, owe, remove_inquiry
from bot.store.postgres.records import in_utc
from bot.store.postgres.transaction import Transaction

AT_ONCE = 50_000
"""Rows of a kind that one call forgets, so that its transaction stays short after a long pause too."""


class UpkeepVerbs(Core):
    """Closing, purging, forgetting, counting. Two processes may do the same at once: one of them does it."""

    @reading
    async def inquiries_settled_before(
        self, tx: Transaction, at: datetime, status: str, limit: int, *, urgent: bool
    ) -> Sequence[Inquiry]:
        """Return urgent or other inquiries of that status whose `settled_at` lies before `at`, oldest first."""
        rows = await tx.rows(
            f"{INQUIRIES_FOUND} WHERE i.status = %s AND (i.urgent IS NOT NULL) = %s AND i.settled_at < %s "
            "ORDER BY i.settled_at, i.id LIMIT %s",
            (InquiryStatus(status), urgent, at, limit),
        )
        return readable("inquiries", rows, inquiry_from)

    @reading
    async def inquiries_opened_before(self, tx: Transaction, at: datetime, limit: int) -> Sequence[Inquiry]:
        """Return inquiries that are not closed and were opened before `at`, oldest first."""
        rows = await tx.rows(
            f"{INQUIRIES_FOUND} WHERE i.status <> 'closed' AND i.opened_at < %s ORDER BY i.opened_at, i.id LIMIT %s",
            (at, limit),
        )
        return readable("inquiries", rows, inquiry_from)

    @verb
    async def close_inquiry(
        self,
        tx: Transaction,
        inquiry_id: str,
        now: datetime,
        *,
        was: InquiryStatus,
        told: Delivery | None = None,
    ) -> None:
        """Close an inquiry of status `was` for good; `told` is owed to the citizen."""
        found = await _with_situation(tx, inquiry_id, "FOR NO KEY UPDATE")
        if found is None:
            raise missing("inquiries", inquiry_id)
        situation_id, reference, status = found
        if status != was or was is InquiryStatus.CLOSED:
            raise NotFound(f"Inquiry {reference} is not {was} (any more), so it is not closed.")
        await tx.run(
            "UPDATE inquiries SET status = 'closed', updated_at = %s, settled_at = %s WHERE id = %s",
            (now, now, inquiry_id),
        )
        if told is not None:
            await owe(tx, inquiry_id, told)
        await follow_inquiries(tx, situation_id, now)

    @verb
    async def purge_inquiry(self, tx: Transaction, inquiry_id: str) -> None:
        """Remove a closed inquiry with all that is its own, and its situation when it was the last one."""
        found = await _with_situation(tx, inquiry_id, "FOR UPDATE")
        if found is None:
            return
        situation_id, reference, status = found
        if status != InquiryStatus.CLOSED:
            raise StoreError(f"Inquiry {reference} is not closed, so it is kept; close it first.")
        await remove_inquiry(tx, inquiry_id, situation_id, None)

    @verb
    async def drop_expired(
        self, tx: Transaction, now: datetime, messages_before: datetime, sessions_before: datetime
    ) -> int:
        """Remove what is kept for a time only; return how many rows went."""
        await tx.run(TRIM)
        gone = 0
        for table, key, condition, until in (
            ("messages", "digest", "at < %s", messages_before),
            ("sessions", "digest", "used_at < %s", sessions_before),
            ("invites", "digest", "expires_at <= %s", now),
        ):
            gone += (await tx.run(_forgetting(table, key, condition), (until, AT_ONCE))).rowcount
        conversations = _forgetting("conversations", "key", "keep_until <= %s")
        dropped = await tx.rows(f"{conversations} RETURNING key", (now, AT_ONCE))
        await tx.run("DELETE FROM keys WHERE owner = ANY(%s)", ([key for (key,) in dropped],))
        return gone + len(dropped)

    @verb
    async def note_round(self, tx: Transaction, at: datetime) -> None:
        """Note when the clockwork last went round."""
        await tx.run(
            "INSERT INTO rounds (name, at) VALUES ('clockwork', %s) ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at",
            (at,),
        )

    @reading
    async def last_round(self, tx: Transaction) -> datetime | None:
        """Return when the clockwork last went round."""
        row = await tx.row("SELECT at FROM rounds WHERE name = 'clockwork'")
        return None if row is None else in_utc(row[0])

    @reading
    async def counters(self, tx: Transaction) -> dict[str, int]:
        """Return every anonymous counter."""
        return dict(await tx.rows("SELECT name, sum(count)::bigint FROM counters GROUP BY name"))


async def _with_situation(tx: Transaction, inquiry_id: str, lock: str) -> tuple[str, str, str] | None:
    """Lock the inquiry's situation, then the inquiry; return the situation's id, the reference and the status."""
    found = await tx.row("SELECT situation_id FROM inquiries WHERE id = %s", (inquiry_id,))
    if found is None:
        return None
    await tx.run(f"SELECT 1 FROM situations WHERE id = %s {lock}", found)
    row = await tx.row(
        "SELECT situation_id, reference, status FROM inquiries WHERE id = %s FOR UPDATE", (inquiry_id,)
    )
    return None if row is None else (row[0], row[1], row[2])


def _forgetting(table: str, key: str, condition: str) -> str:
    """Return what removes the rows of a condition, but for those somebody uses just now: nobody waits for another."""
    return (
        f"DELETE FROM {table} WHERE {key} = ANY (ARRAY("
        f"SELECT {key} FROM {table} WHERE {condition} LIMIT %s FOR UPDATE SKIP LOCKED))"
    )
