"""A database that a command has for itself: no desk uses it, and none starts."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection

from bot.errors import StoreLocked, StoreUnusable
from bot.store.postgres.connecting import conninfo, place
from bot.store.postgres.leads import PRESENCE


@contextmanager
def alone(url: str) -> Iterator[Connection]:
    """Give a connection in autocommit to the database at the direct `url`.

    Raises `StoreLocked` while a desk or another command uses it, `StoreUnusable` when the database gives up.
    """
    try:
        with psycopg.connect(conninfo(url), autocommit=True) as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", PRESENCE).fetchone()
            if row is None or not row[0]:
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
