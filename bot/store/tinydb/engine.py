"""The embedded store: all verbs on one memory and one file."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from bot.audit import Chain
from bot.errors import StoreError, StoreUnusable
from bot.models import Change
from bot.store.base import Duty
from bot.store.news import KINDS, News
from bot.store.tinydb.accounts import AccountVerbs
from bot.store.tinydb.alarms import AlarmVerbs
from bot.store.tinydb.audit import AuditVerbs
from bot.store.tinydb.citizens import CitizenVerbs
from bot.store.tinydb.contents import ContentVerbs
from bot.store.tinydb.copies import Backup, back_up
from bot.store.tinydb.deliveries import DeliveryVerbs
from bot.store.tinydb.disk import FILE, Disk, may_pass, memory_disk, open_disk
from bot.store.tinydb.group import GroupCommit, Rows
from bot.store.tinydb.knowledge import KnowledgeVerbs
from bot.store.tinydb.mailings import MailingVerbs
from bot.store.tinydb.situations import SituationVerbs
from bot.store.tinydb.tables import Tables
from bot.store.tinydb.upkeep import UpkeepVerbs
from bot.vault import Vault

log = logging.getLogger(__name__)

TRY_AGAIN = 5.0
"""Seconds between two looks whether a disk that failed is whole again."""


class TinyDBStore(
    CitizenVerbs,
    SituationVerbs,
    MailingVerbs,
    AlarmVerbs,
    DeliveryVerbs,
    KnowledgeVerbs,
    ContentVerbs,
    AccountVerbs,
    AuditVerbs,
    UpkeepVerbs,
):
    """The engine for one process: documents in TinyDB tables in memory, every change durable in sqlite."""

    def __init__(
        self, tables: Tables, disk: Disk, executor: ThreadPoolExecutor, chain: Chain, file: Path | None = None
    ) -> None:
        news = News()
        super().__init__(tables, GroupCommit(disk.persist, executor, failed=self._failed), news, chain)
        self._disk = disk
        self._executor = executor
        self._place = file
        self._copying = asyncio.Lock()
        self._mending: asyncio.Task[None] | None = None
        self._closed = False

    async def close(self) -> None:
        """Finish what is being written and let go of the data; closing again is no error."""
        if self._closed:
            return
        self._closed = True
        if self._mending is not None:
            self._mending.cancel()
            await asyncio.gather(self._mending, return_exceptions=True)
        await self._group.stop("The store is closed; open it again.")
        self._news.close()
        await asyncio.get_running_loop().run_in_executor(self._executor, self._disk.close)
        self._executor.shutdown()

    async def check(self) -> None:
        """Raise `StoreStopped` once a write has failed or the store is closed."""
        self._group.check()

    async def back_up(self, folder: Path, now: datetime) -> Backup:
        """Copy everything as it stands to files in `folder`, without holding up anybody. Raises `StoreError`."""
        self._group.check()
        if self._place is None:
            raise StoreError("This store is only in memory; there is no file to copy.")
        async with self._copying:
            return await asyncio.to_thread(back_up, self._place, folder, self._tables.names, now)

    async def scrub(self, *, thoroughly: bool = False) -> None:
        """Empty the log of what was removed; with `thoroughly` also every unused corner of the file."""
        self._group.check()
        await self._group.durable()
        await asyncio.get_running_loop().run_in_executor(
            self._executor, self._disk.scrub_whole if thoroughly else self._disk.scrub
        )

    def changes(self, since: str | None = None) -> AsyncIterator[Change]:
        """Yield what changes from now on, or after the number `since`, in order, until the store closes or fails for good."""
        return self._news.listen(since)

    async def leads(self, duty: Duty) -> bool:
        """Tell that this process has the duty: no other one shares the store."""
        self._group.check()
        return True

    def _failed(self, problem: BaseException) -> str:
        if self._place is not None and may_pass(problem):
            self._mending = asyncio.get_running_loop().create_task(self._mend(), name="mend the store")
            log.error("The store's disk takes nothing; waiting for it", extra={"problem": str(problem)})
            return (
                f"The store could not be written ({problem}), so nothing is recorded now; "
                "free space on its disk or make it writable, and the desk goes on by itself."
            )
        self._news.close()
        return (
            f"The store could not be written ({problem}), so it takes no more work; "
            "mend its disk, then start the desk again."
        )

    async def _mend(self) -> None:
        """Go on when the disk takes writes again, from what it holds: just what a new start would go on from."""
        while True:
            await asyncio.sleep(TRY_AGAIN)
            tables = Tables()
            try:
                await asyncio.get_running_loop().run_in_executor(
                    self._executor, self._disk.begin_anew, tables.fill
                )
            except StoreUnusable:
                log.exception("The store was damaged while its disk failed; it takes no more work")
                self._news.close()
                return
            except (sqlite3.Error, OSError) as exc:
                log.warning("The store's disk still takes nothing", extra={"problem": str(exc)})
            else:
                break
        self._tables = tables
        self._group.resume()
        self._tell([(kind, "", "") for kind in KINDS])
        log.info("The store's disk takes writes again; the desk goes on")


async def open_tinydb(path: Path | None, vault: Vault) -> TinyDBStore:
    """Open the store in the directory `path`, making it if there is none; None keeps everything in memory.

    Raises `StoreLocked` when another desk has it open; `StoreUnusable` when it is damaged, from a newer
    version or sealed with another key, with nothing changed.
    """
    tables, chain = Tables(), Chain(vault)
    executor = ThreadPoolExecutor(1, thread_name_prefix="store")

    def first() -> Rows:
        tables.audit_heads.put(chain.start())
        rows, _ = tables.changed()
        return rows

    def open_it() -> Disk:
        if path is None:
            return memory_disk(vault, tables.names, first())
        return open_disk(path, vault, tables.names, tables.fill, first)

    try:
        disk = await asyncio.get_running_loop().run_in_executor(executor, open_it)
    except BaseException:
        executor.shutdown(wait=False)
        raise
    return TinyDBStore(tables, disk, executor, chain, None if path is None else path / FILE)
