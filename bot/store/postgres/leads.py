"""Which of several processes has a duty: a lock that the server lets go when the session of its holder ends."""

import asyncio
import logging
from contextlib import suppress
from zlib import crc32

import psycopg

from bot.store.base import Duty
from bot.store.postgres.direct import Connection, connect_directly, said

log = logging.getLogger(__name__)

DUTIES = 0x1D_DE5C
"""The first half of the advisory locks' keys, so that they are nobody else's in a shared database."""
PRESENCE = (DUTIES, 0)
"""Held together by every process that uses the data, and alone by a command that wants it for itself."""


class Leads:
    """One process's duties."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._held: set[Duty] = set()
        self._asking = asyncio.Lock()
        self._in_touch = True

    async def leads(self, duty: Duty) -> bool:
        """Tell whether this process has the duty now, taking it when nobody has. False when the server does not say."""
        async with self._asking:
            try:
                has = await self._ask(duty)
            except psycopg.Error as exc:
                await self._let_go()
                if self._in_touch:
                    self._in_touch = False
                    log.warning("Without the database this process has no duty", extra={"problem": str(exc)})
                return False
            self._in_touch = True
            return has

    async def close(self) -> None:
        """Let go of every duty: another process takes it at its next look."""
        async with self._asking:
            await self._let_go()

    async def _ask(self, duty: Duty) -> bool:
        if self._connection is None:
            self._connection = await connect_directly(self._url)
        if duty in self._held:
            # What was held goes with the session, and only an answer shows that there still is one.
            await said(self._connection, "SELECT 1")
            return True
        ((taken,),) = await said(
            self._connection, "SELECT pg_try_advisory_lock(%s, %s)", (DUTIES, number_of(duty))
        )
        if not taken:
            return False
        self._held.add(duty)
        log.info("This process has taken on a duty", extra={"duty": duty})
        return True

    async def _let_go(self) -> None:
        self._held.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()


def number_of(duty: Duty) -> int:
    """Return the same 31 bits for the duty in every process."""
    return crc32(duty.encode()) & 0x7FFF_FFFF
