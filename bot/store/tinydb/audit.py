"""Verbs for the record of reads."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from bot.models import AuditEntry, AuditHead, AuditRow, Mailing
from bot.store.tinydb.core import Core, verb
from bot.store.tinydb.shared import note, owe_mailing


class AuditVerbs(Core):
    """What staff read and did, row after row."""

    @verb
    def note_act(self, entry: AuditEntry, mailing: Mailing | None = None) -> AuditRow:
        """Record the act, and owe `mailing` to everybody in its situation; both or neither."""
        self._tables.situations.need(entry.situation_id)
        if mailing is not None:
            owe_mailing(self._tables, entry.situation_id, mailing)
        return note(self._tables, self._chain, entry)

    @verb
    def audit_rows(
        self,
        *,
        account: str | None = None,
        situation_id: str | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[AuditRow]:
        """Return rows of the record, newest first."""
        tables = self._tables
        named = []
        if account is not None:
            named.append(set(tables.audit_by_account.get(account)))
        if situation_id is not None:
            named.append(set(tables.audit_by_situation.get(situation_id)))
        if not named:
            every = tables.audit_by_number
            newest = every.all() if before is None else every.before(before)
            return tables.audit.all_at(reversed(newest[max(0, len(newest) - limit) :]))
        # Rows are numbered in the order in which they were written.
        found = tables.audit.all_at(sorted(set.intersection(*named), reverse=True))
        return [row for row in found if before is None or row.number < before][:limit]

    @verb
    def audit_since(self, at: datetime) -> Sequence[AuditRow]:
        """Return the rows since `at`, oldest first."""
        newest = (self._tables.audit.at(row) for row in reversed(self._tables.audit_by_number.all()))
        return list(takewhile(lambda row: row.at >= at, filter(None, newest)))[::-1]

    @verb
    def audit_record(self) -> tuple[Sequence[AuditRow], AuditHead | None]:
        """Return every row that is kept, by number, and where the record begins and ends."""
        rows = self._tables.audit.all_at(self._tables.audit_by_number.all())
        return rows, self._tables.audit_heads.get(self._chain.name)

    @verb
    def trim_audit(self, before: datetime) -> int:
        """Drop rows older than `before` from the beginning of the record."""
        head = self._tables.audit_heads.get(self._chain.name)
        kept = (self._tables.audit.at(row) for row in self._tables.audit_by_number.all())
        old = list(takewhile(lambda row: row.at < before, filter(None, kept)))
        if head is None or not old:
            return 0
        self._tables.audit_heads.put(self._chain.trimmed(head, old[-1]))
        return self._tables.audit.remove(*(row.number for row in old))
