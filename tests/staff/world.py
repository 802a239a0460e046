"""A console over a real desk and store, small content, and a clock that tests turn."""

import contextlib
import datetime as dt
import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from bot.codec import to_json
from bot.config import Settings, read_settings
from bot.content import read_content
from bot.corpus import Corpus, build_corpus
from bot.desk import Desk
from bot.errors import Fault
from bot.mailing import owe
from bot.models import (
    Address,
    ContentVersion,
    Conversation,
    DeliveryStatus,
    Inquiry,
    InquiryStatus,
    Language,
    Reply,
    Role,
    Sealed,
    Situation,
    SituationStatus,
    UrgentKind,
    Words,
)
from bot.oversight import Oversight
from bot.reference import new_reference
from bot.staff import create_console
from bot.staff.auth import Accounts
from bot.store.base import Addition, Effect, Filing, Store
from bot.store.tinydb import open_tinydb
from bot.vault import Box, Vault

HERE = Path(__file__).parent
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Weak on purpose: tests sign in a thousand times."""


CONTENT = HERE / "content"


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_(self, **amount: float) -> None:
        self.now += dt.timedelta(**amount)


class StillCorpus:
    """A corpus that was fitted once and is not watched."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.problems: tuple[Fault, ...] = ()
        self.version: ContentVersion | None = None

    def set_publish_needs(self, people: int) -> None:
        self.set(publish_needs=people)

    def set(self, **settings: Any) -> None:
        """Change what `_desk.yaml` says."""
        content = self.corpus.content
        desk = replace(content.desk, **settings)
        self.corpus = replace(self.corpus, content=replace(content, desk=desk))


