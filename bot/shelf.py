"""Which past answers are fitted with the intents and which stand in an archive, when there are very many."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.matching import Archive
from bot.models import KnowledgeEntry

MOST_FITTED = 20_000
"""Entries up to which all of them are fitted, and none is searched for."""
MOST_CHANGES = 2_000
"""Entries that changed since the archive was built, from which on it is built anew before they go live."""
SOME_CHANGES = 200
"""From which on it is built anew when there is time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """An archive, what it was built of, and what has changed since."""

    archive: Archive
    built_of: Mapping[str, KnowledgeEntry]
    beside: Mapping[str, KnowledgeEntry]
    """Entries that came or changed after the archive was built."""
    gone: frozenset[int]
    """Rows of the archive that are not so any more."""

    def changes(self) -> int:
        """Return how many entries are not as the archive has them."""
        return max(len(self.beside), len(self.gone))


def shelve(
    entries: Mapping[str, KnowledgeEntry], previous: Shelf | None, most_changes: int = MOST_CHANGES
) -> Shelf | None:
    """Return where each entry stands; None where there are few enough to fit them all.

    The archive of `previous` is kept unless more than `most_changes` entries are not as it has them.
    """
    if len(entries) <= MOST_FITTED:
        return None
    if previous is not None:
        shelf = _changed(entries, previous)
        if shelf.changes() <= most_changes:
            return shelf
    return Shelf(archive=Archive(entries.values()), built_of=entries, beside={}, gone=frozenset())


def _changed(entries: Mapping[str, KnowledgeEntry], previous: Shelf) -> Shelf:
    before = previous.built_of
    return Shelf(
        archive=previous.archive,
        built_of=before,
        beside={
            name: entry
            for name, entry in entries.items()
            if (old := before.get(name)) is not entry and old != entry
        },
        gone=frozenset(
            row
            for row, (name, old) in enumerate(before.items())
            if (now := entries.get(name)) is not old and now != old
        ),
    )
