"""Brings to the pages open here what another process of the desk has placed in their conversations."""

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


class Follower:
    """Hears of deliveries, and reads again the conversations that they are in."""

    def __init__(self, assistant: Assistant, streams: Streams) -> None:
        self._assistant = assistant
        self._streams = streams
        self._elsewhere = Recent(ELSEWHERE)

    async def follow(self, changes: AsyncIterator[Change]) -> None:
        """Follow the changes until they end."""
        async for change in changes:
            if change.kind != "delivery" or not self._streams.tokens():
                continue
            # So much has changed that nobody says what: look at every open page.
            tokens = [await self._token(change)] if change.id else self._streams.tokens()
            for token in tokens:
                # A delivery bears the id of its reply: what was shown from here is not read again.
                if token is not None and not self._streams.shown(token, change.id):
                    await self._catch_up(token)

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
            exchange = await self._assistant.exchange(address_of(token))
            replies = [turn.reply for turn in exchange.turns if turn.reply is not None] if exchange else []
            fresh = [reply for reply in replies if not self._streams.shown(token, reply.id)]
            took = [self._streams.push(token, reply) for reply in fresh]
            if any(took):
                await self._assistant.seen(address_of(token))
        except (StoreError, OSError, VaultError, ValueError) as exc:
            log.warning("A conversation could not be read again", extra={"problem": type(exc).__name__})
            self._streams.end(token)  # its pages return, and catch up then
