"""The sqlite file behind the tables: made whole, examined before it is touched, written in one go per group."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from zlib import crc32

from bot.errors import StoreUnusable, VaultError
from bot.models import Sealed
from bot.store.base import SCHEMA_VERSION
from bot.store.tinydb.group import Rows
from bot.store.tinydb.lock import take_lock
from bot.vault import Vault

FILE = "desk.sqlite3"
LOCK = "desk.lock"
STORE_ID, WORDS_ID, KEYS_ID = 0x1D_DE5C, 0x1D_DE5D, 0x1D_DE5E
"""Mark a sqlite file as a desk's store or a part of its backup, in the file's header."""
KINDS = {STORE_ID: "a desk's store", WORDS_ID: "a backup of words", KEYS_ID: "a backup of keys"}
HEADER_BYTES = 100
AT_ONCE = (64, 16, 4, 1)
"""Rows that one statement writes. At the end of each statement this thread asks for the interpreter again, and waits while
others compute; sqlite itself needs no interpreter, and works beside them."""
STATEMENTS = 512
"""Statements that sqlite keeps ready: those of `AT_ONCE` for every table, and the removals."""
PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY}
PASSING_WHOLE = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
"""What sqlite says when nothing was written: by kind, and by kind with its detail."""
ROOM = 1024 * 1024
"""Bytes that a disk which was full must take before it counts as whole again."""
BUSY = 0.2
"""Seconds to wait for a backup that reads: no citizen waits longer because of one."""

PURPOSE = "store"
KNOWN = b"inquiry desk"
MARK = "mark"
"""Sealed into every store, so that another key is noticed before it is used."""

ROOM_ID = 2
"""The row beside the mark that is written and removed to see whether there is room."""

Fill = Callable[[str, Iterable[tuple[int, bytes]]], None]
"""Takes in the rows of one table; raises ValueError for a row it cannot read."""
Add = Callable[[str, Iterable[tuple[int, bytes]]], None]
"""Keeps rows of one table."""


def has_store(path: Path) -> bool:
    """Tell whether the directory holds a store, or what is left of one."""
    return (path / FILE).exists() or (path / (FILE + "-wal")).exists()


class Disk:
    """Rows of the tables, as (id, body) in a sqlite table each."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: int | None,
        file: Path | None = None,
        examine: Callable[[Fill], None] | None = None,
    ) -> None:
        """`examine` reads the whole of `file`, as a start does; without a file there is nothing to read anew."""
        self._connection = connection
        self._lock = lock
        self._file = file
        self._examine = examine
        self._changed = True

    def persist(self, rows: Rows) -> None:
        """Make all of the rows durable, or none. Raises `sqlite3.Error`."""
        self._changed = True
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            _write(self._connection, rows)
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk may have rolled it back already
                self._connection.execute("ROLLBACK")
            raise

    def begin_anew(self, fill: Fill) -> None:
        """Do after a write that failed what a new start would do: open the file and hand every row of it to `fill`, once
        it takes writes. Raises `sqlite3.Error`, `OSError`, or `StoreUnusable` for a file that was damaged."""
        if self._file is None or self._examine is None:
            raise StoreUnusable("This store is only in memory; what it cannot hold is gone.")
        self._connection.close()
        self._connection = _connect(str(self._file))
        room = bytes(ROOM)
        self.persist({MARK: {ROOM_ID: room}})
        self.persist({MARK: {ROOM_ID: None}})
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._examine(fill)

    def scrub(self) -> None:
        """Empty the log, which still has what the pages were before. In the pages themselves the places of removed
        rows were overwritten as they went (`secure_delete`)."""
        with suppress(sqlite3.Error):  # what is durable in the log stays so; the next time empties it
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def scrub_whole(self) -> None:
        """Write every page anew, if rows have changed since the last time: when sqlite moves rows from page to page,
        copies stay behind in unused corners, which overwriting removed rows does not reach."""
        if self._changed:
            with suppress(sqlite3.Error):  # a full disk, or a backup reads: the next time does it
                self._connection.execute("VACUUM")
                self._changed = False
        self.scrub()

    def close(self) -> None:
        """Let everything be in the one file, and let others have it."""
        try:
            self.scrub()
            self._connection.close()
        finally:
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None


def memory_disk(vault: Vault, names: Sequence[str], first: Rows) -> Disk:
    """Return a disk that forgets, and holds the rows `first`: the same sqlite, without a file."""
    connection = _connect(":memory:")
    with _laying_out(connection, vault, names, STORE_ID) as add:
        _add_all(add, first)
    return Disk(connection, lock=None)


