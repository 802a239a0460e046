"""Two processes of one desk on PostgreSQL, on the wire: whichever a request reaches, the desk is one."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.config import read_settings
from bot.safekeeping import opened
from tests.botapi import BotApi
from tests.parts import ANSWERED, UNANSWERED
from tests.walks.several import Desks, several_desks
from tests.walks.staff_client import StaffClient, join

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desks]:
    async with several_desks(postgres_server, tmp_path_factory.mktemp("several")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lin(desks: Desks) -> AsyncIterator[StaffClient]:
    """Somebody signed in through the balancer."""
    link = (await asyncio.to_thread(desks.command, "staff", "invite")).split()[-1]
    async with join(link, "Lin") as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


async def ask(client: aiohttp.ClientSession, address: str, **body: str) -> dict[str, Any]:
    body = {"message_id": f"message-{next(numbers)}-{'x' * 20}", **body}
    async with client.post(f"{address}/api/messages", json=body) as response:
        assert response.status == 200, await response.text()
        said: dict[str, Any] = await response.json()
        return said


def reference_in(said: dict[str, Any]) -> str:
    return next(reply["reference"] for reply in said["replies"] if "reference" in reply)


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """Yield the data of a stream's events."""
    async for line in response.content:
        if line.startswith(b"data: {"):
            yield json.loads(line[6:])


async def answer_heard(response: aiohttp.ClientResponse) -> dict[str, Any]:
    async with asyncio.timeout(20):
        async for event in events(response):
            if event["kind"] == "staff_answer":
                return event
    raise AssertionError("the stream ended")


async def test_a_message_to_one_a_page_open_at_the_other_and_staff_anywhere(
    desks: Desks, lin: StaffClient, web: aiohttp.ClientSession
) -> None:
    first, second = desks.processes
    for here, there, staff in (
        (first, second, second),
        (second, first, second),
        (first, second, desks.balancer.address),
    ):
        said = await ask(web, here, text=f"{UNANSWERED} {next(numbers)}")
        async with web.get(f"{there}/api/conversations/{said['conversation']}/stream") as stream:
            assert stream.status == 200
            await lin.at(staff).answer(reference_in(said), "In Lake Road.")
            heard = await answer_heard(stream)
            assert "In Lake Road." in heard["text"]
        async with web.get(f"{here}/api/conversations/{said['conversation']}") as response:
            exchange = (await response.json())["exchange"]
        assert [turn["id"] for turn in exchange].count(heard["id"]) == 1


async def test_a_message_repeated_at_the_other_process_has_its_effect_once(
    desks: Desks, web: aiohttp.ClientSession
) -> None:
    first, second = desks.processes
    number = next(numbers)
    body = {"text": f"{UNANSWERED} {number}", "message_id": f"the-same-{number}-{'x' * 20}"}
    one, two = [await ask(web, address, **body) for address in (first, second)]
    assert one == two


async def test_each_process_is_balanced_to_and_a_conversation_goes_on_at_any(
    desks: Desks, web: aiohttp.ClientSession
) -> None:
    before = dict(desks.balancer.served)
    said = await ask(web, desks.balancer.address, text="/help")
    for _ in range(6):
        await ask(web, desks.balancer.address, text=ANSWERED, conversation=said["conversation"])
    assert all(desks.balancer.served[address] - before.get(address, 0) >= 2 for address in desks.processes)


async def test_a_console_page_open_at_either_hears_of_what_comes_through_the_other(
    desks: Desks, lin: StaffClient, web: aiohttp.ClientSession
) -> None:
    first, second = desks.processes
    for here, there in ((first, second), (second, first)):
        async with lin.at(there).stream() as heard:
            await ask(web, here, text=f"{UNANSWERED} {next(numbers)}")
            async with asyncio.timeout(10):
                async for event in events(heard):
                    if event["kind"] == "situation":
                        break


async def test_the_whole_console_works_with_every_request_at_another_process(
    desks: Desks, lin: StaffClient, web: aiohttp.ClientSession
) -> None:
    balanced = lin.at(desks.balancer.address)
    reference = reference_in(await ask(web, desks.balancer.address, text=f"{UNANSWERED} {next(numbers)}"))
    await balanced.answer(reference, "By the river.")
    # A session ends everywhere at once.
    other = await balanced.sign_in_again()
    assert await other.status("/staff/account") == 200
    await other.post("/staff/sign-out")
    assert [await other.at(address).status("/staff/account") for address in desks.processes] == [303, 303]


