"""One process on the embedded store, which is killed or told to end, and started again."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.botapi import BotApi
from tests.faults.process import Desk
from tests.faults.rounds import KEY
from tests.walks.desk_process import ROOT


class Embedded:
    """A desk by itself. Telegram is polled."""

    name = "TinyDB"
    faults: Sequence[str] = ("kill -9", "kill -9", "kill -9", "SIGTERM")

    def __init__(self, home: Path, module: str) -> None:
        self._desk = Desk(home, module=module)

    def address(self) -> str:
        return self._desk.address

    def environ(self, api: BotApi) -> dict[str, str]:
        return {"DESK_KEY": KEY, "TELEGRAM_TOKEN": api.token, "TELEGRAM_API": api.base_url}

    async def start(self, environ: dict[str, str]) -> None:
        self._desk.environ = environ
        if not self._desk.runs:
            await self._desk.start()

    async def invite(self, role: str) -> str:
        return await invited(self._desk, role)

    async def hurt(self, fault: str, rng: random.Random) -> None:
        if fault == "kill -9":
            await self._desk.kill()
        else:
            assert await self._desk.stop() == 0
        await asyncio.sleep(rng.uniform(0, 0.3))
        await self._desk.start()

    async def rest(self, *, well: bool) -> None:
        """End it: only then somebody else may open the store."""
        if well:
            assert await self._desk.stop() == 0
        else:
            await self._desk.kill()

    async def opened(self, vault: Vault) -> Store:
        return await open_tinydb(self._desk.home / "data", vault)

    async def end(self) -> None:
        """End it for good."""
        await self._desk.kill()


@asynccontextmanager
async def embedded(home: Path, module: str = "bot") -> AsyncIterator[Embedded]:
    """Have a desk under `home`, which runs `python -m <module> serve`."""
    site = Embedded(home, module)
    try:
        yield site
    finally:
        await site.end()


async def invited(desk: Desk, role: str) -> str:
    """Return a link that the command line gives."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "staff", "invite", "--role", role, cwd=ROOT, env=desk.settings(), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode().split()[-1]
