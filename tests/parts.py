"""What tests are put together from: a small city's content, a clock to turn, a channel that writes down, a whole desk."""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.assistant import Assistant
from bot.clockwork import Clockwork
from bot.content import read_content
from bot.corpus import Corpus
from bot.delivery import Deliverer
from bot.desk import Desk
from bot.errors import Fault
from bot.joining import Joining
from bot.models import Address, ContentVersion, DeliveryStatus, IncomingMessage, Reply
from bot.oversight import Oversight
from bot.store.base import Store
from bot.urgent import Verdict
from bot.vault import Vault

CONTENT = Path(__file__).parent / "content"
INTENTS, KNOWLEDGE = CONTENT / "intents", CONTENT / "knowledge"
NOON = dt.datetime(2026, 11, 24, 2, 30, tzinfo=dt.UTC)
"""A Tuesday, 10:30 in the desk's time zone: staff are on duty."""
KEY = b"k" * 32

ANSWERED = "do bicycles need lights"
ANSWERED_ZH = "自行车要装灯吗"
UNANSWERED = "where can my parrot see a dentist"
UNANSWERED_ZH = "鹦鹉去哪里看牙医"
UNCLEAR = "what about the card"
"""An example of two intents, so that the citizen has to choose."""
ADDED = "he is green and very old"
"""What only makes sense after UNANSWERED."""
CRISIS = "我不想活了"
FIRE = "there is a fire in my kitchen right now, smoke everywhere"


