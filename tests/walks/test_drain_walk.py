"""The end of a desk under load: what was accepted is kept, no reply is cut in half, and it is over within 20 seconds."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from bot.config import read_settings
from bot.safekeeping import opened
from tests.parts import INTENTS, KNOWLEDGE, until
from tests.walks.desk_process import ROOT, DeskProcess, running_desk

pytestmark = pytest.mark.timeout(120)

ENVIRON = {"INTENTS_DIR": str(INTENTS), "KNOWLEDGE_DIR": str(KNOWLEDGE)}
CITIZENS = 40


@dataclass
class Heard:
    """What citizens were told until the desk was gone."""

    references: list[str] = field(default_factory=list)
    refused: int = 0
    halves: list[str] = field(default_factory=list)
    """Replies that began and did not end, or made no sense."""
    statuses: set[int] = field(default_factory=set)


async def ask_on(client: aiohttp.ClientSession, citizen: int, heard: Heard) -> None:
    """Ask one question after the other, each in a conversation of its own, until the desk is gone."""
    for number in range(10_000):
        body = {
            "text": f"where can parrot {citizen} see dentist {number}",
            "message_id": f"{citizen}-{number}-" + "x" * 20,
        }
        try:
            async with client.post("/api/messages", json=body) as response:
                heard.statuses.add(response.status)
                said = await response.json()
        except (aiohttp.ClientPayloadError, aiohttp.ContentTypeError, json.JSONDecodeError) as exc:
            heard.halves.append(repr(exc))
        except aiohttp.ClientConnectorError:
            return
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            heard.refused += 1  # not a byte came: whoever asked knows nothing, and asks again
        else:
            heard.references += [
                reply["reference"] for reply in said.get("replies", ()) if "reference" in reply
            ]


async def listen(client: aiohttp.ClientSession, token: str) -> float:
    """Hold a stream open; return when the desk ended it."""
    async with client.get(f"/api/conversations/{token}/stream") as response:
        assert response.status == 200
        async for _ in response.content:
            pass
    return time.monotonic()


async def stopped(desk: DeskProcess, *numbers: signal.Signals) -> float:
    """Send the signals, a moment apart; return how long the desk took to end, well."""
    began = time.monotonic()
    for number in numbers:
        desk.process.send_signal(number)
        await asyncio.sleep(0.2)
    assert await asyncio.to_thread(desk.process.wait, 25) == 0
    return time.monotonic() - began


async def test_a_desk_that_is_stopped_under_load_loses_nothing_it_accepted(tmp_path: Path) -> None:
    heard = Heard()
    with running_desk(tmp_path, **ENVIRON, DRAIN_NOTICE="2") as desk:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(desk.address, connector=connector) as client:
            async with client.post("/api/messages", json={"text": "parrot dentist"}) as response:
                token = (await response.json())["conversation"]
            stream = asyncio.create_task(listen(client, token))
            asking = [asyncio.create_task(ask_on(client, citizen, heard)) for citizen in range(CITIZENS)]
            await asyncio.sleep(1.5)
            before = len(heard.references)
            ending = asyncio.create_task(stopped(desk, signal.SIGTERM))
            await asyncio.sleep(0.5)
            async with client.get("/readyz") as response:
                assert response.status == 503
                assert await response.json() == {"ready": False, "reason": "draining"}
                assert response.headers["Connection"] == "close"
            await asyncio.gather(*asking)
            assert await ending < 20
            await stream
    assert before > 0
    assert len(heard.references) > before, "what comes during the notice is still answered"
    assert heard.halves == []
    assert heard.statuses <= {200, 429, 503}
    settings = read_settings(
        {"DATA_DIR": str(tmp_path / "data"), "DESK_KEY_FILE": str(tmp_path / "desk.key")}
    )
    async with opened(settings) as (store, _):
        lost = [ref for ref in heard.references if await store.situation_of(ref) is None]
    assert lost == []


async def test_a_second_signal_ends_the_waiting(tmp_path: Path) -> None:
    with running_desk(tmp_path, **ENVIRON, DRAIN_NOTICE="10") as desk:
        assert await stopped(desk, signal.SIGTERM, signal.SIGTERM) < 5


async def test_a_signal_while_it_is_still_learning_ends_it_at_once(tmp_path: Path) -> None:
    # With the whole sample content and nothing learned before, the start takes some seconds.
    environ = {"PATH": "/usr/bin:/bin", "PORT": "0", "DATA_DIR": str(tmp_path / "data"), "DESK_KEY_FILE": str(tmp_path / "k"), "LANG": "C.UTF-8"}  # fmt: skip
    process = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-m", "bot", "serve"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert (await asyncio.to_thread(process.stdout.readline)).startswith("Reading")
    await until((tmp_path / "data" / "desk.sqlite3").exists, 20)
    await asyncio.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 20) == 0
    assert process.stdout.read() == ""
    process.stdout.close()
