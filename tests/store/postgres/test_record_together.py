"""Several processes write one record of reads, and it stays one chain."""

import asyncio

import psycopg

from bot.audit import Chain, Finding
from bot.vault import Vault
from tests.store.builders import at, file, hire
from tests.store.postgres.conftest import Open

MANY = 30


async def test_rows_written_at_once_by_several_processes_make_one_chain(another: Open, vault: Vault) -> None:
    stores = [await another() for _ in range(3)]
    await hire(stores[0], "ada")
    for number in range(4):
        await file(stores[0], str(number))
    readings = await asyncio.gather(
        *(
            stores[number % 3].open_situation(f"s-{number % 4}", "ada", at(number), more=True)
            for number in range(MANY)
        )
    )
    assert sorted(reading.number for reading in readings) == list(range(1, MANY + 1))
    found = Chain(vault).verify(*await stores[0].audit_record())
    assert (found.last, found.sound) == (MANY, True)


async def test_whoever_takes_the_records_head_away_is_told_of_and_reading_goes_on(
    url: str, another: Open, vault: Vault
) -> None:
    store = await another()
    await file(store)
    await store.open_situation("s-1", "ada", at(1))
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM audit_heads")
    await asyncio.gather(*(store.open_situation("s-1", "ada", at(2), more=True) for _ in range(5)))
    found = Chain(vault).verify(*await store.audit_record())
    assert found.last == 6
    assert [wrong.finding for wrong in found.wrong] == [Finding.HEAD]


async def test_a_head_that_was_set_back_is_told_of_and_reading_goes_on(
    url: str, another: Open, vault: Vault
) -> None:
    store = await another()
    await file(store)
    await store.open_situation("s-1", "ada", at(1))
    with psycopg.connect(url) as connection:
        before = connection.execute("SELECT number, digest, proof FROM audit_heads").fetchone()
    await store.open_situation("s-1", "ada", at(2), more=True)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE audit_heads SET (number, digest, proof) = (%s, %s, %s)", before)
    await store.open_situation("s-1", "ada", at(3), more=True)
    found = Chain(vault).verify(*await store.audit_record())
    assert (found.last, found.sound) == (3, False)
