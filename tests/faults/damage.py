"""Ways to damage single fields of stored rows so that the row is whole and what it seals is noise."""

import sqlite3
from base64 import b64encode
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import orjson
import psycopg
from psycopg import sql

NOISE = b"what a bad sector leaves of it"


class Rows(Protocol):
    """The rows of a store that nobody has open."""

    def all(self, table: str, *fields: str) -> list[tuple[Any, ...]]:
        """Return these fields of every row."""

    def damage(self, table: str, field: str, key: str, value: str) -> None:
        """Let the field be noise in the row whose `key` is `value`; a list becomes noises."""


class OnDisk:
    """The embedded store's."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "desk.sqlite3"

    def all(self, table: str, *fields: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._file)) as connection:
            documents = [
                orjson.loads(body)
                for (body,) in connection.execute(f'SELECT body FROM "{table}" ORDER BY id')
            ]
        return [tuple(document[field] for field in fields) for document in documents]

    def damage(self, table: str, field: str, key: str, value: str) -> None:
        noise = b64encode(NOISE).decode()
        with closing(sqlite3.connect(self._file)) as connection:
            for row, body in connection.execute(f'SELECT id, body FROM "{table}"').fetchall():
                document = orjson.loads(body)
                if document[key] == value:
                    many = isinstance(document[field], list)
                    changed = orjson.dumps(
                        {**document, field: [noise] * len(document[field]) if many else noise}
                    )
                    values = (changed, crc32(changed), row)
                    connection.execute(f'UPDATE "{table}" SET body = ?, crc = ? WHERE id = ?', values)
            connection.commit()


class InDatabase:
    """PostgreSQL's."""

    def __init__(self, url: str) -> None:
        self._url = url

    def all(self, table: str, *fields: str) -> list[tuple[Any, ...]]:
        names = sql.SQL(", ").join(map(sql.Identifier, fields))
        asking = sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table))
        with psycopg.connect(self._url) as connection:
            return list(connection.execute(asking))

    def damage(self, table: str, field: str, key: str, value: str) -> None:
        noise: bytes | list[bytes] = [NOISE] if (table, field) == ("inquiries", "words") else NOISE
        changing = sql.SQL("UPDATE {} SET {} = %s WHERE {} = %s").format(
            *map(sql.Identifier, (table, field, key))
        )
        with psycopg.connect(self._url) as connection:
            connection.execute(changing, (noise, value))
