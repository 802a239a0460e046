"""How long somebody in danger waits for the card while one address floods the desk with 1,000 messages a second.

Runs the desk with the sample content as a process of its own and floods it from this one, over loopback: the flood and
the desk share the machine, so the figures are worse than a desk alone would give. For each way to flood it prints the
rate that was reached, what the flood was told, and the seconds that people in danger, from other addresses, waited.
"""

import argparse
import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import aiohttp

from bot.config import PRODUCT
from tests.botapi import BotApi

RATE = 1_000
SECONDS = 8.0
CRY = "there is a fire in my kitchen right now, smoke everywhere"
ORDINARY = "where can my parrot see a dentist"
SECRET = "flood-secret"
FLOODER, FIRST_OTHER = 1, 1_000
CONNECTIONS = 64

Send = Callable[[int], Awaitable[str]]


@dataclass
class Flooded:
    """What a flood met, and what others waited meanwhile."""

    sent: int = 0
    told: Counter[str] = field(default_factory=Counter)
    waited: list[float] = field(default_factory=list)


def main(data: Path | None = None) -> None:
    """Measure and print; `data` is not needed."""
    del data
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    asyncio.run(_all())


async def _all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            BotApi() as api,
            _desk(Path(folder), api) as address,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as http,
            aiohttp.ClientSession() as others,
        ):
            web, web_others = _Web(http, address), _Web(others, address)
            telegram, telegram_others = _Telegram(http, address, api), _Telegram(others, address, api)
            for name, flood, cry in (
                ("nobody floods", None, web_others.cry),
                ("web, one public address, a conversation each", web.from_one_address, web_others.cry),
                ("web, one conversation", web.in_one_conversation, web_others.cry),
                ("web, an address that may be many people's", web.from_a_shared_address, web_others.cry),
                ("telegram, one chat", telegram.from_one_chat, telegram_others.cry),
            ):
                flooded = await _measure(flood, cry)
                waits = sorted(flooded.waited)
                told = ", ".join(f"{what} {count}" for what, count in flooded.told.most_common(4)) or "-"
                print(
                    f"{name:48} {flooded.sent / SECONDS:6.0f}/s  told: {told}\n"
                    f"{'':48} cards: {len(waits)}, median {median(waits):.3f} s, longest {waits[-1]:.3f} s",
                    flush=True,
                )
                await asyncio.sleep(1)


async def _measure(flood: Send | None, cry: Callable[[int], Awaitable[float]]) -> Flooded:
    """Flood for a while; meanwhile somebody else is in danger every 250 ms."""
    flooded = Flooded()
    tasks: set[asyncio.Task[None]] = set()

    async def one(number: int) -> None:
        assert flood is not None
        try:
            flooded.told[await flood(number)] += 1
        except (aiohttp.ClientError, TimeoutError) as exc:
            flooded.told[type(exc).__name__] += 1

    async def other(number: int) -> None:
        flooded.waited.append(await cry(number))

    begun = time.monotonic()
    others = 0
    while (passed := time.monotonic() - begun) < SECONDS:
        if flood is not None:
            # No more than wait for an answer already: what the machine cannot send is not sent.
            while flooded.sent < passed * RATE and len(tasks) < CONNECTIONS:
                flooded.sent += 1
                task = asyncio.create_task(one(next(_numbers)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        if others < passed * 4:
            others += 1
            task = asyncio.create_task(other(next(_numbers)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0.002)
    await asyncio.gather(*tasks)
    return flooded


_numbers = itertools.count(FIRST_OTHER)


class _Web:
    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self._http = http
        self._url = f"{address}/api/messages"
        self._conversation: str | None = None
        self._beginning = asyncio.Lock()

    async def from_one_address(self, _: int) -> str:
        return str((await self._post(ORDINARY, "1.2.3.4"))[0])

    async def from_a_shared_address(self, _: int) -> str:
        return str((await self._post(ORDINARY, "10.0.0.9"))[0])

    async def in_one_conversation(self, _: int) -> str:
        async with self._beginning:
            if self._conversation is None:
                self._conversation = str((await self._post(ORDINARY, "10.0.0.8"))[1]["conversation"])
        return str((await self._post(ORDINARY, "10.0.0.8", conversation=self._conversation))[0])

    async def cry(self, number: int) -> float:
        begun = time.monotonic()
        _, answer = await self._post(CRY, f"5.6.7.{number % 250}")
        assert answer["replies"][0]["kind"] == "urgent", answer  # type: ignore[index]
        return time.monotonic() - begun

    async def _post(self, text: str, client: str, **more: str) -> tuple[int, Mapping[str, object]]:
        async with self._http.post(
            self._url, json={"text": text, **more}, headers={"X-Forwarded-For": client}
        ) as response:
            return response.status, await response.json(content_type=None)


class _Telegram:
    def __init__(self, http: aiohttp.ClientSession, address: str, api: BotApi) -> None:
        self._http = http
        self._url = f"{address}/telegram/webhook"
        self._api = api

    async def from_one_chat(self, number: int) -> str:
        return await self._bring(FLOODER, ORDINARY, number)

    async def cry(self, number: int) -> float:
        begun = time.monotonic()
        bringing = asyncio.create_task(self._bring(number, CRY, number))
        while not self._api.texts(number):  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)
        waited = time.monotonic() - begun
        await bringing
        return waited

    async def _bring(self, chat: int, text: str, number: int) -> str:
        update = {"update_id": number, "message": self._api.message(chat, text=text)}
        async with self._http.post(
            self._url, json=update, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}
        ) as response:
            return str(response.status)


@asynccontextmanager
async def _desk(home: Path, api: BotApi) -> AsyncIterator[str]:
    for name in ("intents", "knowledge"):
        shutil.copytree(PRODUCT / name, home / name)
    environ = {
        "PORT": "0",
        "DATA_DIR": str(home / "data"),
        "DESK_KEY_FILE": str(home / "desk.key"),
        "INTENTS_DIR": str(home / "intents"),
        "KNOWLEDGE_DIR": str(home / "knowledge"),
        "TRUSTED_PROXIES": "127.0.0.1",
        "PUBLIC_URL": "http://127.0.0.1:9",
        "TELEGRAM_TOKEN": api.token,
        "TELEGRAM_API": api.base_url,
        "TELEGRAM_SECRET": SECRET,
        "LANG": "C.UTF-8",
    }
    with (home / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "serve",
            cwd=PRODUCT,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            assert process.stdout is not None
            lines = []
            while line := (await process.stdout.readline()).decode():
                lines.append(line)
                if line.startswith(("First administrator", "Ready")):
                    break
            # PUBLIC_URL only turns the webhook on; where the desk listens is in what it opened.
            yield f"http://127.0.0.1:{_port(process.pid)}"
        finally:
            process.terminate()
            await process.wait()


def _port(pid: int) -> int:
    """Return the port a process listens on, from what the system knows of its sockets."""
    sockets = {
        str(link.readlink()).removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if str(link.readlink()).startswith("socket:[")
    }
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[3] == "0A" and columns[9] in sockets:
            return int(columns[1].rpartition(":")[2], 16)
    raise SystemExit("The desk listens nowhere.")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
