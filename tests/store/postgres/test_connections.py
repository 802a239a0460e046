"""Connections that break, and a server that goes away: what was acknowledged is there, once; what was not, is not."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import psycopg
import pytest
from psycopg import AsyncConnection

from bot.errors import StoreError, StoreStopped
from bot.store.postgres import PostgresStore, database, lending, migrate, open_postgres
from bot.store.postgres.transaction import Transaction
from bot.vault import Vault
from tests.postgres import Server, own_server
from tests.store.builders import NOW, at, conversation, effect, file, filing
from tests.store.postgres.conftest import Open


@pytest.fixture
async def store(another: Open) -> PostgresStore:
    return await another()


async def cut(url: str) -> None:
    """End the connections of stores at the server, as an administrator or a crash of one process there does."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'inquiry-desk' AND pid <> pg_backend_pid()"
        )


async def test_verbs_go_on_over_connections_that_were_cut(store: PostgresStore, url: str) -> None:
    await asyncio.gather(*(file(store, str(number)) for number in range(6)))
    await cut(url)
    assert len(await store.queue()) == 6
    await cut(url)
    await asyncio.gather(*(file(store, str(number)) for number in range(6, 12)))
    assert len(await store.queue()) == 12


async def test_connections_cut_again_and_again_under_load_lose_and_double_nothing(
    another: Open, url: str
) -> None:
    stores = [await another() for _ in range(2)]
    told: dict[str, BaseException | None] = {}

    async def ask(number: int) -> None:
        await asyncio.sleep(number / 100)
        made = filing(str(number))
        try:
            await stores[number % 2].record(effect(f"m-{number}", filing=made, counts=["asked"]))
        except StoreError as exc:
            told[made.inquiry.id] = exc
        else:
            told[made.inquiry.id] = None

    asking = asyncio.gather(*(ask(number) for number in range(150)))
    while not asking.done():
        await asyncio.sleep(0.1)
        await cut(url)
    kept = {found.id.replace("s-", "i-") for found in await stores[0].queue()}
    assert kept == {inquiry_id for inquiry_id, problem in told.items() if problem is None}
    assert (await stores[0].counters()).get("asked") == len(kept)
    # Each was tried again until it was kept, or for as long as somebody waits for an answer.
    assert len(kept) > 120, {str(problem) for problem in told.values()}


class Cut:
    """Breaks the connection of a commit, before or after the server has made it."""

    def __init__(self, patch: pytest.MonkeyPatch, *, made: bool) -> None:
        commit = Transaction.commit
        self.cuts = 1

        async def broken(transaction: Transaction) -> bool:
            if self.cuts:
                self.cuts -= 1
                if made:
                    await commit(transaction)
                await transaction._connection.close()
                raise psycopg.OperationalError("the connection is lost")
            return await commit(transaction)

        patch.setattr(Transaction, "commit", broken)


@pytest.mark.parametrize("made", [True, False])
async def test_a_commit_without_an_answer_has_its_effect_once(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, made: bool
) -> None:
    cut_one = Cut(monkeypatch, made=made)
    await store.record(effect("m-1", filing=filing("1"), counts=["asked"]))
    assert cut_one.cuts == 0
    assert [found.id for found in await store.queue()] == ["s-1"]
    assert await store.counters() == {"asked": 1}
    cut_one.cuts = 1
    claimed = await store.claim_situation("s-1", "ada", NOW, at(15))
    assert await store.situation("s-1") == claimed
    cut_one.cuts = 1
    await store.record(effect("m-2", counts=["answered"]))
    assert cut_one.cuts == 0
    assert await store.counters() == {"asked": 1, "answered": 1}
    cut_one.cuts = 1
    await store.save_conversation(conversation("other"))
    assert await store.conversation("other") == conversation("other")


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as running:
        yield running


