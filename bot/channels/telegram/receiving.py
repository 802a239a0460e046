"""From an update to its effect: handed to the assistant once and in order, and answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.channels.telegram.backoff import Backoff
from bot.channels.telegram.chats import Chat, Chats, Inbox
from bot.channels.telegram.client import Client, Refused
from bot.channels.telegram.incoming import (
    CHANNEL,
    Update,
    group_to_leave,
    tap_to_answer,
    to_incoming,
    update_number,
)
from bot.channels.telegram.pacing import Pace
from bot.channels.telegram.sending import Sender
from bot.errors import DeskError, TryLater, Unreachable
from bot.models import Address, IncomingMessage, Reply
from bot.text import language_of

if TYPE_CHECKING:
    from bot.assistant import Assistant, Heard

log = logging.getLogger(__name__)

AUTOMATIC = ("answer", "clarification")
"""Kinds of replies that no person stands behind: said late, they could talk over one who has taken the conversation."""
AT_ONCE = 64
"""Messages that are with the assistant at the same time."""
CARD_WAITS = 0.3
"""Seconds a card waits for replies before it in its chat."""
TYPING_AFTER = 0.3
TYPING_LASTS = 4.5
ATTEMPTS = 4
LONGEST_WAIT = 60.0
"""Seconds between two attempts to send a reply; when Telegram asks for more, the reply is given up."""
FORGET_AFTER = 10.0
"""Seconds after which an update that had its effect may be forgotten though its reply is still going out: else a
chat that Telegram slows down would hold up the updates of all."""
MOST_WAITING = 30
"""Answers that may wait to go out to one chat; until they have, what it sends is not taken."""


class Receiver:
    """Gives updates their effect. Replies that are owed are left to the Deliverer; the others, and cards, are sent here."""

    def __init__(
        self,
        *,
        assistant: "Assistant",
        client: Client,
        sender: Sender,
        chats: Chats,
        pace: Pace,
        clock: Callable[[], datetime],
        first_wait: float,
        staff_chat: int | None,
    ) -> None:
        """`staff_chat` is the one group the bot stays in; nobody is answered there."""
        self._staff_chat = staff_chat
        self._assistant = assistant
        self._client = client
        self._sender = sender
        self._chats = chats
        self._pace = pace
        self._clock = clock
        self._first_wait = first_wait
        self._inbox = Inbox()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._background: set[asyncio.Task[bool]] = set()

    def take(self, update: Update) -> "asyncio.Future[bool]":
        """Begin the update's effect, unless that was done; the future tells whether Telegram may forget it."""
        number = update_number(update)
        if number is None:
            nothing: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            nothing.set_result(True)
            return nothing
        return self._inbox.take(number, partial(self._receive, update))

    async def drain(self, seconds: float) -> None:
        """Finish what is under way; what takes longer is broken off."""
        await self._inbox.drain(seconds)
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _receive(self, update: Update) -> bool:
        tap, group = tap_to_answer(update), group_to_leave(update)
        if tap is not None:
            self._begin(self._insist(partial(self._client.answer_tap, tap), attempts=1))
        if group is not None and group == self._staff_chat:
            return True
        if group is not None:
            self._begin(self._insist(partial(self._client.leave, group)))
            return True
        message = to_incoming(update, self._clock())
        if message is None:
            return True
        chat = self._chats[message.address.chat]
        waits = chat.reading.locked() or self._at_once.locked() or chat.waiting >= MOST_WAITING
        heard = None
        if waits and chat.may_look(asyncio.get_running_loop().time()):
            heard = self._assistant.hear(message)
            if heard.urgent is not None:
                return await self._card(chat, message, heard)
        async with chat.reading:
            if chat.waiting >= MOST_WAITING:
                if not chat.told_to_wait:
                    chat.told_to_wait = True
                    self._answer(chat, message, [self._notice("throttled", message)])
                return True
            replies = await self._effect(message, heard)
            recorded = replies is not None
            said = [self._notice("not_recorded", message)] if replies is None else replies
            answer = self._answer(chat, message, [reply for reply in said if _sent_here(reply)])
        # What could not be told, Telegram has to bring again; for what is recorded the first replies come back then.
        await asyncio.wait({answer}, timeout=FORGET_AFTER if recorded else None)
        return answer.result() if answer.done() else True

    async def _card(self, chat: Chat, message: IncomingMessage, heard: "Heard") -> bool:
        """Answer somebody in danger before their turn: what came before it may wait for a store that hangs."""
        replies = await self._respond(message, heard)
        said = [self._notice("not_recorded", message)] if replies is None else replies
        return await self._answer(chat, message, [reply for reply in said if _sent_here(reply)])

    async def _effect(self, message: IncomingMessage, heard: "Heard | None") -> Sequence[Reply] | None:
        """Return what the assistant says; None when the message could not be recorded."""
        async with self._at_once:
            typing = asyncio.create_task(self._show_typing(message.address.chat))
            try:
                return await self._respond(message, heard)
            finally:
                typing.cancel()

    async def _respond(self, message: IncomingMessage, heard: "Heard | None") -> Sequence[Reply] | None:
        try:
            return await self._assistant.respond_to(heard or self._assistant.hear(message))
        except (DeskError, OSError) as exc:
            log.error("A message could not be recorded", extra={"problem": type(exc).__name__})
        except Exception:
            # Whatever it was, the citizen must know, and must not meet it again with every redelivery.
            log.exception("A message could not be handled")
        return None

    def _answer(self, chat: Chat, message: IncomingMessage, replies: Sequence[Reply]) -> "asyncio.Task[bool]":
        """Begin to send the replies behind those that wait already."""
        chat.waiting += 1
        return self._begin(self._speak(chat, message.address.chat, replies))

    async def _speak(self, chat: Chat, address: str, replies: Sequence[Reply]) -> bool:
        try:
            if any(reply.kind == "urgent" for reply in replies):
                return await self._say_first(chat, address, replies)
            async with chat.speaking:
                return await self._say(address, replies)
        finally:
            chat.waiting -= 1
            if chat.waiting == 0:
                chat.told_to_wait = False

    async def _say_first(self, chat: Chat, address: str, replies: Sequence[Reply]) -> bool:
        """Say it in turn where that is soon, else before replies that Telegram does not take."""
        in_turn = False
        with suppress(TimeoutError):
            async with asyncio.timeout(CARD_WAITS):
                in_turn = await chat.speaking.acquire()
        try:
            return await self._say(address, replies)
        finally:
            if in_turn:
                chat.speaking.release()

    async def _say(self, address: str, replies: Sequence[Reply]) -> bool:
        for reply in replies:
            self._pace.count(address)
            unless = partial(self._held, address) if reply.kind in AUTOMATIC else None
            if not await self._insist(partial(self._sender.send, address, reply), unless=unless):
                return False
        return True

    async def _held(self, address: str) -> bool:
        try:
            return await self._assistant.held(Address(channel=CHANNEL, chat=address))
        except (DeskError, OSError):
            return False  # that cannot be told, and somebody waits for an answer

    async def _insist(
        self,
        act: Callable[[], Coroutine[None, None, None]],
        *,
        attempts: int = ATTEMPTS,
        unless: Callable[[], Awaitable[bool]] | None = None,
    ) -> bool:
        """Try until it is done or pointless; return False when it is still worth trying. Before each further attempt
        `unless` is asked whether to let it be."""
        backoff = Backoff(self._first_wait, LONGEST_WAIT)
        for attempt in range(1, attempts + 1):
            if attempt > 1 and unless is not None and await unless():
                return True
            try:
                await act()
            except Unreachable:
                return True
            except Refused as exc:
                log.error("Telegram refused what the desk asked. %s", exc)
                return True
            except (DeskError, OSError) as exc:
                wait = exc.seconds if isinstance(exc, TryLater) else backoff.wait()
                if attempt == attempts or wait > LONGEST_WAIT:
                    log.warning("A call to Telegram is given up. %s", exc)
                    return False
                await asyncio.sleep(wait)
            else:
                return True
        return False

    async def _show_typing(self, chat: str) -> None:
        await asyncio.sleep(TYPING_AFTER)
        with suppress(DeskError, OSError):
            while True:
                await self._client.show_typing(chat)
                await asyncio.sleep(TYPING_LASTS)

    def _notice(self, key: str, message: IncomingMessage) -> Reply:
        language = message.language or language_of(message.text) or "zh-Hans"
        return Reply(
            id=f"{message.id} {key}",
            kind="notice",
            text=self._assistant.say(key, language),
            language=language,
        )

    def _begin(self, work: Coroutine[None, None, bool]) -> "asyncio.Task[bool]":
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task


def _sent_here(reply: Reply) -> bool:
    """Tell whether the reply is sent at once and not by the Deliverer; a card is by both, and shown once."""
    return not reply.owed or reply.kind == "urgent"
