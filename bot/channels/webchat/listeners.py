"""Who has a conversation open right now."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from bot.channels.webchat.problems import Problem
from bot.channels.webchat.recent import Recent
from bot.models import Reply

SHOWN = 500
"""Ids of replies remembered for each page: more than an exchange holds."""


class Listener:
    """One open page. Holds at most `most` replies; one that falls behind is ended and catches up anew."""

    def __init__(self, alive: Callable[[], bool], most: int) -> None:
        self._alive = alive
        self._most = most
        self._waiting: deque[Reply] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self.shown = Recent(SHOWN)
        """Ids of the replies that the page was given, or found when it was opened."""

    def push(self, reply: Reply) -> bool:
        """Give the page a reply, unless it has it; False when nobody is there to take it."""
        if self._ended or not self._alive():
            self.end()
            return False
        if reply.id in self.shown:
            return True
        if len(self._waiting) >= self._most:
            self.end()
            return False
        self.shown.update([reply.id])
        self._waiting.append(reply)
        self._wake.set()
        return True

    def end(self) -> None:
        """Let `replies` finish with what it has."""
        self._ended = True
        self._wake.set()

    async def replies(self) -> AsyncIterator[Reply]:
        """Yield replies as they are pushed, until the listener is ended."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._ended:
                return
            self._wake.clear()
            await self._wake.wait()


class Streams:
    """Who is listening to which conversation."""

    def __init__(self, *, per_conversation: int = 8, most: int = 10_000, replies_each: int = 64) -> None:
        self._per_conversation = per_conversation
        self._most = most
        self._replies_each = replies_each
        self._listeners: dict[str, list[Listener]] = {}
        self._inquiries: dict[str, str] = {}
        """The open conversation that an inquiry is reached from."""
        self._reached: dict[str, set[str]] = {}
        self._count = 0
        self._closed = False

    @contextmanager
    def listen(self, token: str, alive: Callable[[], bool] = lambda: True) -> Iterator[Listener]:
        """Listen to a conversation. Beyond `per_conversation` pages the one opened first is ended.

        Raises `Problem` when the desk holds as many streams as it can or is stopping.
        """
        if self._closed or self._count >= self._most:
            raise Problem("too_many_streams", retry_after=random.randint(5, 30))  # noqa: S311 (spreads returns)
        listener = Listener(alive, self._replies_each)
        listeners = self._listeners.setdefault(token, [])
        listeners.append(listener)
        self._count += 1
        if len(listeners) > self._per_conversation:
            listeners[0].end()
        try:
            yield listener
        finally:
            listeners.remove(listener)
            self._count -= 1
            if not listeners and self._listeners.get(token) is listeners:
                del self._listeners[token]
                for inquiry_id in self._reached.pop(token, ()):
                    del self._inquiries[inquiry_id]

    def tokens(self) -> Sequence[str]:
        """Return the conversations that a page is open on."""
        return list(self._listeners)

    def reach(self, token: str, inquiry_ids: Iterable[str]) -> bool:
        """Note that the conversation leads to these inquiries; False when no page is open on it."""
        if token not in self._listeners:
            return False
        for inquiry_id in inquiry_ids:
            self._inquiries[inquiry_id] = token
            self._reached.setdefault(token, set()).add(inquiry_id)
        return True

    def of_inquiry(self, inquiry_id: str) -> str | None:
        """Return the open conversation that leads to the inquiry."""
        return self._inquiries.get(inquiry_id)

    def shown(self, token: str, reply_id: str) -> bool:
        """Tell whether every page open on the conversation was given the reply."""
        return all(reply_id in listener.shown for listener in self._listeners.get(token, ()))

    def end(self, token: str) -> None:
        """End the pages' streams; they come back by themselves, and are given what they missed."""
        for listener in self._listeners.get(token, ()):
            listener.end()

    def push(self, token: str, reply: Reply) -> bool:
        """Give the reply to every page open on the conversation; tell whether any took it."""
        took = [listener.push(reply) for listener in self._listeners.get(token, ())]
        return any(took)

    async def close(self) -> None:
        """End every stream; pages come back by themselves."""
        self._closed = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()
