"""A balancer as an agency would have one in front: every request goes to the next process that is ready, whoever sent it."""

import asyncio
from contextlib import suppress
from typing import Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "date"})
CHECK_EVERY = 0.25
"""Seconds between two questions to a member whether it is ready."""


class Balancer:
    """`async with Balancer() as balancer` serves on a free loopback port, for whatever `members` there are."""

    def __init__(self) -> None:
        self.members: list[str] = []
        """Addresses of the processes."""
        self.ready: set[str] = set()
        self.served: dict[str, int] = {}
        """How many requests went to each."""
        self.address = ""
        self._turn = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._client = aiohttp.ClientSession(
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=2),
            connector=aiohttp.TCPConnector(limit=0),
        )
        self._checking = asyncio.create_task(self._check())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._checking.cancel()
        await asyncio.gather(self._checking, return_exceptions=True)
        await self._runner.cleanup()
        await self._client.close()

    async def until_ready(self, count: int, seconds: float = 20) -> None:
        """Wait until so many members are ready."""
        async with asyncio.timeout(seconds):
            while len(self.ready) != count:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.05)

    async def _check(self) -> None:
        while True:
            for member in list(self.members):
                await self._look(member)
            self.ready &= set(self.members)
            await asyncio.sleep(CHECK_EVERY)

    async def _look(self, member: str) -> None:
        status = 0
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._client.get(
                member + "/readyz", timeout=aiohttp.ClientTimeout(total=2)
            ) as response:
                status = response.status
        (self.ready.add if status == 200 else self.ready.discard)(member)

    def _in_turn(self) -> list[str]:
        """Return the members to try for the next request."""
        ready = [member for member in self.members if member in self.ready] or self.members
        self._turn += 1
        start = self._turn % len(ready)
        return ready[start:] + ready[:start]

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = CIMultiDict(
            (name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP
        )
        headers["X-Forwarded-For"] = request.remote or ""
        for member in self._in_turn():
            try:
                answer = await self._client.request(
                    request.method,
                    member + request.path_qs,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                )
            except aiohttp.ClientConnectorError:
                continue  # nothing was sent: another may have it
            except aiohttp.ClientError:
                return web.Response(status=502)
            self.served[member] = self.served.get(member, 0) + 1
            return await self._pass_back(request, answer)
        return web.Response(status=503)

    async def _pass_back(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        async with answer:
            response = web.StreamResponse(
                status=answer.status,
                headers=CIMultiDict(
                    (name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP
                ),
            )
            with suppress(aiohttp.ClientError, ConnectionError):
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            return response
