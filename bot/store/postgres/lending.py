"""The connections of a process to the server: lent in turn, let go of when one is lost, not waited for when it is away."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from bot.errors import StoreStopped

log = logging.getLogger(__name__)

PREPARED_AFTER = 5
"""How often a connection is asked the same before it remembers how it is answered."""
PATIENCE = 3.0
"""Seconds a verb whose turn it is waits for a connection; once that was in vain, one at a time waits `BRIEFLY`."""
BRIEFLY = 0.25

LIMITS = {
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}
"""After how long the server takes a process for gone that went away in the middle of a transaction: others may be waiting
for what it holds."""

AWAY = "The database does not answer, so nothing was recorded; try again in a while."
CLOSED = "The store is closed; open it again."


class Lender:
    """A pool of connections, as many as there are turns."""

    def __init__(self, conninfo: str, connections: int, *, pooled: bool) -> None:
        """`conninfo` is as `connecting` makes it; `pooled` says that it leads through a pooler which lends its
        connections for a transaction: nothing is set or prepared for longer."""
        self._pool = AsyncConnectionPool(
            conninfo,
            kwargs={"autocommit": True, "prepare_threshold": None if pooled else PREPARED_AFTER},
            configure=None if pooled else _limit,
            min_size=min(2, connections),
            max_size=connections,
            timeout=PATIENCE,
            reconnect_timeout=5.0,
            open=False,
        )
        self._turn = asyncio.Semaphore(connections)
        self._reached = True
        self._looking = False
        self._renewed = 0.0

    async def open(self) -> None:
        """Begin to connect."""
        await self._pool.open()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in the block. Raises `StoreStopped` when the server is away."""
        # Waiting for one's turn says nothing about the server; waiting for a connection when it is one's turn does.
        async with self._turn:
            connection = await self._connection()
            try:
                yield connection
            finally:
                await self._pool.putconn(connection)

    async def renew(self, since: float, exc: psycopg.Error) -> None:
        """Let go of all connections that were there `since` (monotonic seconds), when one was lent that is lost now: the
        others are as likely to be dead."""
        if since >= self._renewed:
            self._renewed = time.monotonic()
            log.warning("The connection to the database was lost", extra={"reason": type(exc).__name__})
            await self._pool.drain()

    def give_up(self) -> None:
        """Take the server for away until somebody reaches it."""
        self._reached = False

    async def _connection(self) -> AsyncConnection:
        # While the server is away one verb at a time looks for it, and the others are refused at once.
        if not self._reached and self._looking:
            raise StoreStopped(AWAY)
        self._looking = not self._reached
        try:
            connection = await self._pool.getconn(PATIENCE if self._reached else BRIEFLY)
        except PoolTimeout as exc:
            self._reached = False
            raise StoreStopped(AWAY) from exc
        except PoolClosed as exc:
            raise StoreStopped(CLOSED) from exc
        finally:
            self._looking = False
        self._reached = True
        return connection


async def _limit(connection: AsyncConnection) -> None:
    await connection.execute(
        "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS limits (name, value)",
        (list(LIMITS), list(LIMITS.values())),
    )
