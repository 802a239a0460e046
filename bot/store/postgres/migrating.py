"""The schema: numbered files of plain SQL, applied once each under a lock, and looked at before each start."""

import re
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import AsyncConnection, errors

from bot.audit import Chain
from bot.errors import StoreUnusable, VaultError
from bot.models import Sealed
from bot.store.postgres.connecting import connect, place
from bot.store.postgres.tables import AUDIT_HEADS
from bot.vault import Vault

FOLDER = Path(__file__).resolve().parent.parent / "migrations"
NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
LOCK = 0x1D_DE5C
"""The advisory lock of whoever changes the schema."""

PURPOSE = "store"
KNOWN = b"inquiry desk"
MARK = "mark"
"""Sealed into every store, so that another key is noticed before it is used."""

APPLIED = "CREATE TABLE applied (number integer PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
KEPT = ("messages", "conversations", "counters", "situations", "inquiries", "deliveries", "keys", "changes")
"""Tables every process must be able to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    text: str


def known_migrations() -> list[Migration]:
    """Return this version's migrations by number."""
    found = ((NAME.fullmatch(path.name), path) for path in sorted(FOLDER.iterdir()))
    return [
        Migration(number=int(match[1]), name=path.stem, text=path.read_text(encoding="utf-8"))
        for match, path in found
        if match
    ]


async def migrate(url: str, vault: Vault) -> list[str]:
    """Bring the database to this version's schema and return the names of what was applied: all of it or nothing.

    An empty database becomes a store under the key of `vault`. Raises `StoreUnusable` when the database cannot be
    reached or changed, is newer, or is sealed with another key.
    """
    connection = await connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            if await _applied(connection) is None:
                await connection.execute(APPLIED)
            done = await _applied(connection) or []
            _refuse_newer(url, done)
            if done:
                await _check_key(connection, url, vault)
            pending = [migration for migration in known_migrations() if migration.number not in done]
            for migration in pending:
                await connection.execute(migration.text.encode())
                await connection.execute(
                    "INSERT INTO applied (number, name) VALUES (%s, %s)", (migration.number, migration.name)
                )
            if not done:
                await _begin(connection, vault)
    except errors.InsufficientPrivilege as exc:
        raise StoreUnusable(
            f"The user of DATABASE_URL may not make tables in {place(url)}; run: GRANT CREATE ON SCHEMA public TO "
            "that user. Nothing was changed."
        ) from exc
    except psycopg.Error as exc:
        raise StoreUnusable(
            f"The database {place(url)} refused the change ({type(exc).__name__}); give the desk a database of its "
            "own. Nothing was changed."
        ) from exc
    finally:
        await connection.close()
    return [migration.name for migration in pending]


async def look(url: str, vault: Vault) -> None:
    """Look whether the desk can work with the database, changing nothing. Raises `StoreUnusable`."""
    connection = await connect(url)
    try:
        await _examine(connection, url, vault)
    except errors.InsufficientPrivilege as exc:
        raise StoreUnusable(
            f"The user of DATABASE_URL may not read the desk's tables in {place(url)}; run: GRANT SELECT, INSERT, "
            "UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO that user. Nothing was changed."
        ) from exc
    except psycopg.Error as exc:
        raise StoreUnusable(
            f"The database {place(url)} cannot be used ({type(exc).__name__}); see to it. Nothing was changed."
        ) from exc
    finally:
        await connection.close()


async def begin(url: str, vault: Vault) -> None:
    """Make a database that is empty a store; one that holds a store stays as it is. Raises `StoreUnusable`."""
    connection = await connect(url)
    try:
        empty = await schema_version(connection) == 0
    finally:
        await connection.close()
    if empty:
        await migrate(url, vault)


