"""Brings to the pages open here what another process of the desk has placed in their conversations."""

import asyncio
import logging
from collections.abc import AsyncIterator

from bot.assistant import Assistant
from bot.channels.webchat.conversations import CHANNEL, address_of
from bot.channels.webchat.listeners import Streams
from bot.channels.webchat.recent import Recent
from bot.errors import StoreError, VaultError
from bot.models import Change

log = logging.getLogger(__name__)

ELSEWHERE = 20_000
"""Inquiries remembered, by their ids, as nobody's whose page is open here."""
AT_ONCE = 6
"""Conversations read at the same time: an answer may go to a thousand open pages."""


class Follower:
    """Hears of deliveries, and reads again the conversations that they are in."""

    def __init__(self, assistant: Assistant, streams: Streams) -> None:
        self._assistant = assistant
        self._streams = streams
        self._elsewhere = Recent(ELSEWHERE)
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._again: dict[str, bool] = {}
        """For each conversation being read, whether more has come to it since."""
        self._reading: set[asyncio.Task[None]] = set()

    async def follow(self, changes: AsyncIterator[Change]) -> None:
        """Follow the changes until they end."""
        try:
            async for change in changes:
                if change.kind == "delivery" and self._streams.tokens():
                    await self._hear(change)
            await asyncio.gather(*self._reading)
        finally:
            for task in self._reading:
                task.cancel()

    async def _hear(self, change: Change) -> None:
        # So much may have changed that nobody says what: then every open page is looked at.
        tokens = [await self._token(change)] if change.id else self._streams.tokens()
        for token in tokens:
            # A delivery bears the id of its reply: what was shown from here is not read again.
            if token is None or self._streams.shown(token, change.id):
                continue
            if token in self._again:
                self._again[token] = True
                continue
            self._again[token] = False
            task = asyncio.create_task(self._read(token))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, token: str) -> None:
        try:
            async with self._at_once:
                await self._catch_up(token)
            while self._again[token]:
                self._again[token] = False
                async with self._at_once:
                    await self._catch_up(token)
        finally:
            del self._again[token]

    async def _token(self, change: Change) -> str | None:
        """Return the conversation that the delivery is for, when a page of it is open here."""
        inquiry_id = change.part_of
        token = self._streams.of_inquiry(inquiry_id)
        if token is not None or inquiry_id in self._elsewhere:
            return token
        # An inquiry that was opened through another process since the page was.
        try:
            address = await self._assistant.address_of(inquiry_id)
        except (StoreError, OSError, VaultError, ValueError) as exc:
            log.warning("A delivery could not be matched to pages", extra={"problem": type(exc).__name__})
            return None
        if (
            address is not None
            and address.channel == CHANNEL
            and self._streams.reach(address.chat, [inquiry_id])
        ):
            return address.chat
        self._elsewhere.update([inquiry_id])
        return None

    async def _catch_up(self, token: str) -> None:
        """Show the pages what stands in their conversation and they have not been given."""
        try:
            said = await self._assistant.said(address_of(token))
            fresh = [reply for reply in said if not self._streams.shown(token, reply.id)]
            took = [self._streams.push(token, reply) for reply in fresh]
            if any(took):
                await self._assistant.seen(address_of(token))
        except (StoreError, OSError, VaultError, ValueError) as exc:
            log.warning("A conversation could not be read again", extra={"problem": type(exc).__name__})
            self._streams.end(token)  # its pages return, and catch up then