class Clock:
    """The time, standing still until a test turns it."""

    def __init__(self, now: dt.datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def running(self) -> float:
        """Seconds that go on as this clock does."""
        return self.now.timestamp()

    def forward(self, **amount: float) -> None:
        self.now += dt.timedelta(**amount)


class Standing:
    """A live corpus that stays as it is until a test says otherwise."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.problems: tuple[Fault, ...] = ()
        self.version: ContentVersion | None = None


class Judge:
    """A detector that finds what it was told to find."""

    def __init__(self, verdicts: dict[str, Verdict]) -> None:
        self._verdicts = verdicts

    def judge(self, text: str) -> Verdict | None:
        return next((verdict for part, verdict in self._verdicts.items() if part in text), None)


@dataclass
class Recorder:
    """A channel that writes down what it is handed, and fails when told to."""

    name: str = "webchat"
    sent: list[tuple[str, Reply]] = field(default_factory=list)
    attempts: int = 0
    problems: dict[str, list[Exception]] = field(default_factory=dict)
    """By chat: what to raise at the next attempts."""
    status: DeliveryStatus = DeliveryStatus.SENT

    async def send(self, address: Address, reply: Reply) -> DeliveryStatus:
        self.attempts += 1
        waiting = self.problems.get(address.chat)
        if waiting:
            raise waiting.pop(0)
        self.sent.append((address.chat, reply))
        return self.status

    def texts(self, chat: str = "ann") -> list[str]:
        return [reply.text for to, reply in self.sent if to == chat]


class Troubled:
    """A store in front of another: held up, or failing, as a test says."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.problem: Exception | None = None
        self.failing: set[str] = set()
        """Verbs that raise `problem`; all of them when empty."""
        self._held: set[str] = set()
        self._open = asyncio.Event()

    def hold(self, *verbs: str) -> None:
        """Let these verbs wait until `let_go`."""
        self._held = set(verbs)
        self._open.clear()

    def let_go(self) -> None:
        """Let everything that waits go on."""
        self._held = set()
        self._open.set()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in ("changes", "close") or not callable(found):
            return found

        async def verb(*args: Any, **kwargs: Any) -> Any:
            if name in self._held:
                await self._open.wait()
            if self.problem is not None and (not self.failing or name in self.failing):
                raise self.problem
            return await found(*args, **kwargs)

        return verb


@dataclass
class Office:
    """A whole desk around a store in memory, with a citizen called Ann."""

    store: Store
    vault: Vault
    live: Standing
    clock: Clock
    channel: Recorder
    assistant: Assistant
    desk: Desk
    deliverer: Deliverer
    oversight: Oversight
    clockwork: Clockwork
    late: list[tuple[Address, Reply]]
    """What was sent outside a response and outside the outbox."""
    _count: int = 0

    async def ask(self, text: str = "", chat: str = "ann", **other: Any) -> tuple[Reply, ...]:
        """Send a message and return what is said to it."""
        self._count += 1
        message = IncomingMessage(
            **{
                "id": f"m{self._count}",
                "address": address(chat),
                "text": text,
                "received_at": self.clock(),
                **other,
            }
        )
        return await self.assistant.respond(message)

    async def ask_one(self, text: str = "", chat: str = "ann", **other: Any) -> Reply:
        """Send a message and return the last thing said to it."""
        return (await self.ask(text, chat, **other))[-1]

    async def tap(self, reply: Reply, start: str, chat: str = "ann") -> Reply:
        """Tap the button of the reply whose id or title begins so; return the last thing said."""
        option = next(o for o in reply.options if o.id.startswith(start) or o.title.startswith(start))
        return await self.ask_one(option=option.id, chat=chat)

    async def hand_over(self, text: str = UNANSWERED, chat: str = "ann") -> str:
        """Let a question go to a person; return its reference, well after the message was sent."""
        reply = await self.ask_one(text, chat)
        assert reply.reference is not None, reply
        self.clock.forward(minutes=1)
        return reply.reference

    async def situation_of(self, reference: str) -> str:
        """Return the id of the situation of a reference."""
        situation = await self.desk.find(reference, "ada")
        assert situation is not None
        return situation.id

    async def words_of(self, reference: str) -> list[str]:
        """Return what stands in the inquiry of a reference, as staff read it (which marks it as seen)."""
        opened = await self.desk.open(await self.situation_of(reference), "reader")
        return [
            words.text
            for each in opened.inquiries
            if each.inquiry.reference == reference
            for words in each.words
        ]

    async def references(self) -> set[str]:
        """Return every reference in the queue."""
        return {reference for each in await self.desk.queue("ada") for reference in each.references}

    def judge(self, **verdicts: Verdict) -> None:
        """Have the detector find these, and nothing else."""
        found = {part.replace("_", " "): verdict for part, verdict in verdicts.items()}
        self.live.corpus = replace(self.live.corpus, urgent=Judge(found))  # type: ignore[arg-type]

    def settings(self, **other: Any) -> None:
        """Change what `_desk.yaml` says."""
        content = self.live.corpus.content
        content = replace(content, desk=replace(content.desk, **other))
        self.live.corpus = replace(self.live.corpus, content=content)


def address(chat: str = "ann", channel: str = "webchat") -> Address:
    return Address(channel=channel, chat=chat)


def make_office(store: Store, corpus: Corpus, key: bytes = KEY) -> Office:
    """Put a desk together around the store."""
    vault, live, clock, channel = Vault(key), Standing(corpus), Clock(), Recorder()
    late: list[tuple[Address, Reply]] = []
    shanghai = dt.timezone(dt.timedelta(hours=8))

    async def send_later(to: Address, reply: Reply) -> None:
        late.append((to, reply))

    common: dict[str, Any] = {"store": store, "vault": vault, "live": live, "clock": clock}
    joining = Joining(store=store, vault=vault, live=live, timezone=shanghai)  # type: ignore[arg-type]
    oversight = Oversight(**common)
    return Office(
        store=store,
        vault=vault,
        live=live,
        clock=clock,
        channel=channel,
        assistant=Assistant(**common, timezone=shanghai, joining=joining, send_later=send_later),
        desk=Desk(**common, timezone=shanghai),
        deliverer=Deliverer(**common, channels={"webchat": channel}, running=clock.running),
        oversight=oversight,
        clockwork=Clockwork(**common, oversight=oversight, timezone=shanghai),
        late=late,
    )


def read_sample() -> Any:
    """Read the small city's content."""
    return read_content([INTENTS], [KNOWLEDGE])


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something is true; fail when it does not come true."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)
