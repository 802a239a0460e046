"""A new inquiry: it opens a situation, in its place among those it was compared with, or joins one that is open."""

from dataclasses import replace

from psycopg import errors

from bot.errors import PoolMoved, SituationSettled, Stale, StoreError
from bot.models import Situation, SituationStatus
from bot.store.base import Filing
from bot.store.postgres.following import check_owed, raise_alarm
from bot.store.postgres.tables import DELIVERIES, INQUIRIES, KEYS, SITUATIONS
from bot.store.postgres.transaction import Transaction

JOIN = f"""
    WITH inquiry AS ({INQUIRIES.insert}), wrapped AS ({KEYS.insert}) {DELIVERIES.insert}
"""
OPEN = f"""
    WITH situation AS ({SITUATIONS.insert}), wrapped_situation AS ({KEYS.insert}), inquiry AS ({INQUIRIES.insert}),
    wrapped AS ({KEYS.insert}) {DELIVERIES.insert}
"""

# Asked by itself and not where the situation is locked: a statement that waited for a lock sees other tables as they
# were before.
OWING = "SELECT 1 FROM mailings WHERE situation_id = %s"

CHANGED_BY_JOIN = """
    UPDATE situations SET
        languages = CASE WHEN %(language)s = ANY (languages) THEN languages ELSE languages || %(language)s::text END,
        urgent = COALESCE(urgent, %(urgent)s)
    WHERE id = %(id)s
"""

COUNT_POOL = """
    INSERT INTO pools (name, opened) VALUES (%s, 1)
    ON CONFLICT (name) DO UPDATE SET opened = pools.opened + 1 RETURNING opened
"""


async def file_inquiry(
    tx: Transaction, filing: Filing, status: str | None, lane: str | None, changes: bool | None
) -> None:
    """Open a situation for the inquiry, or let it join the one of that status and lane, which is locked, and changes
    when its language or urgency is new there.

    Raises as `Store.record` does.
    """
    inquiry, situation = filing.inquiry, filing.situation
    if inquiry.situation_id != situation.id:
        raise StoreError("The new inquiry names another situation than the one it opens; nothing was filed.")
    check_owed(inquiry.id, filing.receipt)
    values = [*INQUIRIES.row(inquiry), inquiry.id, inquiry.data_key, *DELIVERIES.row(filing.receipt)]
    try:
        if lane is None:
            situation = await _numbered(tx, filing)
            await tx.run(OPEN, [*SITUATIONS.row(situation), situation.id, situation.data_key, *values])
        elif status != SituationStatus.OPEN:
            raise SituationSettled(
                "The situation to join was answered or closed meanwhile; open another one."
            )
        else:
            if await tx.row(OWING, (situation.id,)) is not None:
                raise SituationSettled("The situation to join is being answered just now; open another one.")
            await tx.run(JOIN, values)
            if changes:
                new = {"id": situation.id, "language": inquiry.language, "urgent": situation.urgent}
                await tx.run(CHANGED_BY_JOIN, new)
    except errors.UniqueViolation as exc:
        if exc.diag.constraint_name == "inquiries_reference_key":
            raise Stale("The reference of the new inquiry is taken; file it with another.") from exc
        raise
    tx.tell("situation", situation.id, lane or situation.lane)
    tx.tell("delivery", filing.receipt.id, inquiry.id)
    if situation.urgent is not None:
        await raise_alarm(tx, situation.id, inquiry.opened_at)


async def _numbered(tx: Transaction, filing: Filing) -> Situation:
    """Return the new situation with its place in its pool, where nobody else opens one until this is durable.

    Raises `PoolMoved` when one is open there that it was not compared with.
    """
    situation, compared = filing.situation, filing.compared
    if filing.inquiry.joined:
        raise SituationSettled("The situation to join is gone; open another one.")
    if situation.pool is None:
        return situation
    (number,) = await tx.row(COUNT_POOL, (situation.pool,)) or (0,)
    if compared is not None:
        later = await tx.rows(
            "SELECT id FROM situations WHERE pool = %s AND number > %s AND status = 'open'",
            (situation.pool, compared.seen),
        )
        if any(other not in compared.beside for (other,) in later):
            raise PoolMoved("Another situation was opened meanwhile; compare the new inquiry with it first.")
    return replace(situation, number=number)
