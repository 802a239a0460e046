"""What can be done on PostgreSQL so that removed rows do not linger in its files."""

import logging
from contextlib import suppress
from typing import LiteralString

import psycopg
from psycopg import errors

from bot.errors import StoreError
from bot.store.postgres.connecting import connect, place

log = logging.getLogger(__name__)

VACUUM: LiteralString = (
    "VACUUM (SKIP_LOCKED) conversations, inquiries, situations, deliveries, mailings, messages, keys"
)
"""Takes removed rows out of their pages, so that new ones take their place."""
ANEW: LiteralString = "VACUUM FULL keys"
"""Writes the keys to a new file and lets the server remove the old one."""
SIZE: LiteralString = "SELECT pg_total_relation_size('keys')"
AT_ONCE = 32 << 20
"""Bytes of keys, about 150,000 of them, that are written anew within half a second, in which nobody else can write."""


async def scrub(url: str) -> None:
    """Let what was removed linger no longer than it must. Raises `StoreError`.

    Words without their key are noise, so it is the keys that matter most. What the server's own log and the file system
    keep is out of reach.
    """
    connection = await connect(url)
    try:
        await connection.execute("SET lock_timeout = '1s'")
        await connection.execute(VACUUM)
        size = await (await connection.execute(SIZE)).fetchone()
        if size is not None and size[0] <= AT_ONCE:
            with suppress(errors.LockNotAvailable):  # somebody is at work: the next time does it
                await connection.execute(ANEW)
    except psycopg.Error as exc:
        raise StoreError(
            f"The database {place(url)} did not clear away what was removed ({type(exc).__name__}); the next round tries "
            "again."
        ) from exc
    finally:
        await connection.close()
