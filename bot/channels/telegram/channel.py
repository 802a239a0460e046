"""Telegram as a channel."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from aiohttp import web

from bot.channels.telegram.backoff import Backoff
from bot.channels.telegram.chats import Chats
from bot.channels.telegram.client import Client, Refused, TokenRefused
from bot.channels.telegram.incoming import CHANNEL
from bot.channels.telegram.lead import Lead
from bot.channels.telegram.pacing import Pace
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.receiving import Receiver
from bot.channels.telegram.sending import Sender
from bot.channels.telegram.webhook import CONNECTIONS, PATH, Webhook
from bot.config import Settings
from bot.errors import DeskError, TryLater
from bot.locale import catalogue
from bot.models import Address, DeliveryStatus, Language, Reply
from bot.vault import Vault

if TYPE_CHECKING:
    from bot.assistant import Assistant

log = logging.getLogger(__name__)

COMMANDS = ("start", "help", "topics", "human", "status", "privacy", "mydata", "erase", "about", "language")
MENUS: tuple[tuple[str | None, Language], ...] = ((None, "en"), ("en", "en"), ("zh", "zh-Hans"))
"""The menu of commands by the languages that Telegram tells apart; None is everybody else's."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts to reach Telegram."""
ASK_AGAIN = 2.0
"""Seconds between two attempts to be the one that asks Telegram."""
DRAIN = 5.0
"""Seconds for what is under way when the desk stops."""
MOMENT = 2.0
"""Seconds worth waiting for something that should be quick."""


