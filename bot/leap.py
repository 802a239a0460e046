"""Whether the clock can be believed enough to delete by it: one that leapt may be wrong, and what is deleted is gone."""

import datetime as dt
import logging
import time
from collections.abc import Callable

from bot.store.base import Store

log = logging.getLogger(__name__)

LEAP = dt.timedelta(days=1)
"""How far beyond the last round a clock may be and be believed at once. Whatever is deleted by a clock that is so
much ahead goes a day early."""
PATIENCE = 24 * 3600.0
"""Seconds of running after which a clock that leapt is believed: the desk had only been off, or nobody minded."""
NOTED_EVERY = dt.timedelta(minutes=10)


async def leapt(store: Store, now: dt.datetime) -> bool:
    """Tell whether the clock is further ahead of the last round than is believed at once."""
    last = await store.last_round()
    return last is not None and now - last > LEAP


class Belief:
    """Decides before each round whether the clock is believed, and keeps when the last one was that did."""

    def __init__(self, store: Store, running: Callable[[], float] = time.monotonic) -> None:
        """`running` counts seconds of running, whatever the clock does."""
        self._store = store
        self._running = running
        self._doubted_at: float | None = None

    async def holds(self, now: dt.datetime) -> bool:
        """Tell whether to delete by `now`."""
        if await leapt(self._store, now):
            if self._doubted_at is None:
                self._doubted_at = self._running()
                log.error(
                    "The clock is more than a day ahead of the last round; nothing is closed or deleted by age for a "
                    "day. Look whether it is right",
                    extra={"clock": now.isoformat(timespec="seconds")},
                )
            if self._running() - self._doubted_at < PATIENCE:
                return False
        self._doubted_at = None
        last = await self._store.last_round()
        # One that was set back is taken at its word: by an earlier time nothing goes too soon.
        if last is None or not dt.timedelta(0) <= now - last < NOTED_EVERY:
            await self._store.note_round(now)
        return True
