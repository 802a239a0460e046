"""Verbs for content versions and what was learned from them."""

from collections.abc import Sequence

from bot.errors import Fault, Stale
from bot.models import ContentVersion, Sealed
from bot.store.bounds import old_content, old_learned
from bot.store.rows import WATCHED, ContentFaults, ContentFiles, Learned
from bot.store.tinydb.core import Core, verb


class ContentVerbs(Core):
    """The numbered wholes that maintainers wrote, their files, and what processes learned from them."""

    @verb
    def content_versions(
        self, *, digest: str | None = None, limit: int | None = None
    ) -> Sequence[ContentVersion]:
        """Return the content versions, newest first: those of `digest`, at most `limit`."""
        found = [version for version in self._tables.contents.all() if digest in (None, version.digest)]
        return sorted(found, key=lambda version: version.number, reverse=True)[:limit]

    @verb
    def add_content(self, version: ContentVersion, files: Sealed | None) -> None:
        """Keep the next content version with its files, and let go of the files of old ones. Raises `Stale`."""
        newest = max((each.number for each in self._tables.contents.all()), default=0)
        if version.number != newest + 1:
            raise Stale(f"The newest content version is {newest}, so {version.number} cannot follow.")
        self._tables.contents.add(version)
        if files is not None:
            self._tables.content_files.add(ContentFiles(number=version.number, body=files))
        kept = sorted(self._tables.content_files.all(), key=lambda each: each.number, reverse=True)
        let_go = old_content([len(each.body) for each in kept])
        self._tables.content_files.remove(*(kept[place].number for place in let_go))

    @verb
    def content_files(self, number: int) -> Sealed | None:
        """Return the archive of a content version, if it is kept (still)."""
        found = self._tables.content_files.get(number)
        return None if found is None else found.body

    @verb
    def content_faults(self) -> Sequence[Fault]:
        """Return why the newest files are no content version; empty when they are, or nobody has looked."""
        found = self._tables.content_faults.get(WATCHED)
        return () if found is None else found.faults

    @verb
    def note_content_faults(self, faults: Sequence[Fault]) -> None:
        """Keep these faults in place of those before, so that every process can name them."""
        if faults:
            self._tables.content_faults.put(ContentFaults(name=WATCHED, faults=tuple(faults)))
        else:
            self._tables.content_faults.remove(WATCHED)

    @verb
    def learned(self, name: str) -> Sealed | None:
        """Return what a process learned from content under that name, if it is kept (still)."""
        found = self._tables.learned.get(name)
        return None if found is None else Sealed(found.body)

    @verb
    def keep_learned(self, name: str, body: Sealed) -> None:
        """Keep what was learned from content, and let go of what was learned longest ago."""
        order = max((each.order for each in self._tables.learned.all()), default=0) + 1
        self._tables.learned.put(Learned(name=name, order=order, body=body))
        kept = sorted(self._tables.learned.all(), key=lambda each: each.order, reverse=True)
        let_go = old_learned([len(each.body) for each in kept])
        self._tables.learned.remove(*(kept[place].name for place in let_go))
