"""From a DATABASE_URL to a connection; what is said about it never holds its password."""

from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.errors import StoreUnusable

SETTINGS: dict[str, Any] = {
    "application_name": "inquiry-desk",
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
}
"""What a connection has where the address does not say otherwise: seconds, then milliseconds."""


def conninfo(url: str) -> str:
    """Return what the driver connects with. Raises `StoreUnusable` for an address that is none."""
    try:
        return make_conninfo(**{**SETTINGS, **conninfo_to_dict(url)})
    except psycopg.ProgrammingError:
        # Its text may hold any part of the address.
        raise StoreUnusable(
            "DATABASE_URL is no address of a PostgreSQL database; write one such as postgresql://desk@db.example/desk."
        ) from None


def place(url: str) -> str:
    """Return where the database is, in words that may be shown: no user, no password."""
    parts = conninfo_to_dict(url)
    return f"{parts.get('dbname', 'the default database')} on {parts.get('host', 'this machine')}"


async def connect(url: str) -> AsyncConnection:
    """Return a connection of its own, in autocommit. Raises `StoreUnusable` when there is none to be had."""
    try:
        return await AsyncConnection.connect(conninfo(url), autocommit=True)
    except psycopg.Error as exc:
        raise StoreUnusable(_sentence(url, exc)) from exc


def _sentence(url: str, exc: psycopg.Error) -> str:
    # There is no code for it: what is told apart here is told apart only where the server speaks English.
    told = str(exc).lower()
    where = place(url)
    if "database" in told and "does not exist" in told:
        return f"There is no database {where}; make it with createdb, or mend DATABASE_URL."
    if any(sign in told for sign in ("password", "authentication", "role", "no pg_hba.conf entry")):
        return f"The database {where} does not let the desk in; see to the user and password in DATABASE_URL."
    if "too many" in told or "remaining connection slots" in told:
        return f"The server of the database {where} has no connection left; raise its max_connections."
    return (
        f"The database {where} cannot be reached; start it, or mend the host, the port, the user and the password in "
        "DATABASE_URL."
    )
