"""One answer to a situation with thousands of citizens in it: how soon all are owed it, and what others feel of it.

    python -m tests.benchmarks answer_many          (CITIZENS=10000 by default)

On both engines: the embedded store on disk, and PostgreSQL on this machine. Replies are placed in web conversations.
Meanwhile a citizen every 50 ms asks something that a person has to answer, and waits for the receipt to be in its place.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bot.assistant import Assistant
from bot.corpus import build_corpus
from bot.delivery import Deliverer
from bot.desk import Desk
from bot.joining import Joining
from bot.models import Address, DeliveryStatus, IncomingMessage, Reply, StaffAnswer
from bot.store.base import Store
from bot.store.postgres import migrate, open_postgres
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.crowd import crowd
from tests.parts import Standing, read_sample
from tests.postgres import make_database, running_server

CITIZENS = int(os.environ.get("CITIZENS", "10000"))
EVERY = 0.05
PROBE = 0.001
VAULT = Vault(b"k" * 32)
QUESTION = "who repairs the clock on the old tower"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Placing:
    """The web chat without its pages: each reply is placed in its conversation."""

    assistant: Assistant
    name: str = "webchat"
    placed: dict[str, float] = field(default_factory=dict)
    """When the reply of an id was placed first."""
    answers: int = 0

    async def send(self, address: Address, reply: Reply) -> DeliveryStatus:
        await self.assistant.place(address, reply)
        self.placed.setdefault(reply.id, time.perf_counter())
        self.answers += reply.kind == "staff_answer"
        return DeliveryStatus.PLACED


@dataclass
class Felt:
    """What others felt of it."""

    holds: list[float] = field(default_factory=list)
    """How much longer than asked the loop let somebody sleep, in seconds."""
    answered: list[float] = field(default_factory=list)
    """Seconds until a question was recorded and its receipt said."""
    receipts: dict[str, float] = field(default_factory=dict)
    """By the receipt's id, when its question was sent."""

    def told(self, what: str, placed: dict[str, float]) -> None:
        waits = sorted(placed[one] - sent for one, sent in self.receipts.items() if one in placed)
        left = len(self.receipts) - len(waits)
        holds = sorted(self.holds)
        print(
            f"  {what:<28} others: answered p50 {1000 * median(self.answered):5.1f} ms, "
            f"p99 {1000 * sorted(self.answered)[int(0.99 * len(self.answered))]:6.1f} ms; receipt delivered p50 "
            f"{1000 * median(waits):5.1f} ms, max {1000 * waits[-1]:6.1f} ms ({len(waits)} of {len(waits) + left}); "
            f"loop held p99.9 {1000 * holds[int(0.999 * len(holds))]:5.1f} ms, max {1000 * holds[-1]:5.1f} ms"
        )


@asynccontextmanager
async def others(assistant: Assistant) -> AsyncIterator[Felt]:
    """Let others ask, and feel how long the loop is held, inside the block."""
    felt = Felt()

    async def probe() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(PROBE)
            felt.holds.append(time.perf_counter() - before - PROBE)

    async def ask() -> None:
        number = 0
        while True:
            number += 1
            begun = time.perf_counter()
            message = IncomingMessage(
                id="m", address=Address(channel="webchat", chat=f"{begun}"), text=QUESTION, received_at=now()
            )
            reply = (await assistant.respond(message))[-1]
            felt.answered.append(time.perf_counter() - begun)
            felt.receipts[reply.id] = begun
            await asyncio.sleep(EVERY)

    tasks = [asyncio.create_task(probe()), asyncio.create_task(ask())]
    try:
        yield felt
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], Awaitable[bool]]) -> float:
    """Wait until it is true; return how many seconds that took."""
    begun = time.perf_counter()
    while not await true():  # noqa: ASYNC110 (what is waited for has no event)
        await asyncio.sleep(0.02)
    return time.perf_counter() - begun


async def measure(store: Store, live: Standing) -> None:
    common: dict[str, Any] = {"store": store, "vault": VAULT, "live": live, "clock": now}

    async def send_later(_address: Address, _reply: Reply) -> None:
        """Nothing is late here."""

    joining = Joining(store=store, vault=VAULT, live=live, timezone=UTC)  # type: ignore[arg-type]
    assistant = Assistant(**common, timezone=UTC, joining=joining, send_later=send_later)
    desk, channel = Desk(**common, timezone=UTC), Placing(assistant)
    deliverer = Deliverer(**common, channels={"webchat": channel})
    content = live.corpus.content
    situation = await crowd(store, VAULT, content, CITIZENS, now() - timedelta(minutes=1))
    begun = time.perf_counter()
    await deliverer.start()

    async def all_sent() -> bool:
        return not await store.owed(1)

    await until(all_sent)
    print(f"  {CITIZENS} receipts delivered after a start in {time.perf_counter() - begun:.1f} s")
    async with others(assistant) as felt:
        await asyncio.sleep(5)
    await asyncio.sleep(0.5)
    felt.told("nothing else going on:", channel.placed)
    async with others(assistant) as felt:
        await asyncio.sleep(0.2)
        begun = time.perf_counter()
        await desk.answer(
            StaffAnswer(situation_id=situation, author="ada", text="It is being repaired. " * 20)
        )
        answered = time.perf_counter() - begun

        async def owed() -> bool:
            return not await store.mailings()

        await until(owed)
        all_owed = time.perf_counter() - begun
        while channel.answers < CITIZENS:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        placed = time.perf_counter() - begun
    await asyncio.sleep(0.5)
    felt.told("while it is made out and sent:", channel.placed)
    print(
        f"  Desk.answer returned after {1000 * answered:.0f} ms; all {CITIZENS} owed after {all_owed:.2f} s; "
        f"all in their conversations after {placed:.1f} s ({CITIZENS / placed:.0f}/s)"
    )
    await deliverer.stop()
    await store.close()


async def run() -> None:
    live = Standing(build_corpus(read_sample()))
    with TemporaryDirectory() as folder:
        print("embedded store")
        await measure(await open_tinydb(Path(folder) / "data", VAULT), live)
    with running_server() as server:
        print("PostgreSQL")
        url = await make_database(server, "desk")
        await migrate(url, VAULT)
        await measure(await open_postgres(url, VAULT), live)


def main(_data: Path | None) -> None:
    """Measure on both engines."""
    asyncio.run(run())
