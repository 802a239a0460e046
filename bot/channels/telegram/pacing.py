"""How fast the desk sends what it owes: within Telegram's limits, leaving room for what citizens wait for.

Only this process is counted. What other processes send, Telegram counts: it asks to wait, and that is honoured.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

PER_SECOND = 30.0
"""Messages to different chats that Telegram takes in a second."""
FLOOR = 5.0
"""Messages a second that are owed and go out however many answers do."""
CHAT_SECONDS = 1.0
"""Between two messages to one chat; a few more may come at once."""
CHAT_BURST = 3
REMEMBERED = 10_000


class Pace:
    """Tells whoever sends what is owed to wait; answers to a message go at once, and are only counted."""

    def __init__(
        self,
        *,
        per_second: float = PER_SECOND,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._every = 1.0 / per_second
        self._now = now
        self._sleep = sleep
        self._next = 0.0
        """When the next message is within the limit."""
        self._least = 0.0
        """When one that is owed may go whatever else did."""
        self._chats: OrderedDict[str, float] = OrderedDict()
        """When the next message to a chat is within its limit."""
        self._paused_until = 0.0
        self._asked: tuple[str, float] = ("", 0.0)
        """The chat for which Telegram asked to wait last, and until when."""

    def count(self, chat: str) -> None:
        """Note a message that goes out at once."""
        now = self._now()
        self._next = max(self._next, now) + self._every
        self._take_chat(chat, now)

    async def turn(self, chat: str) -> None:
        """Wait until one more message that is owed may go to the chat, and note it."""
        while True:
            now = self._now()
            anybody = max(min(self._next, max(self._least, now)), self._paused_until)
            here = self._chats.get(chat, now) - (CHAT_BURST - 1) * CHAT_SECONDS
            wait = max(anybody, here) - now
            if wait <= 0:
                break
            await self._sleep(wait)
        self._next = max(self._next, now) + self._every
        self._least = now + 1.0 / FLOOR
        self._take_chat(chat, now)

    def asked_to_wait(self, chat: str, seconds: float) -> None:
        """Note that Telegram asked to wait: of one chat that concerns the chat; when a second is told so meanwhile, all."""
        now = self._now()
        last, until = self._asked
        self._asked = (chat, now + seconds)
        self._chats[chat] = max(self._chats.get(chat, now), now + seconds + (CHAT_BURST - 1) * CHAT_SECONDS)
        if last != chat and until > now:
            self._paused_until = max(self._paused_until, now + seconds)

    def _take_chat(self, chat: str, now: float) -> None:
        self._chats[chat] = max(self._chats.get(chat, now), now) + CHAT_SECONDS
        self._chats.move_to_end(chat)
        if len(self._chats) > REMEMBERED:
            self._chats.popitem(last=False)
