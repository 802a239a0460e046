"""How many citizens' questions the embedded store makes durable, beside bare sqlite with the same rows and grouping.

    python -m tests.benchmarks store                       # 1,000, 10,000 and 100,000 open questions kept
    python -m tests.benchmarks.store [--size N] [--folder DIRECTORY]

100 writers file questions at once, each a whole effect: message, conversation, counter, inquiry, situation, receipt and
keys, some nine documents. The bare side writes the very same rows, in groups gathered the same way, to a file with the same
settings (WAL, synchronous FULL, secure_delete), as a short program with sqlite3 would: each row encoded by one call of
orjson, `executemany` for each table, one transaction a group. No checks, nothing in memory, no indexes. The two take turns, so
that the ratio holds on a busy machine; the absolute figures do not.
"""

import argparse
import asyncio
import multiprocessing
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from bot.audit import Chain
from bot.interpreter import set_aside, share_often
from bot.store.base import Effect
from bot.store.tinydb import TinyDBStore, open_tinydb
from bot.store.tinydb.disk import Disk
from bot.store.tinydb.group import GroupCommit, Rows
from bot.store.tinydb.tables import Tables
from bot.vault import Vault
from tests.benchmarks.serving import resident_mb
from tests.store.builders import conversation, effect, filing

SIZES = (1_000, 10_000, 100_000)
WRITERS = 100
OPERATIONS = 2_000
TURNS = 7
AT_A_TIME = 5_000
"""Questions made at a time while filling: made ones take memory, which is measured."""
VAULT = Vault(b"k" * 32)
Plain = dict[str, dict[int, Any]]


def effects(prefix: str, count: int, first: int = 0) -> list[Effect]:
    """Return filings of about the size of real ones."""
    made = []
    for number in range(first, first + count):
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


class Bare:
    """Bare sqlite: rows into tables, a transaction for what has gathered."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {setting}")
        for name in Tables().names:
            self._connection.execute(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, body BLOB NOT NULL)')
        self._executor = ThreadPoolExecutor(1)
        self._group = GroupCommit(self._persist, self._executor, failed=str)

    def _persist(self, rows: Rows) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for table, changed in rows.items():
            self._connection.executemany(
                f'INSERT INTO "{table}" VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
                list(changed.items()),
            )
        self._connection.execute("COMMIT")

    async def write(self, rows: Plain) -> None:
        encoded: Rows = {
            table: {doc_id: orjson.dumps(document) for doc_id, document in changed.items()}
            for table, changed in rows.items()
        }
        self._group.stage(encoded, lambda: None)
        await self._group.durable()

    async def close(self) -> None:
        await self._group.stop("done")
        self._executor.shutdown()
        self._connection.close()


async def rate(write: Callable[[Any], Awaitable[None]], work: list[Any]) -> tuple[float, float, list[float]]:
    """Return operations per second, CPU microseconds per operation, and what each took in seconds."""
    waiting: Iterator[Any] = iter(work)
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


def measured(size: int, folder: Path | None) -> str:
    """Return a row of the table; called in a process of its own, so that memory is that of one size."""
    share_often()
    with TemporaryDirectory(dir=folder) as kept:
        return asyncio.run(measure(Path(kept), size))


async def measure(folder: Path, size: int) -> str:
    """Return a row of the table: both sides hold `size` questions and take some more."""
    before = resident_mb(os.getpid())
    store = await open_tinydb(folder / f"tinydb-{size}", VAULT)
    for first in range(0, size, AT_A_TIME):
        await rate(store.record, effects("old", min(AT_A_TIME, size - first), first))
    documents = sum(len(store._tables.collection(name).table) for name in Tables().names)
    set_aside()
    memory = resident_mb(os.getpid()) - before
    bare = Bare(folder / f"bare-{size}")
    for first in range(0, size, AT_A_TIME):
        await rate(bare.write, await plain(effects("old", min(AT_A_TIME, size - first), first), first))
    ours, theirs = [], []
    for turn in range(TURNS):
        made = effects(f"turn{turn}", OPERATIONS)
        rows = await plain(made, size + turn * OPERATIONS)
        theirs.append(await rate(bare.write, rows))
        ours.append(await rate(store.record, made))
    await store.close()
    await bare.close()
    begun = time.perf_counter()
    store = await open_tinydb(folder / f"tinydb-{size}", VAULT)
    reopened = time.perf_counter() - begun
    await store.close()
    share = median(one[0] / other[0] for one, other in zip(ours, theirs, strict=True))
    waits = [median(one[2][int(len(one[2]) * part)] for one in ours) * 1e3 for part in (0.5, 0.99)]
    return (
        f"| {size:,} ({documents:,}) | {median(one[0] for one in ours):,.0f} "
        f"| {median(one[0] for one in theirs):,.0f} | {share:.2f} "
        f"| {median(one[1] for one in ours):.0f} / {median(one[1] for one in theirs):.0f} µs "
        f"| {waits[0]:.0f} / {waits[1]:.0f} ms | {memory:.0f} MB | {reopened:.1f} s |"
    )


def main(data: Path | None = None, sizes: tuple[int, ...] = SIZES, folder: Path | None = None) -> None:
    """Measure and print; `data` is not needed."""
    del data
    print(
        f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {WRITERS} at once; target: half of bare sqlite"
    )
    print(
        "| open questions kept (documents) | made durable a second | bare sqlite | ratio | processor each "
        "| p50 / p99 | memory | opened again |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as alone:
        for size in sizes:
            print(alone.apply(measured, (size, folder)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, action="append", help="open questions kept; several if repeated")
    parser.add_argument("--folder", type=Path, help="where the files are made: on the disk that is measured")
    chosen = parser.parse_args()
    main(sizes=tuple(chosen.size or SIZES), folder=chosen.folder)
