"""Verbs for knowledge entries: every version is kept."""

from collections.abc import Sequence

from bot.models import StoredEntry
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.finding import readable
from bot.store.postgres.shared import add_version
from bot.store.postgres.tables import ENTRIES
from bot.store.postgres.transaction import Transaction


class KnowledgeVerbs(Core):
    """Entries and their versions."""

    @reading
    async def entries(self, tx: Transaction) -> Sequence[StoredEntry]:
        """Return the newest version of every entry, newest first."""
        rows = await tx.rows(
            f"SELECT DISTINCT ON (id) {ENTRIES.selected()} FROM entries ORDER BY id, version DESC"
        )
        newest = readable("entry", rows, ENTRIES.record)
        return sorted(newest, key=lambda entry: entry.saved_at, reverse=True)

    @reading
    async def entry_versions(self, tx: Transaction, entry_id: str) -> Sequence[StoredEntry]:
        """Return every version of the entry, oldest first; empty when there is none."""
        rows = await tx.rows(
            f"SELECT {ENTRIES.selected()} FROM entries WHERE id = %s ORDER BY version", (entry_id,)
        )
        return [ENTRIES.record(row) for row in rows]

    @verb
    async def save_entry(self, tx: Transaction, entry: StoredEntry) -> None:
        """Add a version. Raises `EntryChanged` unless it is one above the newest (1 for a new entry)."""
        await add_version(tx, entry)
