"""A desk's Telegram channel with a fake assistant, against a Bot API server over real HTTP."""

import asyncio
import datetime as dt
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from bot.assistant import Heard
from bot.channels.telegram import Lead, TelegramChannel
from bot.config import Settings
from bot.corpus import Corpus
from bot.errors import StoreStopped
from bot.models import Address, IncomingMessage, Language, Option, Reply, Urgent, UrgentKind
from bot.vault import Vault
from tests.botapi import BotApi

NOW = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)


def reply(text: str, reply_id: str = "r", *, owed: bool = False, options: Sequence[Option] = ()) -> Reply:
    """A notice in English."""
    return Reply(id=reply_id, kind="notice", text=text, language="en", owed=owed, options=tuple(options))


def at(chat: int) -> Address:
    """The address of a chat."""
    return Address(channel="telegram", chat=str(chat))


class FakeAssistant:
    """Answers "re: <text>", or what `answer` says; a message id it has seen gets its first replies again."""

    def __init__(self) -> None:
        self.received: list[IncomingMessage] = []
        self.asked = 0
        self.answer: Callable[[IncomingMessage], Sequence[Reply]] = lambda message: (
            reply(f"re: {message.text or message.option}", message.id),
        )
        self.seconds: dict[str, float] = defaultdict(float)
        """How long it thinks about a chat's messages."""
        self.trouble: Exception | None = None
        self.data: bytes | None = '{"words": "鹦鹉"}'.encode()
        self.fetched: list[Address] = []
        self.taken: set[Address] = set()
        """Conversations that a person has taken."""
        self._first: dict[tuple[Address, str], tuple[Reply, ...]] = {}

    async def respond(self, message: IncomingMessage) -> tuple[Reply, ...]:
        self.asked += 1
        key = (message.address, message.id)
        if key not in self._first:
            await asyncio.sleep(self.seconds[message.address.chat])
            if self.trouble is not None:
                raise self.trouble
            self.received.append(message)
            self._first[key] = tuple(self.answer(message))
        return self._first[key]

    def hear(self, message: IncomingMessage) -> Heard:
        urgent = Urgent(kind=UrgentKind.DANGER) if "danger" in message.text else None
        return Heard(message=message, corpus=cast(Corpus, None), urgent=urgent)

    async def respond_to(self, heard: Heard) -> tuple[Reply, ...]:
        return await self.respond(heard.message)

    async def held(self, address: Address) -> bool:
        return address in self.taken

    async def my_data(self, address: Address) -> bytes | None:
        self.fetched.append(address)
        return self.data

    def say(self, key: str, language: Language, **values: str) -> str:
        return " ".join([f"[{key} {language}]", *values.values()])

    def texts(self, chat: int) -> list[str]:
        """What a chat's messages said, in the order they came."""
        return [message.text for message in self.received if message.address == at(chat)]


def settings(
    api: BotApi,
    *,
    token: str | None = None,
    secret: str | None = None,
    public_url: str | None = None,
    staff_chat: int | None = None,
) -> Settings:
    """Settings that matter to the channel."""
    return Settings(
        host="127.0.0.1",
        port=0,
        data_dir=Path("data"),
        intents_dir=Path("intents"),
        knowledge_dir=Path("knowledge"),
        encoder_dir=None,
        key=None,
        key_file=Path("key"),
        timezone=ZoneInfo("Asia/Shanghai"),
        telegram_token=token or api.token,
        telegram_api=api.base_url,
        telegram_secret=secret,
        telegram_staff_chat=staff_chat,
        public_url=public_url,
        embed_origins=(),
        trusted_proxies=(),
        database_url=None,
        database_direct_url=None,
        metrics_token=None,
        drain_notice=0,
    )


@dataclass
class Bench:
    """A Bot API server, an assistant and the channel between them."""

    api: BotApi
    assistant: FakeAssistant
    by_webhook: bool = False
    leading: bool = True
    """Whether this process is the one that asks Telegram."""

    store_down: bool = False

    async def leads(self) -> bool:
        return self.leading

    async def check(self) -> None:
        if self.store_down:
            raise StoreStopped("The database is away.")

    def channel(self, chosen: Settings | None = None) -> TelegramChannel:
        """A channel that polls briefly and tries again soon."""
        return TelegramChannel(
            assistant=self.assistant,
            settings=chosen or settings(self.api),
            vault=Vault(b"k" * 32),
            clock=lambda: NOW,
            lead=Lead(self.leads, self.check),
            poll_seconds=1,
            first_wait=0.02,
            ask_again=0.05,
        )

    @asynccontextmanager
    async def running(self, *, secret: str | None = None) -> AsyncIterator[TelegramChannel]:
        """Run a channel: by webhook on a server of its own, or by polling."""
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            public_url = f"http://127.0.0.1:{listening.getsockname()[1]}" if self.by_webhook else None
            channel = self.channel(settings(self.api, secret=secret, public_url=public_url))
            app = web.Application(client_max_size=64 * 1024)
            channel.add_routes(app)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
            await runner.setup()
            await web.SockSite(runner, listening).start()
            await channel.start()
            try:
                yield channel
            finally:
                await channel.drain()
                await channel.close()
                await runner.cleanup()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running:
        yield running


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture(params=["polling", "webhook"])
def bench(request: pytest.FixtureRequest, api: BotApi, assistant: FakeAssistant) -> Bench:
    """Either way of getting updates."""
    return Bench(api=api, assistant=assistant, by_webhook=request.param == "webhook")


@pytest.fixture
def polling(api: BotApi, assistant: FakeAssistant) -> Bench:
    return Bench(api=api, assistant=assistant)


@pytest.fixture
def webhook(api: BotApi, assistant: FakeAssistant) -> Bench:
    return Bench(api=api, assistant=assistant, by_webhook=True)
