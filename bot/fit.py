"""A worker process that learns, so that learning never holds up a reply, nor one half of a start the other."""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from bot.matching import Item, Matcher, MatchPolicy, Meanings, fit
from bot.urgent import Arrays, UrgentContent, arrays_of, build_detector

log = logging.getLogger(__name__)


class FitWorker:
    """One process, started when first needed and kept warm. Spawned, since the desk has threads."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def fit(
        self,
        items: Sequence[Item],
        outside: Sequence[str],
        policy: MatchPolicy,
        meanings: Meanings | None = None,
    ) -> Matcher:
        """Return a matcher fitted elsewhere; a worker that died is replaced once. Raises what fitting raises."""

        def begun() -> asyncio.Future[Matcher]:
            return asyncio.wrap_future(self._ready().submit(_fit_aside, items, outside, policy, meanings))

        try:
            return await begun()
        except BrokenProcessPool:
            log.warning("The fitting process ended; it is started again")
            self.stop()
            return await begun()

    def train(self, content: UrgentContent) -> Future[Arrays]:
        """Begin to train a detector elsewhere; the arrays it is made of are to come. Called from any thread."""
        return self._ready().submit(_train, content)

    def _ready(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        return self._pool

    def stop(self) -> None:
        """End the process without waiting for what it is fitting."""
        if self._pool is not None:
            processes = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            self._pool = None


def _fit_aside(
    items: Sequence[Item], outside: Sequence[str], policy: MatchPolicy, meanings: Meanings | None
) -> Matcher:
    os.nice(max(0, 10 - os.nice(0)))  # citizens' messages come first
    return fit(items, outside, policy, meanings=meanings)


def _train(content: UrgentContent) -> Arrays:
    return arrays_of(build_detector(content))
