"""A whole store copied to the other engine and back is the same store."""

import asyncio
import dataclasses
import datetime as dt
import typing
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.audit import Chain
from bot.cli import main
from bot.config import Settings, read_settings
from bot.copying import copy_store
from bot.errors import DeskError, StoreError, StoreLocked, StoreUnusable, VaultError
from bot.store.postgres import open_postgres
from bot.store.postgres.transfer import KEPT, read_database, write_database
from bot.store.tinydb import open_tinydb
from bot.store.tinydb.tables import Tables
from bot.store.tinydb.transfer import read_folder, write_folder
from bot.store.transfer import NOT_TRANSFERRED, TABLES, Document, transfer
from bot.vault import Vault, encode_key
from tests.postgres import LEFT, empty
from tests.store.builders import answer, at, file, hire
from tests.store.conftest import KEY

OWN = {"changes", *LEFT}
"""Tables of the database that are its own."""
SOME = 3
"""Documents of each table."""


@pytest.fixture
async def url(postgres_url: str, vault: Vault) -> str:
    """The address of a database with an empty store."""
    await empty(postgres_url, vault)
    return postgres_url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"DESK_KEY": encode_key(KEY), "DATA_DIR": str(tmp_path / "unused")})


def value(hint: Any, name: str, number: int) -> Any:
    """Return a value of that type, another one for each number; the last of `SOME` has nothing where it may."""
    arguments = typing.get_args(hint)
    if type(None) in arguments:
        inner = next(one for one in arguments if one is not type(None))
        return None if number == SOME - 1 else value(inner, name, number)
    if typing.get_origin(hint) is tuple:
        return tuple(value(arguments[0], f"{name}-{place}", number) for place in range(number + 1))
    if typing.get_origin(hint) is typing.Literal:
        return arguments[number % len(arguments)]
    if dataclasses.is_dataclass(hint):
        return hint(**fields(hint, number))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return list(hint)[number % len(hint)]
    if isinstance(hint, typing.NewType):
        hint = hint.__supertype__
    return {
        str: f"{name} {number} 一“\\\t\n",
        int: 7_000_000_000 + number if name == "Counter.count" else 7 + number,
        bool: number % 2 == 0,
        bytes: bytes([number, 0, 255, 92]) + name.encode(),
        dt.datetime: dt.datetime(2026, 11, 25, 1, 2, number, 345_678, tzinfo=dt.UTC),
        dt.date: dt.date(2026, 11, 1 + number),
    }[hint]


def fields(record: Any, number: int) -> Document:
    hints = typing.get_type_hints(record)
    return {
        field.name: value(hints[field.name], f"{record.__name__}.{field.name}", number)
        for field in dataclasses.fields(record)
    }


class Everything:
    """Some documents of every table, each field filled, that belong together as a store's do."""

    def __init__(self) -> None:
        tables = Tables()
        self._documents: dict[str, list[Document]] = {}
        for table in TABLES:
            collection = tables.collection(table)
            self._documents[table] = [
                {
                    name: kept
                    for name, kept in fields(collection.record_type, number).items()
                    if name in collection.codec.names
                }
                for number in range(SOME)
            ]
        for number, situation in enumerate(self._documents["situations"]):
            inquiry = self._documents["inquiries"][number]
            inquiry["situation_id"] = situation["id"]
            situation |= {"references": (inquiry["reference"],), "inquiries": 1}
            self._documents["deliveries"][number]["inquiry_id"] = inquiry["id"]
            self._documents["alarms"][number]["situation_id"] = situation["id"]
            self._documents["mailings"][number]["situation_id"] = situation["id"]
        owners = {"situations": "id", "inquiries": "id", "conversations": "key"}
        self._documents["keys"] = [
            {"owner": document[field], "wrapped": f"key of {document[field]}".encode()}
            for table, field in owners.items()
            for document in self._documents[table]
        ]

    def size(self) -> int:
        return sum(self.counts().values())

    def counts(self) -> Mapping[str, int]:
        return {table: len(found) for table, found in self._documents.items()}

    def documents(self, table: str) -> Iterator[Document]:
        return iter(self._documents[table])


