"""How many questions and claims the store on PostgreSQL takes, against the same statements through bare psycopg.

    python -m tests.benchmarks store_postgres
    python -m tests.benchmarks.store_postgres [ROWS …]

A question is a whole effect (message, conversation, counters, keys, inquiry, situation, receipt, what is told); a
claim takes a situation that is open. The bare side sends the very same statements in the same transactions, with values
that were made before: no verbs, no records, no retries. The two take turns on one server, with as many connections and
clients, and so do the sizes, so that the ratios hold on a busy machine; the absolute figures do not. A hundredth of the
rows that are there is open.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bot.store.base import Effect
from bot.store.postgres import PostgresStore, citizens, filing, migrate, open_postgres, situations
from bot.store.postgres.connecting import conninfo
from bot.store.postgres.database import CONNECTIONS
from bot.store.postgres.tables import DELIVERIES, INQUIRIES, SITUATIONS
from bot.store.postgres.transaction import TOLD
from bot.vault import Vault
from tests.postgres import Server, make_database, own_server
from tests.store import builders
from tests.store.builders import NOW, at, conversation, effect

SIZES = (10_000, 1_000_000)
CLIENTS = (1, 50)
TURNS = 5
OPERATIONS = {1: 500, 50: 2000}
"""How many a turn of either side does, with so many clients."""
VAULT = Vault(b"k" * 32)
BODY = VAULT.seal("conversation", b"x" * 600)
HEAD = """
| what | rows | clients | store, per s | bare psycopg, per s | ratio | beside the fewest rows | CPU, µs: store / bare | p50 / p99, ms |
|---|---|---|---|---|---|---|---|---|"""
Bare = Sequence[tuple[str, Any]]
"""The statements of one transaction with their values."""

# Rows as the verbs leave them: keys of 72 bytes, words and addresses of some hundred.
FILL = """
INSERT INTO situations (id, status, lane, nearest, languages, number, opened_at, updated_at)
SELECT 's-old-' || n, CASE WHEN n % 100 = 0 THEN 'open' ELSE 'resolved' END, 'general', 'intent:lost_property',
    '{en}', 0, now() - n * interval '1 second', now() FROM generate_series(1, ROWS) AS n;
INSERT INTO inquiries (id, reference, situation_id, status, channel, address, words, language, opened_at, updated_at,
    seen_by_staff, settled_at, joined)
SELECT 'i-old-' || n, 'R-old-' || n, 's-old-' || n, CASE WHEN n % 100 = 0 THEN 'open' ELSE 'answered' END, 'webchat',
    convert_to(repeat(md5(n::text), 3), 'UTF8'), ARRAY[convert_to(repeat(md5(n::text), 6), 'UTF8')], 'en',
    now() - n * interval '1 second', now(), false, CASE WHEN n % 100 > 0 THEN now() END, false
FROM generate_series(1, ROWS) AS n;
INSERT INTO deliveries (id, inquiry_id, body, status, created_at, due_at, kind, attempts)
SELECT 'd-old-' || n, 'i-old-' || n, convert_to(repeat(md5(n::text), 8), 'UTF8'), 'sent', now(), now(), 'receipt', 1
FROM generate_series(1, ROWS) AS n;
INSERT INTO conversations (key, body, version)
SELECT md5('c' || n) || md5('o' || n), convert_to(repeat(md5(n::text), 19), 'UTF8'), 2 FROM generate_series(1, ROWS) AS n;
INSERT INTO messages (digest, at) SELECT md5('m' || n) || md5('o' || n), now() FROM generate_series(1, ROWS) AS n;
INSERT INTO keys (owner, wrapped)
SELECT owner, decode(repeat(md5(owner), 4) || md5(owner || 'x') , 'hex') FROM (
    SELECT id FROM situations UNION ALL SELECT id FROM inquiries UNION ALL SELECT key FROM conversations
) AS owners (owner) ON CONFLICT DO NOTHING;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One turn of one side."""

    rate: float
    """Operations per second."""
    cpu: float
    """Microseconds of this process's CPU per operation."""
    took: list[float]
    """Seconds of each operation, shortest first."""


async def turn(do: Callable[[Any], Awaitable[object]], work: Sequence[Any], clients: int) -> Measured:
    """Do all of the work with so many clients at once."""
    waiting: Iterator[Any] = iter(work)
    took: list[float] = []

    async def client() -> None:
        for one in waiting:
            begun = time.perf_counter()
            await do(one)
            took.append(time.perf_counter() - begun)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Measured(rate=len(work) / wall, cpu=cpu / len(work) * 1e6, took=sorted(took))


class Questions:
    """Citizens' questions, each in a conversation of its own."""

    name = "questions"

    def __init__(self) -> None:
        self._count = 0

    def some(self, count: int) -> list[Effect]:
        """Return effects of about the size of real ones."""
        made = []
        for _ in range(count):
            self._count += 1
            name = f"{self._count:08d}-{'0' * 20}"
            after = conversation(f"c-{name}", body=BODY)
            counts = [f"{NOW:%Y-%m-%d} handed_off_no_match - en"]
            made.append(effect(f"m-{name}", after=after, filing=builders.filing(name), counts=counts))
        return made

    def bare(self, one: Effect) -> Bare:
        """Return the statements of `record`."""
        new = one.filing
        assert new is not None
        opened = [
            *SITUATIONS.row(new.situation), new.situation.id, new.situation.data_key, *INQUIRIES.row(new.inquiry),
            new.inquiry.id, new.inquiry.data_key, *DELIVERIES.row(new.receipt),
        ]  # fmt: skip
        told = [["situation", "delivery"], [new.situation.id, new.receipt.id], ["general", new.inquiry.id]]
        return [
            (citizens.BEGIN, citizens.begun(one)),
            (filing.OPEN, opened),
            (citizens.COUNT, (list(one.counts), [1])),
            (TOLD, (self._count, *told)),
        ]


