"""The log of changes: one reader for each process tells its listeners what any process made durable.

A verb writes what it changed into `changes` in its own transaction. Rows become visible in the order of commits, not of
their numbers, so the reader asks for what was not visible in the snapshot of its last look: what is committed late is told
when it is committed, once, and what is still going on holds up nobody. An empty notification only wakes the readers of
other processes: it is sent apart from the verbs, one for all of a moment, and one that is lost costs a second.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, LiteralString

import psycopg
from psycopg import Notify
from psycopg.rows import TupleRow

from bot.errors import StoreLocked, StoreStopped
from bot.models import Change
from bot.store.news import KINDS, LIMIT, Listener, News
from bot.store.postgres.direct import Connection, connect_directly, said
from bot.store.postgres.leads import PRESENCE
from bot.store.postgres.migrating import MARK

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks when nothing wakes the reader."""
TOGETHER = 0.02
"""Seconds that a look waits, so that one answers many changes."""
AGAIN_AFTER = 0.5
"""Seconds until a lost connection is tried again."""
KNOWN_FOR = 20 * 60
"""Seconds a place is good for."""
TRIM: LiteralString = "DELETE FROM changes WHERE at < now() - interval '30 minutes'"
"""Later than any place is good for, by more than any transaction lasts."""

CHANGED = "The desk's key was changed by a command; start this process again with the new one."

