"""Verbs for what a whole situation is owed."""

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import Stale
from bot.models import Inquiry, InquiryStatus, Mailing, SituationStatus
from bot.store.base import MadeOut
from bot.store.giving import given
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.finding import INQUIRIES_FOUND, inquiry_from, readable
from bot.store.postgres.following import follow_inquiries
from bot.store.postgres.tables import DELIVERIES, MAILINGS
from bot.store.postgres.transaction import Transaction

# `after` is compared as well: of two who make out the same, the second finds nothing.
MOVE = "UPDATE mailings SET after = %s WHERE id = %s AND after = %s RETURNING 1"
END = "DELETE FROM mailings WHERE id = %s AND after = %s RETURNING 1"

GIVE = """
    UPDATE inquiries AS i SET words = CASE WHEN g.words IS NULL THEN i.words ELSE i.words || g.words END,
        status = g.status,
        updated_at = CASE WHEN i.status = g.status THEN i.updated_at ELSE %s END,
        settled_at = CASE WHEN i.status = g.status THEN i.settled_at ELSE %s END
    FROM unnest(%s::text[], %s::bytea[], %s::text[]) AS g (id, words, status) WHERE i.id = g.id
"""
OWE = f"""
    INSERT INTO deliveries ({", ".join(DELIVERIES.columns)})
    SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::text[], %s::timestamptz[], %s::timestamptz[],
        %s::text[], %s::integer[], %s::text[])
"""

STANDING = """
    SELECT s.status, s.lane,
        EXISTS (SELECT FROM inquiries AS i WHERE i.situation_id = s.id AND i.status IN ('open', 'waiting'))
    FROM situations AS s WHERE s.id = %s
"""


class MailingVerbs(Core):
    """From one row that owes a situation to a delivery for each inquiry in it."""

    made_out_at_once = 200

    @reading
    async def mailings(self, tx: Transaction) -> Sequence[Mailing]:
        """Return the mailings that are not made out, oldest first."""
        rows = await tx.rows(f"SELECT {MAILINGS.selected()} FROM mailings ORDER BY created_at, id")
        return readable("mailing", rows, MAILINGS.record)

    @reading
    async def recipients(self, tx: Transaction, mailing: Mailing, limit: int) -> Sequence[Inquiry]:
        """Return the next inquiries of its situation after `mailing.after`, by id."""
        rows = await tx.rows(
            f"{INQUIRIES_FOUND} WHERE i.situation_id = %s AND i.id > %s ORDER BY i.id LIMIT %s",
            (mailing.situation_id, mailing.after, limit),
        )
        return [inquiry_from(row) for row in rows]

    @verb
    async def make_out(
        self, tx: Transaction, mailing: Mailing, made: Sequence[MadeOut], after: str | None
    ) -> Mailing | None:
        """Owe what was made out, and return the mailing as it goes on from `after`."""
        # Whoever changes an inquiry holds its situation, so that nothing in it moves from here on.
        await tx.row("SELECT 1 FROM situations WHERE id = %s FOR NO KEY UPDATE", (mailing.situation_id,))
        moved = (
            await tx.row(END, (mailing.id, mailing.after))
            if after is None
            else await tx.row(MOVE, (after, mailing.id, mailing.after))
        )
        if moved is None:
            raise Stale("Somebody else made out more of this mailing; look where it stands.")
        await _give(tx, mailing, made)
        if after is not None:
            return replace(mailing, after=after)
        await _end(tx, mailing)
        return None


async def _give(tx: Transaction, mailing: Mailing, made: Sequence[MadeOut]) -> None:
    rows = await tx.rows(
        "SELECT id, status, newer_than FROM inquiries WHERE id = ANY (%s)",
        ([each.inquiry_id for each in made],),
    )
    standing = {row[0]: given(mailing, InquiryStatus(row[1]), row[2]) for row in rows}
    there = [(each, *standing[each.inquiry_id]) for each in made if each.inquiry_id in standing]
    owed = [each.delivery for each, told, _ in there if told]
    async with tx.together():
        await tx.run(
            GIVE,
            (
                mailing.created_at,
                mailing.created_at,
                [each.inquiry_id for each, _, _ in there],
                [each.words if told else None for each, told, _ in there],
                [status for _, _, status in there],
            ),
        )
        if owed:
            await tx.run(OWE, list(map(list, zip(*map(DELIVERIES.row, owed), strict=True))))
    # Of a first part, which any process may make out, whoever sends is told all; the others it makes out itself, and one
    # change of each is enough for those who look at the situation.
    for delivery in owed if mailing.after == "" else owed[:1]:
        tx.tell("delivery", delivery.id, delivery.inquiry_id)


async def _end(tx: Transaction, mailing: Mailing) -> None:
    """Let the situation stand as its inquiries do: open when somebody in it is left without an answer."""
    status, lane, left = await tx.row(STANDING, (mailing.situation_id,)) or (None, "", False)
    opened = status == SituationStatus.OPEN
    if left and not opened:
        await tx.run(
            "UPDATE situations SET status = 'open', settled_at = NULL, settled_by = NULL WHERE id = %s",
            (mailing.situation_id,),
        )
        tx.tell("situation", mailing.situation_id, lane)
    elif opened and not left:
        await follow_inquiries(tx, mailing.situation_id, mailing.created_at)
