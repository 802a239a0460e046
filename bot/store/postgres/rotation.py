"""A new desk key for a database: everything the old one sealed or wrapped, in one transaction."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, LiteralString

import psycopg
from psycopg import Connection

from bot.audit import re_anchored
from bot.errors import StoreUnusable, VaultError
from bot.models import Sealed
from bot.store.postgres.alone import alone
from bot.store.postgres.connecting import conninfo, place
from bot.store.postgres.finding import INQUIRIES_FOUND, inquiry_from
from bot.store.postgres.migrating import KNOWN, MARK, PURPOSE
from bot.store.postgres.tables import AUDIT, AUDIT_HEADS
from bot.store.postgres.transfer import KEPT
from bot.store.rotating import SEALED_BY_DESK, Moved, Rotated, Tell, resealed
from bot.vault import Vault

AT_ONCE = 2000
"""Records whose keys are changed together."""
REWRAPPED: LiteralString = """
    CREATE TEMPORARY TABLE rewrapped (
        owner text COLLATE "C" NOT NULL, new_owner text COLLATE "C" NOT NULL, wrapped bytea NOT NULL
    ) ON COMMIT DROP
"""
CONVERSATIONS: LiteralString = (
    "SELECT c.key, k.wrapped FROM conversations AS c JOIN keys AS k ON k.owner = c.key"
)
SITUATIONS: LiteralString = "SELECT s.id, k.wrapped FROM situations AS s JOIN keys AS k ON k.owner = s.id"
LET_GO: LiteralString = "DELETE FROM conversations WHERE NOT EXISTS (SELECT FROM rewrapped WHERE rewrapped.owner = conversations.key)"
MOVE: LiteralString = "UPDATE conversations SET key = new_owner FROM rewrapped WHERE key = owner"
KEEP: LiteralString = "INSERT INTO keys (owner, wrapped) SELECT new_owner, wrapped FROM rewrapped"
ANEW: LiteralString = "VACUUM FULL conversations, entries, staff, audit"
"""Leaves nothing in their files that the old key opens; the keys themselves stand in a new file by then."""

Rewrapped = tuple[str, str, Sealed]
"""A record's owner, its new owner, and its key as the new desk key wraps it."""


def rotate(
    url: str,
    old: Vault,
    *,
    begin: Callable[[], Vault],
    end: Callable[[], None],
    moved: Moved,
    tell: Tell,
) -> Rotated:
    """Wrap and seal anew, with the key that `begin` keeps and returns, what the database holds, which no desk uses.

    As `bot.store.tinydb.rotation` does it. Raises `StoreLocked`, `StoreUnusable`, and `VaultError` when the record of
    reads was altered. Whether the store is sealed with the old key is looked at before (`look`).
    """
    with alone(url) as connection:
        with connection.transaction():
            new = begin()
            rotated = _Rotation(connection, old, new, tell).run(moved)
        end()
        with suppress(psycopg.Error):  # the change is made; what this is for goes by and by in any case
            connection.execute(ANEW)
    return rotated


def sealed_with(url: str, vault: Vault) -> bool:
    """Tell whether the store in the database is sealed with this key. Raises `StoreUnusable`."""
    try:
        with psycopg.connect(conninfo(url)) as connection:
            row = connection.execute(
                "SELECT value FROM meta WHERE name = %s", (MARK,), binary=True
            ).fetchone()
    except psycopg.Error as exc:
        raise StoreUnusable(
            f"A change of the desk's key was interrupted, and the database {place(url)} cannot be asked which key it has "
            f"({type(exc).__name__}); see to it and try again."
        ) from exc
    try:
        return row is not None and vault.open(PURPOSE, Sealed(row[0])) == KNOWN
    except VaultError:
        return False


class _Rotation:
    """One change of keys, in a transaction."""

    def __init__(self, connection: Connection, old: Vault, new: Vault, tell: Tell) -> None:
        self._connection = connection
        self._old = old
        self._new = new
        self._tell = tell
        self._done = 0
        self._total = sum(
            self._count(table) for table in ("inquiries", "situations", "conversations", *SEALED_BY_DESK)
        )

    def run(self, moved: Moved) -> Rotated:
        messages = self._count("messages")
        self._connection.execute(REWRAPPED)
        digests: dict[str, str] = {}
        for rows in self._batches(INQUIRIES_FOUND):
            inquiries = [inquiry_from(row) for row in rows]
            digests |= moved(self._new, inquiries)
            self._keep((one.id, one.id, self._rewrapped(one.id, one.data_key, one.id)) for one in inquiries)
        for rows in self._batches(SITUATIONS):
            self._keep((owner, owner, self._rewrapped(owner, wrapped, owner)) for owner, wrapped in rows)
        for rows in self._batches(CONVERSATIONS):
            self._keep(
                (key, digests[key], self._rewrapped(key, wrapped, digests[key]))
                for key, wrapped in rows
                if key in digests
            )
        self._connection.execute("ANALYZE rewrapped")
        let_go = self._connection.execute(LET_GO).rowcount
        self._connection.execute(MOVE)
        self._connection.execute("TRUNCATE keys, messages")
        keys = self._connection.execute(KEEP).rowcount
        for table, purpose in SEALED_BY_DESK.items():
            self._reseal(table, purpose)
        self._chain_anew()
        self._connection.execute(
            "UPDATE meta SET value = %s WHERE name = %s", (self._new.seal(PURPOSE, KNOWN), MARK)
        )
        self._tell(self._total, self._total)
        return Rotated(
            keys=keys,
            entries=self._count("entries"),
            conversations_let_go=let_go,
            message_ids_let_go=messages,
        )

    def _rewrapped(self, owner: str, wrapped: bytes, new_owner: str) -> Sealed:
        return self._old.rewrap(owner, Sealed(wrapped), self._new, new_owner)

    def _keep(self, rows: Iterable[Rewrapped]) -> None:
        with (
            self._connection.cursor() as cursor,
            cursor.copy("COPY rewrapped (owner, new_owner, wrapped) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def _reseal(self, name: str, purpose: str) -> None:
        table = KEPT[name].table
        for rows in self._batches(KEPT[name].select):
            anew = [table.row(resealed(table.record(row), purpose, self._old, self._new)) for row in rows]
            with self._connection.cursor() as cursor:
                cursor.executemany(table.put.encode(), anew)

    def _chain_anew(self) -> None:
        rows = [
            AUDIT.record(row) for row in self._rows(f"SELECT {AUDIT.selected()} FROM audit ORDER BY number")
        ]
        (head,) = self._rows(f"SELECT {AUDIT_HEADS.selected()} FROM audit_heads") or (None,)
        anchored, new_head = re_anchored(
            rows, None if head is None else AUDIT_HEADS.record(head), self._old, self._new
        )
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE audit SET digest = %s WHERE number = %s",
                [(row.digest, row.number) for row in anchored],
            )
            cursor.execute(AUDIT_HEADS.put.encode(), AUDIT_HEADS.row(new_head))

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement.encode(), binary=True).fetchall()

    def _batches(self, statement: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._connection.cursor(name="rotated") as cursor:
            cursor.execute(statement.encode(), binary=True)
            while rows := cursor.fetchmany(AT_ONCE):
                yield rows
                self._done += len(rows)
                self._tell(self._done, self._total)

    def _count(self, table: str) -> int:
        ((found,),) = self._rows(f"SELECT count(*) FROM {table}")
        return int(found)
