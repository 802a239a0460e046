"""The store in a database as something to copy from, or to be made as a copy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import Connection, sql

from bot.errors import StoreUnusable
from bot.store.postgres import tables
from bot.store.postgres.alone import alone
from bot.store.postgres.connecting import conninfo, place
from bot.store.postgres.finding import INSIDE
from bot.store.postgres.records import Table
from bot.store.transfer import TABLES, Document

AT_ONCE = 2000
"""Rows that are fetched together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How the documents of a table stand in the database."""

    table: Table[Any]
    select: str
    document: Callable[[Sequence[Any]], Document]
    also: Mapping[str, Any] = field(default_factory=dict)
    """Columns that are in no document, with what they hold in a copy."""


def _plain(table: Table[Any]) -> Kept:
    return Kept(table=table, select=f"SELECT {table.selected()} FROM {table.name}", document=table.document)


def _situation(row: Sequence[Any]) -> Document:
    return tables.SITUATIONS.document(row) | {"references": tuple(row[-2]), "inquiries": row[-1]}


KEPT: Mapping[str, Kept] = {
    **{table.name: _plain(table) for table in vars(tables).values() if isinstance(table, Table)},
    # References and their number are read from the inquiries.
    "situations": Kept(
        table=tables.SITUATIONS,
        select=f"SELECT {tables.SITUATIONS.selected('s')}, {INSIDE} FROM situations AS s",
        document=_situation,
    ),
    # Several rows of a name count.
    "counters": Kept(
        table=tables.COUNTERS,
        select="SELECT name, sum(count)::bigint FROM counters GROUP BY name",
        document=tables.COUNTERS.document,
        also={"part": 0},
    ),
}


class DatabaseCopy:
    """The documents in a database, by table."""

    def __init__(self, connection: Connection) -> None:
        """The connection is in a transaction."""
        self._connection = connection

    def size(self) -> int:
        """Return how many documents there are."""
        return sum(self.counts().values())

    def counts(self) -> Mapping[str, int]:
        """Return how many documents there are of each table."""
        found = {}
        for table in TABLES:
            count = self._connection.execute(f"SELECT count(*) FROM ({KEPT[table].select}) AS kept".encode())
            found[table] = int((count.fetchone() or (0,))[0])
        return found

    def documents(self, table: str) -> Iterator[Document]:
        """Yield the documents of a table."""
        kept = KEPT[table]
        with self._connection.cursor(name="copied") as cursor:
            cursor.itersize = AT_ONCE
            for row in cursor.execute(kept.select.encode(), binary=True):
                yield kept.document(row)

    def write(self, table: str, documents: Iterable[Document]) -> None:
        """Keep the documents of a table."""
        kept = KEPT[table]
        columns = sql.SQL(", ").join(map(sql.Identifier, (*kept.table.columns, *kept.also)))
        also = list(kept.also.values())
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(kept.table.name), columns)
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            for document in documents:
                copy.write_row(kept.table.values(document) + also)


@contextmanager
def read_database(url: str) -> Iterator[DatabaseCopy]:
    """Hold the store in the database, which no desk uses meanwhile. Raises `StoreLocked`, `StoreUnusable`.

    Whether this version can read it is looked at before (`look`).
    """
    with alone(url) as connection, connection.transaction():
        yield DatabaseCopy(connection)


@contextmanager
def read_snapshot(url: str) -> Iterator[DatabaseCopy]:
    """Read the store as it stands at one moment, while desks may use it. Raises `StoreUnusable`."""
    try:
        with psycopg.connect(conninfo(url)) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield DatabaseCopy(connection)
    except psycopg.Error as exc:
        raise StoreUnusable(
            f"The database {place(url)} could not be read to the end ({type(exc).__name__}); see to it and try again."
        ) from exc


@contextmanager
def write_database(url: str) -> Iterator[DatabaseCopy]:
    """Keep what the block writes in the database, where there is a store that holds nothing yet; nothing when it raises.

    Raises `StoreLocked`, `StoreUnusable`. Whether this version can write it is looked at before (`look`).
    """
    with alone(url) as connection, connection.transaction():
        database = DatabaseCopy(connection)
        head = connection.execute("SELECT max(number) FROM audit_heads").fetchone()
        counts = database.counts()
        if any(count for table, count in counts.items() if table != "audit_heads") or (head and head[0]):
            raise StoreUnusable(
                f"The database {place(url)} holds data already, and a copy is made only where there is none: name an "
                "empty one. Nothing was changed."
            )
        connection.execute("DELETE FROM audit_heads")
        yield database
        connection.execute("ANALYZE")
