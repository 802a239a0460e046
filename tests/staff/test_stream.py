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
async def following(person: Person, since: str | None = None) -> AsyncIterator[Any]:
    headers = {"Cookie": f"desk_staff={person.cookies['desk_staff']}"}
    if since is not None:
        headers["Last-Event-ID"] = since
    async with person.world.client.get("/staff/stream", headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert await event(response) == ("resumed" if since else "ready", "")
        yield response


async def event(response: Any) -> tuple[str, str]:
    """Return the next event's name and data."""
    fields = await numbered(response)
    return fields["event"], fields.get("data", "")


async def numbered(response: Any) -> dict[str, str]:
    """Return the fields of the next event."""
    fields: dict[str, str] = {}
    while True:
        line = (await asyncio.wait_for(response.content.readline(), 5)).decode().rstrip("\r\n")
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif not line and fields:
            return fields


async def quiet(response: Any) -> bool:
    try:
        await asyncio.wait_for(response.content.readline(), 0.1)
    except TimeoutError:
        return True
    return False


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


async def test_a_page_whose_connection_was_cut_hears_what_it_missed_and_nothing_twice(
    world: World, lin: Person
) -> None:
    async with following(lin) as response:
        first = await world.file()
        heard = [await numbered(response) for _ in range(2)]
        assert first.id in {json.loads(fields["data"])["id"] for fields in heard}
        last = heard[-1]["id"]
    missed = await world.file()
    async with following(lin, since=last) as response:
        told = [json.loads(await until(response, "change")) for _ in range(2)]
        assert {"kind": "situation", "id": missed.id} in told
        assert first.id not in {change["id"] for change in told}
        comes = await world.file()
        assert comes.id in {json.loads(await until(response, "change"))["id"] for _ in range(2)}


async def test_a_page_that_missed_nothing_is_told_nothing(world: World, lin: Person) -> None:
    async with following(lin) as response:
        await world.file()
        await event(response)
        last = (await numbered(response))["id"]
    async with following(lin, since=last) as response:
        assert await quiet(response)


async def test_a_page_that_was_away_too_long_is_told_to_read_everything_again(
    world: World, lin: Person
) -> None:
    await world.file()
    async with following(lin, since="of another day") as response:
        told = [await numbered(response) for _ in range(6)]
        assert {json.loads(fields["data"])["kind"] for fields in told} == {
            "situation",
            "delivery",
            "entry",
            "staff",
            "alarm",
            "content",
        }
        assert all(json.loads(fields["data"])["id"] == "" and "id" not in fields for fields in told)
        situation = await world.file()
        assert situation.id in {json.loads(await until(response, "change"))["id"] for _ in range(2)}


async def test_a_page_that_returns_is_told_nothing_of_a_lane_that_is_closed_to_it(
    world: World, lin: Person
) -> None:
    await world.file()
    async with following(lin) as response:
        await world.file()
        last = (await numbered(response))["id"]
    world.live.set(restricted_lanes=frozenset({"complaints"}))
    closed = await world.file(lane="complaints")
    seen = await world.file()
    async with following(lin, since=last) as response:
        heard = set()
        while seen.id not in heard:
            heard.add(json.loads(await until(response, "change"))["id"])
        assert closed.id not in heard


async def test_an_open_stream_says_now_and_then_that_it_is_there(
    world: World, lin: Person, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.staff.views.live.SESSION_CHECKED_EVERY", 0.05)
    async with following(lin) as response:
        line = await asyncio.wait_for(response.content.readline(), 5)
        assert line.startswith(b":")
