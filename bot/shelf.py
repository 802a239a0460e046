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
    """Return `previous` with what has changed since; in step, since looking up a million entries takes a second."""
    before = previous.built_of
    gone: list[int] = []
    changed: list[KnowledgeEntry] = []
    rest = iter(entries.values())
    new = next(rest, None)
    for row, old in enumerate(before.values()):
        now: KnowledgeEntry | None
        if new is not None and (new is old or new.id == old.id):
            now, new = new, next(rest, None)
        else:
            now = entries.get(old.id)
        if now is not old and now != old:
            gone.append(row)
            if now is not None:
                changed.append(now)
    came = [] if new is None else [entry for entry in (new, *rest) if entry.id not in before]
    return Shelf(
        archive=previous.archive,
        built_of=before,
        beside={entry.id: entry for entry in (*changed, *came)},
        gone=frozenset(gone),
    )
