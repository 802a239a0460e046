"""How long it takes to copy, restore, re-key and clean a store of open questions.

    python -m tests.benchmarks.keeping [QUESTIONS]

Each question is a whole one: inquiry with two sealed texts, situation, receipt, conversation with four lines.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.codec import to_json
from bot.exchange import Memory, Reach, conversation_key, open_address, quieten, reconnected, seal_memory
from bot.mailing import owe
from bot.models import Address, Reply, Turn, Words
from bot.store.base import Effect, Filing
from bot.store.tinydb import open_tinydb, restore, rotate
from bot.vault import Vault
from tests.store.builders import NOW, effect, inquiry, situation

QUESTIONS = 10_000
VAULT, NEW = Vault(b"k" * 32), Vault(b"n" * 32)


def question(number: int) -> Effect:
    """Return the effect of a question, sealed as the desk seals it."""
    name = f"{number:032x}"
    data_key = VAULT.new_key(f"i-{name}")
    box = VAULT.unwrap(f"i-{name}", data_key)
    address = Address(channel="telegram", chat=str(number))
    said = box.seal("words", to_json(Words(who="citizen", at=NOW, text="where is my umbrella " * 10)))
    reply = Reply(id=f"d-{name}", kind="receipt", text="x" * 300, language="en", reference=f"R-{name}")
    filed = inquiry(
        name, data_key=data_key, address=box.seal("address", to_json(address)), words=(said, said)
    )
    memory = Memory(
        reaches=(Reach(id=filed.id, reference=filed.reference),),
        turns=tuple(Turn(who="desk", at=NOW, reply=reply, message_id="m") for _ in range(4)),
    )
    return effect(
        f"m-{name}",
        after=seal_memory(VAULT, memory, conversation_key(VAULT, address), None, None),
        filing=Filing(
            inquiry=filed,
            situation=situation(name, data_key=VAULT.new_key(f"s-{name}")),
            receipt=owe(box, filed.id, reply, NOW),
        ),
    )


@contextmanager
def timed(what: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{what:<50} {time.perf_counter() - begun:6.2f} s")


async def measure(folder: Path, questions: int) -> None:
    made = [question(number) for number in range(questions)]
    store = await open_tinydb(folder / "data", VAULT)
    await asyncio.gather(*(store.record(one) for one in made))
    with timed("write the file anew (every hour; writing waits)"):
        await store.scrub(thoroughly=True)
    print(f"{'the file':<50} {(folder / 'data' / 'desk.sqlite3').stat().st_size / 1e6:6.0f} MB")
    with timed("go through open conversations (every 5 minutes)"):
        for each in await store.inquiries_opened_before(NOW + timedelta(days=1), questions):
            await quieten(store, VAULT, each, NOW + timedelta(hours=1))
    with timed("backup, beside a running desk"):
        made_copies = await store.back_up(folder / "copies", NOW)
    await store.close()
    with timed("restore"):
        restore(
            made_copies.words,
            made_copies.keys,
            folder / "anew",
            VAULT,
            lambda *found: reconnected(VAULT, *found),
            lambda _done, _total: None,
        )
    with timed("key rotate"):
        rotate(
            folder / "data",
            VAULT,
            begin=lambda: NEW,
            end=lambda: None,
            moved=lambda new, found: {
                conversation_key(VAULT, address): conversation_key(new, address)
                for address in (open_address(VAULT, each) for each in found)
            },
            tell=lambda _done, _total: None,
        )


def main() -> None:
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else QUESTIONS
    print(f"{questions} open questions")
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), questions))


if __name__ == "__main__":
    main()
