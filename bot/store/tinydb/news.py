"""Tells any number of listeners in this process what changed."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from weakref import WeakSet

from bot.models import Change

LIMIT = 1000
"""How many changes wait for a slow listener before they are coalesced into "all of this kind"."""


class News:
    """Hands changes to its listeners; a listener that nobody holds any more is forgotten."""

    def __init__(self) -> None:
        self._listeners: WeakSet[_Listener] = WeakSet()
        self._closed = False

    def listen(self) -> AsyncIterator[Change]:
        """Return what is told from now on, until `close`."""
        listener = _Listener()
        if self._closed:
            listener.close()
        else:
            self._listeners.add(listener)
        return listener

    def tell(self, changes: Iterable[Change]) -> None:
        """Hand the changes to every listener."""
        told = list(changes)
        for listener in list(self._listeners):
            listener.add(told)

    def close(self) -> None:
        """End every listener's iteration once it has seen what was told."""
        self._closed = True
        for listener in list(self._listeners):
            listener.close()


class _Listener(AsyncIterator[Change]):
    """One listener's queue: a change that already waits is not queued twice."""

    def __init__(self) -> None:
        self._waiting: dict[Change, None] = {}
        self._wake = asyncio.Event()
        self._closed = False

    def add(self, changes: Iterable[Change]) -> None:
        for change in changes:
            whole = Change(kind=change.kind, id="")
            if whole not in self._waiting:
                self._waiting[change] = None
        if len(self._waiting) > LIMIT:
            self._waiting = dict.fromkeys(Change(kind=change.kind, id="") for change in self._waiting)
        self._wake.set()

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    async def __anext__(self) -> Change:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        change = next(iter(self._waiting))
        del self._waiting[change]
        return change
