"""TinyDB's own operations on tables of rows."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinydb import TinyDB, where
from tinydb.operations import increment
from tinydb.storages import MemoryStorage
from tinydb.table import Document, Table

from bot.errors import StoreError
from bot.store.rows import Counter
from bot.store.tinydb.codec import Codec
from bot.store.tinydb.indexes import Grouped, Ordered, Unique
from bot.store.tinydb.table import RowDB, RowStorage, RowTable

CODEC = Codec(Counter)


@pytest.fixture
def db() -> RowDB:
    return RowDB()


def counters(db: RowDB) -> RowTable:
    return db.rows("counters", CODEC)


def storage(db: RowDB) -> RowStorage:
    return cast(RowStorage, db.storage)


def doc(name: str, count: int = 0) -> dict[str, Any]:
    return {"name": name, "count": count}


def test_a_change_notes_the_row_and_what_it_was(db: RowDB) -> None:
    table = counters(db)
    table.insert(doc("a"))
    table.insert(doc("b"))
    assert storage(db).rows == {"counters": {1: b'{"name":"a","count":0}', 2: b'{"name":"b","count":0}'}}
    assert storage(db).before == {("counters", 1): None, ("counters", 2): None}
    storage(db).rows.clear()
    storage(db).before.clear()
    table.update(increment("count"), where("name") == "a")
    table.remove(doc_ids=[2])
    assert storage(db).rows == {"counters": {1: b'{"name":"a","count":1}', 2: None}}
    assert storage(db).before == {("counters", 1): doc("a"), ("counters", 2): doc("b")}


def test_an_update_that_changes_nothing_notes_nothing(db: RowDB) -> None:
    table = counters(db)
    table.insert(doc("a"))
    storage(db).rows.clear()
    table.update({"count": 0}, doc_ids=[1])
    table.upsert(doc("a"), where("name") == "a")
    assert storage(db).rows == {}


def test_an_update_that_fails_changes_nothing(db: RowDB) -> None:
    table = counters(db)
    table.insert(doc("a"))
    storage(db).rows.clear()
    with pytest.raises(ValueError, match="already exists"):
        table.insert_multiple([doc("b"), Document(doc("c"), doc_id=1)])
    with pytest.raises(KeyError):
        table.update(increment("no such field"), doc_ids=[1])
    with pytest.raises(StoreError):
        table.update({"count": "many"}, doc_ids=[1])
    assert table.all() == [doc("a")]
    assert storage(db).rows == {}


def test_dropping_a_table_is_refused_and_drops_nothing(db: RowDB) -> None:
    counters(db).insert(doc("a"))
    for drop in (lambda: db.drop_table("counters"), db.drop_tables):
        with pytest.raises(NotImplementedError, match="truncate"):
            drop()
        assert counters(db).all() == [doc("a")]
    assert db.tables() == {"counters"}


NAMES = st.sampled_from("abc")
IDS = st.lists(st.integers(min_value=1, max_value=6), max_size=3, unique=True)
STEPS: st.SearchStrategy[Callable[[Table], Any]] = st.one_of(
    st.builds(lambda name, n: lambda t: t.insert(doc(name, n)), NAMES, st.integers(0, 9)),
    st.builds(lambda names: lambda t: t.insert_multiple(map(doc, names)), st.lists(NAMES, max_size=3)),
    st.builds(
        lambda name, n: lambda t: t.update({"count": n}, where("name") == name), NAMES, st.integers(0, 9)
    ),
    st.builds(lambda ids: lambda t: t.update(increment("count"), doc_ids=ids), IDS),
    st.builds(lambda n: lambda t: t.update({"count": n}), st.integers(0, 9)),
    st.builds(
        lambda one, other: (
            lambda t: t.update_multiple(
                [({"count": 5}, where("name") == one), (increment("count"), where("name") == other)]
            )
        ),
        NAMES,
        NAMES,
    ),
    st.builds(
        lambda name, n: lambda t: t.upsert(doc(name, n), where("name") == name), NAMES, st.integers(0, 9)
    ),
    st.builds(lambda ids: lambda t: t.remove(doc_ids=ids), IDS),
    st.builds(lambda name: lambda t: t.remove(where("name") == name), NAMES),
    st.just(lambda t: t.truncate()),
    st.builds(lambda name: lambda t: t.search(where("name") == name), NAMES),
    st.builds(lambda name: lambda t: t.count(where("name") == name), NAMES),
    st.builds(lambda name: lambda t: t.get(where("name") == name), NAMES),
    st.builds(lambda n: lambda t: t.get(doc_id=n), st.integers(1, 6)),
    st.builds(lambda n: lambda t: t.contains(doc_id=n), st.integers(1, 6)),
)


@given(st.lists(STEPS, max_size=12))
def test_a_table_of_rows_behaves_as_the_stock_table(steps: list[Callable[[Table], Any]]) -> None:
    stock = TinyDB(storage=MemoryStorage).table("counters")
    db = RowDB()
    ours = counters(db)
    unique, grouped, ordered = (
        ours.index(Grouped(lambda document: document["name"])),
        ours.index(Grouped(lambda document: document["count"] or None)),
        ours.index(Ordered(lambda document: document["count"] or None)),
    )
    disk: dict[int, bytes] = {}
    for step in steps:
        assert step(ours) == step(stock)
        assert sorted(ours.all(), key=lambda d: d.doc_id) == sorted(stock.all(), key=lambda d: d.doc_id)
        assert len(ours) == len(stock)
        for doc_id, row in storage(db).rows.pop("counters", {}).items():
            disk.pop(doc_id, None)
            if row is not None:
                disk[doc_id] = row
        assert {doc_id: CODEC.decode(row) for doc_id, row in disk.items()} == {
            document.doc_id: document for document in stock
        }
        for name in "abc":
            assert unique.get(name) == [d.doc_id for d in by_id(stock) if d["name"] == name]
        for count in range(1, 20):
            assert grouped.get(count) == [d.doc_id for d in by_id(stock) if d["count"] == count]
        counted = sorted((d["count"], d.doc_id) for d in stock if d["count"])
        assert ordered.all() == [doc_id for _, doc_id in counted]
        assert ordered.before(5) == [doc_id for count, doc_id in counted if count < 5]
        assert ordered.before(5, 2) == [doc_id for count, doc_id in counted if count < 5][:2]
        assert ordered.until(5) == [doc_id for count, doc_id in counted if count <= 5]


def by_id(table: Table) -> list[Document]:
    return sorted(table, key=lambda document: document.doc_id)


def test_indexes_filled_at_once_are_those_that_followed() -> None:
    rows = [(1, doc("a", 3)), (2, doc("b", 0)), (5, doc("c", 1))]
    db = RowDB()
    table = counters(db)
    unique, ordered = (
        table.index(Unique(lambda d: d["name"])),
        table.index(Ordered(lambda d: d["count"] or None)),
    )
    table.fill(rows)
    assert (unique.get("c"), ordered.all()) == (5, [5, 1])
    assert table.insert(doc("d", 2)) == 6
    assert ordered.all() == [5, 6, 1]


def test_two_rows_with_one_key_are_refused() -> None:
    table = counters(RowDB())
    table.index(Unique(lambda d: d["name"]))
    with pytest.raises(ValueError, match="same key"):
        table.fill([(1, doc("a")), (2, doc("a"))])