def documents(source: Any) -> dict[str, list[Document]]:
    """Return everything in a store, in an order of its own."""
    return {table: sorted(source.documents(table), key=repr) for table in TABLES}


def nobody(_done: int, _total: int) -> None:
    """Hear how far it is."""


def test_no_table_of_either_engine_is_forgotten(url: str) -> None:
    assert sorted(Tables().names) == sorted({*TABLES, *NOT_TRANSFERRED})
    assert KEPT.keys() >= set(TABLES)
    with psycopg.connect(url) as connection:
        columns: dict[str, set[str]] = {}
        for table, column in connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        ):
            columns.setdefault(table, set()).add(column)
    assert columns.keys() - OWN == {*TABLES, *NOT_TRANSFERRED}
    for table in TABLES:
        kept = KEPT[table]
        assert columns[table] == {*kept.table.columns, *kept.also}, table


async def test_everything_goes_to_the_database_and_back_and_is_the_same(
    url: str, tmp_path: Path, vault: Vault, settings: Settings
) -> None:
    with write_folder(tmp_path / "one", vault) as folder:
        made = transfer(Everything(), folder, nobody)
    assert set(made.values()) <= {SOME, 3 * SOME}
    told: list[tuple[int, int]] = []
    there = await asyncio.to_thread(
        copy_store, settings, str(tmp_path / "one"), url, lambda *told_: told.append(told_)
    )
    back = await asyncio.to_thread(copy_store, settings, url, str(tmp_path / "other"), nobody)
    assert made == there == back
    assert told[-1] == (sum(made.values()), sum(made.values()))
    with read_folder(tmp_path / "one", vault) as one, read_folder(tmp_path / "other", vault) as other:
        before, after = documents(one), documents(other)
    assert before == documents(Everything())
    assert after == before
    with read_database(url) as database:
        assert documents(database) == before


async def test_a_copied_store_works_and_its_record_verifies(
    url: str, tmp_path: Path, vault: Vault, settings: Settings
) -> None:
    store = await open_tinydb(tmp_path / "one", vault)
    await hire(store, "ada")
    made = await file(store, "1")
    await file(store, "2", joins="1", opened_at=at(1))
    await store.open_situation("s-1", "ada", at(2))
    kept = [await store.situation("s-1"), await store.inquiries_in("s-1"), await store.audit_record()]
    await store.close()
    await asyncio.to_thread(copy_store, settings, str(tmp_path / "one"), url, nobody)
    copied = await open_postgres(url, vault)
    try:
        assert [
            await copied.situation("s-1"),
            await copied.inquiries_in("s-1"),
            await copied.audit_record(),
        ] == kept
        await copied.open_situation("s-1", "ada", at(3), more=True)
        assert Chain(vault).verify(*await copied.audit_record()).sound
        assert await copied.inquiry("i-1") == dataclasses.replace(made.inquiry, seen_by_staff=True)
    finally:
        await copied.close()
    await asyncio.to_thread(copy_store, settings, url, str(tmp_path / "other"), nobody)
    again = await open_tinydb(tmp_path / "other", vault)
    assert Chain(vault).verify(*await again.audit_record()).last == 2
    await answer(again, "1")
    await again.close()


async def test_a_target_that_holds_something_is_refused(
    url: str, tmp_path: Path, vault: Vault, settings: Settings
) -> None:
    for name in ("one", "other"):
        store = await open_tinydb(tmp_path / name, vault)
        await file(store)
        await store.close()
    with pytest.raises(StoreUnusable, match="holds a store already"):
        copy_store(settings, str(tmp_path / "one"), str(tmp_path / "other"), nobody)
    await asyncio.to_thread(copy_store, settings, str(tmp_path / "one"), url, nobody)
    with pytest.raises(StoreUnusable, match="holds data already"):
        await asyncio.to_thread(copy_store, settings, str(tmp_path / "other"), url, nobody)
    with pytest.raises(DeskError, match="onto itself"):
        copy_store(settings, url, url, nobody)


