"""A surge: thousands of citizens ask about one event within a minute, while other questions go on.

    python -m tests.benchmarks surge      # at full size, both engines
    python -m tests.benchmarks.surge [--citizens 10000] [--seconds 60] [--others 20] [--engine tinydb|postgres] [--language zh|en]

Through the real HTTP API of `python -m bot serve` with the sample content: one process on the embedded engine, two on
PostgreSQL (a real server, its data on disk). First others alone ask questions the desk answers, at random moments; then
the surge comes on top, each citizen in a conversation of their own, in generated wordings. Every wait is counted from the
moment the message was due. Then one member of staff answers the situation at the console.
"""

import argparse
import asyncio
import itertools
import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import orjson
from psycopg import AsyncConnection

from bot.config import PRODUCT
from bot.content import read_content
from tests.benchmarks.serving import cpu_seconds
from tests.benchmarks.surge_words import events, wordings
from tests.postgres import running_server
from tests.walks.desk_process import running_desk
from tests.walks.several import several_desks
from tests.walks.staff_client import StaffClient, join
from tests.walks.staff_client import field as hidden

CONTENT = {"INTENTS_DIR": str(PRODUCT / "intents"), "KNOWLEDGE_DIR": str(PRODUCT / "knowledge")}
ALONE = 15.0
"""Seconds others ask before the surge."""
OWED_WITHIN = 120.0
AGAIN = 0.5
"""Seconds after which a citizen who was asked to wait sends the message again."""

Owed = Callable[[], Awaitable[tuple[int, int]]]
"""Tells how many deliveries there are, and how many of them are not out yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is asked, and how."""

    citizens: int = 10_000
    seconds: float = 60.0
    others: float = 20.0
    """Other questions a second."""
    language: str = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A running desk, and where staff and the benchmark look into it."""

    addresses: Sequence[str]
    link: str
    pids: Sequence[int]
    deliveries: Owed


@dataclass(slots=True)
class Heard:
    """What citizens were told, and how long they waited."""

    waits: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    receipts: list[str] = field(default_factory=list)
    """References."""
    lag: float = 0.0
    """The most this program itself was late to ask."""


def main(data: Path | None = None) -> None:
    """Measure at full size, one process and then two, and print; `data` is not needed."""
    del data
    for engine in ("tinydb", "postgres"):
        measure(Setting(), engine)


def measure(setting: Setting, engine: str) -> None:
    """Measure and print."""
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {engine}", flush=True)
    with TemporaryDirectory(prefix="desk-surge-") as folder:
        asyncio.run(_run(setting, engine, Path(folder)))


async def _run(setting: Setting, engine: str, home: Path) -> None:
    desk = _one_process(home) if engine == "tinydb" else _two_processes(home)
    async with desk as standing:
        await _measure(setting, standing)


@asynccontextmanager
async def _one_process(home: Path) -> AsyncIterator[Standing]:
    def count() -> tuple[int, int]:
        with closing(sqlite3.connect(f"file:{home}/data/desk.sqlite3?mode=ro", uri=True)) as store:
            (every, waiting) = store.execute(
                "SELECT count(*), coalesce(sum(json_extract(CAST(body AS TEXT), '$.status') = 'owed'), 0) FROM deliveries"
            ).fetchone()
        return every, waiting

    with running_desk(home) as desk:
        assert desk.first_link is not None
        yield Standing(
            addresses=[desk.address],
            link=desk.first_link,
            pids=[desk.process.pid],
            deliveries=lambda: asyncio.to_thread(count),
        )


@asynccontextmanager
async def _two_processes(home: Path) -> AsyncIterator[Standing]:
    with running_server(home / "postgres") as server:
        async with several_desks(server, home, 2, **CONTENT) as desks:
            link = (await asyncio.to_thread(desks.command, "staff", "invite")).split()[-1]
            async with await AsyncConnection.connect(
                desks.environ["DATABASE_URL"], autocommit=True
            ) as database:

                async def deliveries() -> tuple[int, int]:
                    found = await database.execute(
                        "SELECT count(*), count(*) FILTER (WHERE status = 'owed') FROM deliveries"
                    )
                    every, waiting = await found.fetchone() or (0, 0)
                    return int(every), int(waiting)

                yield Standing(
                    addresses=list(desks.processes),
                    link=link,
                    pids=[desk.process.pid for desk in desks.processes.values()],
                    deliveries=deliveries,
                )


async def _measure(setting: Setting, standing: Standing) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        urls = itertools.cycle([f"{address}/api/messages" for address in standing.addresses])
        questions = itertools.cycle(_questions())
        for _ in range(100 * len(standing.addresses)):  # warm
            await _post(http, next(urls), next(questions))
        before = await _others(http, urls, questions, setting.others, ALONE)
        said = wordings(events(setting.language)[0])
        used = sum(map(cpu_seconds, standing.pids))
        surge, others = await asyncio.gather(
            _asked(http, urls, said, setting.citizens, setting.seconds),
            _others(http, urls, questions, setting.others, setting.seconds),
        )
        used = sum(map(cpu_seconds, standing.pids)) - used
        messages = len(surge.waits) + len(others.waits)
        print(f"{used / messages * 1e3:.1f} ms of the desk's processor time for each of {messages} messages")
    async with join(standing.link, "Lin") as staff:
        situations = await _situations(staff)
        _print_surge(setting, surge, before, others, situations)
        await _answer(staff, *situations[0], standing)


def _questions() -> list[str]:
    """Return what others ask: the examples of the content's own intents, mixed."""
    content = read_content([PRODUCT / "intents"], [PRODUCT / "knowledge"])
    phrases = [
        phrase for intent in content.intents.values() if not intent.handoff for phrase in intent.phrases()
    ]
    random.Random(1).shuffle(phrases)
    return phrases