async def _examine(connection: AsyncConnection, url: str, vault: Vault) -> None:
    done = await _applied(connection)
    if not done:
        raise StoreUnusable(
            f"The database {place(url)} holds no desk yet; run `python -m bot migrate` once. Nothing was changed."
        )
    _refuse_newer(url, done)
    if any(migration.number not in done for migration in known_migrations()):
        raise StoreUnusable(
            f"The database {place(url)} has an older schema than this version; make a backup and run `python -m bot "
            "migrate`. Nothing was changed."
        )
    await _check_rights(connection, url)
    await _check_durable(connection, url)
    await _check_key(connection, url, vault)


async def schema_version(connection: AsyncConnection) -> int:
    """Return the number of the newest migration that was applied; 0 in an empty database."""
    return max(await _applied(connection) or [0])


async def _applied(connection: AsyncConnection) -> list[int] | None:
    """Return the numbers of the migrations that were applied; None when there is no table of them."""
    cursor = await connection.execute("SELECT to_regclass('applied')")
    if (await cursor.fetchone() or (None,))[0] is None:
        return None
    cursor = await connection.execute("SELECT number FROM applied ORDER BY number")
    return [number for (number,) in await cursor.fetchall()]


def _refuse_newer(url: str, done: list[int]) -> None:
    newest = known_migrations()[-1].number
    if done and done[-1] > newest:
        raise StoreUnusable(
            f"The database {place(url)} was changed by a newer desk (schema {done[-1]}, this desk knows {newest}); "
            "start that version. Nothing was changed."
        )


async def _check_rights(connection: AsyncConnection, url: str) -> None:
    cursor = await connection.execute(
        "SELECT name FROM unnest(%s::text[]) AS name, to_regclass(name) AS found WHERE (has_table_privilege(found, "
        "'SELECT') AND has_table_privilege(found, 'INSERT') AND has_table_privilege(found, 'UPDATE') AND "
        "has_table_privilege(found, 'DELETE')) IS NOT TRUE",
        (list(KEPT),),
    )
    lacking = [name for (name,) in await cursor.fetchall()]
    if lacking:
        raise StoreUnusable(
            f"The user of DATABASE_URL may not read and write {', '.join(lacking)} in {place(url)}; run: GRANT "
            "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO that user. Nothing was changed."
        )


async def _check_durable(connection: AsyncConnection, url: str) -> None:
    cursor = await connection.execute(
        "SELECT current_setting('synchronous_commit'), current_setting('fsync'), pg_is_in_recovery(), "
        "current_setting('default_transaction_read_only')"
    )
    synchronous, fsync, standby, read_only = await cursor.fetchone() or ("", "", False, "")
    if standby or read_only == "on":
        raise StoreUnusable(
            f"The database {place(url)} may only be read; name the primary server in DATABASE_URL. Nothing was changed."
        )
    for name, value in (("synchronous_commit", synchronous), ("fsync", fsync)):
        if value == "off":
            raise StoreUnusable(
                f"{name} is off in {place(url)}, so a crash would lose accepted questions; set {name} = on. "
                "Nothing was changed."
            )


async def _check_key(connection: AsyncConnection, url: str, vault: Vault) -> None:
    cursor = await connection.execute("SELECT value FROM meta WHERE name = %s", (MARK,), binary=True)
    found = await cursor.fetchone()
    try:
        known = None if found is None else vault.open(PURPOSE, Sealed(found[0]))
    except VaultError:
        known = None
    if known != KNOWN:
        raise StoreUnusable(
            f"The database {place(url)} was sealed with another desk key; put back the key it was made with "
            "(DESK_KEY or DESK_KEY_FILE). Nothing was changed."
        )


async def _begin(connection: AsyncConnection, vault: Vault) -> None:
    """Make an empty schema a store: its mark, and the head of its record of reads."""
    await connection.execute(
        "INSERT INTO meta (name, value) VALUES (%s, %s)", (MARK, vault.seal(PURPOSE, KNOWN))
    )
    await connection.execute(AUDIT_HEADS.insert.encode(), AUDIT_HEADS.row(Chain(vault).start()))
