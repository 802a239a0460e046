"""What memory one process of the desk takes: with much content, with open questions, and message after message.

    python -m tests.benchmarks memory --data PATH
    python -m tests.benchmarks.memory --messages 1000000 --steady-only     # as long as one likes: `make steady`

The first part runs the desk as a process of its own with CLINC150's 150 intents (15,000 examples) and 100,000 past answers,
which stand in the index; 1,000 questions wait for staff. The second runs the parts of a desk in this process with the
sample content and lets its clock go on, 20,000 messages a day: so conversations and the digests of messages come and go
as they do in weeks, and what stays is what leaks.
"""

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import orjson

from bot.config import PRODUCT
from bot.content import read_content
from bot.corpus import build_corpus
from bot.interpreter import set_aside
from bot.models import Address, Answer, IncomingMessage
from bot.router import ConversationState, route
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.benchmarks import contents
from tests.benchmarks.knowledge_growth import entry, matters
from tests.benchmarks.serving import resident_mb, running_desk
from tests.parts import KEY, Clock, make_office

ENTRIES = 100_000
OPEN = 1_000
MESSAGES = 100_000
A_DAY = 20_000
QUESTIONS_EACH = 3
PARTS = 20
"""How often memory is looked at, in equal parts of the messages."""
CITIZENS = 16


def main(data: Path | None = None, messages: int = MESSAGES) -> None:
    """Print both parts; `data` is the folder of the benchmark data."""
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if data is None:
        print(
            "The benchmark data is not there, so much content is not measured; name its folder with --data PATH."
        )
    else:
        with TemporaryDirectory(prefix="desk-memory-") as folder:
            _large(Path(folder))
    _steady(messages)


# --- much content


def _large(home: Path) -> None:
    clinc = _write_content(home)
    found = []
    for start in ("the first start, which learns", "a later start"):
        with running_desk(home) as desk:
            found.append((start, resident_mb(desk.pid), resident_mb(desk.pid, "VmHWM")))
            if len(found) == 2:
                asyncio.run(_file(desk.url, clinc))
                found.append(
                    (
                        f"and with {OPEN:,} open questions",
                        resident_mb(desk.pid),
                        resident_mb(desk.pid, "VmHWM"),
                    )
                )
    print(f"\n150 intents with 15,000 examples, {ENTRIES:,} past answers in the index (target: 400 MB)\n")
    print("| | memory | most there was |")
    print("|---|---|---|")
    for what, now, most in found:
        print(f"| {what} | {now:.0f} MB | {most:.0f} MB |")


def _write_content(home: Path) -> Sequence[str]:
    """Write the content as maintainers would; return questions that only a person can answer."""
    clinc = contents.public("clinc150")
    (home / "intents").mkdir()
    (home / "knowledge").mkdir()
    intents = [
        {
            "id": item.key.removeprefix("intent:"),
            "title": {"en": item.key.removeprefix("intent:").replace("_", " ")},
            "examples": {"en": list(item.examples)},
            "answer": {"en": "Please see the page on this."},
        }
        for item in clinc.items
    ]
    (home / "intents" / "all.yaml").write_text(json.dumps({"intents": intents}), "utf-8")
    with (home / "knowledge" / "past.jsonl").open("wb") as lines:
        for made in matters(ENTRIES):
            row = entry(*made)
            lines.write(
                orjson.dumps(
                    {
                        "id": row.id,
                        "question": row.question,
                        "answer": row.answer,
                        "date": row.date,
                        "url": f"https://lanting.example/{row.id}",
                        "language": row.language,
                    }
                )
                + b"\n"
            )
    return [question.text for question in clinc.questions if question.expect is None]


async def _file(url: str, texts: Sequence[str]) -> None:
    """Have citizens ask for a person with these questions, until enough are open."""
    async with aiohttp.ClientSession() as http:
        left = iter(range(OPEN))

        async def citizen() -> None:
            for number in left:
                conversation = None
                for body in ({"text": texts[number % len(texts)]}, {"option": "human"}):
                    sent = body if conversation is None else body | {"conversation": conversation}
                    async with http.post(f"{url}/api/messages", json=sent) as response:
                        answer = await response.json()
                    conversation = answer["conversation"]
                    if any(reply["kind"] == "receipt" for reply in answer["replies"]):
                        break

        await asyncio.gather(*(citizen() for _ in range(CITIZENS)))


# --- message after message


def _steady(messages: int) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        seen = alone.apply(_run, (messages,))
    steady = seen[len(seen) // 2 :]
    slope = _slope(steady)
    print(f"\n{messages:,} messages, sample content, {A_DAY:,} a day by the desk's clock\n")
    print("| messages | memory |")
    print("|---|---|")
    for count, memory in seen[:: max(1, len(seen) // 10)]:
        print(f"| {count:,} | {memory:.0f} MB |")
    print(
        f"\nin the second half it grows by {slope * 100_000:+.1f} MB for 100,000 messages; digests of messages stay for "
        "48 hours and conversations for one, so in the first two days it grows"
    )


def _run(messages: int) -> list[tuple[int, float]]:
    return asyncio.run(_ask_on(messages))


async def _ask_on(messages: int) -> list[tuple[int, float]]:
    """Return how much memory this process had after how many messages."""
    corpus = build_corpus(read_content([PRODUCT / "intents"], [PRODUCT / "knowledge"]))
    phrases = [phrase for intent in corpus.content.intents.values() for phrase in intent.phrases()]
    random.Random(20261125).shuffle(phrases)
    clock, seen = Clock(), []
    with TemporaryDirectory(prefix="desk-memory-") as folder:
        store = await open_tinydb(Path(folder) / "data", Vault(KEY))
        office = make_office(store, corpus)
        office.clock.now = clock.now

        def answered(text: str) -> bool:
            message = IncomingMessage(
                id="m", address=Address(channel="webchat", chat="c"), text=text, received_at=office.clock.now
            )
            return isinstance(route(message, ConversationState(), corpus), Answer)

        questions = [phrase for phrase in phrases if answered(phrase)]
        set_aside()
        for number in range(messages):
            office.clock.forward(days=1 / A_DAY)
            await office.assistant.respond(
                IncomingMessage(
                    id=f"m{number}",
                    address=Address(channel="webchat", chat=f"c{number // QUESTIONS_EACH}"),
                    text=questions[number % len(questions)],
                    received_at=office.clock.now,
                )
            )
            if number % 500 == 0:
                await office.clockwork.round()
            if number % (messages // PARTS) == 0:
                gc.collect()
                seen.append((number, resident_mb(os.getpid())))
                if sys.stderr.isatty():
                    print(f"{number:,} of {messages:,}", end="\r", file=sys.stderr, flush=True)
        await store.close()
    return seen


def _slope(seen: Sequence[tuple[int, float]]) -> float:
    """Return MB for each message, by least squares."""
    mean_x = sum(x for x, _ in seen) / len(seen)
    mean_y = sum(y for _, y in seen) / len(seen)
    return sum((x - mean_x) * (y - mean_y) for x, y in seen) / sum((x - mean_x) ** 2 for x, _ in seen)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="how many are answered")
    parser.add_argument("--steady-only", action="store_true", help="only message after message")
    chosen = parser.parse_args()
    if chosen.steady_only:
        _steady(chosen.messages)
    else:
        main(chosen.data, chosen.messages)
