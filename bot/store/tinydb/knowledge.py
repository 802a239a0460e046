"""Verbs for knowledge entries: every version is kept."""

from collections.abc import Sequence

from bot.errors import EntryChanged
from bot.models import StoredEntry
from bot.store.tinydb.core import Core, verb


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
        return self._versions(entry_id)

    @verb
    def save_entry(self, entry: StoredEntry) -> None:
        """Add a version. Raises `EntryChanged` unless it is one above the newest (1 for a new entry)."""
        self._add_version(entry)

    def _versions(self, entry_id: str) -> Sequence[StoredEntry]:
        found = self._tables.entries.all_at(self._tables.versions_by_entry.get(entry_id))
        return sorted(found, key=lambda entry: entry.version)

    def _add_version(self, entry: StoredEntry) -> None:
        version = max((stored.version for stored in self._versions(entry.id)), default=0)
        if entry.version != version + 1:
            raise EntryChanged(
                f"The newest version of this entry is {version}, so {entry.version} cannot follow; "
                "read it again and repeat your change."
            )
        self._tables.entries.add(entry)
