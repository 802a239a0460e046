"""Tells any number of listeners in this process what changed, now or since a place in the log of changes."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from typing import get_args, get_type_hints
from weakref import WeakSet

from bot.models import Change

LIMIT = 1000
"""How many changes wait for a slow listener before they are coalesced into "all of this kind"."""
REMEMBERED = 10_000
"""How many changes back a listener can begin."""
KINDS = get_args(get_type_hints(Change)["kind"])


class News:
    """Hands changes to its listeners; a listener that nobody holds any more is forgotten.

    Changes come numbered, in the order of the log: the number of each names the place right after it.
    """

    def __init__(self, remembers: int = REMEMBERED) -> None:
        """`remembers` is 0 where the log itself is asked what was told before."""
        self._listeners: WeakSet[Listener] = WeakSet()
        self._remembers = remembers
        self._told: deque[Change] = deque(maxlen=remembers)
        self._places: dict[str, int] = {}
        """How many changes were told up to each place that is remembered."""
        self._count = 0
        self._closed = False

    def listen(self, since: str | None = None) -> AsyncIterator[Change]:
        """Return what is told from now on, until `close`; with `since`, first what was told after that place, or
        one change of every kind with an empty id when the place is not remembered."""
        listener = Listener()
        self.admit(listener, () if since is None else self._after(since))
        return listener

    def waiting(self) -> "Listener":
        """Return a listener that hears nothing before it is admitted."""
        listener = Listener()
        if self._closed:
            listener.close()
        return listener

    def admit(self, listener: "Listener", missed: Iterable[Change]) -> None:
        """Let a listener hear what it missed, and from now on what all others do."""
        listener.add(missed)
        if self._closed:
            listener.close()
        else:
            self._listeners.add(listener)

    def tell(self, changes: Iterable[Change]) -> None:
        """Remember the changes, and hand them to every listener."""
        told = list(changes)
        for change in told if self._remembers else ():
            if len(self._told) == self._remembers:
                self._places.pop(self._told[0].number, None)
            self._told.append(change)
            self._count += 1
            self._places[change.number] = self._count
        for listener in list(self._listeners):
            listener.add(told)

    def close(self) -> None:
        """End every listener's iteration once it has seen what was told."""
        self._closed = True
        for listener in list(self._listeners):
            listener.close()

    def _after(self, place: str) -> Iterable[Change]:
        known = self._places.get(place)
        if known is None:
            return [Change(kind=kind, id="") for kind in KINDS]
        return islice(self._told, len(self._told) - (self._count - known), None)


class Listener(AsyncIterator[Change]):
    """One listener's queue: a change that already waits is not queued twice.

    The number it is handed out with is the older one, and "all of this kind" has none: whoever begins again at a
    number has been handed all that was told before it.
    """

    def __init__(self) -> None:
        self._waiting: dict[Change, None] = {}
        self._wake = asyncio.Event()
        self._closed = False

    def add(self, changes: Iterable[Change]) -> None:
        for change in changes:
            whole = Change(kind=change.kind, id="")
            if change == whole:
                self._waiting = {other: None for other in self._waiting if other.kind != change.kind}
            if whole not in self._waiting:
                self._waiting.setdefault(change)
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