class Claims:
    """Staff claim situations that are open and free."""

    name = "claims"

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = iter(ids)

    def some(self, count: int) -> list[str]:
        """Return the ids of situations nobody holds."""
        return [next(self._ids) for _ in range(count)]

    def bare(self, one: str) -> Bare:
        """Return the statements of `claim_situation`."""
        values = {"id": one, "staff": "ada", "now": NOW, "until": at(15)}
        return [(situations.CLAIM, values), (TOLD, (1, ["situation"], [one], ["general"]))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A database of one size, reached by the store and by bare psycopg."""

    rows: int
    url: str
    store: PostgresStore
    pool: AsyncConnectionPool

    async def claim(self, situation_id: str) -> None:
        """Claim a situation through the store."""
        await self.store.claim_situation(situation_id, "ada", NOW, at(15))

    async def bare(self, statements: Bare) -> None:
        """Send the statements of one transaction."""
        async with self.pool.connection() as connection:
            await connection.execute("BEGIN")
            for statement, values in statements[:-1]:
                done = await connection.execute(statement.encode(), values, binary=True)
                if done.description is not None:
                    assert await done.fetchone() is not None
            async with connection.pipeline():
                told, values = statements[-1]
                await connection.execute(told.encode(), values)
                await connection.execute("COMMIT")


async def measure(server: Server, sizes: Sequence[int]) -> None:
    """Fill a database of each size, and let all of them take turns."""
    async with AsyncExitStack() as opened:
        sides = []
        for rows in sizes:
            url = await make_database(server.url, f"desk_{rows}")
            await fill(url, rows)
            store = await open_postgres(url, VAULT)
            opened.push_async_callback(store.close)
            pool = AsyncConnectionPool(
                conninfo(url), kwargs={"autocommit": True}, min_size=2, max_size=CONNECTIONS, open=False
            )
            sides.append(Side(rows=rows, url=url, store=store, pool=await opened.enter_async_context(pool)))
        print(HEAD)
        questions = [Questions() for _ in sides]
        for clients in CLIENTS:
            await compare(clients, sides, questions, [side.store.record for side in sides])
        claims = [Claims(await free(side.url)) for side in sides]
        for clients in CLIENTS:
            await compare(clients, sides, claims, [side.claim for side in sides])


async def fill(url: str, rows: int) -> None:
    """Let the database hold so many rows of each kind."""
    await migrate(url, VAULT)
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        begun = time.perf_counter()
        await connection.execute(FILL.replace("ROWS", str(rows)).encode())
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
        found = await connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        (size,) = await found.fetchone() or ("?",)
    print(f"{rows:,} rows of each kind ({size}) filled in {time.perf_counter() - begun:.0f} s", flush=True)


async def free(url: str) -> list[str]:
    """Return the ids of situations that are open and free: those that were there, and those opened just now."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        found = await connection.execute(
            "SELECT id FROM situations WHERE status = 'open' AND claimed_by IS NULL ORDER BY md5(id)"
        )
        return [situation_id for (situation_id,) in await found.fetchall()]


async def compare(
    clients: int,
    sides: Sequence[Side],
    kinds: Sequence[Questions] | Sequence[Claims],
    ours: Sequence[Callable[[Any], Awaitable[object]]],
) -> None:
    """Let store and bare psycopg take turns at each size, and print a line of the table for each."""
    count = OPERATIONS[clients]
    stored: list[list[Measured]] = [[] for _ in sides]
    sent: list[list[Measured]] = [[] for _ in sides]
    for _ in range(TURNS):
        for place, (side, kind) in enumerate(zip(sides, kinds, strict=True)):
            plain = [kind.bare(one) for one in kind.some(count)]
            sent[place].append(await turn(side.bare, plain, clients))
            stored[place].append(await turn(ours[place], kind.some(count), clients))
    for side, kind, mine, theirs in zip(sides, kinds, stored, sent, strict=True):
        p50, p99 = (median(one.took[int(count * share)] for one in mine) * 1e3 for share in (0.5, 0.99))
        print(
            f"| {kind.name} | {side.rows:,} | {clients} | {median(one.rate for one in mine):.0f} | "
            f"{median(one.rate for one in theirs):.0f} | {ratio(mine, theirs):.2f} | {ratio(mine, stored[0]):.2f} | "
            f"{median(one.cpu for one in mine):.0f} / {median(one.cpu for one in theirs):.0f} | {p50:.1f} / {p99:.1f} |",
            flush=True,
        )


def ratio(some: Sequence[Measured], others: Sequence[Measured]) -> float:
    """Return how many operations one side does where the other does one, turn by turn."""
    return median(one.rate / other.rate for one, other in zip(some, others, strict=True))


def main(data: Path | None = None, sizes: Sequence[int] = SIZES) -> None:
    """Measure at each size, on a server of its own whose files are on disk; `data` is not needed."""
    with (
        TemporaryDirectory(prefix="desk-bench-", ignore_cleanup_errors=True) as folder,
        own_server(Path(folder) / "data") as server,
    ):
        asyncio.run(tune(server.url))
        server.stop()
        server.start()
        asyncio.run(measure(server, sizes))


async def tune(url: str) -> None:
    """Give the server memory as somebody would who runs it for a million rows."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        for setting, value in {"shared_buffers": "1GB", "max_wal_size": "4GB"}.items():
            await connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'".encode())


if __name__ == "__main__":
    main(sizes=[int(argument) for argument in sys.argv[1:]] or SIZES)
