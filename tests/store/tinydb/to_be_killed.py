"""A process that files, adds, claims, answers and withdraws without end, and says so before and after each.

Run as `python -m tests.store.tinydb.to_be_killed DIRECTORY ROUND`; it prints lines such as
`begin file 7-3-12` and `done file 7-3-12`, and `ready` once the store is open.
"""

import asyncio
import os
import random
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.store.builders import (
    NOW,
    addition,
    at,
    conversation,
    delivery,
    effect,
    entry,
    filing,
    mailing,
    make_out,
)

KEY = b"k" * 32
WORKERS = 40


def say(line: str) -> None:
    """Hand a line to whoever watches; what was handed over survives this process."""
    os.write(1, f"{line}\n".encode())


async def do(kind: str, name: str, verb: Coroutine[Any, Any, object]) -> None:
    say(f"begin {kind} {name}")
    await verb
    say(f"done {kind} {name}")


def file(store: Store, name: str) -> Coroutine[Any, Any, object]:
    return store.record(
        effect(
            f"file-{name}",
            after=conversation(f"c-{name}"),
            filing=filing(name),
            counts=["filed", "messages"],
        )
    )


def add(store: Store, name: str) -> Coroutine[Any, Any, object]:
    more = addition(name, receipt=delivery(f"more-{name}", f"i-{name}", created_at=at(1)))
    after = conversation(f"c-{name}", version=2)
    return store.record(effect(f"add-{name}", after=after, addition=more, counts=["added", "messages"]))


def claim(store: Store, name: str) -> Coroutine[Any, Any, object]:
    return store.claim_situation(f"s-{name}", "ada", NOW, at(15))


async def answer(store: Store, name: str) -> None:
    said = mailing(name, created_at=at(5))
    await store.resolve_situation(f"s-{name}", "ada", at(5), said, entry(name))
    await make_out(store, said)


def withdraw(store: Store, name: str) -> Coroutine[Any, Any, object]:
    return store.record(effect(f"withdraw-{name}", withdrawn=f"i-{name}", counts=["withdrawn", "messages"]))


async def work(store: Store, name: str) -> None:
    """Let inquiries of this worker go some of their ways, one after the other."""
    number = 0
    while True:
        number += 1
        this = f"{name}-{number}"
        await do("file", this, file(store, this))
        if random.random() < 0.5:
            await do("add", this, add(store, this))
        if random.random() < 0.5:
            await do("claim", this, claim(store, this))
        end = random.random()
        if end < 0.5:
            await do("answer", this, answer(store, this))
        elif end < 0.8:
            await do("withdraw", this, withdraw(store, this))


async def main(path: Path, name: str) -> None:
    store = await open_tinydb(path, Vault(KEY))
    say("ready")
    await asyncio.gather(*(work(store, f"{name}-{worker}") for worker in range(WORKERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
