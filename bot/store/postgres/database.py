"""The connections to the server: lent to one transaction each, repeated where that is safe, and honest where not."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from bot.errors import StoreError, StoreStopped
from bot.store.postgres.transaction import Transaction

log = logging.getLogger(__name__)

T = TypeVar("T")

CONNECTIONS = 10
PREPARED_AFTER = 5
"""How often a connection is asked the same before it remembers how it is answered."""
PATIENCE = 3.0
"""Seconds a verb whose turn it is waits for a connection; once that was in vain, one at a time waits `BRIEFLY`."""
BRIEFLY = 0.25
LONGEST = 20.0
"""Seconds a verb may wait for its turn and take."""
DOUBT = 10.0
"""Seconds in which a commit without an answer must be cleared up."""
TRIES = 8
"""How often a transaction is run that others stood in the way of, or whose connection was lost before its commit."""

LIMITS = {
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}
"""After how long the server takes a process for gone that went away in the middle of a transaction: others may be waiting
for what it holds."""

AWAY = "The database does not answer, so nothing was recorded; try again in a while."
UNKNOWN = (
    "The database went away in the middle of recording this; look whether it is there before you repeat it."
)
BUSY = "Others were changing the same at the same time, and nothing was recorded; try again."
STILL_RUNS = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND datname = current_database()"
CLOSED = "The store is closed; open it again."


@dataclass(slots=True)
class _Attempt:
    """How far a transaction got."""

    begun: float = 0.0
    """When its connection was lent, on the monotonic clock."""
    connection: AsyncConnection | None = None
    transaction: Transaction | None = None
    result: Any = None
    committing: bool = False


class Database:
    """A pool of connections, and how a transaction is run on one of them."""

    def __init__(self, conninfo: str, connections: int = CONNECTIONS, *, pooled: bool = False) -> None:
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
        self._refusal: str | None = None
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        """Begin to connect."""
        await self._pool.open()

    async def close(self) -> None:
        """Take no more work, let what is in hand end, and let go of every connection."""
        self._refusal = CLOSED
        await self._idle.wait()
        await self._pool.close()

    def refuse(self, why: str) -> None:
        """Take no more work from now on."""
        self._refusal = self._refusal or why

    def check(self) -> None:
        """Raise `StoreStopped` when no more work is taken."""
        if self._refusal is not None:
            raise StoreStopped(self._refusal)

    async def transact(self, body: Callable[[Transaction], Awaitable[T]]) -> tuple[T, bool]:
        """Run `body` as one transaction and return its result, and whether listeners are told, once it is durable.

        Run again when others stood in its way, and when its connection was lost before its commit; when that
        happened during its commit, only after finding out that it was taken back. What `body` raises takes
        everything back. Raises `StoreStopped` when the server is away, `StoreError` when it
        refuses.
        """

        async def run(connection: AsyncConnection, attempt: _Attempt) -> tuple[T, bool]:
            transaction = attempt.transaction = Transaction(connection)
            await connection.execute("BEGIN")
            try:
                attempt.result = result = await body(transaction)
                attempt.committing = True
                if not await transaction.commit():
                    attempt.committing = False
                    raise StoreError(BUSY)
            except BaseException as exc:
                if isinstance(exc, psycopg.Error) and exc.diag.severity_nonlocalized == "ERROR":
                    attempt.committing = False  # the server said no; anything worse may follow a commit
                await _take_back(connection)
                raise
            return result, transaction.tells

        return await self._repeatedly(run)

    async def read(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `body`, which reads with one statement, outside any transaction, and return its result."""

        async def run(connection: AsyncConnection, _: _Attempt) -> T:
            return await body(Transaction(connection))

        return await self._repeatedly(run)

    async def _repeatedly(self, run: Callable[[AsyncConnection, _Attempt], Awaitable[T]]) -> T:
        self.check()
        self._busy += 1
        self._idle.clear()
        try:
            for left in reversed(range(TRIES)):
                done = await self._once(run, last=not left)
                if done is not None:
                    return done[0]
            raise StoreStopped(AWAY)
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def _once(
        self, run: Callable[[AsyncConnection, _Attempt], Awaitable[T]], *, last: bool
    ) -> tuple[T] | None:
        """Return the result in a tuple; None when it is to be run again."""
        attempt = _Attempt()
        try:
            async with asyncio.timeout(LONGEST), self._lent() as connection:
                attempt.begun, attempt.connection = time.monotonic(), connection
                return (await run(connection, attempt),)
        except (errors.SerializationFailure, errors.DeadlockDetected) as exc:
            if last:
                raise StoreError(BUSY) from exc
            await asyncio.sleep(random.uniform(0.002, 0.05))  # noqa: S311 - so that they do not meet again
            return None
        except (psycopg.Error, TimeoutError) as exc:
            if attempt.committing:
                return await self._cleared_up(attempt, exc)
            if isinstance(exc, TimeoutError):
                self._reached = False
                raise StoreStopped(AWAY) from exc
            if _lost(attempt.connection, exc):
                await self._renew(attempt, exc)
                await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311
                return None
            if isinstance(exc, (psycopg.DataError, psycopg.IntegrityError)):
                raise StoreError(f"This cannot be kept ({_reason(exc)}); nothing was changed.") from exc
            raise StoreError(f"The database refuses to do this ({_reason(exc)}); see to it.") from exc
        except ValueError as exc:  # a time without a zone, half a character
            raise StoreError(f"This cannot be kept ({type(exc).__name__}); nothing was changed.") from exc

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[AsyncConnection]:
        # Waiting for one's turn says nothing about the server; waiting for a connection when it is one's turn does.
        async with self._turn:
            connection = await self._connection()
            try:
                yield connection
            finally:
                await self._pool.putconn(connection)

    async def _connection(self) -> AsyncConnection:
        """Return a connection. While the server is away one verb at a time looks for it, and the others are refused."""
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

    async def _renew(self, attempt: _Attempt, exc: Exception) -> None:
        """Let go of all connections that were there when this one was lent: they are as likely to be dead."""
        if attempt.begun >= self._renewed:
            self._renewed = time.monotonic()
            log.warning("The connection to the database was lost", extra={"reason": _reason(exc)})
            await self._pool.drain()

    async def _cleared_up(self, attempt: _Attempt, exc: Exception) -> tuple[Any] | None:
        """Find out whether a commit without an answer was made: return the result, or None to run it again."""
        transaction = attempt.transaction
        assert transaction is not None  # noqa: S101 - there was something to commit
        await self._renew(attempt, exc)
        with suppress(TimeoutError):
            async with asyncio.timeout(DOUBT):
                while True:
                    asking = _Attempt(begun=time.monotonic())
                    try:
                        async with self._lent() as connection:
                            if await Transaction(connection).row(STILL_RUNS, (transaction.process,)) is None:
                                made = await _was_made(connection, transaction)
                                return ((attempt.result, transaction.tells),) if made else None
                    except psycopg.Error as again:
                        await self._renew(asking, again)
                    except StoreStopped:
                        pass  # the server is away; it may come back in time
                    await asyncio.sleep(0.05)
        raise StoreStopped(UNKNOWN) from exc


async def _was_made(connection: AsyncConnection, transaction: Transaction) -> bool:
    proof = transaction.proof
    return proof is not None and await Transaction(connection).row(*proof) is not None


def _lost(connection: AsyncConnection | None, exc: Exception) -> bool:
    """Tell whether the connection is gone, or about to go: the server's last words come before it closes."""
    closing = isinstance(exc, psycopg.Error) and exc.diag.severity_nonlocalized in ("FATAL", "PANIC")
    return closing or (connection is not None and connection.closed)


async def _limit(connection: AsyncConnection) -> None:
    await connection.execute(
        "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS limits (name, value)",
        (list(LIMITS), list(LIMITS.values())),
    )


async def _take_back(connection: AsyncConnection) -> None:
    # A connection that is lost has taken it back by itself.
    with suppress(psycopg.Error):
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            await connection.execute("ROLLBACK")


def _reason(exc: Exception) -> str:
    """Return what is wrong in words that hold nothing of what was to be kept."""
    if not isinstance(exc, psycopg.Error):
        return type(exc).__name__
    constraint = exc.diag.constraint_name
    return f"{type(exc).__name__}: {constraint}" if constraint else type(exc).__name__
