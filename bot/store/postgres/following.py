"""What follows from a change: situations that are settled or gone, deliveries that are owed, alarms."""

from datetime import datetime

from bot.audit import Chain
from bot.errors import Stale, StoreError
from bot.models import AuditAct, AuditEntry, Delivery, Mailing, Situation
from bot.store.postgres.shared import note
from bot.store.postgres.tables import DELIVERIES, MAILINGS
from bot.store.postgres.transaction import Transaction


def tell_situation(tx: Transaction, situation: Situation) -> None:
    """Let listeners hear of a changed situation."""
    tx.tell("situation", situation.id, situation.lane)


FOLLOW = """
    WITH left_over AS (
        SELECT EXISTS (SELECT FROM inquiries WHERE situation_id = %(id)s AND status IN ('open', 'waiting')) AS unsettled,
            EXISTS (SELECT FROM inquiries WHERE situation_id = %(id)s AND status = 'answered') AS answered
    )
    UPDATE situations SET status = CASE WHEN answered THEN 'resolved' ELSE 'closed' END, claimed_by = NULL,
        claimed_until = NULL, draft = NULL, updated_at = %(at)s, settled_at = COALESCE(settled_at, %(at)s)
    FROM left_over WHERE id = %(id)s AND NOT unsettled AND (status = 'open' OR NOT answered)
    RETURNING lane
"""


async def follow_inquiries(tx: Transaction, situation_id: str, at: datetime) -> None:
    """Close the situation, which is locked, when every inquiry in it is closed; resolve an open one when nothing in it
    is left to answer."""
    settled = await tx.row(FOLLOW, {"id": situation_id, "at": at})
    if settled is not None:
        tx.tell("situation", situation_id, settled[0])
        await remove_alarm(tx, situation_id)


SHRUNK = """
    UPDATE situations AS s SET updated_at = COALESCE(%(at)s, updated_at), languages = ARRAY(
        SELECT language FROM unnest(s.languages) WITH ORDINALITY AS kept (language, place)
        WHERE EXISTS (SELECT FROM inquiries AS i WHERE i.situation_id = s.id AND i.language = kept.language)
        ORDER BY place
    ) WHERE id = %(id)s AND EXISTS (SELECT FROM inquiries AS i WHERE i.situation_id = s.id)
    RETURNING lane, updated_at
"""


async def remove_inquiry(tx: Transaction, inquiry_id: str, situation_id: str, at: datetime | None) -> None:
    """Remove the inquiry with its deliveries, and every trace of it in its situation; the last one takes the situation
    along. Both are locked, the situation by `FOR UPDATE`. `at` is when a citizen took it back, None when it is only old.
    """
    for (delivery_id,) in await tx.rows(
        "DELETE FROM deliveries WHERE inquiry_id = %s RETURNING id", (inquiry_id,)
    ):
        tx.tell("delivery", delivery_id, inquiry_id)
    await tx.run("DELETE FROM keys WHERE owner = %s", (inquiry_id,))
    await tx.run("DELETE FROM inquiries WHERE id = %s", (inquiry_id,))
    left = await tx.row(SHRUNK, {"id": situation_id, "at": at})
    if left is not None:
        tx.tell("situation", situation_id, left[0])
        await follow_inquiries(tx, situation_id, left[1])
        return
    await remove_alarm(tx, situation_id)
    await tx.run("DELETE FROM mailings WHERE situation_id = %s", (situation_id,))
    await tx.run("DELETE FROM keys WHERE owner = %s", (situation_id,))
    gone = await tx.row("DELETE FROM situations WHERE id = %s RETURNING lane", (situation_id,))
    if gone is not None:
        tx.tell("situation", situation_id, gone[0])


# --- deliveries


async def owe(tx: Transaction, inquiry_id: str, delivery: Delivery) -> None:
    """Put a new delivery of the inquiry into the outbox. Raises `StoreError` if it is another one's."""
    check_owed(inquiry_id, delivery)
    await tx.run(DELIVERIES.insert, DELIVERIES.row(delivery))
    tx.tell("delivery", delivery.id, inquiry_id)


def check_owed(inquiry_id: str, delivery: Delivery) -> None:
    """Raise `StoreError` when the delivery is for another inquiry."""
    if delivery.inquiry_id != inquiry_id:
        raise StoreError("The delivery names another inquiry than the one it is for; nothing was changed.")


async def owe_mailing(tx: Transaction, situation_id: str, mailing: Mailing) -> None:
    """Keep what everybody in a situation, which is locked, is owed. Raises `Stale` while another mailing of it is not
    made out, `StoreError` if it is another situation's."""
    if mailing.situation_id != situation_id:
        raise StoreError("The mailing names another situation than the one it is for; nothing was changed.")
    statement = f"{MAILINGS.insert} ON CONFLICT (situation_id) DO NOTHING RETURNING 1"
    if await tx.row(statement, MAILINGS.row(mailing)) is None:
        raise Stale(
            "What was said here before is still on its way to everybody in this situation; try again in a moment."
        )


# --- alarms and the record of reads

RAISE = """
    INSERT INTO alarms (situation_id, kind, raised_at, due_at, rounds)
    SELECT id, urgent, %(at)s, %(at)s, 0 FROM situations WHERE id = %(id)s AND urgent IS NOT NULL
    ON CONFLICT (situation_id) DO UPDATE SET kind = excluded.kind, raised_at = excluded.raised_at,
        due_at = excluded.due_at, rounds = 0, acknowledged_at = NULL, acknowledged_by = NULL
    WHERE alarms.acknowledged_at IS NOT NULL
    RETURNING 1
"""


async def raise_alarm(tx: Transaction, situation_id: str, at: datetime) -> None:
    """Let staff be told of an urgent situation from now on, unless they are being told."""
    if await tx.row(RAISE, {"id": situation_id, "at": at}) is not None:
        tx.tell("alarm", situation_id)


async def remove_alarm(tx: Transaction, situation_id: str) -> None:
    """Let nobody be told of the situation any more, because it is settled or gone."""
    gone = await tx.row("DELETE FROM alarms WHERE situation_id = %s RETURNING 1", (situation_id,))
    if gone is not None:
        tx.tell("alarm", situation_id)


async def acknowledge(tx: Transaction, chain: Chain, situation: Situation, staff: str, at: datetime) -> None:
    """Let nobody be told any more of the situation, which is locked: `staff` has taken note. Who was first stays."""
    if situation.urgent is None:  # it never was, so it has no alarm
        return
    first = await tx.row(
        "UPDATE alarms SET due_at = NULL, acknowledged_at = %s, acknowledged_by = %s "
        "WHERE situation_id = %s AND acknowledged_at IS NULL RETURNING 1",
        (at, staff, situation.id),
    )
    if first is None:
        return
    tx.tell("alarm", situation.id)
    act = AuditAct.ACKNOWLEDGED
    entry = AuditEntry(
        at=at, account=staff, act=act, situation_id=situation.id, references=situation.references
    )
    await note(tx, chain, entry)
