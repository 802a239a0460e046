"""Several desk processes on one database, behind a balancer that sends each request to another one."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.vault import encode_key
from tests.parts import INTENTS, KEY, KNOWLEDGE
from tests.postgres import make_database
from tests.walks.balancer import Balancer
from tests.walks.desk_process import ROOT, DeskProcess, running_desk

CONTENT = {"INTENTS_DIR": str(INTENTS), "KNOWLEDGE_DIR": str(KNOWLEDGE)}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Desks:
    """The processes, by address, and what stands in front of them."""

    home: Path
    balancer: Balancer
    environ: dict[str, str]
    processes: dict[str, DeskProcess] = field(default_factory=dict)
    _stacks: dict[str, ExitStack] = field(default_factory=dict)

    async def start(self) -> str:
        """Start one more process on this machine, on the same data folder; return its address once it is ready."""
        port = free_port()
        stack, address = ExitStack(), f"http://127.0.0.1:{port}"
        self.processes[address] = await asyncio.to_thread(
            stack.enter_context, running_desk(self.home, **self.environ, PORT=str(port))
        )
        self._stacks[address] = stack
        self.balancer.members.append(address)
        await self.balancer.until_ready(len(self.balancer.members))
        return address

    async def stop(self, address: str) -> None:
        """Stop a process as a rolling restart does, which must end well."""
        await asyncio.to_thread(self._stacks.pop(address).close)
        assert self.processes.pop(address).process.returncode == 0
        self.balancer.members.remove(address)

    def command(self, *arguments: str) -> str:
        """Run a command on this machine beside the processes; return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environ, "DATA_DIR": str(self.home / "data"), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@asynccontextmanager
async def several_desks(server: str, home: Path, count: int = 2, **environ: str) -> AsyncIterator[Desks]:
    """Run so many processes on a new database of the server."""
    database = await make_database(server, f"desk_{free_port()}_{os.getpid()}")
    async with Balancer() as balancer:
        desks = Desks(
            home=home,
            balancer=balancer,
            environ={
                **CONTENT,
                "DATABASE_URL": database,
                "DESK_KEY": encode_key(KEY),
                "PUBLIC_URL": balancer.address,
                "DRAIN_NOTICE": "1",
                **environ,
            },
        )
        await asyncio.to_thread(desks.command, "migrate")
        try:
            for _ in range(count):
                await desks.start()
            yield desks
        finally:
            for address in list(desks.processes):
                await desks.stop(address)
