"""The composition root: the only module that names a channel."""

import asyncio
import contextlib
import datetime as dt
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bot.assistant import Assistant
from bot.bundle import Folders
from bot.cache import Cache
from bot.channels.base import Channel
from bot.channels.webchat import WebChat
from bot.clockwork import Clockwork
from bot.config import Settings
from bot.control import Control
from bot.corpus import LiveCorpus
from bot.delivery import Deliverer
from bot.desk import Desk, stored_entries
from bot.encoder import open_encoder
from bot.engines import open_store
from bot.fit import FitWorker
from bot.headers import harden
from bot.health import Health
from bot.joining import Joining
from bot.locale import catalogue
from bot.logs import process_name
from bot.measured import measured
from bot.metrics import Metrics
from bot.models import Address, Alarm, KnowledgeEntry, Language, Reply, Role, Situation
from bot.oversight import Oversight
from bot.paging import Audience, Pager
from bot.patience import Patience
from bot.publishing import Publisher
from bot.safekeeping import Key, find_key
from bot.sharing import Sharing
from bot.staff import create_console
from bot.staff.auth import Accounts
from bot.store.base import Store
from bot.store.tinydb import TinyDBStore
from bot.vault import Vault
from bot.visitor import is_https

if TYPE_CHECKING:
    from bot.channels.telegram import TelegramChannel

log = logging.getLogger(__name__)

STAFF_CHAT_LANGUAGES: tuple[Language, ...] = ("zh-Hans", "en")
"""Who reads the staff chat is not known, so it is told in both."""
END = 14.0
"""Seconds that the end may take before what is left of it is broken off, step by step: it is over within 20."""
DRAIN = 8.0
"""Seconds that requests in hand have at the end."""
IN_HAND = 6.0
"""Seconds that each other thing in hand has."""


def utc_now() -> dt.datetime:
    """Return the time, aware."""
    return dt.datetime.now(dt.UTC)