@dataclass
class World:
    """The desk behind the console, and ways to make things happen on it."""

    store: Store
    vault: Vault
    clock: Clock
    live: StillCorpus
    desk: Desk
    oversight: Oversight
    accounts: Accounts
    settings: Settings
    client: TestClient[web.Request, web.Application]
    names: list[str] = field(default_factory=list)

    async def file(
        self,
        text: str = "where is my umbrella",
        *,
        urgent: UrgentKind | None = None,
        language: Language = "en",
        nearest: str | None = "intent:lost_property",
        lane: str = "lost_property",
        channel: str = "webchat",
        joins: Situation | None = None,
    ) -> Situation:
        """File an inquiry as the assistant does, and return its situation."""
        now, name = self.clock(), token_hex(8)
        reference = new_reference()
        situation_id = token_hex(16)
        situation = joins or Situation(
            id=situation_id,
            status=SituationStatus.OPEN,
            lane=lane,
            nearest=nearest,
            urgent=urgent,
            languages=(language,),
            references=(reference,),
            data_key=self.vault.new_key(situation_id),
            opened_at=now,
            updated_at=now,
        )
        data_key = self.vault.new_key(f"i-{name}")
        box = self.vault.unwrap(f"i-{name}", data_key)
        inquiry = Inquiry(
            id=f"i-{name}",
            reference=reference,
            situation_id=situation.id,
            status=InquiryStatus.OPEN,
            channel=channel,
            data_key=data_key,
            address=box.seal("address", to_json(Address(channel=channel, chat=name))),
            words=(self._words(box, text),),
            language=language,
            opened_at=now,
            updated_at=now,
        )
        receipt = Reply(id=f"d-{name}", kind="receipt", text="Noted.", language=language, owed=True)
        await self.store.record(
            Effect(
                message=f"m-{name}",
                at=now,
                conversation=self._conversation(name, 1),
                filing=Filing(
                    inquiry=inquiry, situation=situation, receipt=owe(box, inquiry.id, receipt, now)
                ),
            )
        )
        self.names.append(name)
        kept = await self.store.situation(situation.id)
        assert kept is not None
        return kept

    async def add(self, text: str) -> None:
        """Let the citizen who asked last write more."""
        name = self.names[-1]
        inquiry = await self.store.inquiry(f"i-{name}")
        assert inquiry is not None
        words = self._words(self.vault.unwrap(inquiry.id, inquiry.data_key), text)
        await self.store.record(
            Effect(
                message=f"m2-{token_hex(4)}",
                at=self.clock(),
                conversation=self._conversation(token_hex(4), 1),
                addition=Addition(inquiry_id=inquiry.id, words=words, at=self.clock()),
            )
        )

    async def settle_receipt(self, status: DeliveryStatus, problem: str | None = None) -> None:
        """Let the last receipt arrive, wait or fail."""
        await self.store.settle_delivery(f"d-{self.names[-1]}", status, attempts=0, problem=problem)

    async def join(self, name: str, role: Role = Role.STAFF, language: Language = "en") -> "Person":
        """Make an account and sign in with a browser of its own."""
        token = await self.accounts.accept(await self.accounts.invite(role), name, PASSWORD, language)
        return Person(self, name, token)

    def _words(self, box: Box, text: str) -> Sealed:
        return box.seal("words", to_json(Words(who="citizen", at=self.clock(), text=text)))

    def _conversation(self, key: str, version: int) -> Conversation:
        data_key = self.vault.new_key(f"c-{key}")
        return Conversation(
            key=f"c-{key}",
            body=self.vault.unwrap(f"c-{key}", data_key).seal("conversation", b"{}"),
            data_key=data_key,
            keep_until=None,
            version=version,
        )


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    text: str
    headers: Any

    @property
    def location(self) -> str:
        return str(self.headers["Location"])

    def field(self, name: str) -> str:
        """Return the value of the first hidden field of that name."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name}"
        return html.unescape(found[1])

    @property
    def words(self) -> str:
        """The text of the page, without its tags."""
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


class Person:
    """A member of staff with a browser; None for a token is somebody without a session."""

    def __init__(self, world: World, name: str, token: str | None) -> None:
        self.world = world
        self.name = name
        self.cookies = {"desk_staff": token} if token else {}

    async def get(self, path: str, **headers: str) -> Page:
        return await self.send("GET", path, headers=headers)

    async def send(
        self, method: str, path: str, *, data: Any = None, headers: dict[str, str] | None = None
    ) -> Page:
        """Send the request as it is, and follow nothing."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookies, "Accept-Language": "en", **(headers or {})}
        async with self.world.client.request(
            method, f"/staff{path}", data=data, headers=sent, allow_redirects=False
        ) as response:
            for name, morsel in response.cookies.items():
                self.cookies[name] = morsel.value
            return Page(response.status, await response.text(), response.headers)

    async def csrf(self) -> str:
        return (await self.get("/account")).field("csrf")

    async def post(self, path: str, data: dict[str, str] | None = None, **headers: str) -> Page:
        """Send a form of this session."""
        return await self.send(
            "POST", path, data={"csrf": await self.csrf(), **(data or {})}, headers=headers
        )

    async def open(self, situation: Situation) -> Page:
        """Open the words of a situation and return its page."""
        await self.post(f"/situations/{situation.id}/open")
        return await self.get(f"/situations/{situation.id}")


@contextlib.asynccontextmanager
async def a_world(
    corpus: Corpus, tmp_path: Path, beside: World | None = None, **environ: str
) -> AsyncIterator[World]:
    """Serve a console, of a desk of its own or as another process of the desk of `beside`."""
    clock, vault = beside.clock if beside else Clock(), Vault(b"k" * 32)
    live = StillCorpus(corpus)
    store = beside.store if beside else await open_tinydb(None, vault)
    settings = read_settings({"DATA_DIR": str(tmp_path), **environ})
    desk = Desk(store=store, vault=vault, live=live, clock=clock, timezone=settings.timezone)
    accounts = Accounts(store, vault, clock, QUICK)
    app = web.Application(client_max_size=64 * 1024)
    oversight = Oversight(store=store, vault=vault, live=live, clock=clock)
    app.add_subapp(
        "/staff",
        create_console(
            desk=desk, oversight=oversight, accounts=accounts, live=live, settings=settings, clock=clock
        ),
    )
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        yield World(store, vault, clock, live, desk, oversight, accounts, settings, client)
    if beside is None:
        await store.close()


def small_corpus() -> Corpus:
    """Fit the content beside these tests."""
    return build_corpus(read_content([CONTENT / "intents"], [CONTENT / "knowledge"]))
