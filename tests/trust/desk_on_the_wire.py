"""A desk with its channels on real sockets, around a store that can be held up or fail."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web
from aiohttp.test_utils import TestServer

from bot.assistant import Assistant
from bot.channels.telegram import Lead, TelegramChannel
from bot.channels.webchat import WebChat
from bot.config import Settings, read_settings
from bot.corpus import Corpus
from bot.delivery import Deliverer
from bot.joining import Joining
from bot.models import Address, Reply
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.botapi import BotApi
from tests.parts import KEY, Clock, Standing, Troubled


class BrokenMatcher:
    """An index that is gone: asking it anything is an error, so that whoever waits for it is found out."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("the index is gone")


@dataclass
class Wire:
    """What citizens reach, and what breaks behind it."""

    store: Troubled
    live: Standing
    assistant: Assistant
    telegram: TelegramChannel
    api: BotApi
    http: ClientSession
    address: str
    app: web.Application

    def lose_the_index(self) -> None:
        self.live.corpus = replace(self.live.corpus, matcher=BrokenMatcher())  # type: ignore[arg-type]

    async def post(self, text: str, **more: str) -> dict[str, Any]:
        """Send a message as a program does; return the answer."""
        async with self.http.post(f"{self.address}/api/messages", json={"text": text, **more}) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def post_form(self, text: str, **more: str) -> str:
        """Send a message as a browser without scripts does; return the page it ends on."""
        form = {"text": text, **more}
        async with self.http.post(f"{self.address}/chat", data=form) as response:
            assert response.status == 200, await response.text()
            return await response.text()


@asynccontextmanager
async def wire(corpus: Corpus, tmp_path: Path, **environ: str) -> AsyncIterator[Wire]:
    """Serve web chat and Telegram around one assistant."""
    vault, clock, live = Vault(KEY), Clock(dt.datetime.now(dt.UTC)), Standing(corpus)
    async with BotApi() as api:
        settings: Settings = read_settings(
            {
                "DATA_DIR": str(tmp_path / "data"),
                "TELEGRAM_TOKEN": api.token,
                "TELEGRAM_API": api.base_url,
                **environ,
            }
        )
        kept = await open_tinydb(tmp_path / "data", vault)
        store = Troubled(kept)

        async def send_later(to: Address, reply: Reply) -> None:
            await channels[to.channel].send(to, reply)

        common: dict[str, Any] = {"vault": vault, "clock": clock}
        assistant = Assistant(
            store=store,  # type: ignore[arg-type]
            live=live,  # type: ignore[arg-type]
            timezone=settings.timezone,
            joining=Joining(store=store, vault=vault, live=live, timezone=settings.timezone),  # type: ignore[arg-type]
            send_later=send_later,
            **common,
        )
        webchat = WebChat(assistant=assistant, names=lambda: live.corpus.content, settings=settings, **common)
        telegram = TelegramChannel(
            assistant=assistant,
            settings=settings,
            first_wait=0.05,
            lead=Lead(lambda: store.leads("telegram"), store.check),
            **common,
        )
        channels: dict[str, Any] = {webchat.name: webchat, telegram.name: telegram}
        deliverer = Deliverer(store=store, live=live, channels=channels, **common)  # type: ignore[arg-type]
        app = web.Application(client_max_size=64 * 1024)
        webchat.add_routes(app)
        async with (
            TestServer(app) as server,
            ClientSession(timeout=ClientTimeout(total=20)) as http,
        ):
            await deliverer.start()
            await telegram.start()
            try:
                address = str(server.make_url("")).rstrip("/")
                yield Wire(store, live, assistant, telegram, api, http, address, app)
            finally:
                store.problem = None
                store.let_go()
                await telegram.drain()
                await telegram.close()
                await assistant.stop()
                await deliverer.stop()
        await kept.close()
