"""What this process holds of the chats that are under way: order within one, and which updates had their effect."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

REMEMBERED = 20_000
LOOKS_A_SECOND = 20


@dataclass(slots=True, weakref_slot=True, eq=False)
class Chat:
    """One chat while something happens in it."""

    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Its updates are handed over one after the other."""
    speaking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Its replies go out one after the other, each whole."""
    waiting: int = 0
    """Replies that have not gone out yet."""
    told_to_wait: bool = False
    looks: int = 0
    """How often, in the second that began at `looked_at`, a message was looked at before its turn."""
    looked_at: float = 0.0

    def may_look(self, now: float) -> bool:
        """Tell whether one more message may be looked at before its turn: few a second, so that a flood costs little."""
        if now - self.looked_at >= 1.0:
            self.looks, self.looked_at = 0, now
        self.looks += 1
        return self.looks <= LOOKS_A_SECOND


class Chats:
    """The chats under way; one that is idle is forgotten."""

    def __init__(self) -> None:
        self._chats: WeakValueDictionary[str, Chat] = WeakValueDictionary()

    def __getitem__(self, chat: str) -> Chat:
        return self._chats.setdefault(chat, Chat())


class Inbox:
    """Gives each update its effect once, however often Telegram brings it."""

    def __init__(self) -> None:
        self._under_way: dict[int, asyncio.Task[bool]] = {}
        self._settled: OrderedDict[int, None] = OrderedDict()

    def take(self, number: int, work: Callable[[], Coroutine[None, None, bool]]) -> "asyncio.Future[bool]":
        """Begin `work`, or join what was begun for the same number; the future tells whether Telegram may forget it.

        Work begins in the order of the calls.
        """
        if number in self._settled:
            settled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            settled.set_result(True)
            return settled
        task = self._under_way.get(number)
        if task is None:
            task = asyncio.create_task(self._work(number, work))
            self._under_way[number] = task
        return asyncio.shield(task)

    async def drain(self, seconds: float) -> None:
        """Wait for the work under way; what is not done by then is broken off, for Telegram to bring again."""
        tasks = list(self._under_way.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, number: int, work: Callable[[], Coroutine[None, None, bool]]) -> bool:
        try:
            settled = await work()
            if settled:
                self._settled[number] = None
                if len(self._settled) > REMEMBERED:
                    self._settled.popitem(last=False)
            return settled
        finally:
            del self._under_way[number]
