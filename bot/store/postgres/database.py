"""How a transaction is run: again where that is safe, and with an honest answer where it is not."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.pq import TransactionStatus

from bot.errors import StoreError, StoreStopped
from bot.store.postgres.lending import AWAY, CLOSED, Lender
from bot.store.postgres.transaction import Transaction

T = TypeVar("T")

CONNECTIONS = 10
LONGEST = 20.0
"""Seconds a verb may wait for its turn and take."""
DOUBT = 10.0
"""Seconds in which a commit without an answer must be cleared up."""
TRIES = 8
"""How often a transaction is run that others stood in the way of, or whose connection was lost before its commit."""

UNKNOWN = (
    "The database went away in the middle of recording this; look whether it is there before you repeat it."
)
BUSY = "Others were changing the same at the same time, and nothing was recorded; try again."
FULL = "The database has more to do than it can, and nothing was recorded; try again in a while."
STILL_RUNS = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND datname = current_database()"


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
    """Runs transactions on connections that are lent for each."""

    def __init__(self, conninfo: str, connections: int = CONNECTIONS, *, pooled: bool = False) -> None:
        """As `Lender`."""
        self._lender = Lender(conninfo, connections, pooled=pooled)
        self._refusal: str | None = None
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        """Begin to connect."""
        await self._lender.open()

    async def close(self) -> None:
        """Take no more work, let what is in hand end, and let go of every connection."""
        self._refusal = CLOSED
        await self._idle.wait()
        await self._lender.close()

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
        everything back. Raises `StoreStopped` when the server is away, `StoreError` when it refuses.
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
            async with asyncio.timeout(LONGEST), self._lender.lend() as connection:
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
            if attempt.connection is None:
                raise StoreError(FULL) from exc  # its turn did not come in time
            if isinstance(exc, TimeoutError):
                self._lender.give_up()
                raise StoreStopped(AWAY) from exc
            if _is_lost(attempt.connection, exc):
                await self._lender.renew(attempt.begun, exc)
                await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311
                return None
            if isinstance(exc, (psycopg.DataError, psycopg.IntegrityError)):
                raise StoreError(f"This cannot be kept ({_reason(exc)}); nothing was changed.") from exc
            raise StoreError(f"The database refuses to do this ({_reason(exc)}); see to it.") from exc
        except ValueError as exc:  # a time without a zone, half a character
            raise StoreError(f"This cannot be kept ({type(exc).__name__}); nothing was changed.") from exc

    async def _cleared_up(self, attempt: _Attempt, exc: Exception) -> tuple[Any] | None:
        """Find out whether a commit without an answer was made: return the result, or None to run it again."""
        transaction = attempt.transaction
        assert transaction is not None  # noqa: S101 - there was something to commit
        begun, problem = attempt.begun, exc
        with suppress(TimeoutError):
            async with asyncio.timeout(DOUBT):
                while True:
                    if isinstance(problem, psycopg.Error):
                        await self._lender.renew(begun, problem)
                    begun = time.monotonic()
                    try:
                        async with self._lender.lend() as connection:
                            asking = Transaction(connection)
                            if await asking.row(STILL_RUNS, (transaction.process,)) is None:
                                made = await _was_made(asking, transaction)
                                return ((attempt.result, transaction.tells),) if made else None
                    except (psycopg.Error, StoreStopped) as again:  # the server may come back in time
                        problem = again
                    await asyncio.sleep(0.05)
        raise StoreStopped(UNKNOWN) from exc


async def _was_made(asking: Transaction, lost: Transaction) -> bool:
    return lost.proof is not None and await asking.row(*lost.proof) is not None


def _is_lost(connection: AsyncConnection, exc: psycopg.Error) -> bool:
    """Tell whether the connection is gone, or about to go: the server's last words come before it closes."""
    return connection.closed or exc.diag.severity_nonlocalized in ("FATAL", "PANIC")


async def _take_back(connection: AsyncConnection) -> None:
    # A connection that is lost has taken it back by itself.
    with suppress(psycopg.Error):
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            await connection.execute("ROLLBACK")


def _reason(exc: psycopg.Error) -> str:
    """Return what is wrong in words that hold nothing of what was to be kept."""
    constraint = exc.diag.constraint_name
    return f"{type(exc).__name__}: {constraint}" if constraint else type(exc).__name__
