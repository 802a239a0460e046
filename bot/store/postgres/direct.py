"""Connections that are one process's own for as long as it lives, beside the pool: what is held by a session (a duty, a
presence, listening) ends with it, so they must not go through a pooler that lends sessions."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from bot.store.postgres.connecting import conninfo

Connection = AsyncConnection[TupleRow]

ANSWERED_WITHIN = 3.0
"""Seconds: of a server that says nothing for longer nothing is known any more."""
KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
GONE_AFTER_MS = 11_000
"""As long as those take together: then either side takes the other one for gone, and what it held is free."""


async def connect_directly(url: str) -> Connection:
    """Return a connection that commits each statement by itself. Raises `psycopg.Error`."""
    connection = await AsyncConnection.connect(
        make_conninfo(conninfo(url), tcp_user_timeout=GONE_AFTER_MS, **KEEPALIVE), autocommit=True
    )
    try:
        # The server, too, must notice a machine that vanished. And what is said here need not wait for the disk: it only
        # wakes others up.
        await said(
            connection,
            """
            SELECT set_config('tcp_keepalives_idle', %s, false), set_config('tcp_keepalives_interval', %s, false),
                   set_config('tcp_keepalives_count', %s, false), set_config('tcp_user_timeout', %s, false),
                   set_config('synchronous_commit', 'off', false)
            """,
            [*(str(value) for value in KEEPALIVE.values()), str(GONE_AFTER_MS)],
        )
    except BaseException:
        await connection.close()
        raise
    return connection


async def said(
    connection: Connection, statement: LiteralString, values: Sequence[Any] | Mapping[str, Any] = ()
) -> Sequence[TupleRow]:
    """Return the rows of a statement, of which there may be none.

    Raises `psycopg.Error`, also when the server says nothing in time; the connection is closed then.
    """
    asking = asyncio.ensure_future(_rows(connection, statement, values))
    try:
        await asyncio.wait({asking}, timeout=ANSWERED_WITHIN)
    finally:
        if not asking.done():
            # Closed first: a statement that is cancelled waits for the server to say so, and this one says nothing.
            await connection.close()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    if asking.cancelled():
        raise psycopg.OperationalError(f"the server said nothing for {ANSWERED_WITHIN:g} s")
    return asking.result()


async def _rows(
    connection: Connection, statement: LiteralString, values: Sequence[Any] | Mapping[str, Any]
) -> Sequence[TupleRow]:
    cursor = await connection.execute(statement, values)
    return [] if cursor.description is None else await cursor.fetchall()
