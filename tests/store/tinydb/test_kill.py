"""Killing the desk at any moment loses nothing that was acknowledged, and leaves nothing half done."""

import asyncio
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from bot.models import InquiryStatus, SituationStatus
from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.store.builders import make_out, sealed
from tests.store.tinydb.to_be_killed import KEY

ROUNDS = 32
LONGEST_LIFE = 0.4
"""Seconds of work before a kill; every fourth kill may come while the store is still being opened."""
PROJECT = Path(__file__).resolve().parents[3]


@dataclass
class Life:
    """What a process said it began and did, by kind of work."""

    begun: dict[str, set[str]] = field(default_factory=dict)
    done: dict[str, set[str]] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)

    def hear(self, line: str) -> None:
        match line.split():
            case ["ready"]:
                self.ready.set()
            case ["begin", kind, name]:
                self.begun.setdefault(kind, set()).add(name)
            case ["done", kind, name]:
                self.done.setdefault(kind, set()).add(name)


def live_and_die(path: Path, name: str, early: bool) -> Life:
    """Start a process on the store, kill it, and return what it said."""
    life = Life()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.tinydb.to_be_killed", str(path), name],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    ) as process:
        assert process.stdout is not None

        def listen() -> None:
            for line in process.stdout or ():
                life.hear(line)

        listener = threading.Thread(target=listen)
        listener.start()
        if not early:
            assert life.ready.wait(30)
        time.sleep(random.uniform(0, LONGEST_LIFE))
        process.kill()
        listener.join()
    return life


async def check(store: Store, life: Life) -> None:
    """Check that what was done is there, and what was begun is there as a whole or not at all."""
    for left in await store.mailings():  # as the next desk does
        await make_out(store, left)
    done = {kind: life.done.get(kind, set()) for kind in ("file", "add", "claim", "answer", "withdraw")}
    for name in life.begun.get("file", set()):
        filed, added, withdrawn = [
            await store.message_seen(f"{kind}-{name}") for kind in ("file", "add", "withdraw")
        ]
        inquiry = await store.inquiry(f"i-{name}")
        situation = await store.situation(f"s-{name}")
        deliveries = {one.id for one in await store.deliveries_of(f"i-{name}")}
        conversation = await store.conversation(f"c-{name}")
        entries = await store.entry_versions(f"e-{name}")

        assert filed or name not in done["file"], "an acknowledged inquiry was lost"
        assert added or name not in done["add"]
        assert withdrawn or name not in done["withdraw"]
        assert (conversation.version if conversation else 0) == filed + added
        if not filed or withdrawn:
            assert (inquiry, situation, deliveries, entries) == (None, None, set(), [])
            continue
        assert inquiry is not None
        assert situation is not None
        answered = situation.status is SituationStatus.RESOLVED
        assert answered or name not in done["answer"], "an acknowledged answer was lost"
        assert (inquiry.status is InquiryStatus.ANSWERED) == answered
        assert inquiry.words == (
            sealed(f"question {name}"),
            *[sealed("and another thing")] * added,
            *[sealed(f"answer {name}")] * answered,
        )
        expected = {f"d-{name}": True, f"d-more-{name}": added, f"a-{name}": answered}
        assert deliveries == {one for one, there in expected.items() if there}
        assert len(entries) == answered
        assert situation.claimed_by == "ada" or name not in done["claim"] or answered


async def check_counters(store: Store, lives: list[Life]) -> None:
    """Check that every message that had its effect was counted once."""
    seen = {
        counter: [
            await store.message_seen(f"{kind}-{name}")
            for life in lives
            for name in life.begun.get(kind, set())
        ].count(True)
        for counter, kind in (("filed", "file"), ("added", "add"), ("withdrawn", "withdraw"))
    }
    assert await store.counters() == seen | {"messages": sum(seen.values())}


def test_a_killed_desk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "data"
    lives: list[Life] = []

    async def look(checked: list[Life]) -> None:
        store = await open_tinydb(path, Vault(KEY))
        for life in checked:
            await check(store, life)
        if checked is lives:
            await check_counters(store, lives)
        await store.close()

    for number in range(ROUNDS):
        life = live_and_die(path, str(number), early=number % 4 == 0)
        asyncio.run(look([life]))
        lives.append(life)
    asyncio.run(look(lives))
    acknowledged = sum(len(names) for life in lives for names in life.done.values())
    print(f"{ROUNDS} kills, {acknowledged} acknowledged operations")
    assert acknowledged > 10 * ROUNDS
