"""What an open page is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bot.corpus import Corpus
from tests.staff.world import Person, World, a_world

CANARY = "umbrella-canary-7741"


@contextlib.asynccontextmanager
async def following(person: Person) -> AsyncIterator[Any]:
    headers = {"Cookie": f"desk_staff={person.cookies['desk_staff']}"}
    async with person.world.client.get("/staff/stream", headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert await event(response) == ("ready", "")
        yield response


async def event(response: Any) -> tuple[str, str]:
    """Return the next event's name and data."""
    name = data = ""
    while True:
        line = (await asyncio.wait_for(response.content.readline(), 5)).decode().rstrip("\r\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = line.removeprefix("data: ")
        elif not line and name:
            return name, data


async def until(response: Any, wanted: str) -> str:
    while True:
        name, data = await event(response)
        if name == wanted:
            return data


async def test_a_new_situation_is_told_by_its_id_alone(world: World, lin: Person) -> None:
    async with following(lin) as response:
        situation = await world.file(f"my {CANARY}")
        while True:
            data = await until(response, "change")
            assert CANARY not in data
            assert set(json.loads(data)) == {"kind", "id"}
            if json.loads(data) == {"kind": "situation", "id": situation.id}:
                break


async def test_a_claim_is_told_to_the_others(world: World, lin: Person, wei: Person) -> None:
    situation = await world.file()
    async with following(wei) as response:
        await lin.post(f"/situations/{situation.id}/claim")
        assert json.loads(await until(response, "change"))["id"] == situation.id


async def test_a_stream_ends_when_its_account_is_disabled(world: World, lin: Person) -> None:
    async with following(lin) as response:
        await world.accounts.set_disabled("Lin", True)
        await until(response, "signed-out")


async def test_open_streams_do_not_hold_up_a_stop(corpus: Corpus, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with a_world(corpus, tmp_path) as world:
        lin = await world.join("Lin")
        headers = {"Cookie": f"desk_staff={lin.cookies['desk_staff']}"}
        response = await world.client.get("/staff/stream", headers=headers)
        assert await event(response) == ("ready", "")
        began = loop.time()
    assert loop.time() - began < 10


async def test_a_dead_session_gets_no_stream_and_no_parts(world: World, lin: Person) -> None:
    world.clock.pass_(hours=13)
    assert (await lin.get("/stream")).status == 401
    page = await lin.send("GET", "/queue", headers={"X-Console": "live"})
    assert (page.status, page.text) == (401, "")
