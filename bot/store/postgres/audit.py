"""Verbs for the record of reads."""

from collections.abc import Sequence
from datetime import datetime

from bot.models import AuditEntry, AuditHead, AuditRow, Mailing
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.finding import locked
from bot.store.postgres.following import owe_mailing
from bot.store.postgres.shared import HEAD, note
from bot.store.postgres.tables import AUDIT, AUDIT_HEADS
from bot.store.postgres.transaction import Transaction


class AuditVerbs(Core):
    """What staff read and did, row after row."""

    @verb
    async def note_act(self, tx: Transaction, entry: AuditEntry, mailing: Mailing | None = None) -> AuditRow:
        """Record the act, and owe `mailing` to everybody in its situation; both or neither."""
        await locked(tx, entry.situation_id)
        if mailing is not None:
            await owe_mailing(tx, entry.situation_id, mailing)
        return await note(tx, self._chain, entry)

    @reading
    async def audit_rows(
        self,
        tx: Transaction,
        *,
        account: str | None = None,
        situation_id: str | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[AuditRow]:
        """Return rows of the record, newest first."""
        wanted = {"account = %s": account, "situation_id = %s": situation_id, "number < %s": before}
        asked = {condition: value for condition, value in wanted.items() if value is not None}
        where = f"WHERE {' AND '.join(asked)}" if asked else ""
        rows = await tx.rows(
            f"SELECT {AUDIT.selected()} FROM audit {where} ORDER BY number DESC LIMIT %s",
            [*asked.values(), limit],
        )
        return [AUDIT.record(row) for row in rows]

    @reading
    async def audit_since(self, tx: Transaction, at: datetime) -> Sequence[AuditRow]:
        """Return the rows since `at`, oldest first."""
        rows = await tx.rows(
            f"SELECT {AUDIT.selected()} FROM audit WHERE number > "
            "coalesce((SELECT number FROM audit WHERE at < %s ORDER BY number DESC LIMIT 1), 0) ORDER BY number",
            (at,),
        )
        return [AUDIT.record(row) for row in rows]

    @reading
    async def audit_record(self, tx: Transaction) -> tuple[Sequence[AuditRow], AuditHead | None]:
        """Return every row that is kept, by number, and where the record begins and ends."""
        # One statement, so that both are of one moment.
        rows = await tx.rows(
            f"SELECT {AUDIT.selected()}, {AUDIT_HEADS.selected()} FROM (VALUES (%s::text)) AS record (name) "
            "LEFT JOIN audit_heads USING (name) LEFT JOIN audit ON true ORDER BY audit.number",
            (self._chain.name,),
        )
        head = rows[0][len(AUDIT.columns) :]
        found = [AUDIT.record(row) for row in rows if row[0] is not None]
        return found, None if head[0] is None else AUDIT_HEADS.record(head)

    @verb
    async def trim_audit(self, tx: Transaction, before: datetime) -> int:
        """Drop rows older than `before` from the beginning of the record."""
        head = await tx.row(HEAD, (self._chain.name,))
        last = await tx.row(
            f"SELECT {AUDIT.selected()} FROM audit WHERE number < coalesce((SELECT number FROM audit WHERE at >= %s "
            "ORDER BY number LIMIT 1), 9223372036854775807) ORDER BY number DESC LIMIT 1",
            (before,),
        )
        if head is None or last is None:
            return 0
        trimmed = self._chain.trimmed(AUDIT_HEADS.record(head), AUDIT.record(last))
        await tx.run(AUDIT_HEADS.put, AUDIT_HEADS.row(trimmed))
        gone = await tx.run("DELETE FROM audit WHERE number <= %s", (trimmed.trimmed,))
        return gone.rowcount
