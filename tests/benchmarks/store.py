"""How many citizens' questions the embedded store takes, against bare sqlite with the same rows and grouping.

    python -m tests.benchmarks.store [DIRECTORY]

100 writers file questions at once, each a whole effect (message, conversation, counters, inquiry, situation,
receipt). The bare side writes the very same rows through the same group commit, each encoded by one call of
orjson and nothing else: no checks, no tables in memory, no indexes. The two take turns, so that the ratio holds on
a busy machine; the absolute figures do not.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from bot.audit import Chain
from bot.store.base import Effect
from bot.store.tinydb import TinyDBStore, open_tinydb
from bot.store.tinydb.disk import Disk, open_disk
from bot.store.tinydb.group import GroupCommit, Rows
from bot.store.tinydb.tables import Tables
from bot.vault import Vault
from tests.store.builders import conversation, effect, filing

WRITERS = 100
OPERATIONS = 2000
TURNS = 5
Plain = dict[str, dict[int, Any]]
VAULT = Vault(b"k" * 32)


def effects(prefix: str, count: int) -> list[Effect]:
    """Return filings of about the size of real ones."""
    made = []
    for number in range(count):
        name = f"{prefix}-{number:08d}-{'0' * 20}"
        body = conversation(f"c-{name}", body=VAULT.seal("conversation", b"x" * 600))
        made.append(effect(f"m-{name}", after=body, filing=filing(name), counts=["handed_off_no_match"]))
    return made


class RecordingDisk(Disk):
    """Keeps the rows it is given instead of writing them."""

    def __init__(self) -> None:
        self.rows: list[Rows] = []

    def persist(self, rows: Rows) -> None:
        self.rows.append(rows)

    def close(self) -> None:
        """There is nothing to let go of."""


async def plain(made: list[Effect], first_id: int) -> list[Plain]:
    """Return the rows of each effect before encoding, with ids from `first_id` on."""
    disk = RecordingDisk()
    store = TinyDBStore(Tables(), disk, ThreadPoolExecutor(1), Chain(Vault(b"k" * 32)))
    for one in made:
        await store.record(one)
    await store.close()
    shared = {"counters"}
    return [
        {
            table: {
                doc_id if table in shared else first_id + doc_id: orjson.loads(row)
                for doc_id, row in changed.items()
                if row is not None
            }
            for table, changed in rows.items()
        }
        for rows in disk.rows
    ]


async def rate(
    write: Callable[[object], Awaitable[None]], work: list[object]
) -> tuple[float, float, list[float]]:
    """Return operations per second, CPU microseconds per operation, and what each took in seconds."""
    waiting: Iterator[object] = iter(work)
    took: list[float] = []

    async def writer() -> None:
        for one in waiting:
            begun = time.perf_counter()
            await write(one)
            took.append(time.perf_counter() - begun)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return len(work) / wall, cpu / len(work) * 1e6, sorted(took)


async def measure(folder: Path, documents: int) -> None:
    store = await open_tinydb(folder / f"tinydb-{documents}", VAULT)
    await rate(store.record, list(effects("old", documents)))
    names = Tables().names
    bare_disk = open_disk(folder / f"bare-{documents}", VAULT, names, lambda *_: None)
    executor = ThreadPoolExecutor(1)
    bare = GroupCommit(bare_disk.persist, executor, failed=lambda: None)

    async def write_bare(plain: Plain) -> None:
        rows: Rows = {
            table: {doc_id: orjson.dumps(document) for doc_id, document in changed.items()}
            for table, changed in plain.items()
        }
        bare.stage(rows, lambda: None)
        await bare.durable()

    await rate(write_bare, list(await plain(effects("old", documents), 0)))
    ours, theirs = [], []
    for turn in range(TURNS):
        made = effects(f"turn{turn}", OPERATIONS)
        rows = await plain(made, documents + turn * OPERATIONS)
        theirs.append(await rate(write_bare, list(rows)))
        ours.append(await rate(store.record, list(made)))
    await store.close()
    begun = time.perf_counter()
    store = await open_tinydb(folder / f"tinydb-{documents}", VAULT)
    reopened = time.perf_counter() - begun
    await store.close()
    await bare.stop("done")
    bare_disk.close()
    executor.shutdown()

    share = median(one[0] / other[0] for one, other in zip(ours, theirs, strict=True))
    print(
        f"{documents:>6} filings kept: {median(one[0] for one in ours):>6.0f} filings/s against "
        f"{median(one[0] for one in theirs):>6.0f}/s on bare sqlite (ratio {share:.2f}); CPU per filing "
        f"{median(one[1] for one in ours):.0f} µs against {median(one[1] for one in theirs):.0f} µs; "
        f"p50 {median(one[2][len(one[2]) // 2] for one in ours) * 1e3:.1f} ms, "
        f"p99 {median(one[2][len(one[2]) * 99 // 100] for one in ours) * 1e3:.1f} ms; "
        f"{documents + TURNS * OPERATIONS} filings reopened in {reopened:.2f} s"
    )


def main() -> None:
    with TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        for documents in (1_000, 10_000):
            asyncio.run(measure(Path(folder), documents))


if __name__ == "__main__":
    main()