class TelegramChannel:
    """Serves private chats: by a webhook when the desk has a public address, by long polling otherwise."""

    name = CHANNEL

    def __init__(
        self,
        *,
        assistant: "Assistant",
        settings: Settings,
        vault: Vault,
        clock: Callable[[], datetime],
        lead: Lead,
        poll_seconds: int = 50,
        first_wait: float = 1.0,
        ask_again: float = ASK_AGAIN,
    ) -> None:
        """`lead` tells whether of all processes of the desk this one asks Telegram for messages, or has it bring them;
        it is asked every `ask_again` seconds while it says no. The webhook is served by all.

        `first_wait` is the pause in seconds after a first failure; it doubles from there.

        Raises `DeskError` when there is no token.
        """
        token = settings.telegram_token
        if token is None:
            raise DeskError("Telegram has no token; set TELEGRAM_TOKEN to the one BotFather gave you.")
        self._first_wait = first_wait
        self._lead = lead
        self._ask_again = ask_again
        self._public_url = settings.public_url
        self._staff_chat = settings.telegram_staff_chat
        self._secret = settings.telegram_secret or vault.digest("telegram webhook", token)
        self._client = Client(token, settings.telegram_api)
        self._sender = Sender(self._client, assistant)
        self._chats = Chats()
        self._pace = Pace()
        self._receiver = Receiver(
            assistant=assistant,
            client=self._client,
            sender=self._sender,
            chats=self._chats,
            pace=self._pace,
            clock=clock,
            first_wait=first_wait,
            staff_chat=settings.telegram_staff_chat,
        )
        self._polling = Polling(
            self._client,
            self._receiver.take,
            lead=lead,
            seconds=poll_seconds,
            backoff=Backoff(first_wait, LONGEST_WAIT),
        )
        self._connection: asyncio.Task[None] | None = None
        self._stopping = False

    def add_routes(self, app: web.Application) -> None:
        """Add the webhook, when the desk has a public address."""
        if self._public_url is not None:
            webhook = Webhook(
                self._secret, lambda update: None if self._stopping else self._receiver.take(update)
            )
            app.router.add_post(PATH, webhook.receive)

    async def start(self) -> None:
        """Begin to serve. Returns at once: while Telegram cannot be reached, the rest of the desk runs."""
        self._connection = asyncio.create_task(self._stay_connected(), name="telegram")

    async def drain(self) -> None:
        """Take nothing new, finish what is under way, and let Telegram forget what had its effect."""
        self._stopping = True
        if self._connection is not None:
            self._connection.cancel()
            await asyncio.gather(self._connection, return_exceptions=True)
        await self._receiver.drain(DRAIN)
        with suppress(DeskError, OSError):
            async with asyncio.timeout(MOMENT):
                await self._polling.confirm()

    async def close(self) -> None:
        """Let go of the connections; nothing can be sent any more."""
        await self._client.close()

    async def send(self, address: Address, reply: Reply) -> DeliveryStatus:
        """Send what is owed, as the protocol says."""
        chat = self._chats[address.chat]
        # The assistant owes a receipt a moment before it returns what is said in front of it: let that go first.
        with suppress(TimeoutError):
            async with asyncio.timeout(MOMENT), chat.reading:
                pass
        if reply.kind == "urgent":
            self._pace.count(address.chat)
        else:
            await self._pace.turn(address.chat)
        try:
            async with chat.speaking:
                await self._sender.send(address.chat, reply)
        except TryLater as exc:
            self._pace.asked_to_wait(address.chat, exc.seconds)
            raise
        return DeliveryStatus.SENT

    async def tell_staff(self, text: str) -> None:
        """Say something in the staff chat. Raises `DeskError`, or `OSError` when Telegram cannot be reached."""
        if self._staff_chat is not None:
            await self._client.send_text(str(self._staff_chat), text)

    async def _stay_connected(self) -> None:
        backoff = Backoff(self._first_wait, LONGEST_WAIT)
        while True:
            if not await self._lead.mine():
                await asyncio.sleep(self._ask_again)
                continue
            try:
                if await self._connect():
                    continue
            except TokenRefused as exc:
                log.error("Telegram is off; the rest of the desk runs. %s", exc)
            except Exception:
                log.exception("Telegram failed in a way it should not; connecting again")
                await asyncio.sleep(backoff.wait())
                continue
            return

    async def _connect(self) -> bool:
        """Serve: by polling while this process leads; a webhook only has to be set. Return whether there is more to do.

        Raises `TokenRefused`.
        """
        await self._insist(self._client.check_token)
        await self._set_menus()
        if self._public_url is None:
            await self._insist(self._client.delete_webhook)
            log.info("Telegram is connected, by polling")
            await self._polling.run()
            log.info("Telegram is left to another process of the desk")
            return True
        await self._insist(self._set_webhook)
        log.info("Telegram is connected, by webhook")
        return False

    async def _set_webhook(self) -> None:
        try:
            await self._client.set_webhook(f"{self._public_url}{PATH}", self._secret, CONNECTIONS)
        except Refused as exc:
            raise Refused(
                f"{exc} Set PUBLIC_URL to an https address that Telegram can reach, or leave it out for polling."
            ) from exc

    async def _set_menus(self) -> None:
        """Name the commands in Telegram's menu; without it they work all the same."""
        try:
            for spoken, language in MENUS:
                sentences = catalogue(language)
                menu = [(name, sentences[f"telegram.{name}"]) for name in COMMANDS]
                await self._client.set_commands(menu, spoken)
        except TokenRefused:
            raise
        except (DeskError, OSError) as exc:
            log.warning("The menu of commands is not set. %s", exc)

    async def _insist(self, act: Callable[[], Coroutine[None, None, None]]) -> None:
        """Try until Telegram does it. Raises `TokenRefused`."""
        backoff = Backoff(self._first_wait, LONGEST_WAIT)
        while True:
            try:
                await act()
            except TokenRefused:
                raise
            except (DeskError, OSError) as exc:
                wait = exc.seconds if isinstance(exc, TryLater) else backoff.wait()
                log.warning("Telegram is not connected. %s", exc, extra={"again_in_seconds": round(wait, 1)})
                await asyncio.sleep(wait)
            else:
                return
