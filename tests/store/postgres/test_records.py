"""Records as rows: the schema has just their fields, and what cannot be read hides nothing else."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from psycopg import AsyncConnection

from bot.errors import StoreError
from bot.models import FactorReset
from bot.store.postgres import PostgresStore, tables
from bot.store.postgres.records import Table
from tests.store.builders import NOW, account, at, entry, factor, file, session
from tests.store.postgres.conftest import Open

TABLES = [
    table for table in vars(tables).values() if isinstance(table, Table) and table is not tables.COUNTERS
]


@pytest.fixture
async def store(another: Open) -> PostgresStore:
    return await another()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
async def test_a_table_has_just_the_columns_of_its_record(url: str, table: Table[object]) -> None:
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        found = await connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            (table.name,),
        )
        assert {name for (name,) in await found.fetchall()} == set(table.columns)
        keys = await connection.execute(
            "SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
            "WHERE indrelid = %s::regclass AND indisprimary",
            (table.name,),
        )
        assert {name for (name,) in await keys.fetchall()} == set(table.key)


def test_a_nested_record_is_there_whole_or_not_at_all() -> None:
    reset = FactorReset(by="bob", at=NOW)
    for made in (account(), account(second_factor=factor(recovery=())), account(factor_reset=reset)):
        assert tables.STAFF.record(tables.STAFF.row(made)) == made


def test_times_come_back_in_utc_whatever_their_zone() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=8)))
    kept = tables.SESSIONS.record(tables.SESSIONS.row(session(used_at=east)))
    assert kept == session()
    assert kept.used_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        tables.SESSIONS.row(session(used_at=datetime(2026, 11, 24)))


async def test_a_row_that_cannot_be_read_hides_no_other(
    store: PostgresStore, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("1", "2", "3"):
        await file(store, name, opened_at=at(int(name)))
        await store.save_entry(entry(name))
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("UPDATE situations SET urgent = 'not a kind' WHERE id = 's-2'")
        await connection.execute("UPDATE inquiries SET urgent = 'not a kind' WHERE id = 'i-2'")
        await connection.execute("UPDATE entries SET status = 'not a status' WHERE id = 'e-2'")
    assert [found.id for found in await store.queue()] == ["s-1", "s-3"]
    assert [found.id for found in await store.inquiries_opened_before(at(99), 10)] == ["i-1", "i-3"]
    assert {found.id for found in await store.entries()} == {"e-1", "e-3"}
    assert "cannot be read" in caplog.text
    for one in (store.situation("s-2"), store.inquiry("i-2")):
        with pytest.raises(StoreError, match="cannot be read"):
            await one
