"""Long polling: Telegram keeps an update until the desk has given it its effect and asks for the next."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from bot.channels.telegram.backoff import Backoff
from bot.channels.telegram.client import Client, Contested, TokenRefused
from bot.channels.telegram.incoming import Update, update_number
from bot.channels.telegram.lead import Lead
from bot.errors import DeskError, TryLater

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
"""Updates that Telegram gives without an earlier one being confirmed: so many chats go on beside one that hangs."""
PATIENCE = 0.25
"""Seconds to wait for a batch before asking for newer updates beside it."""


class Polling:
    """Asks for updates and hands each to `take`, whose future tells whether Telegram may forget it."""

    def __init__(
        self,
        client: Client,
        take: Callable[[Update], "asyncio.Future[bool]"],
        *,
        lead: Lead,
        seconds: int,
        backoff: Backoff,
    ) -> None:
        self._client = client
        self._take = take
        self._lead = lead
        self._seconds = seconds
        self._backoff = backoff
        self._open: dict[int, asyncio.Future[bool]] = {}
        """Updates that Telegram must not forget yet, by number."""
        self._newest: int | None = None

    async def run(self) -> None:
        """Poll while this process leads. Raises `TokenRefused`."""
        while await self._lead.mine():
            try:
                updates = await self._client.updates(
                    self._offset(), limit=MOST_AT_ONCE, seconds=self._seconds
                )
            except TokenRefused:
                raise
            except TryLater as exc:
                await asyncio.sleep(exc.seconds)
            except (DeskError, OSError) as exc:
                if isinstance(exc, Contested):
                    self._lead.contested()
                wait = self._backoff.wait()
                log.warning("Telegram gives no messages. %s", exc, extra={"again_in_seconds": round(wait, 1)})
                await asyncio.sleep(wait)
            else:
                self._backoff.succeed()
                await self._work(updates)
        # Whoever leads now confirms; what is under way here has its effect once, whoever is brought it again.
        self._forget()

    async def confirm(self) -> None:
        """Let Telegram forget what had its effect, at the end. Raises what `Client` does."""
        self._settle()
        offset = self._offset()
        if offset is not None:
            await self._client.updates(offset, limit=1, seconds=0)

    async def _work(self, updates: Sequence[Update]) -> None:
        if not updates:
            # Everything before the offset is confirmed. After a quiet week Telegram begins to count anywhere,
            # perhaps lower: so ask without an offset until there is something to confirm.
            self._forget()
            return
        numbered = [(number, update) for update in updates if (number := update_number(update)) is not None]
        for number, update in numbered:
            self._open[number] = self._take(update)
            self._newest = number if self._newest is None else max(self._newest, number)
        if self._open:
            await asyncio.wait(self._open.values(), timeout=PATIENCE)
        if not self._settle() or not numbered:
            await asyncio.sleep(self._backoff.wait())

    def _forget(self) -> None:
        self._open.clear()
        self._newest = None

    def _settle(self) -> bool:
        """Let go of what had its effect; return False when Telegram has to bring something again."""
        left = {number: future for number, future in self._open.items() if not _had_effect(future)}
        self._open = left
        return not any(future.done() for future in left.values())

    def _offset(self) -> int | None:
        if self._open:
            return min(self._open)
        return None if self._newest is None else self._newest + 1


def _had_effect(future: "asyncio.Future[bool]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None and future.result()
