"""Two processes on one PostgreSQL server, behind a balancer that knows no sessions."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
from aiohttp import ClientError, ClientSession, web

from bot.store.base import Store
from bot.store.postgres import migrate, open_postgres
from bot.vault import Vault, decode_key
from tests.botapi import BotApi
from tests.faults.embedded import invited
from tests.faults.process import Desk, free_port
from tests.faults.rounds import KEY
from tests.postgres import Server, make_database, own_server

CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Clustered:
    """Two desks. Telegram brings its updates to a webhook that leads to either."""

    name = "PostgreSQL"
    faults: Sequence[str] = (
        "kill -9", "kill -9", "kill -9 both", "SIGTERM", "PostgreSQL killed", "connections cut",
    )  # fmt: skip

    def __init__(self, home: Path, server: Server, database: str) -> None:
        """`database` is the address of a database on `server` that `migrate` has made."""
        self._server = server
        self._database = database
        self._desks = [Desk(home / name) for name in ("one", "two")]
        self._random = random.Random(7)
        self._port = free_port()
        self._runner: web.AppRunner | None = None
        self._client: ClientSession | None = None

    def address(self) -> str:
        running = [desk for desk in self._desks if desk.runs]
        return self._random.choice(running or self._desks).address

    def environ(self, api: BotApi) -> dict[str, str]:
        return {
            "DESK_KEY": KEY,
            "DATABASE_URL": self._database,
            "TELEGRAM_TOKEN": api.token,
            "TELEGRAM_API": api.base_url,
            "PUBLIC_URL": f"http://127.0.0.1:{self._port}",
        }

    async def start(self, environ: dict[str, str]) -> None:
        if self._runner is None:
            await self._balance()
        for desk in self._desks:
            desk.environ = environ
            desk.home.mkdir(parents=True, exist_ok=True)
        await self._start_all()

    async def invite(self, role: str) -> str:
        link = await invited(self._desks[0], role)
        return self._desks[0].address + "/staff/" + link.partition("/staff/")[2]

    async def hurt(self, fault: str, rng: random.Random) -> None:
        match fault:
            case "kill -9":
                await rng.choice(self._desks).kill()
            case "kill -9 both":
                await asyncio.gather(*(desk.kill() for desk in self._desks))
            case "SIGTERM":
                assert await rng.choice(self._desks).stop() == 0
            case "PostgreSQL killed":
                await asyncio.to_thread(self._server.stop, "immediate")
                await asyncio.sleep(rng.uniform(0, 1.5))
                await asyncio.to_thread(self._server.start)
            case "connections cut":
                await self._cut(rng)
        await asyncio.sleep(rng.uniform(0, 0.3))
        await self._start_all()

    async def rest(self, *, well: bool) -> None:
        """Let them run: a database may be looked into beside them."""

    async def opened(self, vault: Vault) -> Store:
        store: Store = await open_postgres(self._database, vault)
        return store

    async def end(self) -> None:
        """End everything but the server."""
        await asyncio.gather(*(desk.kill() for desk in self._desks))
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _start_all(self) -> None:
        asleep = [desk for desk in self._desks if not desk.runs]
        for desk in asleep:
            await desk.begin()
        for desk in asleep:
            await desk.ready()

    async def _cut(self, rng: random.Random) -> None:
        """Cut every connection, some times in a row: some are in the middle of a transaction."""
        for _ in range(rng.randint(1, 4)):
            async with await psycopg.AsyncConnection.connect(self._database, autocommit=True) as connection:
                await connection.execute(CUT)
            await asyncio.sleep(rng.uniform(0, 0.2))

    async def _balance(self) -> None:
        self._client = ClientSession()
        app = web.Application()
        app.router.add_post("/telegram/webhook", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def _pass_on(self, request: web.Request) -> web.Response:
        assert self._client is not None
        body = await request.read()
        for _ in range(3):
            with suppress(ClientError):
                async with self._client.post(
                    self.address() + request.path, data=body, headers=request.headers
                ) as response:
                    await response.read()
                    return web.Response(status=response.status)
        return web.Response(status=502)


@asynccontextmanager
async def clustered(home: Path) -> AsyncIterator[Clustered]:
    """Have two desks under `home`, on a server of their own."""
    with own_server() as server:
        database = await make_database(server.url, "desk")
        await migrate(database, Vault(decode_key(KEY, "the harness")))
        site = Clustered(home, server, database)
        try:
            yield site
        finally:
            await site.end()
