"""How long the end of the desk may take, and who may shorten it."""

import asyncio
import logging
from collections.abc import Awaitable

log = logging.getLogger(__name__)

A_MOMENT = 1.0
"""Seconds that each step still has when somebody is in a hurry, or when the time is up."""


class Patience:
    """Bounds the steps of an end that may take `seconds` in all, from `begin` on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None
        self._hurry = asyncio.Event()

    def begin(self) -> None:
        """Let the time run."""
        self._ends_at = asyncio.get_running_loop().time() + self._seconds

    def hurry(self) -> None:
        """Wait for nothing much any more."""
        self._hurry.set()

    async def pause(self, seconds: float) -> None:
        """Wait so long, unless somebody is in a hurry."""
        if seconds:
            await asyncio.wait(
                [hurried := asyncio.ensure_future(self._hurry.wait())], timeout=self._most(seconds)
            )
            hurried.cancel()

    async def within(self, what: str, work: Awaitable[object], most: float) -> None:
        """Do the work for at most `most` seconds, then break it off. What it raises is logged: the end goes on."""
        task = asyncio.ensure_future(work)
        hurried = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({task, hurried}, timeout=self._most(most), return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not task.done():
            await asyncio.wait({task}, timeout=A_MOMENT)
        if not task.done():
            log.warning("A step of the end is broken off", extra={"step": what})
            task.cancel()
            await asyncio.wait({task}, timeout=A_MOMENT)
        elif not task.cancelled() and task.exception() is not None:
            log.error("A step of the end failed", exc_info=task.exception(), extra={"step": what})

    def _most(self, seconds: float) -> float:
        if self._ends_at is None:
            return seconds
        return max(0.0, min(seconds, self._ends_at - asyncio.get_running_loop().time()))