@pytest.fixture
async def on_server(server: Server, vault: Vault) -> AsyncIterator[PostgresStore]:
    await migrate(server.url, vault)
    opened = await open_postgres(server.url, vault)
    yield opened
    with suppress(StoreError):
        await opened.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_while_the_server_is_away_verbs_say_so_soon_and_go_on_when_it_is_back(
    server: Server, on_server: PostgresStore, mode: str
) -> None:
    made = await file(on_server, "1")
    await asyncio.to_thread(server.stop, mode)
    begun = time.monotonic()
    with pytest.raises(StoreStopped, match="nothing was recorded"):
        await file(on_server, "2")
    assert time.monotonic() - begun < 5
    begun = time.monotonic()
    tries = [file(on_server, f"more-{number}") for number in range(50)]
    results = await asyncio.gather(*tries, on_server.queue(), on_server.check(), return_exceptions=True)
    assert all(isinstance(result, StoreStopped) for result in results)
    assert time.monotonic() - begun < 2, "whoever waits for an answer is told soon"
    await asyncio.to_thread(server.start)
    for _ in range(40):
        await asyncio.sleep(0.1)
        with suppress(StoreStopped):
            await file(on_server, "3")
            break
    assert [found.id for found in await on_server.queue()] == ["s-1", "s-3"]
    assert await on_server.inquiry("i-1") == made.inquiry


async def test_a_crash_of_the_server_in_the_middle_of_work_loses_nothing_that_was_acknowledged(
    server: Server, on_server: PostgresStore
) -> None:
    kept: list[str] = []

    async def ask(first: int) -> None:
        for number in range(first, first + 200):
            made = filing(str(number))
            with suppress(StoreError):
                await on_server.record(effect(f"m-{number}", filing=made))
                kept.append(made.situation.id)
            await asyncio.sleep(0.005)

    asking = asyncio.gather(*(ask(worker * 1000) for worker in range(10)))
    for _ in range(2):
        await asyncio.sleep(0.4)
        await asyncio.to_thread(server.stop, "immediate")
        await asyncio.to_thread(server.start)
    await asking
    assert len(kept) > 100
    assert {found.id for found in await on_server.queue()} == set(kept)


async def test_a_surge_waits_for_its_turn_and_is_not_told_that_the_database_is_away(another: Open) -> None:
    store = await another()
    await asyncio.gather(*(file(store, str(number)) for number in range(800)))
    assert len(await store.queue()) == 800


async def test_a_process_that_vanishes_in_the_middle_holds_nobody_up_for_long(
    url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lending.LIMITS, "idle_in_transaction_session_timeout", "300ms")
    stuck, other = [await open_postgres(url, vault) for _ in range(2)]
    await file(other, "1")
    tries = 0

    async def vanish(tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        await tx.run("SELECT 1 FROM situations WHERE id = 's-1' FOR UPDATE")
        await asyncio.sleep(1 if tries == 1 else 0)
        await tx.run("UPDATE situations SET lane = 'mine'")

    vanishing = asyncio.create_task(stuck._database.transact(vanish))
    await asyncio.sleep(0.1)
    assert (await asyncio.wait_for(other.claim_situation("s-1", "ada", NOW, at(15)), 5)).lane == "general"
    await vanishing
    assert tries == 2, "what it had not committed was taken back, and it did it again"
    for store in (stuck, other):
        await store.close()


async def test_through_a_pooler_of_transactions_nothing_stays_behind_on_a_connection(
    url: str, vault: Vault
) -> None:
    store = await open_postgres(f"{url}&application_name=pooled", vault, direct_url=url, connections=1)
    for number in range(9):
        await file(store, str(number))
    asked = "SELECT (SELECT count(*) FROM pg_prepared_statements), current_setting('idle_in_transaction_session_timeout')"
    assert await store._database.read(lambda tx: tx.row(asked)) == (0, "0")
    await store.close()


async def test_whoever_waits_too_long_for_their_turn_is_told_that_it_is_busy_and_not_away(
    url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_postgres(url, vault, connections=1)
    await file(store, "1")

    async def slow(tx: Transaction) -> None:
        await tx.run("SELECT pg_sleep(1)")

    holding = asyncio.create_task(store._database.transact(slow))
    await asyncio.sleep(0.1)
    monkeypatch.setattr(database, "LONGEST", 0.2)
    with pytest.raises(StoreError, match="more to do than it can"):
        await file(store, "2")
    await holding
    assert [found.id for found in await store.queue()] == ["s-1"]
    await store.close()
