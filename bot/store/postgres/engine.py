"""The engine for many processes: all verbs on one PostgreSQL database."""

import psycopg
from psycopg import errors

from bot.audit import Chain
from bot.errors import StoreUnusable
from bot.store.postgres.connecting import connect, conninfo, place
from bot.store.postgres.core import Core, Log
from bot.store.postgres.database import CONNECTIONS, Database
from bot.store.postgres.migrating import examine
from bot.vault import Vault


class PostgresStore(Core):
    """The engine for many processes, on one machine or several: rows in PostgreSQL."""

    def __init__(self, database: Database, chain: Chain, log: Log) -> None:
        super().__init__(database, chain, log)

    async def close(self) -> None:
        """Finish what is being written and let go of the data; closing again is no error."""
        await self._database.close()


class _Unheard:
    def wrote(self) -> None:
        """Nobody listens."""


async def open_postgres(
    url: str, vault: Vault, *, direct_url: str | None = None, connections: int = CONNECTIONS
) -> PostgresStore:
    """Open the store in the database at `url`, on at most so many `connections`; `direct_url` leads to the same
    database past any pooler of transactions.

    Raises `StoreUnusable`, with nothing changed, when the database cannot be reached, may not be written by this
    user, has an older or newer schema, would lose what it committed, or is sealed with another key.
    """
    await _examine(url, vault)
    database = Database(conninfo(url), connections)
    await database.open()
    return PostgresStore(database, Chain(vault), _Unheard())


async def _examine(url: str, vault: Vault) -> None:
    connection = await connect(url)
    try:
        await examine(connection, url, vault)
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
