"""Requirements 13 and 14: two inquiries of one person share no stored value, and nothing takes a person's key."""

import dataclasses
import inspect
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, get_type_hints

import orjson
import pytest
from aiohttp import web

from bot.app import App
from bot.config import read_settings
from bot.corpus import Corpus
from bot.models import Conversation, Delivery, Inquiry, Situation
from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.store.tinydb.tables import Tables
from bot.vault import Vault
from tests.parts import INTENTS, KEY, KNOWLEDGE, UNANSWERED, make_office

OF_EVERYBODY = frozenset({
    "status", "channel", "language", "languages", "lane", "nearest", "urgent", "seen_by_staff", "attempts", "problem",
    "claimed_by", "claimed_until", "staff_wrote_at", "settled_at", "settled_by", "draft", "version",
    "joined", "inquiries", "pool", "number", "newer_than", "kind",
})  # fmt: skip
"""Columns whose value thousands share, or that are empty until staff act."""


def rows(file: Path) -> Mapping[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(file)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: [orjson.loads(body) for (body,) in connection.execute(f'SELECT body FROM "{name}"')]
            for name in tables
            if name != "mark"
        }


def owner(row: Mapping[str, Any]) -> set[str]:
    return {str(row.get(key)) for key in ("id", "inquiry_id", "owner", "situation_id")}


async def test_r13_two_inquiries_of_one_person_share_no_stored_value(corpus: Corpus, tmp_path: Path) -> None:
    store = await open_tinydb(tmp_path, Vault(KEY))
    office = make_office(store, corpus)
    receipts = [await office.ask_one(UNANSWERED)]
    office.clock.forward(minutes=11)
    asked = await office.ask_one(UNANSWERED)
    receipts.append(await office.tap(asked, "new"))
    references = [str(receipt.reference) for receipt in receipts]
    assert len(set(references)) == 2
    found = rows(tmp_path / "desk.sqlite3")
    await store.close()
    sides: list[list[tuple[str, str, Any]]] = []
    for reference in references:
        (inquiry,) = [row for row in found["inquiries"] if row["reference"] == reference]
        ids = {inquiry["id"], inquiry["situation_id"]}
        sides.append(
            [
                (table, name, value)
                for table, listed in found.items()
                for row in listed
                if owner(row) & ids
                for name, value in row.items()
                if name not in OF_EVERYBODY
            ]
        )
    one, other = sides
    assert {table for table, _, _ in one} == {"inquiries", "situations", "deliveries", "keys"}
    for table, name, value in one:
        for other_table, other_name, other_value in other:
            assert not same(value, other_value), f"{table}.{name} is {other_table}.{other_name}"


def same(one: Any, other: Any) -> bool:
    """Tell whether two values, or parts of them, could be put together."""
    if isinstance(one, list) or isinstance(other, list):
        left = one if isinstance(one, list) else [one]
        right = other if isinstance(other, list) else [other]
        return any(same(each, every) for each in left for every in right)
    if isinstance(one, str) and isinstance(other, str) and min(len(one), len(other)) > 40:
        # Sealed: no run of bytes in one stands in the other.
        return any(one[start : start + 12] in other for start in range(len(one) - 12))
    return bool(one == other)


async def test_r13_what_links_them_is_sealed_under_a_digest_of_the_address(
    corpus: Corpus, tmp_path: Path
) -> None:
    store = await open_tinydb(tmp_path, Vault(KEY))
    office = make_office(store, corpus)
    first = await office.hand_over()
    second = str((await office.tap(await office.ask_one("who won the chess tournament"), "new")).reference)
    found = rows(tmp_path / "desk.sqlite3")
    await store.close()
    (conversation,) = found["conversations"]
    for row in found["inquiries"]:
        assert row["reference"] in (first, second)
        for value in row.values():
            assert not isinstance(value, str) or len(value) < 8 or value not in str(conversation)
    assert conversation["key"] not in str(found["inquiries"]) + str(found["situations"])


# --- 14