async def _others(
    http: aiohttp.ClientSession, urls: Iterator[str], texts: Iterator[str], per_second: float, seconds: float
) -> Heard:
    return await _asked(http, urls, texts, round(per_second * seconds), seconds)


async def _asked(
    http: aiohttp.ClientSession, urls: Iterator[str], texts: Iterator[str], count: int, seconds: float
) -> Heard:
    """Let `count` citizens ask at random moments within `seconds`."""
    chance, heard = random.Random(count), Heard()
    moments = sorted(chance.uniform(0, seconds) for _ in range(count))
    begun = time.perf_counter()

    async def citizen(due: float, text: str, url: str) -> None:
        body = await _post(http, url, text, heard)
        heard.waits.append((time.perf_counter() - due) * 1e3)
        for reply in body["replies"]:
            heard.kinds[reply["kind"]] += 1
            if reply["kind"] == "receipt":
                heard.receipts.append(reply["reference"])

    tasks = []
    for moment in moments:
        due = begun + moment
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        heard.lag = max(heard.lag, time.perf_counter() - due)
        tasks.append(asyncio.create_task(citizen(due, next(texts), next(urls))))
    await asyncio.gather(*tasks)
    heard.waits.sort()
    return heard


async def _post(http: aiohttp.ClientSession, url: str, text: str, heard: Heard | None = None) -> Any:
    """Send a message; when the desk asks to wait, send it again a little later, as the page does."""
    sent = orjson.dumps({"text": text, "message_id": os.urandom(12).hex()})
    while True:
        async with http.post(url, data=sent, headers={"Content-Type": "application/json"}) as answer:
            body = await answer.read()
            if answer.status == 200:
                return orjson.loads(body)
            if heard is None or answer.status not in (429, 503):
                raise SystemExit(f"The desk answered {answer.status}: {body.decode()}")
        heard.kinds[f"asked to wait ({answer.status})"] += 1
        await asyncio.sleep(AGAIN)


