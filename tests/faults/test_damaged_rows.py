"""Rows damaged between two runs: what is not damaged goes on, at the console and towards citizens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.store.postgres import migrate
from bot.vault import Vault, decode_key
from tests.botapi import BotApi
from tests.faults.damage import InDatabase, OnDisk, Rows
from tests.faults.embedded import invited
from tests.faults.process import Desk, ended
from tests.faults.rounds import KEY
from tests.faults.staff import TEXT, join
from tests.parts import ANSWERED, UNANSWERED
from tests.postgres import make_database, own_server

CHATS = (71, 72)
QUESTIONS = ("is the museum of kites open to camels", "whom do I ask to plant a palm on my roof", UNANSWERED)
WORD = "bakodupi"


@pytest.fixture(params=["tinydb", "postgres"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Rows, dict[str, str]]]:
    """Where a desk keeps its rows, and what tells it so."""
    if request.param == "tinydb":
        yield OnDisk(tmp_path / "data"), {}
        return
    with own_server() as server:
        database = await make_database(server.url, "desk")
        await migrate(database, Vault(decode_key(KEY, "the test")))
        yield InDatabase(database), {"DATABASE_URL": database}


async def ask(http: aiohttp.ClientSession, desk: Desk, text: str, **more: str) -> dict[str, Any]:
    message = {"text": text, "language": "en", **more}
    async with http.post(f"{desk.address}/api/messages", json=message) as said:
        assert said.status == 200, await said.text()
        answer: dict[str, Any] = await said.json()
        return answer


async def comes_true(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():  # noqa: ASYNC110 (neither a file nor a database announces it)
            await asyncio.sleep(0.1)


@pytest.mark.timeout(150)
async def test_damaged_rows_stop_nobody_but_themselves(
    kept: tuple[Rows, dict[str, str]], tmp_path: Path
) -> None:
    rows, environ = kept
    async with (
        ended(Desk(tmp_path)) as desk,
        BotApi() as api,
        aiohttp.ClientSession() as http,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as console,
    ):
        desk.environ = {"DESK_KEY": KEY, "TELEGRAM_TOKEN": api.token, "TELEGRAM_API": api.base_url, **environ}
        await desk.start()
        csrf = await join(console, await invited(desk, "staff"), "chen")
        citizens = [await ask(http, desk, question) for question in QUESTIONS]
        api.fail_next("sendMessage", 500, times=1000)
        for chat in CHATS:
            await api.say(chat, QUESTIONS[chat % 2] + f" in street {chat}", language_code="en")
        await comes_true(filed(rows, len(QUESTIONS) + len(CHATS)))
        assert await desk.stop() == 0

        inquiries = [
            (inquiry, situation) for inquiry, situation, channel in rows.all("inquiries", "id", "situation_id", "channel") if channel == "webchat"
        ]  # fmt: skip
        owed = [delivery for delivery, status in rows.all("deliveries", "id", "status") if status == "owed"]
        assert len(owed) >= len(CHATS)
        rows.damage("inquiries", "words", "id", inquiries[0][0])
        rows.damage("keys", "wrapped", "owner", inquiries[1][0])
        rows.damage("deliveries", "body", "id", owed[0])
        ((conversation,), *_) = rows.all("conversations", "key")
        rows.damage("conversations", "body", "key", conversation)
        situations = {situation for (situation,) in rows.all("inquiries", "situation_id")}

        api.heal()
        await desk.start()
        assert (await ask(http, desk, ANSWERED))["replies"][-1]["kind"] == "answer"
        for citizen in citizens:
            assert await ask(http, desk, ANSWERED, conversation=citizen["conversation"])
        await api.wait_until(lambda: any("reference" in text for chat in CHATS for text in api.texts(chat)), 20)  # fmt: skip
        async with console.get(f"{desk.address}/staff") as page:
            shown = await page.text()
            assert page.status == 200
            assert all(f"/staff/situations/{situation}" in shown for situation in situations)
        for situation in situations:
            where, form = f"{desk.address}/staff/situations/{situation}", {"csrf": csrf}
            async with console.post(f"{where}/open", data=form) as page:
                assert page.status == 200, situation
            async with console.post(f"{where}/answer", data={**form, "text": TEXT.format(WORD)}) as page:
                assert page.status == 200, situation
        for chat in CHATS:
            await api.wait_until(lambda: any(WORD in text for text in api.texts(chat)), 20)  # noqa: B023 (waited for here)
        read = [await exchange(http, desk, citizen["conversation"]) for citizen in citizens]
        assert sum(WORD in each for each in read) >= 1
        assert await desk.stop() == 0


def filed(rows: Rows, number: int) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether so many inquiries are stored."""

    async def are() -> bool:
        return len(await asyncio.to_thread(rows.all, "inquiries", "id")) == number

    return are


async def exchange(http: aiohttp.ClientSession, desk: Desk, token: str) -> str:
    async with http.get(f"{desk.address}/api/conversations/{token}") as response:
        return await response.text()