@pytest.fixture
async def app(tmp_path: Path) -> Any:
    settings = read_settings(
        {
            "DATA_DIR": str(tmp_path),
            "DESK_KEY_FILE": str(tmp_path / "key"),
            "INTENTS_DIR": str(INTENTS),
            "KNOWLEDGE_DIR": str(KNOWLEDGE),
            "TELEGRAM_TOKEN": "1:x",
        }
    )
    store = await open_tinydb(None, Vault(KEY))
    yield App(settings, store, Vault(KEY))
    await store.close()


def served(app: web.Application) -> Iterator[tuple[str, str]]:
    for route in app.router.routes():
        assert route.resource is not None
        yield route.method, route.resource.canonical


async def test_r14_what_a_route_is_asked_for_is_never_a_person(app: App) -> None:
    from bot.staff.app import ROUTES

    public = web.Application()
    app.webchat.add_routes(public)
    assert app.telegram is not None
    app.telegram.add_routes(public)
    paths = {path for _, path in served(public)} | {"/staff" + route[1] for route in ROUTES}
    parts = {(part, path.split("/{")[0]) for path in paths for part in re.findall(r"{(\w+)}", path)}
    assert parts == {
        ("conversation", "/c"),
        ("conversation", "/api/conversations"),
        ("name", "/static"),
        ("token", "/staff/join"),
        ("id", "/staff/situations"),
        ("id", "/staff/knowledge"),
    }, "a new part of a path: say here what it names, which may not be a citizen"


def test_r14_no_verb_of_the_store_asks_for_a_person_or_looks_into_words() -> None:
    asked = {
        name
        for verb, body in inspect.getmembers(Store, inspect.isfunction)
        if not verb.startswith("_")
        for name in inspect.signature(body).parameters
    }
    assert not asked & {
        "address",
        "chat",
        "citizen",
        "person",
        "user",
        "phone",
        "text",
        "words",
        "query",
        "search",
    }
    by_conversation = {
        verb
        for verb, body in inspect.getmembers(Store, inspect.isfunction)
        if "Conversation" in str(inspect.signature(body))
    }
    assert by_conversation == {"conversation", "save_conversation"}, (
        "a conversation is found by its own digest only"
    )


CITIZENS = {
    Conversation: {"key", "body", "data_key", "keep_until", "version"},
    Inquiry: {
        "id", "reference", "situation_id", "status", "channel", "data_key", "address", "words", "language", "opened_at",
        "updated_at", "urgent", "seen_by_staff", "settled_at", "joined", "newer_than",
    },
    Delivery: {"id", "inquiry_id", "body", "status", "created_at", "due_at", "kind", "attempts", "problem"},
}  # fmt: skip
"""Every column of what belongs to a citizen. A new one is a change of what the desk promises: docs/decisions/0004."""
INDEXED = {"messages", "conversations", "inquiries", "situations", "deliveries", "keys"}


def test_r14_the_columns_of_what_belongs_to_a_citizen_are_these() -> None:
    for record, columns in CITIZENS.items():
        assert {field.name for field in dataclasses.fields(record)} == columns, record.__name__


def test_r14_no_column_of_a_situation_holds_words_in_clear() -> None:
    clear = {name for name, hint in get_type_hints(Situation).items() if hint in (str, str | None)}
    assert clear <= {
        "id",
        "lane",
        "nearest",
        "claimed_by",
        "settled_by",
        "acknowledged_by",
        "paged_to",
        "pool",
    }


async def test_r14_no_table_can_be_searched_for_words_or_people(tmp_path: Path) -> None:
    store = await open_tinydb(tmp_path, Vault(KEY))
    await store.close()
    with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as connection:
        made = list(connection.execute("SELECT type, sql FROM sqlite_master"))
    assert {kind for kind, _ in made} == {"table"}, "no index, no view, no trigger"
    assert not any("virtual" in str(sql).lower() or "fts" in str(sql).lower() for _, sql in made)
    assert set(Tables().names) >= INDEXED


def test_r14_counters_are_shown_and_exported_nowhere() -> None:
    """So that no cell under five can be: whoever shows them first has to leave those out, and to change this."""
    readers = [
        path.name
        for path in Path("bot").rglob("*.py")
        if ".counters()" in path.read_text() and "store" not in path.parts
    ]
    assert readers == []