async def test_stores_in_use_are_refused_on_either_side(
    url: str, tmp_path: Path, vault: Vault, settings: Settings
) -> None:
    folder = await open_tinydb(tmp_path / "one", vault)
    with pytest.raises(StoreLocked, match="stop it first"):
        await asyncio.to_thread(copy_store, settings, str(tmp_path / "one"), url, nobody)
    await folder.close()
    database = await open_postgres(url, vault)
    with pytest.raises(StoreLocked, match="stop every process"):
        await asyncio.to_thread(copy_store, settings, str(tmp_path / "one"), url, nobody)
    with pytest.raises(StoreLocked, match="stop every process"):
        await asyncio.to_thread(copy_store, settings, url, str(tmp_path / "other"), nobody)
    await database.close()
    async with await psycopg.AsyncConnection.connect(url, application_name="inquiry-desk"):
        with pytest.raises(StoreLocked, match="stop every process"):
            await asyncio.to_thread(copy_store, settings, str(tmp_path / "one"), url, nobody)
    with pytest.raises(StoreUnusable, match="holds no store"):
        copy_store(settings, str(tmp_path / "other"), str(tmp_path / "third"), nobody)


async def test_another_key_is_refused_on_either_side(url: str, tmp_path: Path, vault: Vault) -> None:
    store = await open_tinydb(tmp_path / "one", vault)
    await store.close()
    wrong = read_settings({"DESK_KEY": encode_key(b"x" * 32)})
    for source, target in ((str(tmp_path / "one"), url), (url, str(tmp_path / "other"))):
        with pytest.raises(StoreUnusable, match="another desk key"):
            await asyncio.to_thread(copy_store, wrong, source, target, nobody)
    none = read_settings({"DESK_KEY_FILE": str(tmp_path / "desk.key")})
    with pytest.raises(VaultError, match="no key"):
        copy_store(none, str(tmp_path / "one"), url, nobody)
    assert not (tmp_path / "desk.key").exists()


async def test_a_copy_that_is_interrupted_leaves_nothing_and_can_be_begun_again(
    url: str, tmp_path: Path, vault: Vault
) -> None:
    class Interrupted(Everything):
        def documents(self, table: str) -> Iterator[Document]:
            if table == "counters":
                raise KeyboardInterrupt
            return super().documents(table)

    with pytest.raises(KeyboardInterrupt), write_database(url) as database:
        transfer(Interrupted(), database, nobody)
    with pytest.raises(KeyboardInterrupt), write_folder(tmp_path / "one", vault) as folder:
        transfer(Interrupted(), folder, nobody)
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["desk.lock"]
    with write_database(url) as database:
        transfer(Everything(), database, nobody)
    with write_folder(tmp_path / "one", vault) as folder:
        transfer(Everything(), folder, nobody)


async def test_counts_that_do_not_agree_leave_nothing(url: str, tmp_path: Path, vault: Vault) -> None:
    class Lost(Everything):
        def documents(self, table: str) -> Iterator[Document]:
            found = list(super().documents(table))
            return iter(found[1:] if table == "entries" else found)

    with pytest.raises(StoreError, match="entries 2 of 3"), write_database(url) as database:
        transfer(Lost(), database, nobody)
    with pytest.raises(StoreError, match="entries 2 of 3"), write_folder(tmp_path / "one", vault) as folder:
        transfer(Lost(), folder, nobody)
    store = await open_postgres(url, vault)
    assert await store.entries() == []
    assert (await store.audit_record())[1] is not None
    await store.close()
    assert not (tmp_path / "one" / "desk.sqlite3").exists()


async def test_the_command_says_what_it_copied_and_exits_with_2_when_it_cannot(
    url: str,
    tmp_path: Path,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = await open_tinydb(tmp_path / "one", vault)
    await file(store)
    await store.close()
    monkeypatch.setenv("DESK_KEY", encode_key(KEY))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    command = ["copy", "--from", str(tmp_path / "one"), "--to", url]
    assert await asyncio.to_thread(main, command) == 0
    said = capsys.readouterr()
    assert said.err == "Copying 9 / 9\n"
    lines = said.out.splitlines()
    assert (lines[0], lines[-2]) == (f"{'messages':16} {1:10}", f"{'keys':16} {3:10}")
    assert len(lines) == len(TABLES) + 1
    assert lines[-1].startswith("Copied, and counted on both sides: 9 records.")
    assert await asyncio.to_thread(main, command) == 2
    assert "holds data already" in capsys.readouterr().err