async def test_commands_go_to_the_database_and_there_is_no_socket(desks: Desks) -> None:
    assert "whole" in await asyncio.to_thread(desks.command, "audit", "verify")
    assert not (desks.home / "data" / "desk.sock").exists()
    assert not (desks.home / "data" / "desk.sqlite3").exists()


async def test_one_process_has_each_duty(desks: Desks, web: aiohttp.ClientSession) -> None:
    led: dict[str, float] = {}
    for address in desks.processes:
        async with web.get(f"{address}/metrics") as response:
            for line in (await response.text()).splitlines():
                if line.startswith("desk_duty{"):
                    led[line.split('"')[1]] = led.get(line.split('"')[1], 0) + float(line.split()[-1])
    assert led
    assert set(led.values()) == {1.0}


async def test_a_rolling_restart_loses_nothing_and_no_citizen_notices(
    desks: Desks, web: aiohttp.ClientSession
) -> None:
    references: list[str] = []
    going = True

    async def keep_asking(citizen: int) -> None:
        while going:
            said = await ask(
                web, desks.balancer.address, text=f"where can parrot {citizen} see dentist {next(numbers)}"
            )
            references.append(reference_in(said))

    asking = [asyncio.create_task(keep_asking(citizen)) for citizen in range(8)]
    for old in list(desks.processes):
        await desks.start()
        before = len(references)
        await desks.stop(old)
        await asyncio.sleep(0.5)
        assert len(references) > before
    going = False
    await asyncio.gather(*asking)  # every single one was answered 200
    settings = read_settings({**desks.environ, "DATA_DIR": str(desks.home / "data")})
    async with opened(settings) as (store, _):
        assert [each for each in references if await store.situation_of(each) is None] == []


async def test_telegram_brings_updates_to_any_and_each_has_its_effect_once(
    postgres_server: str, tmp_path: Path
) -> None:
    async with (
        BotApi() as api,
        several_desks(
            postgres_server, tmp_path, TELEGRAM_TOKEN=api.token, TELEGRAM_API=api.base_url
        ) as desks,
    ):
        await api.wait_until(lambda: api.has_webhook)
        assert sum(call.method == "setWebhook" for call in api.calls) == 1
        for chat in range(1_000, 1_008):
            await api.say(chat, ANSWERED, language_code="en")
        for chat in range(1_000, 1_008):
            await api.wait_until(lambda chat=chat: any("bicycle" in text for text in api.texts(chat)))  # type: ignore[misc]
        update = {
            "message": api.message(2_000, text="/human where can my parrot see a dentist", language_code="en")
        }
        number = await api.send_update(update)
        await api.wait_until(lambda: any("reference" in text for text in api.texts(2_000)), 20)
        told = len(api.texts(2_000))
        for _ in range(2):
            await api.redeliver({"update_id": number, **update})
        await asyncio.sleep(1)
        assert sum("reference" in text for text in api.texts(2_000)[told:]) <= 2, (
            "repeated, never filed again"
        )
        assert {address for address, count in desks.balancer.served.items() if count} == set(desks.processes)


async def test_by_polling_one_process_asks_and_another_goes_on_when_it_stops(
    postgres_server: str, tmp_path: Path
) -> None:
    async with (
        BotApi() as api,
        several_desks(
            postgres_server, tmp_path, TELEGRAM_TOKEN=api.token, TELEGRAM_API=api.base_url, PUBLIC_URL=""
        ) as desks,
    ):
        await api.say(3_000, ANSWERED, language_code="en")
        await api.wait_until(lambda: any("bicycle" in text for text in api.texts(3_000)), 20)
        for old in list(desks.processes):
            await desks.start()
            await desks.stop(old)
            chat = 3_001 + len(api.texts(3_000))
            await api.say(chat + next(numbers), ANSWERED, language_code="en")
            await api.wait_until(lambda: not api.unconfirmed, 30)