LISTEN: LiteralString = "LISTEN desk_changes"
NOTIFY: LiteralString = "NOTIFY desk_changes"
NOW: LiteralString = "SELECT pg_current_snapshot()::text, extract(epoch FROM now())::bigint"
_FRESH: LiteralString = """
    SELECT number, kind, id, part_of, count(*) OVER () > %(limit)s AS many FROM changes
    WHERE xid >= pg_snapshot_xmin(%(since)s::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, %(since)s::pg_snapshot)
      AND xid < pg_snapshot_xmax(pg_current_snapshot())
"""
_TOLD: LiteralString = """
    , told AS (
        SELECT kind, CASE WHEN many THEN '' ELSE id END AS id, CASE WHEN many THEN '' ELSE part_of END AS part_of,
               max(number) AS number
        FROM fresh GROUP BY 1, 2, 3
    )
    SELECT pg_current_snapshot()::text, extract(epoch FROM now())::bigint,
           extract(epoch FROM now()) - %(seconds)s <= %(known_for)s
               AND pg_snapshot_xmax(%(since)s::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot()),
           kind, id, part_of
    FROM (VALUES (1)) AS here LEFT JOIN told ON true ORDER BY number
"""
LOOK: LiteralString = "WITH fresh AS (" + _FRESH + ")" + _TOLD
MISSED: LiteralString = (
    "WITH fresh AS (" + _FRESH + "AND pg_visible_in_snapshot(xid, %(until)s::pg_snapshot))" + _TOLD
)
"""What a listener was not told before our last look."""
_PLACE = re.compile("([0-9]{1,12})-([0-9]{1,18}:[0-9]{1,18}:[0-9,]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a listener is: it was told all that was visible in a snapshot."""

    seconds: int
    """When it was taken, by the server's clock."""
    snapshot: str

    def __str__(self) -> str:
        return f"{self.seconds}-{self.snapshot}"


def read_place(text: str) -> Place | None:
    """Return the place that was written so, or None when it is none."""
    found = _PLACE.fullmatch(text)
    return None if found is None else Place(seconds=int(found[1]), snapshot=found[2])


class ChangeLog:
    """One process's reader of the log."""

    def __init__(self, url: str, stop: Callable[[str], None]) -> None:
        """`url` is the direct one: a session that listens cannot be lent to others. `stop` hears why this process must
        use the data no more."""
        self._url = url
        self._stop = stop
        self._mark: bytes | None = None
        """What is sealed with the desk's key, to see whether that was changed while the connection was cut."""
        self._news = News(remembers=0)
        self._returning: list[tuple[Listener, str]] = []
        self._place = Place(seconds=0, snapshot="")
        self._wake = asyncio.Event()
        self._wrote = False
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to read. Raises `psycopg.Error`, and `StoreLocked` while a command has the data for itself."""
        connection = await self._connect()
        try:
            ((snapshot, seconds),) = await said(connection, NOW)
        except psycopg.Error:
            await connection.close()
            raise
        self._place = Place(seconds=seconds, snapshot=snapshot)
        self._task = asyncio.create_task(self._run(connection), name="read the log of changes")

    def wrote(self) -> None:
        """Hear that this process has just made changes durable."""
        self._wrote = True
        self._wake.set()

    def listen(self, since: str | None = None) -> AsyncIterator[Change]:
        """Return what is told from now on, or after the place `since`, until `close`."""
        if since is None:
            return self._news.listen()
        listener = self._news.waiting()
        if not self._closing:
            self._returning.append((listener, since))
            self._wake.set()
        return listener

    async def close(self) -> None:
        """Tell what is durable by now, then end every listener's iteration."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._end()

    def _end(self) -> None:
        for listener, _ in self._returning:
            self._news.admit(listener, everything())
        self._returning.clear()
        self._news.close()

    async def _connect(self) -> Connection:
        connection = await connect_directly(self._url)
        try:
            ((present,),) = await said(connection, "SELECT pg_try_advisory_lock_shared(%s, %s)", PRESENCE)
            if not present:
                raise StoreLocked(
                    "The data is being copied, or its key changed, by a command; start this again when that is done."
                )
            ((mark,),) = await said(connection, "SELECT value FROM meta WHERE name = %s", (MARK,))
            if self._mark not in (None, mark):
                self._stop(CHANGED)
                raise StoreStopped(CHANGED)
            self._mark = mark
            # Not for `notifies()`: what arrives with the answer to a look must wake us, too.
            connection.add_notify_handler(partial(self._notified, connection.info.backend_pid))
            await said(connection, LISTEN)
        except BaseException:
            await connection.close()
            raise
        return connection

    def _notified(self, us: int, notification: Notify) -> None:
        if notification.pid != us:
            self._wake.set()

    async def _run(self, connection: Connection | None) -> None:
        lost = False
        while True:
            try:
                if connection is None:
                    connection = await self._connect()
                if lost:
                    lost = False
                    log.info("The log of changes is read again")
                await self._follow(connection)
            except StoreStopped as exc:
                log.error("This process uses the data no more", extra={"problem": str(exc)})
                self._closing = True
            except (psycopg.Error, OSError, StoreLocked) as exc:
                if not lost:
                    lost = True
                    log.warning("The log of changes cannot be read just now", extra={"problem": str(exc)})
            except Exception:
                log.exception("The log of changes failed in a way it should not; it is read again")
            finally:
                if connection is not None:
                    with suppress(psycopg.Error):
                        await connection.close()
                connection = None
            if self._closing:
                self._end()
                return
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken_to_close(), AGAIN_AFTER)

    async def _woken_to_close(self) -> None:
        while not self._closing:
            await self._wake.wait()
            self._wake.clear()

    async def _follow(self, connection: Connection) -> None:
        """Look again and again, until the end."""
        while True:
            last = self._closing
            self._wake.clear()
            if self._wrote:
                self._wrote = False
                await said(connection, NOTIFY)
            await self._look(connection)
            while self._returning:
                await self._catch_up(connection, *self._returning[0])
                del self._returning[0]
            if last:
                return
            if await self._woken(connection):
                await asyncio.sleep(TOGETHER)

    async def _woken(self, connection: Connection) -> bool:
        """Wait for somebody to wake us, at most until the next look is due; return whether somebody did."""
        loop, number = asyncio.get_running_loop(), connection.fileno()
        loop.add_reader(number, self._wake.set)
        try:
            await asyncio.wait_for(self._wake.wait(), EVERY)
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(number)
        return True

    async def _look(self, connection: Connection) -> None:
        rows = await said(connection, LOOK, _asked(self._place))
        snapshot, seconds, known, *_ = rows[0]
        self._place = Place(seconds=seconds, snapshot=snapshot)
        self._news.tell(_changes(rows, self._place) if known else everything())

    async def _catch_up(self, connection: Connection, listener: Listener, since: str) -> None:
        """Let a listener hear what it missed up to our last look, and from there on all that others hear."""
        place, changes = read_place(since), everything()
        if place is not None:
            with suppress(psycopg.DataError):  # it looks like a place and is none
                rows = await said(connection, MISSED, _asked(place) | {"until": self._place.snapshot})
                if rows[0][2]:
                    changes = _changes(rows, self._place)
        self._news.admit(listener, changes)


def _asked(place: Place) -> dict[str, Any]:
    return {"seconds": place.seconds, "since": place.snapshot, "known_for": KNOWN_FOR, "limit": LIMIT}


def _changes(rows: Sequence[TupleRow], here: Place) -> list[Change]:
    """Return what the rows tell; only after the last of them is one at a place."""
    changes = [
        Change(kind=kind, id=name, part_of=part_of) for *_, kind, name, part_of in rows if kind is not None
    ]
    if changes and changes[-1].id:
        changes[-1] = replace(changes[-1], number=str(here))
    return changes


def everything() -> list[Change]:
    """Return what says that anything may have changed."""
    return [Change(kind=kind, id="") for kind in KINDS]
