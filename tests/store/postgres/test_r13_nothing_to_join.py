"""Requirement 13 on PostgreSQL: two inquiries of one person share no stored value, not even what the server adds."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from bot.corpus import Corpus
from bot.models import DeliveryStatus
from bot.store.postgres import PostgresStore
from tests.parts import UNANSWERED, make_office
from tests.store.postgres.conftest import Open
from tests.trust.test_r13_r14_nothing_to_join import OF_EVERYBODY, same

BY_THE_SERVER = ("xmin", "xmax", "ctid")
"""Columns of every table that a SELECT must name: the transactions that wrote and that locked the row, and where it stands."""
OWNERS = ("id", "inquiry_id", "owner", "situation_id", "part_of")
SHARED = OF_EVERYBODY | {"ctid", "xmax"}
"""Where a row stands says nothing of another table's; no transaction that locks is one that others lock in."""


def rows(url: str) -> Mapping[str, list[dict[str, Any]]]:
    with psycopg.connect(url) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        found = {}
        for name in names:
            columns = sql.SQL(", ").join(map(sql.SQL, (*BY_THE_SERVER, "*")))
            cursor = connection.execute(sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(name)))
            described = [column.name for column in cursor.description or ()]
            found[name] = [
                {column: plain(value) for column, value in zip(described, row, strict=True)} for row in cursor
            ]
        return found


def plain(value: Any) -> Any:
    """Return bytes as text and lists of them, as `same` compares them."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.hex() if isinstance(value, bytes) else value


def of(reference: str, found: Mapping[str, list[dict[str, Any]]]) -> list[tuple[str, str, Any]]:
    """Return every value in rows of the inquiry and its situation, with table and column."""
    (inquiry,) = [row for row in found["inquiries"] if row["reference"] == reference]
    ids = {inquiry["id"], inquiry["situation_id"]}
    return [
        (table, name, value)
        for table, listed in found.items()
        for row in listed
        if {row.get(owner) for owner in OWNERS} & ids
        for name, value in row.items()
        if name not in SHARED and not (name == "part_of" and row["kind"] == "situation")  # its lane
    ]


async def test_r13_two_inquiries_of_one_person_share_no_stored_value_in_a_database(
    url: str, another: Open, corpus: Corpus
) -> None:
    store = await another()
    office = make_office(store, corpus)
    references = [str((await office.ask_one(UNANSWERED)).reference)]
    office.clock.forward(minutes=11)
    references.append(str((await office.tap(await office.ask_one(UNANSWERED), "new")).reference))
    await seen(store, office, references)
    found = rows(url)
    await office.assistant.stop()
    one, other = (of(reference, found) for reference in references)
    assert {table for table, _, _ in one} == {"inquiries", "situations", "deliveries", "keys", "changes"}
    for table, name, value in one:
        for other_table, other_name, other_value in other:
            if not (value is None or other_value is None):
                assert not same(value, other_value), f"{table}.{name} is {other_table}.{other_name}"


async def seen(store: PostgresStore, office: Any, references: list[str]) -> None:
    """Let the citizen be shown a reply to each, at once."""
    ids = []
    for reference in references:
        situation = await store.situation_of(reference)
        assert situation is not None
        (inquiry,) = await store.inquiries_in(situation.id)
        ids.append(inquiry.id)
        for delivery in await store.deliveries_of(inquiry.id):
            await store.settle_delivery(delivery.id, DeliveryStatus.PLACED, attempts=delivery.attempts)
    assert await store.mark_seen(ids) == len(ids)
