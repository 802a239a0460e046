"""What the handlers of the web chat work with."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Protocol

from aiohttp import web

from bot.assistant import Assistant, Heard
from bot.channels.webchat.conversations import Starts, address_of, is_token, new_token
from bot.channels.webchat.incoming import Asked
from bot.channels.webchat.listeners import Streams
from bot.channels.webchat.problems import Problem
from bot.channels.webchat.recent import Recent
from bot.config import Settings
from bot.errors import StoreError, VaultError
from bot.models import IncomingMessage, Language, Reply
from bot.throttle import Bucket
from bot.visitor import client_address, household, shared

KNOWN_WITHIN = 0.3
"""Seconds somebody in danger waits for the store to say whether it knows their conversation."""
AT_ONCE = 32
"""Messages answered at the same time; those in danger besides. More would only make each of them slower."""
MOST_WAITING = 500
"""Messages that wait for a turn; whoever comes after them is asked to wait, unless they are in danger."""


class Names(Protocol):
    """Who the page says it is."""

    def desk_name(self, language: Language) -> str:
        """Return the desk's name."""

    def agency(self, language: Language) -> str:
        """Return who runs the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The assistant, what the page says of the desk, and what this process remembers of its visitors."""

    assistant: Assistant
    names: Callable[[], Names]
    settings: Settings
    clock: Callable[[], datetime]
    streams: Streams
    starts: Starts
    handed: Recent = field(default_factory=lambda: Recent(10_000))
    """Ids of replies that went out in a response: the citizen has seen them."""
    # Far above what people do, and still a bound on what one program can make the desk work.
    by_conversation: Bucket = field(default_factory=lambda: Bucket(burst=40, per_second=1))
    by_client: Bucket = field(default_factory=lambda: Bucket(burst=300, per_second=10))
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: set[object] = field(default_factory=set)
    """One for each message that waits for a turn."""

    def admit(self, request: web.Request, token: str | None) -> None:
        """Count the request. Raises `Problem` when the conversation or the client asks too often."""
        address = client_address(request, self.settings.trusted_proxies)
        seconds = 0
        if address is not None and not shared(address):
            seconds = self.by_client.take(household(address))
        if token is not None:
            seconds = max(seconds, self.by_conversation.take(token))
        if seconds:
            raise Problem("too_many", retry_after=seconds)

    def known_token(self, request: web.Request) -> str:
        """Return the token in the path. Raises `Problem` when it cannot be one, or asks too often."""
        token = request.match_info["conversation"]
        if not is_token(token):
            raise Problem("conversation_unknown")
        self.admit(request, token)
        return token

    async def ask(self, request: web.Request, asked: Asked) -> tuple[str, tuple[Reply, ...]]:
        """Hand a message to the assistant; return the conversation's token and the replies.

        Raises `Problem` when the conversation is unknown, asks too often, too many wait, or nothing could be
        recorded.
        """
        started = self.starts.token(asked.start or "")
        token = asked.conversation or started
        if token is None and asked.message_id is not None:
            body = (asked.text, asked.option, asked.language)
            token = self.starts.of_first_message(asked.message_id, body)
        token = token or new_token()
        if not is_token(token):
            raise Problem("conversation_unknown")
        self.admit(request, token)
        message = IncomingMessage(
            id=asked.message_id or token_urlsafe(16),
            address=address_of(token),
            text=asked.text,
            option=asked.option,
            language=asked.language,
            received_at=self.clock(),
            introduced=started is not None,  # a start comes with the page, and the page with the welcome
        )
        heard = self.assistant.hear(message)
        if self.turns.locked():
            if heard.urgent is not None:
                return await self._answered(asked, token, heard)
            if len(self.waiting) >= MOST_WAITING:
                raise Problem("too_many", retry_after=5)
        async with self._turn():
            return await self._answered(asked, token, heard)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it inside the block."""
        place = object()
        self.waiting.add(place)
        try:
            await self.turns.acquire()
        finally:
            self.waiting.discard(place)
        try:
            yield
        finally:
            self.turns.release()

    async def _answered(self, asked: Asked, token: str, heard: Heard) -> tuple[str, tuple[Reply, ...]]:
        try:
            if asked.conversation and not await self._known(heard):
                # Somebody in danger is answered all the same, in a conversation of its own.
                token = new_token()
                heard = replace(heard, message=replace(heard.message, address=address_of(token)))
            replies = await self.assistant.respond_to(heard)
            self.handed.update(reply.id for reply in replies)
            return token, replies
        except (StoreError, VaultError, OSError) as exc:
            raise Problem("not_recorded", retry_after=30) from exc

    async def _known(self, heard: Heard) -> bool:
        """Tell whether the conversation is known; of an urgent message it is taken to be so while that cannot be told.

        Raises `Problem` when the conversation is unknown and the message not urgent.
        """
        urgent = heard.urgent is not None
        try:
            async with asyncio.timeout(KNOWN_WITHIN if urgent else None):
                known = await self.assistant.knows(heard.message.address)
        except (StoreError, VaultError, OSError):  # among them that it took too long
            if urgent:
                return True
            raise
        if not known and not urgent:
            raise Problem("conversation_unknown")
        return known


PARTS = web.AppKey("webchat_parts", Parts)