class App:
    """Everything that runs, put together."""

    def __init__(self, settings: Settings, store: Store, vault: Vault) -> None:
        self.settings = settings
        self.metrics = Metrics(process_name())
        engine, store = store, measured(store, self.metrics)
        self.store = store
        self._vault = vault
        self._patience = Patience(END)

        async def stored() -> Sequence[KnowledgeEntry]:
            return await stored_entries(store, vault)

        self._fitting = FitWorker()
        alone = settings.database_url is None
        cache = Cache(settings.data_dir / "cache")
        self.live = LiveCorpus(
            stored,
            fit_whole=self._fitting.fit,
            cache=cache,
            sharing=None if alone else Sharing(store, vault, cache),
            train=self._fitting.train,
            encoder=None if settings.encoder_dir is None else open_encoder(settings.encoder_dir),
        )
        self._publisher = Publisher(
            store=store,
            vault=vault,
            live=self.live,
            folders=Folders(intents=settings.intents_dir, knowledge=settings.knowledge_dir),
            home=settings.data_dir / "content",
            clock=utc_now,
            alone=alone,
        )
        zone = settings.timezone
        self.desk = Desk(store=store, vault=vault, live=self.live, clock=utc_now, timezone=zone)
        self._joining = Joining(store=store, vault=vault, live=self.live, timezone=zone)
        self.assistant = Assistant(
            store=store,
            vault=vault,
            live=self.live,
            clock=utc_now,
            timezone=zone,
            joining=self._joining,
            send_later=self._send_later,
            meter=self.metrics,
        )
        self.accounts = Accounts(store, vault, utc_now)
        self.webchat = WebChat(
            assistant=self.assistant,
            names=lambda: self.live.corpus.content,
            settings=settings,
            vault=vault,
            clock=utc_now,
        )
        self.telegram = (
            None if settings.telegram_token is None else _telegram(self.assistant, settings, vault, store)
        )
        self.channels: dict[str, Channel] = {self.webchat.name: self.webchat}
        if self.telegram is not None:
            self.channels[self.telegram.name] = self.telegram
        self._deliverer = Deliverer(
            store=store, vault=vault, live=self.live, channels=self.channels, clock=utc_now
        )
        self.oversight = Oversight(store=store, vault=vault, live=self.live, clock=utc_now)
        self._clockwork = Clockwork(
            store=store,
            vault=vault,
            live=self.live,
            clock=utc_now,
            oversight=self.oversight,
            timezone=settings.timezone,
        )
        staff_chat = self.telegram if settings.telegram_staff_chat is not None else None
        self._pager = Pager(
            store=store,
            live=self.live,
            clock=utc_now,
            tell=None if staff_chat is None else self._tell_staff,
        )
        self.health = Health(
            store=store, live=self.live, metrics=self.metrics, settings=settings, clock=utc_now
        )
        self._control = _control(self, engine)
        self._runner: web.AppRunner | None = None
        self._followers: list[asyncio.Task[None]] = []
        self.port = settings.port

    @property
    def address(self) -> str:
        """Where people on this machine reach the desk."""
        if self.settings.public_url is not None:
            return self.settings.public_url
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "::", "") else self.settings.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def invite(self, role: Role) -> str:
        """Return a fresh one-time link by which somebody sets a password."""
        return f"{self.address}/staff/join/{await self.accounts.invite(role)}"

    async def start(self) -> None:
        """Begin to serve. Raises `ContentError`, or `OSError` when the port is taken; all is stopped by then."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        # First, so that a port that is taken is told at once; who calls early waits for the fit.
        listening = _bound(self.settings.host, self.settings.port)
        self.port = listening.getsockname()[1]
        try:
            await self._publisher.start()
        except BaseException:
            listening.close()
            raise
        # The worker starts again when an edit needs it; most days none does.
        self._fitting.stop()
        self._runner = web.AppRunner(
            self.application(), access_log=None, handle_signals=False, shutdown_timeout=DRAIN
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()
        if self._control is not None:
            await self._control.start()
        self._followers = [
            asyncio.create_task(self.webchat.follow(self.store.changes()), name="follow deliveries"),
            asyncio.create_task(self.metrics.watch_lag(), name="watch the event loop"),
        ]
        await self._joining.start()
        await self._deliverer.start()
        await self._clockwork.start()
        await self._pager.start()
        if self.telegram is not None:
            await self.telegram.start()

    def application(self) -> web.Application:
        """Return everything that is served over HTTP: chat page, API, webhook, console."""
        web_app = web.Application(client_max_size=64 * 1024)
        self.health.add_to(web_app)
        self.webchat.add_routes(web_app)
        if self.telegram is not None:
            self.telegram.add_routes(web_app)
        web_app.add_subapp(
            "/staff",
            create_console(
                desk=self.desk,
                oversight=self.oversight,
                accounts=self.accounts,
                live=self.live,
                settings=self.settings,
                clock=utc_now,
            ),
        )

        async def add_safe_headers(request: web.Request, response: web.StreamResponse) -> None:
            settings = self.settings
            harden(response, https=is_https(request, settings.trusted_proxies, settings.public_url))

        web_app.on_response_prepare.append(add_safe_headers)
        return web_app

    async def stop(self) -> None:
        """Take nothing new, finish what is in hand, let go of the data and of every duty; within 20 seconds."""
        patience = self._patience
        patience.begin()
        self.health.draining = True
        log.info("The desk is stopping")
        if self._runner is not None:
            # Balancers see that this process is not ready, and send what comes now to others.
            await patience.pause(self.settings.drain_notice)
            intake = [patience.within("requests", self._runner.cleanup(), DRAIN + 1)]
            if self._control is not None:
                intake.append(patience.within("commands", self._control.stop(), IN_HAND))
            if self.telegram is not None:
                intake.append(patience.within("telegram", self.telegram.drain(), DRAIN))
            await asyncio.gather(*intake)
        for task in self._followers:
            task.cancel()
        self._fitting.stop()
        await asyncio.gather(
            *(
                patience.within(name, part.stop(), IN_HAND)
                for name, part in (
                    ("messages", self.assistant),
                    ("joining", self._joining),
                    ("deliveries", self._deliverer),
                    ("clockwork", self._clockwork),
                    ("alarms", self._pager),
                    ("content", self._publisher),
                    ("learning", self.live),
                )
            ),
        )
        await asyncio.gather(*self._followers, return_exceptions=True)
        await patience.within("store", self._let_go(), IN_HAND)
        log.info("The desk has stopped")

    def hurry(self) -> None:
        """Let a stop that has begun, or is to come, wait for nothing much."""
        self._patience.hurry()

    async def _let_go(self) -> None:
        if self.telegram is not None:
            await self.telegram.close()
        await self.store.close()

    async def _tell_staff(self, alarm: Alarm, situation: Situation, audience: Audience) -> None:
        """Tell the staff chat of an urgent situation: reference, kind, age and where, and nothing that was written."""
        if self.telegram is None:
            return
        minutes = int((utc_now() - alarm.raised_at).total_seconds() // 60)
        lines = []
        for language in STAFF_CHAT_LANGUAGES:
            say = catalogue(language)
            lines.append(
                say["telegram.staff_page"].format(
                    kind=say[f"staff.urgent.{alarm.kind}"],
                    reference=" ".join(situation.references[:1]),
                    minutes=minutes,
                    audience=say[f"staff.alarm.audience.{audience.name.lower()}"],
                )
            )
        if self.settings.public_url is not None:
            lines.append(f"{self.settings.public_url}/staff/situations/{situation.id}")
        await self.telegram.tell_staff("\n".join(lines))

    async def _send_later(self, address: Address, reply: Reply) -> None:
        channel = self.channels.get(address.channel)
        if channel is not None:
            await channel.send(address, reply)


def _control(app: App, store: Store) -> Control | None:
    """Return what takes commands beside the running desk: only the embedded store is one process's own."""
    if app.settings.socket is None or not isinstance(store, TinyDBStore):
        return None

    async def back_up(folder: Path) -> tuple[Path, Path]:
        made = await store.back_up(folder, utc_now())
        log.info("A backup was made", extra={"words": made.words.name})
        return made.words, made.keys

    return Control(app.settings.socket, app.invite, app.oversight.verify, back_up)


def _telegram(assistant: Assistant, settings: Settings, vault: Vault, store: Store) -> "TelegramChannel":
    # A desk without Telegram starts without its library.
    from bot.channels.telegram import Lead, TelegramChannel  # noqa: PLC0415

    return TelegramChannel(
        assistant=assistant,
        settings=settings,
        vault=vault,
        clock=utc_now,
        lead=Lead(lambda: store.leads("telegram"), store.check),
    )


async def open_app(settings: Settings, key: Key) -> App:
    """Open the store and put the desk together. Raises `ConfigError`, `StoreError`, `VaultError`."""
    vault = Vault(key.value)
    if settings.encoder_dir is not None:
        open_encoder(settings.encoder_dir)  # before the store is: a model that cannot be used ends the start
    store = await open_store(settings, vault)
    try:
        return App(settings, store, vault)
    except BaseException:
        await store.close()
        raise


@contextlib.asynccontextmanager
async def running(settings: Settings, key: Key | None = None) -> AsyncIterator[App]:
    """Serve inside the block: what tests and `serve` use."""
    app = await open_app(settings, key or find_key(settings))
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address. Raises `OSError` when that cannot be."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


__all__ = ["App", "Key", "find_key", "open_app", "running", "utc_now"]
