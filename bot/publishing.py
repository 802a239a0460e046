"""What maintainers write becomes the next content version, and the newest one is live: in every process.

The store has the versions, with their files. Where one process is alone, its files are the source: they are watched, and
each sound change is the next version. Where several share a store, the one with the duty does so, and all take a new
version from the store as soon as they hear of it. A process that starts with files that were live once, and are not the
newest, has old files: it takes the newest version and rolls nobody back.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path

from watchfiles import awatch

from bot.bundle import Folders
from bot.content import read_content
from bot.corpus import LiveCorpus
from bot.errors import BundleError, ContentError, Fault, StoreError
from bot.models import Change, ContentVersion
from bot.store.base import Store
from bot.vault import Vault
from bot.versions import Moved, Tree, add_version, newest_version, read_tree, unpacked

log = logging.getLogger(__name__)

LOOK_AGAIN = 2.0
"""Seconds after which a process asks again whether it is the one that watches."""
AFTER_TROUBLE = 1.0
"""Seconds after which it is tried again to take what is new."""
MOST_FAULTS = 100
"""That are passed on: a person reads the first ones."""


def _faults(exc: ContentError | BundleError, where: str) -> tuple[Fault, ...]:
    """Return what is wrong; `where` stands for the whole of the files."""
    if isinstance(exc, ContentError):
        return exc.faults[:MOST_FAULTS]
    return (Fault(where=where, sentence=str(exc)),)


class Publisher:
    """Keeps the newest content version live, and makes new ones of changed files."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        live: LiveCorpus,
        folders: Folders,
        home: Path,
        clock: Callable[[], datetime],
        alone: bool,
    ) -> None:
        """`folders` are where maintainers write; versions of other processes are unpacked in `home`. `alone` says that
        no other process shares the store."""
        self._store = store
        self._vault = vault
        self._live = live
        self._folders = folders
        self._home = home
        self._clock = clock
        self._alone = alone
        self._turn = asyncio.Lock()
        self._settled: str | None = None
        """The digest of our own files when they were last dealt with; what they became is in the store."""
        self._unusable = 0
        """The version that cannot be live here."""
        self._faults: dict[str, tuple[Fault, ...]] = {}
        self._touched: ContentVersion | None = None
        """The version that was live when files changed before our eyes, until that is dealt with."""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Make the newest content live, and keep it so. Raises `ContentError` when it has faults, `DeskError`."""
        changes = self._store.changes()
        async with self._turn:
            self._say("watched", tuple(await self._store.content_faults()))
            await self._begin()
        self._tasks = [
            asyncio.create_task(self._follow(changes), name="follow content"),
            asyncio.create_task(self._watch(), name="watch content"),
        ]

    async def stop(self) -> None:
        """Let everything be as it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin(self) -> None:
        newest = await newest_version(self._store)
        digest = await asyncio.to_thread(self._folders.digest)
        if newest is not None and not self._alone and newest.digest != digest:
            if await self._known(digest):
                self._settled = digest
                await self._take(newest)
                return
            try:
                await self._import()
            except (ContentError, BundleError) as exc:
                # Known here alone: what the files are that count, the process with the duty says.
                self._refuse("here", exc)
                await self._take(newest)
            return
        await self._import()

    async def _known(self, digest: str) -> bool:
        return bool(await self._store.content_versions(digest=digest, limit=1))

    async def _import(self) -> None:
        """Make our own files live as the next version, or as the newest when they are that."""
        while True:
            tree = await asyncio.to_thread(read_tree, self._folders)

            async def keep(tree: Tree = tree) -> None:
                self._live.version = await add_version(
                    self._store, self._vault, self._folders, tree, self._clock(), alone=self._alone
                )

            try:
                await self._live.publish(tree.content, keep)
            except Moved:
                continue
            self._settled = tree.digest
            self._say("newest", ())
            await self._mended()
            return

    async def _take(self, version: ContentVersion) -> None:
        """Make a version of the store live. Raises `ContentError`, `BundleError`, `StoreError`, `OSError`."""
        folders = await unpacked(self._store, self._vault, version, self._home)
        await self._live.publish(
            await asyncio.to_thread(read_content, [folders.intents], [folders.knowledge])
        )
        self._live.version = version
        self._say("newest", ())

    async def look(self) -> None:
        """Make the newest version of the store live, if it is not. One that cannot be leaves what works alone."""
        async with self._turn:
            self._say("watched", tuple(await self._store.content_faults()))
            newest = await newest_version(self._store)
            live = self._live.version
            if newest is None or live is None or newest.number <= max(live.number, self._unusable):
                return
            if newest.digest == live.digest:
                self._live.version = newest
                return
            try:
                await self._take(newest)
            except (ContentError, BundleError) as exc:
                self._unusable = newest.number
                self._say("newest", _faults(exc, f"#{newest.number}"))
                log.error(
                    "The newest content version cannot be used here; the one before stays live",
                    extra={"newest": newest.number, "live": live.number, "problem": str(exc)[:500]},
                )

    async def look_here(self, *, again: bool = True) -> None:
        """Make the next version of our own files, if they have changed. Faults leave what works alone.

        `again` takes files too that were live once before: somebody has put them back.
        """
        async with self._turn:
            try:
                digest = await asyncio.to_thread(self._folders.digest)
                if digest == self._settled:
                    await self._mended()
                elif not again and await self._known(digest):
                    self._settled = digest
                else:
                    await self._import()
            except (ContentError, BundleError) as exc:
                self._refuse("watched", exc)
                await self._store.note_content_faults(self._faults["watched"])

    async def _mended(self) -> None:
        self._say("here", ())
        if self._faults.get("watched"):
            await self._store.note_content_faults(())
            self._say("watched", ())

    def _refuse(self, where: str, exc: ContentError | BundleError) -> None:
        faults = _faults(exc, str(self._folders.intents))
        self._say(where, faults)
        log.warning(
            "The changed content has faults; the old content stays live",
            extra={"faults": [str(fault) for fault in faults[:10]], "count": len(faults)},
        )

    def _say(self, where: str, faults: tuple[Fault, ...]) -> None:
        """Let the console tell what is wrong with the files that are watched, or with the newest version here."""
        self._faults[where] = faults
        told = (fault for each in self._faults.values() for fault in each)
        self._live.problems = tuple(dict.fromkeys(told))

    async def _follow(self, changes: AsyncIterator[Change]) -> None:
        """Make live what the store is told: entries, and versions."""
        async for change in changes:
            if change.kind == "entry":
                await self._insist(self._live.refresh)
            elif change.kind == "content":
                await self._insist(self.look)

    async def _insist(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do it, again while the store or the disk cannot be reached: what comes later is told once more anyhow."""
        told = False
        while True:
            try:
                await act()
            except (StoreError, OSError):
                if not told:
                    log.exception("What is new cannot be read; it is tried again until it can")
                told = True
                await asyncio.sleep(AFTER_TROUBLE)
            except Exception:  # whatever it is: what comes next must still be heard of
                log.exception("What is new could not be made live")
                return
            else:
                return

    async def _watch(self) -> None:
        """While this process has the duty, make versions of what changes in its folders."""
        problem: str | None = None
        while True:
            try:
                if await self._store.leads("content"):
                    await self._watch_while_leading()
                problem = None
            except Exception as exc:
                if problem != str(exc):  # said once, however long it lasts
                    problem = str(exc)
                    log.exception("The content files could not be published; what was live stays live")
            await asyncio.sleep(LOOK_AGAIN)

    async def _watch_while_leading(self) -> None:
        began = False
        async for changed in awatch(
            self._folders.intents,
            self._folders.knowledge,
            debounce=300,
            step=50,
            rust_timeout=int(LOOK_AGAIN * 1000),
            yield_on_timeout=True,
        ):
            if changed:
                self._touched = self._live.version
            if not await self._store.leads("content"):
                return
            if self._touched is not None or not began:
                # What changed before this process began to watch is found by looking once.
                await self.look_here(again=self._touched is not None and self._touched == self._live.version)
                self._touched, began = None, True
