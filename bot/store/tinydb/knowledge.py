"""Verbs for knowledge entries: every version is kept."""

from collections.abc import Sequence

from bot.models import StoredEntry
from bot.store.tinydb.core import Core, verb
from bot.store.tinydb.shared import add_version, versions_of


class KnowledgeVerbs(Core):
    """Entries and their versions."""

    @verb
    def entries(self) -> Sequence[StoredEntry]:
        """Return the newest version of every entry, newest first."""
        newest: dict[str, StoredEntry] = {}
        for entry in self._tables.entries.all():
            if entry.id not in newest or newest[entry.id].version < entry.version:
                newest[entry.id] = entry
        return sorted(newest.values(), key=lambda entry: entry.saved_at, reverse=True)

    @verb
    def entry_versions(self, entry_id: str) -> Sequence[StoredEntry]:
        """Return every version of the entry, oldest first; empty when there is none."""
        return versions_of(self._tables, entry_id)

    @verb
    def save_entry(self, entry: StoredEntry) -> None:
        """Add a version. Raises `EntryChanged` unless it is one above the newest (1 for a new entry)."""
        add_version(self._tables, entry)