def open_disk(
    path: Path, vault: Vault, names: Sequence[str], fill: Fill, first: Callable[[], Rows] = dict
) -> Disk:
    """Lock the directory, make or examine its store, hand every row to `fill`, and return it ready to write.

    A store that is made holds the rows that `first` returns.

    Raises `StoreLocked`, and `StoreUnusable` with nothing changed.
    """
    file = path / FILE
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = take_lock(path / LOCK)
    except OSError as exc:
        raise StoreUnusable(
            f"{path} cannot hold the store ({exc.strerror}); set DATA_DIR to a folder the desk may write to."
        ) from exc
    try:
        if has_store(path):
            examine(file, vault, names, fill)
        else:
            make(file, vault, names, first())
        file.chmod(0o600)
        return Disk(_connect(str(file)), lock, file, partial(examine, file, vault, names))
    except (OSError, sqlite3.Error) as exc:
        os.close(lock)
        raise StoreUnusable(f"{file} cannot be used ({exc}); see to its disk and permissions.") from exc
    except BaseException:
        os.close(lock)
        raise


def _connect(where: str) -> sqlite3.Connection:
    # Every use after this happens on the store's one thread.
    connection = sqlite3.connect(
        where, timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")  # nothing of it in anybody's temporary folder
    except BaseException:
        connection.close()
        raise
    return connection


def may_pass(problem: BaseException) -> bool:
    """Tell whether a failed write leaves the file as it was and may succeed later: no room, or not writable now.

    A disk that could not make durable what it had taken is another matter: what it holds is not known.
    """
    code = getattr(problem, "sqlite_errorcode", None)
    return code is not None and (code in PASSING_WHOLE or code & 0xFF in PASSING)


def mark(vault: Vault) -> Rows:
    """Return the row by which a store tells the key it was sealed with."""
    return {MARK: {1: vault.seal(PURPOSE, KNOWN)}}


def _write(connection: sqlite3.Connection, rows: Rows) -> None:
    for table, changed in rows.items():
        values = [
            value
            for doc_id, body in changed.items()
            if body is not None
            for value in (doc_id, body, crc32(body))
        ]
        at = 0
        for size in AT_ONCE:
            while len(values) - at >= 3 * size:
                connection.execute(_upsert(table, size), values[at : at + 3 * size])
                at += 3 * size
        connection.executemany(
            f'DELETE FROM "{table}" WHERE id = ?',  # noqa: S608
            [(doc_id,) for doc_id, body in changed.items() if body is None],
        )


@cache
def _upsert(table: str, size: int) -> str:
    """Return the statement that writes so many rows."""
    return (
        f'INSERT INTO "{table}" VALUES {", ".join(["(?, ?, ?)"] * size)} '  # noqa: S608 - our own tables' names
        "ON CONFLICT (id) DO UPDATE SET body = excluded.body, crc = excluded.crc"
    )


@contextmanager
def _laying_out(
    connection: sqlite3.Connection, vault: Vault, names: Sequence[str], identity: int
) -> Iterator[Add]:
    """Make the tables, let the block add rows, and keep all of it when it ends well."""
    connection.execute("BEGIN IMMEDIATE")
    for name in (MARK, *names):
        connection.execute(
            f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL)'
        )
    _write(connection, mark(vault))
    yield partial(_insert, connection)
    connection.execute(f"PRAGMA application_id = {identity}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[tuple[int, bytes]]) -> None:
    connection.executemany(
        f'INSERT INTO "{table}" VALUES (?, ?, ?)',  # noqa: S608 - our own tables' names
        ((doc_id, body, crc32(body)) for doc_id, body in rows),
    )


def _add_all(add: Add, rows: Rows) -> None:
    for name, changed in rows.items():
        add(name, ((doc_id, body) for doc_id, body in changed.items() if body is not None))


def synced(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def make(file: Path, vault: Vault, names: Sequence[str], rows: Rows) -> None:
    """Make a store that holds `rows`, under another name first: under its own name it is always whole."""
    with making(file, vault, names) as (add, _):
        _add_all(add, rows)


@contextmanager
def making(file: Path, vault: Vault, names: Sequence[str]) -> Iterator[tuple[Add, Callable[[str], int]]]:
    """Make a store of the rows that the block adds; when the block raises there is none.

    The other function of the pair returns how many rows a table has.
    """
    draft = file.with_name(file.name + ".new")
    leftovers = (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm"))
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    draft.touch(mode=0o600)  # sqlite gives its other files the same mode
    try:
        with (
            closing(_connect(str(draft))) as connection,
            _laying_out(connection, vault, names, STORE_ID) as add,
        ):
            yield add, partial(count, connection)
    except BaseException:
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        raise
    draft.rename(file)
    synced(file.parent)


def make_part(
    draft: Path, vault: Vault, identity: int, rows: Mapping[str, Iterable[tuple[int, bytes]]]
) -> None:
    """Make a part of a backup in the empty file `draft`. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        with _laying_out(connection, vault, list(rows), identity) as add:
            for name, found in rows.items():
                add(name, found)


def count(connection: sqlite3.Connection, table: str) -> int:
    """Return how many rows a table has."""
    ((found,),) = connection.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - our own tables' names
    return int(found)


def examine(file: Path, vault: Vault, names: Sequence[str], fill: Fill, identity: int = STORE_ID) -> None:
    """Read a whole file through a connection that cannot write. Raises `StoreUnusable`."""
    _examine_header(file, identity)
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            for (finding,) in connection.execute("PRAGMA integrity_check"):
                if finding != "ok":
                    raise _damaged(file, finding)
            _examine_key(file, connection, vault)
            for name in names:
                fill(name, rows_of(connection, name))
    except (sqlite3.DatabaseError, ValueError) as exc:
        if isinstance(exc, sqlite3.OperationalError) and "no such table" not in str(exc):
            raise  # the disk or its permissions, not the data
        raise _damaged(file, str(exc)) from exc


def _examine_header(file: Path, identity: int) -> None:
    try:
        with file.open("rb") as opened:
            header = opened.read(HEADER_BYTES)
    except FileNotFoundError as exc:
        if identity != STORE_ID:
            raise StoreUnusable(
                f"{file} does not exist; name {KINDS[identity]}. Nothing was changed."
            ) from exc
        raise StoreUnusable(
            f"{file} is missing while its {FILE}-wal is there; put the file back or restore your backup of "
            "both. Nothing was changed."
        ) from exc
    if len(header) < HEADER_BYTES or not header.startswith(b"SQLite format 3\0"):
        raise _damaged(file, "it is no sqlite file")
    if int.from_bytes(header[68:72], "big") != identity:
        raise _damaged(file, f"it is not {KINDS[identity]}")
    version = int.from_bytes(header[60:64], "big")
    if version > SCHEMA_VERSION:
        raise StoreUnusable(
            f"{file} was written by a newer desk (data version {version}, this desk knows {SCHEMA_VERSION}); "
            "start that version again, or restore the backup made before the upgrade. Nothing was changed."
        )
    if version < SCHEMA_VERSION:
        raise StoreUnusable(
            f"{file} was written before the first release (data version {version}, this desk knows "
            f"{SCHEMA_VERSION}), and nothing brings it over: move it and the files beside it away to start anew, or "
            "go on with the version that wrote it. Nothing was changed."
        )


def _examine_key(file: Path, connection: sqlite3.Connection, vault: Vault) -> None:
    found = dict(rows_of(connection, MARK)).get(1)
    if found is None:
        raise _damaged(file, "its sealed mark is missing")
    try:
        known = vault.open(PURPOSE, Sealed(found))
    except VaultError as exc:
        raise StoreUnusable(
            f"{file} was sealed with another desk key; put back the key it was made with "
            "(DESK_KEY or DESK_KEY_FILE). Nothing was changed."
        ) from exc
    if known != KNOWN:
        raise _damaged(file, "its sealed mark is not a desk's")


def sealed_with(path: Path, vault: Vault) -> bool:
    """Tell whether the store in the directory is sealed with this key. Raises `StoreUnusable` for a damaged one."""
    file = path / FILE
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = dict(rows_of(connection, MARK)).get(1, b"")
        return vault.open(PURPOSE, Sealed(found)) == KNOWN
    except VaultError:
        return False
    except (sqlite3.Error, ValueError) as exc:
        raise _damaged(file, str(exc)) from exc


def rows_of(connection: sqlite3.Connection, name: str) -> Iterable[tuple[int, bytes]]:
    for doc_id, body, crc in connection.execute(
        f'SELECT id, body, crc FROM "{name}" ORDER BY id'  # noqa: S608
    ):
        if not isinstance(body, bytes) or crc32(body) != crc:
            raise ValueError(f"row {doc_id} of {name} was altered")
        yield doc_id, body


def _damaged(file: Path, finding: str) -> StoreUnusable:
    return StoreUnusable(
        f"{file} is damaged ({finding}). Nothing was changed; move it and the files beside it away, and "
        "restore your backup."
    )
