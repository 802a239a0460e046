"""Verbs for what staff work on."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import NotFound
from bot.models import (
    READS,
    AuditAct,
    AuditEntry,
    Inquiry,
    Mailing,
    Sealed,
    Situation,
    SituationStatus,
    StoredEntry,
)
from bot.store.base import Pool, QueueLength, Reading
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.finding import (
    INQUIRIES_FOUND,
    SITUATION,
    SITUATIONS_FOUND,
    check_holder,
    free,
    inquiry_from,
    locked,
    missing,
    readable,
    situation_from,
)
from bot.store.postgres.following import acknowledge, owe_mailing, tell_situation
from bot.store.postgres.records import aware
from bot.store.postgres.shared import add_version, note
from bot.store.postgres.tables import AUDIT
from bot.store.postgres.transaction import Transaction

PAGE = f"{INQUIRIES_FOUND} WHERE i.situation_id = %s ORDER BY i.opened_at, i.id OFFSET %s LIMIT %s"

CLAIM_NEXT = f"""
    UPDATE situations AS s SET claimed_by = %(staff)s, claimed_until = %(until)s FROM keys AS k
    WHERE k.owner = s.id AND s.id = (
        SELECT id FROM situations WHERE status = 'open' AND (claimed_until IS NULL OR claimed_until <= %(now)s)
            AND lane <> ALL (%(closed)s)
        ORDER BY urgent IS NULL, opened_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING {SITUATION}
"""

SETTLE = """
    UPDATE situations SET status = %s, updated_at = %s, claimed_by = NULL, claimed_until = NULL, settled_at = %s,
        settled_by = %s, draft = NULL, staff_wrote_at = %s
    WHERE id = %s
"""

CLAIM = f"""
    UPDATE situations AS s SET claimed_by = %(staff)s, claimed_until = %(until)s FROM keys AS k
    WHERE s.id = %(id)s AND k.owner = s.id AND s.status = 'open'
        AND (s.claimed_by IS NULL OR s.claimed_by = %(staff)s OR s.claimed_until <= %(now)s)
    RETURNING {SITUATION}
"""

# One statement, so that the number and the situations are of one moment.
POOL = f"""
    SELECT COALESCE((SELECT opened FROM pools WHERE name = %s), 0), {SITUATION}
    FROM (SELECT) AS once LEFT JOIN situations AS s ON s.pool = %s AND s.number > %s AND s.status = 'open'
    LEFT JOIN keys AS k ON k.owner = s.id ORDER BY s.number
"""

# One that is being prolonged just now is left alone.
EXPIRED = """
    SELECT id, lane FROM situations WHERE claimed_until <= %s OR claimed_until > %s
    ORDER BY claimed_until, id FOR NO KEY UPDATE SKIP LOCKED
"""


class SituationVerbs(Core):
    """The queue: claimed, answered once, resolved."""

    @reading
    async def queue(self, tx: Transaction) -> Sequence[Situation]:
        """Return every open situation, urgent ones first, then oldest first."""
        rows = await tx.rows(
            f"{SITUATIONS_FOUND} WHERE s.status = 'open' ORDER BY s.urgent IS NULL, s.opened_at, s.id"
        )
        return readable("situation", rows, situation_from)

    @reading
    async def queue_length(self, tx: Transaction) -> QueueLength:
        """Return how long the queue is, without reading it."""
        row = await tx.row(
            "SELECT count(urgent), count(*) - count(urgent), min(opened_at) FROM situations WHERE status = 'open'"
        )
        urgent, other, oldest = row or (0, 0, None)
        return QueueLength(urgent=urgent, other=other, oldest=oldest)

    @reading
    async def situation(self, tx: Transaction, situation_id: str) -> Situation | None:
        """Return the situation, if it is kept."""
        row = await tx.row(f"{SITUATIONS_FOUND} WHERE s.id = %s", (situation_id,))
        return None if row is None else situation_from(row)

    @reading
    async def situation_of(self, tx: Transaction, reference: str) -> Situation | None:
        """Return the situation that holds the inquiry of that reference."""
        row = await tx.row(
            f"{SITUATIONS_FOUND} WHERE s.id = (SELECT situation_id FROM inquiries WHERE reference = %s)",
            (reference,),
        )
        return None if row is None else situation_from(row)

    @reading
    async def inquiries_in(
        self, tx: Transaction, situation_id: str, first: int = 0, most: int | None = None
    ) -> Sequence[Inquiry]:
        """Return the inquiries in the situation, oldest first, for work that shows their words to nobody."""
        return readable("inquiry", await tx.rows(PAGE, (situation_id, first, most)), inquiry_from)

    @reading
    async def pool(self, tx: Transaction, name: str, after: int = 0) -> Pool:
        """Return the open situations of the pool with numbers beyond `after`."""
        rows = await tx.rows(POOL, (name, name, after))
        situations = [row[1:] for row in rows if row[1] is not None]
        return Pool(number=rows[0][0], situations=readable("situation", situations, situation_from))

    @verb
    async def open_situation(
        self,
        tx: Transaction,
        situation_id: str,
        staff: str,
        at: datetime,
        *,
        more: bool = False,
        first: int = 0,
        most: int | None = None,
        under: int | None = None,
    ) -> Reading:
        """Record that `staff` is shown the words of inquiries in the situation, and return those inquiries."""
        situation = await locked(tx, situation_id)
        shown = [inquiry_from(row) for row in await tx.rows(PAGE, (situation_id, first, most))]
        references = tuple(inquiry.reference for inquiry in shown)
        await tx.run(
            "UPDATE inquiries SET seen_by_staff = true WHERE id = ANY (%s) AND NOT seen_by_staff",
            ([inquiry.id for inquiry in shown],),
        )
        if under is None:
            act = AuditAct.OPENED_MORE if more else AuditAct.OPENED
            entry = AuditEntry(
                at=aware(at), account=staff, act=act, situation_id=situation_id, references=references
            )
            under = (await note(tx, self._chain, entry)).number
        else:
            row = await tx.row(f"SELECT {AUDIT.selected()} FROM audit WHERE number = %s", (under,))
            if row is None:
                raise missing("audit", under)
            said = AUDIT.record(row)
            covered = said.act in READS and said.account == staff and said.situation_id == situation_id
            if not (covered and set(references) <= set(said.references)):
                raise NotFound("The record does not say that these words may be shown; open them again.")
        await acknowledge(tx, self._chain, situation, staff, at)
        return Reading(inquiries=[replace(each, seen_by_staff=True) for each in shown], number=under)

    @verb
    async def claim_situation(
        self, tx: Transaction, situation_id: str, staff: str, now: datetime, until: datetime
    ) -> Situation:
        """Give the situation to `staff`, or prolong their hold, until `until`."""
        values = {"id": situation_id, "staff": staff, "now": aware(now), "until": aware(until)}
        row = await tx.row(CLAIM, values)
        if row is None:
            await free(tx, situation_id, staff, now)  # says why not, unless it is free by now
            row = await tx.row(CLAIM, values)
        if row is None:
            raise missing("situations", situation_id)
        claimed = situation_from(row)
        tell_situation(tx, claimed)
        await acknowledge(tx, self._chain, claimed, staff, now)
        return claimed

    @verb
    async def release_situation(
        self, tx: Transaction, situation_id: str, staff: str, now: datetime
    ) -> Situation:
        """Return the situation to the queue."""
        situation = await locked(tx, situation_id)
        check_holder(situation, staff, now)
        if situation.claimed_by is None:
            return situation
        await tx.run(
            "UPDATE situations SET claimed_by = NULL, claimed_until = NULL WHERE id = %s", (situation_id,)
        )
        tell_situation(tx, situation)
        return replace(situation, claimed_by=None, claimed_until=None)

    @verb
    async def save_draft(
        self, tx: Transaction, situation_id: str, staff: str, draft: Sealed | None, now: datetime
    ) -> None:
        """Keep what `staff` has begun to write."""
        situation = await free(tx, situation_id, staff, now)
        wrote_at = situation.staff_wrote_at if draft is None else aware(now)
        await tx.run(
            "UPDATE situations SET draft = %s, staff_wrote_at = %s WHERE id = %s",
            (draft, wrote_at, situation_id),
        )
        tell_situation(tx, situation)

    @verb
    async def claim_next(
        self,
        tx: Transaction,
        staff: str,
        now: datetime,
        until: datetime,
        closed_lanes: Collection[str] = (),
    ) -> Situation | None:
        """Give `staff` the first situation of the queue that nobody holds."""
        # One that somebody is just taking, or joining, is left to them, so that nobody waits for anybody.
        row = await tx.row(
            CLAIM_NEXT,
            {"staff": staff, "now": aware(now), "until": aware(until), "closed": list(closed_lanes)},
        )
        if row is None:
            return None
        claimed = situation_from(row)
        tell_situation(tx, claimed)
        await acknowledge(tx, self._chain, claimed, staff, now)
        return claimed

    @verb
    async def resolve_situation(
        self,
        tx: Transaction,
        situation_id: str,
        staff: str,
        now: datetime,
        mailing: Mailing,
        entry: StoredEntry | None,
    ) -> Situation:
        """Resolve the situation: `mailing` is owed to everybody in it, and `entry` is filed."""
        situation = await free(tx, situation_id, staff, now)
        await owe_mailing(tx, situation_id, mailing)
        if entry is not None:
            await add_version(tx, entry)
        resolved = await _settle(tx, situation, SituationStatus.RESOLVED, staff, now, wrote_at=now)
        await acknowledge(tx, self._chain, situation, staff, now)
        return resolved

    @verb
    async def close_situation(
        self, tx: Transaction, situation_id: str, staff: str, now: datetime, mailing: Mailing
    ) -> Situation:
        """Close the situation without an answer: `mailing` closes the inquiries and tells those who asked."""
        situation = await free(tx, situation_id, staff, now)
        await owe_mailing(tx, situation_id, mailing)
        closed = await _settle(
            tx, situation, SituationStatus.CLOSED, staff, now, wrote_at=situation.staff_wrote_at
        )
        await acknowledge(tx, self._chain, situation, staff, now)
        return closed

    @verb
    async def expire_claims(self, tx: Transaction, now: datetime, latest: datetime) -> Sequence[str]:
        """Return claims that ran out, or end after `latest`, to the queue; the ids of those situations."""
        expired = await tx.rows(EXPIRED, (aware(now), aware(latest)))
        ids = [situation_id for situation_id, _ in expired]
        await tx.run(
            "UPDATE situations SET claimed_by = NULL, claimed_until = NULL WHERE id = ANY (%s)", (ids,)
        )
        for situation_id, lane in expired:
            tx.tell("situation", situation_id, lane)
        return ids


async def _settle(
    tx: Transaction,
    situation: Situation,
    status: SituationStatus,
    staff: str,
    now: datetime,
    *,
    wrote_at: datetime | None,
) -> Situation:
    at = aware(now)
    await tx.run(SETTLE, (status, at, at, staff, wrote_at, situation.id))
    tell_situation(tx, situation)
    return replace(
        situation,
        status=status,
        updated_at=at,
        claimed_by=None,
        claimed_until=None,
        settled_at=at,
        settled_by=staff,
        draft=None,
        staff_wrote_at=wrote_at,
    )
