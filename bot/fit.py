"""A worker process that fits matchers, so that learning never holds up a reply."""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from bot.matching import Item, Matcher, MatchPolicy, fit

log = logging.getLogger(__name__)


class FitWorker:
    """One process, started when first needed and kept warm. Spawned, since the desk has threads."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def fit(self, items: Sequence[Item], outside: Sequence[str], policy: MatchPolicy) -> Matcher:
        """Return a matcher fitted elsewhere; a worker that died is replaced once. Raises what fitting raises."""
        try:
            return await self._submit(items, outside, policy)
        except BrokenProcessPool:
            log.warning("The fitting process ended; it is started again")
            self.stop()
            return await self._submit(items, outside, policy)

    async def _submit(self, items: Sequence[Item], outside: Sequence[str], policy: MatchPolicy) -> Matcher:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_give_way)
        return await asyncio.get_running_loop().run_in_executor(self._pool, fit, items, outside, policy)

    def stop(self) -> None:
        """End the process without waiting for what it is fitting."""
        if self._pool is not None:
            processes = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            self._pool = None


def _give_way() -> None:
    """Citizens' messages come first."""
    os.nice(10)
