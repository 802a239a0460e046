"""Situations and inquiries as they are read, and held for a change."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from bot.errors import NotFound, SituationSettled, SituationTaken, StoreError
from bot.models import OLDEST_NAMED, Inquiry, Situation, SituationStatus
from bot.store.postgres.tables import INQUIRIES, SITUATIONS
from bot.store.postgres.transaction import Row, Transaction

log = logging.getLogger(__name__)

T = TypeVar("T")

INSIDE = f"""
    ARRAY(SELECT reference FROM inquiries WHERE situation_id = s.id ORDER BY opened_at, id LIMIT {OLDEST_NAMED}),
    (SELECT count(*) FROM inquiries WHERE situation_id = s.id)"""
"""The oldest references in a situation, and how many inquiries are."""
SITUATION = f"{SITUATIONS.selected('s')}, k.wrapped, {INSIDE}"
"""What `situation_from` reads, of `situations AS s` and its key in `keys AS k`."""
SITUATIONS_FOUND = f"SELECT {SITUATION} FROM situations AS s JOIN keys AS k ON k.owner = s.id"
INQUIRIES_FOUND = (
    f"SELECT {INQUIRIES.selected('i')}, k.wrapped FROM inquiries AS i JOIN keys AS k ON k.owner = i.id"
)


def situation_from(row: Row) -> Situation:
    """Return the situation of a row of `SITUATION`."""
    wrapped, references, inquiries = row[-3:]
    return SITUATIONS.record(row, data_key=wrapped, references=tuple(references), inquiries=inquiries)


def inquiry_from(row: Row) -> Inquiry:
    """Return the inquiry of a row of `INQUIRIES_FOUND`."""
    return INQUIRIES.record(row, data_key=row[-1])


def readable(kind: str, rows: Iterable[Row], make: Callable[[Row], T]) -> list[T]:
    """Return the records of the rows, without those that cannot be read: one of them must not hide the others."""
    found = []
    for row in rows:
        try:
            found.append(make(row))
        except StoreError:
            log.error("A row of the store cannot be read", extra={"kind": kind, "row": str(row[0])})
    return found


def missing(kind: str, key: Any) -> NotFound:
    """Return the error for what is not kept."""
    return NotFound(f"There is no {key!r} among the {kind} (any more); look again.")


# --- situations


async def locked(tx: Transaction, situation_id: str) -> Situation:
    """Return the situation, which nobody else changes until the end of the transaction. Raises `NotFound`."""
    row = await tx.row(f"{SITUATIONS_FOUND} WHERE s.id = %s FOR NO KEY UPDATE OF s", (situation_id,))
    if row is None:
        raise missing("situations", situation_id)
    return situation_from(row)


async def free(tx: Transaction, situation_id: str, staff: str, now: datetime) -> Situation:
    """Return, locked, a situation that `staff` may work on. Raises `SituationTaken`, `SituationSettled`, `NotFound`."""
    situation = await locked(tx, situation_id)
    if situation.status is not SituationStatus.OPEN:
        raise SituationSettled("This situation was answered or closed already; go back to the queue.")
    check_holder(situation, staff, now)
    return situation


def check_holder(situation: Situation, staff: str, now: datetime) -> None:
    """Raise `SituationTaken` when somebody else than `staff` holds it."""
    holder, until = situation.claimed_by, situation.claimed_until
    if holder is not None and until is not None and holder != staff and until > now:
        raise SituationTaken(holder, until)
