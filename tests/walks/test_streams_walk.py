"""A thousand citizens with their page open: the desk holds them all, and an answer still reaches its own at once."""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from bot.limits import raise_file_limit
from tests.parts import ANSWERED, INTENTS, KNOWLEDGE, UNANSWERED
from tests.walks.desk_process import running_desk
from tests.walks.staff_client import join

pytestmark = pytest.mark.timeout(180)

STREAMS = 1_000
MOST_BYTES_EACH = 100_000


async def figure(client: aiohttp.ClientSession, name: str) -> float:
    async with client.get("/metrics") as response:
        return sum(
            float(line.split()[-1]) for line in (await response.text()).splitlines() if line.startswith(name)
        )


async def begin(client: aiohttp.ClientSession, at_once: asyncio.Semaphore, text: str) -> str:
    async with at_once, client.post("/api/messages", json={"text": text}) as response:
        assert response.status == 200
        token: str = (await response.json())["conversation"]
        return token


async def test_a_thousand_open_pages(tmp_path: Path) -> None:
    raise_file_limit()
    environ = {"INTENTS_DIR": str(INTENTS), "KNOWLEDGE_DIR": str(KNOWLEDGE)}
    with running_desk(tmp_path, **environ) as desk:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                aiohttp.ClientSession(
                    desk.address,
                    connector=aiohttp.TCPConnector(limit=0),
                    timeout=aiohttp.ClientTimeout(total=None),
                )
            )
            at_once = asyncio.Semaphore(50)
            tokens = await asyncio.gather(*(begin(client, at_once, ANSWERED) for _ in range(STREAMS - 1)))
            async with client.post("/api/messages", json={"text": UNANSWERED}) as response:
                asked = await response.json()
            before = await figure(client, "process_resident_memory_bytes")
            streams = [
                await stack.enter_async_context(client.get(f"/api/conversations/{token}/stream"))
                for token in (*tokens, asked["conversation"])
            ]
            assert {stream.status for stream in streams} == {200}
            grown = await figure(client, "process_resident_memory_bytes") - before
            assert (
                await figure(client, 'desk_open_requests{route="/api/conversations/{conversation}/stream"}')
                == STREAMS
            )
            assert grown / STREAMS < MOST_BYTES_EACH, f"{grown / STREAMS:.0f} bytes for each open page"
            assert desk.first_link is not None
            lin = await stack.enter_async_context(join(desk.first_link, "Lin"))
            reference = next(reply["reference"] for reply in asked["replies"] if "reference" in reply)
            heard = asyncio.create_task(answer_in(streams[-1]))
            began = time.monotonic()
            await lin.answer(reference, "In Lake Road.")
            assert "In Lake Road." in await asyncio.wait_for(heard, 10)
            print(
                f"{grown / STREAMS:.0f} bytes a page; answered {time.monotonic() - began:.2f} s after staff began"
            )


async def answer_in(stream: aiohttp.ClientResponse) -> str:
    async for line in stream.content:
        if line.startswith(b"data: {") and (event := json.loads(line[6:]))["kind"] == "staff_answer":
            return str(event["text"])
    raise AssertionError("the stream ended")
