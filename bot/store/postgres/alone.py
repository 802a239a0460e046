"""A database that a command has for itself: no desk uses it, and none starts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import Connection

from bot.errors import StoreLocked, StoreUnusable
from bot.store.postgres.connecting import conninfo, place
from bot.store.postgres.leads import PRESENCE

OTHERS: LiteralString = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name = current_setting('application_name')
"""
"""Connections of a desk whose presence is not known just now, because that connection was cut."""
PATIENCE = 2.0
"""Seconds that connections which were just closed may still be seen."""


@contextmanager
def alone(url: str) -> Iterator[Connection]:
    """Give a connection in autocommit to the database at the direct `url`.

    Raises `StoreLocked` while a desk or another command uses it, `StoreUnusable` when the database gives up.
    """
    try:
        with psycopg.connect(conninfo(url), autocommit=True) as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", PRESENCE).fetchone()
            if row is None or not row[0] or _others_stay(connection):
                raise StoreLocked(
                    f"A desk, or another command, uses the database {place(url)}; stop every process of it first. "
                    "Nothing was changed."
                )
            yield connection
    except psycopg.Error as exc:
        raise StoreUnusable(
            f"The database {place(url)} did not go through with it ({type(exc).__name__}), and nothing was changed; see "
            "to it and try again."
        ) from exc


def _others_stay(connection: Connection) -> bool:
    """Tell whether another process is connected and stays so."""
    until = time.monotonic() + PATIENCE
    while (row := connection.execute(OTHERS).fetchone()) is None or row[0]:
        if time.monotonic() > until:
            return True
        time.sleep(0.05)
    return False
