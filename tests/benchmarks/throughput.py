"""How many messages one process answers over HTTP, beside a handler that only parses, calls `route` and answers.

    python -m tests.benchmarks throughput

Both serve the sample content, each as a process of its own on loopback, and are asked the same questions, in turns, by
this one. The questions are the content's own examples that `route` answers. A citizen asks three of them in a
conversation; the bare handler knows no conversations. The desk's effect is durable when it answers: the exchange sealed,
the message's id noted, the counters kept. Then the desk alone is asked at half the rate it reached, at random moments, and
waits are counted from the moment a question was due.
"""

import argparse
import asyncio
import datetime as dt
import itertools
import multiprocessing
import os
import random
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import aiohttp
import orjson
from aiohttp import web

from bot.config import PRODUCT
from bot.content import read_content
from bot.corpus import build_corpus
from bot.models import Address, Answer, IncomingMessage
from bot.router import ConversationState, route
from tests.benchmarks.serving import cpu_seconds, running_desk

TURNS = 7
MESSAGES = 1_500
"""In each turn."""
CITIZENS = 24
"""Asking at the same time."""
QUESTIONS_EACH = 3
LATENCY_SECONDS = 15.0

Ask = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a server did in one turn."""

    per_second: float
    cpu_ms: float
    """Processor time of the server for each message."""


def main(data: Path | None = None) -> None:
    """Measure and print; `data` is not needed."""
    del data
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with TemporaryDirectory(prefix="desk-throughput-") as folder, bare() as (bare_url, bare_pid, questions):
        home = Path(folder)
        for name in ("intents", "knowledge"):
            shutil.copytree(PRODUCT / name, home / name)
        with running_desk(home) as desk:
            asyncio.run(_measure(f"{desk.url}/api/messages", desk.pid, bare_url, bare_pid, questions))


async def _measure(desk_url: str, desk_pid: int, bare_url: str, bare_pid: int, questions: list[str]) -> None:
    asked = itertools.cycle(questions)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        for url in (desk_url, bare_url):  # warm
            await _turn(http, url, os.getpid(), asked, MESSAGES // 3)
        desk, plain = [], []
        for _ in range(TURNS):
            plain.append(await _turn(http, bare_url, bare_pid, asked, MESSAGES))
            desk.append(await _turn(http, desk_url, desk_pid, asked, MESSAGES))
        share = median(ours.per_second / theirs.per_second for ours, theirs in zip(desk, plain, strict=True))
        reached = median(turn.per_second for turn in desk)
        waits = await _at_rate(http, desk_url, asked, reached / 2)
    print("| | messages/s | processor per message |")
    print("|---|---|---|")
    for name, turns in (("parse, route, answer", plain), ("the desk", desk)):
        print(
            f"| {name} | {median(turn.per_second for turn in turns):.0f} "
            f"| {median(turn.cpu_ms for turn in turns):.2f} ms |"
        )
    print(f"\nthe desk answers {share:.0%} of the bare handler's messages (target 70 %)")
    print(
        f"at half load ({reached / 2:.0f}/s): median {_part(waits, 0.5):.1f} ms, "
        f"99th percentile {_part(waits, 0.99):.1f} ms, longest {waits[-1]:.1f} ms of {len(waits)} (target p99 25 ms)"
    )


async def _turn(http: aiohttp.ClientSession, url: str, pid: int, asked: Iterator[str], count: int) -> Turn:
    """Let citizens ask `count` questions, each as soon as the one before is answered."""
    left = itertools.repeat(None, count // QUESTIONS_EACH)

    async def citizen() -> None:
        for _ in left:
            conversation = None
            for _ in range(QUESTIONS_EACH):
                conversation = await _post(http, url, next(asked), conversation)

    wall, cpu = time.perf_counter(), cpu_seconds(pid)
    await asyncio.gather(*(citizen() for _ in range(CITIZENS)))
    wall, cpu = time.perf_counter() - wall, cpu_seconds(pid) - cpu
    done = count // QUESTIONS_EACH * QUESTIONS_EACH
    return Turn(per_second=done / wall, cpu_ms=cpu / done * 1e3)


async def _at_rate(
    http: aiohttp.ClientSession, url: str, asked: Iterator[str], per_second: float
) -> list[float]:
    """Ask at random moments, `per_second` on average; return the milliseconds each waited, sorted."""
    chance, waits = random.Random(1), []
    tasks = set()

    async def one(due: float) -> None:
        await _post(http, url, next(asked), None)
        waits.append((time.perf_counter() - due) * 1e3)

    due = begun = time.perf_counter()
    while due - begun < LATENCY_SECONDS:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        task = asyncio.create_task(one(due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        due += chance.expovariate(per_second)
    await asyncio.gather(*tasks)
    return sorted(waits)


async def _post(http: aiohttp.ClientSession, url: str, text: str, conversation: str | None) -> str | None:
    body = {"text": text} if conversation is None else {"text": text, "conversation": conversation}
    async with http.post(
        url, data=orjson.dumps(body), headers={"Content-Type": "application/json"}
    ) as response:
        answer = orjson.loads(await response.read())
        if response.status != 200 or answer["replies"][-1]["kind"] != "answer":
            raise SystemExit(f"“{text}” was not answered: {response.status} {answer}")
        return answer.get("conversation")


def _part(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


# --- what it is measured beside


@contextmanager
def bare() -> Iterator[tuple[str, int, list[str]]]:
    """Run the bare handler as a process of its own; give its address, its process, and the questions it answers."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        port, questions = here.recv()
        yield f"http://127.0.0.1:{port}/", process.pid or 0, questions
    finally:
        process.terminate()
        process.join()


def _serve(told: Connection) -> None:
    corpus = build_corpus(read_content([PRODUCT / "intents"], [PRODUCT / "knowledge"]))
    content = corpus.content

    def decided(text: str) -> Answer | None:
        message = IncomingMessage(
            id="m",
            address=Address(channel="bare", chat="c"),
            text=text,
            received_at=dt.datetime.now(dt.UTC),
        )
        decision = route(message, ConversationState(), corpus)
        return decision if isinstance(decision, Answer) else None

    phrases = [phrase for intent in content.intents.values() for phrase in intent.phrases()]
    questions = [phrase for phrase in phrases if decided(phrase) is not None]
    random.Random(20261125).shuffle(questions)

    async def answer(request: web.Request) -> web.Response:
        data = orjson.loads(await request.read())
        found = decided(data["text"])
        text = "" if found is None else content.answer(found.target, "en")
        return web.Response(
            body=orjson.dumps({"replies": [{"kind": "answer", "text": text}]}),
            content_type="application/json",
        )

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.send((runner.addresses[0][1], questions))
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