async def _situations(staff: StaffClient) -> list[tuple[str, int]]:
    """Return the path and size of each open situation, the largest first."""
    found: dict[str, int] = {}
    first = 0
    while True:
        page = await staff.get(f"/staff?from={first}")
        rows = page.split('class="row-link" href="')[1:]
        new = {
            row.split('"', 1)[0]: int(row.split('class="row-count">')[1].split()[0].replace(",", ""))
            for row in rows
        }
        if not new.keys() - found.keys():
            return sorted(found.items(), key=lambda each: -each[1])
        found |= new
        first += len(rows)


async def _answer(staff: StaffClient, path: str, size: int, standing: Standing) -> None:
    """Answer the situation, and watch until everything is owed and until everything is out."""
    await staff.post(f"{path}/open", then="claim")
    page = await staff.get(path)
    before, _ = await standing.deliveries()
    fields = {name: hidden(page, name) for name in ("seen", "first", "shown")}
    begun = time.perf_counter()
    sending = asyncio.create_task(staff.post(f"{path}/answer", text="20点前恢复供电。", **fields))
    every, changed, shown = before, begun, None
    while time.perf_counter() - begun < OWED_WITHIN:
        now, waiting = await standing.deliveries()
        if now > every:
            every, changed = now, time.perf_counter()
        if shown is None and sending.done():
            shown = time.perf_counter() - begun
        if sending.done() and not waiting and every - before >= size:
            break
        await asyncio.sleep(0.02)
    await sending
    out = time.perf_counter() - begun
    print(f"one answer: the page returned after {shown or 0:.2f} s; {every - before} replies owed after "
          f"{changed - begun:.2f} s (target 2 s); all placed for their citizens after {out:.1f} s")  # fmt: skip


def _print_surge(
    setting: Setting, surge: Heard, before: Heard, others: Heard, situations: Sequence[tuple[str, int]]
) -> None:
    asked = sum(surge.kinds[kind] for kind in ("receipt", "clarification", "answer", "urgent"))
    print(f"{setting.citizens} citizens in {setting.seconds:.0f} s ({setting.language}): {dict(surge.kinds)}")
    print(f"their wait: median {_part(surge.waits, 0.5):.0f} ms, p99 {_part(surge.waits, 0.99):.0f} ms, "
          f"longest {surge.waits[-1]:.0f} ms (target 2,000 ms); asked at most {surge.lag * 1e3:.0f} ms late")  # fmt: skip
    joined = situations[0][1] if situations else 0
    print(f"{len(surge.receipts)} receipts of {asked}; the event's situation holds {joined}; "
          f"{len(situations)} situations are open: {[size for _, size in situations[:8]]}")  # fmt: skip
    alone, beside = _part(before.waits, 0.99), _part(others.waits, 0.99)
    print(f"others ({setting.others:.0f}/s): p99 {alone:.1f} ms alone, {beside:.1f} ms beside the surge "
          f"({beside / alone:.1f} times, target 2); median {_part(before.waits, 0.5):.1f} → "
          f"{_part(others.waits, 0.5):.1f} ms, longest {others.waits[-1]:.0f} ms")  # fmt: skip


def _part(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _run_as_asked() -> None:
    usual = Setting()
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.surge")
    parser.add_argument("--citizens", type=int, default=usual.citizens)
    parser.add_argument("--seconds", type=float, default=usual.seconds)
    parser.add_argument("--others", type=float, default=usual.others, help="other questions a second")
    parser.add_argument("--engine", choices=("tinydb", "postgres"), default="tinydb")
    parser.add_argument("--language", choices=("zh", "en"), default=usual.language)
    chosen = parser.parse_args()
    setting = Setting(
        citizens=chosen.citizens, seconds=chosen.seconds, others=chosen.others, language=chosen.language
    )
    measure(setting, chosen.engine)


if __name__ == "__main__":
    _run_as_asked()
