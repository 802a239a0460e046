"""A desk in a process of its own that can be killed and started again under the same address."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.parts import INTENTS, KNOWLEDGE
from tests.walks.desk_process import ROOT

STARTS_WITHIN = 90.0
ENDS_WITHIN = 25.0


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@dataclass
class Desk:
    """`python -m bot serve` over a home that outlives it: data, key, content and log."""

    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    module: str = "bot"
    port: int = field(default_factory=free_port)
    first_link: str | None = None
    """By which the first administrator joins."""
    process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def settings(self) -> dict[str, str]:
        """Return the environment it runs in."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("TELEGRAM_", "DESK_"))
        }
        return clean | {
            "PORT": str(self.port),
            "DATA_DIR": str(self.home / "data"),
            "DESK_KEY_FILE": str(self.home / "desk.key"),
            "INTENTS_DIR": str(self.home / "intents"),
            "KNOWLEDGE_DIR": str(self.home / "knowledge"),
            "LANG": "C.UTF-8",
            **self.environ,
        }

    async def begin(self) -> None:
        """Start the process without waiting for it."""
        for folder in (INTENTS, KNOWLEDGE):
            if not (self.home / folder.name).exists():
                shutil.copytree(folder, self.home / folder.name)
        with (self.home / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.module, "serve", cwd=ROOT, env=self.settings(), stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip

    async def ready(self) -> None:
        """Wait until it serves. Raises `AssertionError` with what it said when it ends before that."""
        assert self.process is not None
        assert self.process.stdout is not None
        printed: list[str] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(STARTS_WITHIN):
                await self._listen(printed)
                return
        raise AssertionError(f"the desk did not start: {''.join(printed)}\n{self._log()}")

    async def _listen(self, printed: list[str]) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        while line := (await self.process.stdout.readline()).decode():
            printed.append(line)
            if line.startswith(("First administrator", "Ready")):
                link = re.search(r"http://\S+/staff/join/\S+", "".join(printed))
                self.first_link = self.first_link or (link[0] if link else None)
                return
        raise AssertionError(f"the desk ended: {''.join(printed)}\n{self._log()}")

    def _log(self) -> str:
        return (self.home / "log").read_text()[-4000:]

    async def start(self) -> None:
        """Start it, and wait until it serves."""
        await self.begin()
        await self.ready()

    async def kill(self) -> None:
        """End it between two instructions, as a power cut does."""
        if self.process is not None and self.runs:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        assert self.process is not None
        if self.runs:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                return await self.process.wait()
        except TimeoutError:
            await self.kill()
            raise


@asynccontextmanager
async def ended(desk: Desk) -> AsyncIterator[Desk]:
    """Leave no process of the desk behind, however the block ends."""
    try:
        yield desk
    finally:
        await desk.kill()
