"""The store in a folder as something to copy from, or to be made as a copy."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bot.errors import StoreLocked, StoreUnusable
from bot.store.tinydb.codec import Document
from bot.store.tinydb.disk import FILE, LOCK, Add, count, examine, has_store, making, rows_of
from bot.store.tinydb.lock import take_lock
from bot.store.tinydb.tables import Tables
from bot.store.transfer import TABLES
from bot.vault import Vault


class _Folder:
    """Reads the documents of a store's file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tables = Tables()

    def size(self) -> int:
        return sum(self.counts().values())

    def counts(self) -> Mapping[str, int]:
        return {table: count(self._connection, table) for table in TABLES}

    def documents(self, table: str) -> Iterator[Document]:
        codec = self._tables.collection(table).codec
        return (codec.decode(body) for _, body in rows_of(self._connection, table))


class Draft:
    """Keeps documents in a store's file that is being made."""

    def __init__(self, tables: Tables, add: Add, count_of: Callable[[str], int]) -> None:
        self._tables = tables
        self._add = add
        self._count_of = count_of

    def write(self, table: str, documents: Iterable[Document]) -> None:
        """Keep the documents of a table."""
        encode = self._tables.collection(table).codec.encode
        self._add(table, ((number, encode(document)) for number, document in enumerate(documents, start=1)))

    def counts(self) -> Mapping[str, int]:
        """Return how many were kept of each table."""
        return {table: self._count_of(table) for table in TABLES}


@contextmanager
def read_folder(path: Path, vault: Vault) -> Iterator[_Folder]:
    """Hold the store in the folder, which no desk uses meanwhile. Raises `StoreLocked`, `StoreUnusable`."""
    if not has_store(path):
        raise StoreUnusable(f"{path} holds no store; name the data folder of a desk. Nothing was changed.")
    with _held(path):
        file = path / FILE
        examine(file, vault, TABLES, lambda _, rows: _exhaust(rows))
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            yield _Folder(connection)


@contextmanager
def write_folder(path: Path, vault: Vault) -> Iterator[Draft]:
    """Make a store in the folder, which holds none, of what the block writes; none when the block raises.

    Raises `StoreLocked`, `StoreUnusable`.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreUnusable(f"{path} cannot hold a store ({exc.strerror}); name another folder.") from exc
    with _held(path):
        if has_store(path):
            raise StoreUnusable(
                f"{path} holds a store already, and a copy is made only where there is none: name an empty folder, or "
                "move that store away. Nothing was changed."
            )
        tables = Tables()
        try:
            with making(path / FILE, vault, tables.names) as (add, count_of):
                yield Draft(tables, add, count_of)
        except (OSError, sqlite3.Error) as exc:
            raise StoreUnusable(
                f"{path} could not take the copy ({exc}), and holds nothing of it; see to its disk and try again."
            ) from exc


@contextmanager
def _held(path: Path) -> Iterator[None]:
    try:
        lock = take_lock(path / LOCK)
    except StoreLocked as exc:
        raise StoreLocked(f"A running desk uses {path}; stop it first. Nothing was changed.") from exc
    except OSError as exc:
        raise StoreUnusable(f"{path} cannot be used ({exc.strerror}); see to its permissions.") from exc
    try:
        yield
    finally:
        os.close(lock)


def _exhaust(rows: Iterable[tuple[int, bytes]]) -> None:
    for _ in rows:
        pass
