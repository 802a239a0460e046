"""Rows damaged on disk between two runs: what is not damaged goes on, at the console and towards citizens."""

import asyncio
import sqlite3
from base64 import b64encode
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

import aiohttp
import orjson
import pytest

from tests.botapi import BotApi, Call
from tests.faults.embedded import invited
from tests.faults.process import Desk
from tests.faults.staff import TEXT, join
from tests.parts import ANSWERED, UNANSWERED

CHATS = (71, 72)
NOISE = b64encode(b"what a bad sector leaves of it").decode()
QUESTIONS = ("is the museum of kites open to camels", "whom do I ask to plant a palm on my roof", UNANSWERED)


def damage(file: Path, table: str, field: str, *rows: int) -> None:
    """Let a field of rows of a table be noise under a seal that does not hold, in a file that looks whole."""
    with closing(sqlite3.connect(file)) as connection:
        for row in rows:
            (body,) = connection.execute(f'SELECT body FROM "{table}" WHERE id = ?', (row,)).fetchone()
            document = orjson.loads(body)
            document[field] = [NOISE] * len(document[field]) if isinstance(document[field], list) else NOISE
            body = orjson.dumps(document)
            connection.execute(
                f'UPDATE "{table}" SET body = ?, crc = ? WHERE id = ?', (body, crc32(body), row)
            )
        connection.commit()


def rows(file: Path, table: str) -> dict[int, dict[str, Any]]:
    with closing(sqlite3.connect(file)) as connection:
        return {
            row: orjson.loads(body) for row, body in connection.execute(f'SELECT id, body FROM "{table}"')
        }


async def ask(http: aiohttp.ClientSession, desk: Desk, text: str, **more: str) -> dict[str, Any]:
    async with http.post(
        f"{desk.address}/api/messages", json={"text": text, "language": "en", **more}
    ) as said:
        assert said.status == 200, await said.text()
        answer: dict[str, Any] = await said.json()
        return answer


def chats_of(call: Call) -> set[int]:
    return {int(call.parameters["chat_id"])}


@pytest.mark.timeout(120)
async def test_damaged_rows_stop_nobody_but_themselves(tmp_path: Path) -> None:
    desk, file = Desk(tmp_path), tmp_path / "data" / "desk.sqlite3"
    async with (
        BotApi() as api,
        aiohttp.ClientSession() as http,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as console,
    ):
        desk.environ = {"TELEGRAM_TOKEN": api.token, "TELEGRAM_API": api.base_url}
        await desk.start()
        csrf = await join(console, await invited(desk, "staff"), "chen")
        ann, ben, cem = [await ask(http, desk, question) for question in QUESTIONS]
        api.fail_next("sendMessage", 500, times=1000)
        for chat in CHATS:
            await api.say(chat, QUESTIONS[chat % 2] + f" in street {chat}", language_code="en")
        await api.wait_until(lambda: {chat for call in api.called("sendMessage") for chat in chats_of(call)} >= set(CHATS))  # fmt: skip
        await asyncio.sleep(1)
        assert await desk.stop() == 0
        inquiries = rows(file, "inquiries")
        first, second, *_ = sorted(inquiries)
        damage(file, "inquiries", "words", first)
        keys = [row for row, key in rows(file, "keys").items() if key["owner"] == inquiries[second]["id"]]
        damage(file, "keys", "wrapped", *keys)
        owed = [row for row, each in rows(file, "deliveries").items() if each["status"] == "owed"]
        assert len(owed) >= 2
        damage(file, "deliveries", "body", min(owed))
        damage(file, "conversations", "body", min(rows(file, "conversations")))
        api.heal()
        await desk.start()
        assert (await ask(http, desk, ANSWERED))["replies"][-1]["kind"] == "answer"
        for citizen in (ann, ben, cem):
            assert await ask(http, desk, ANSWERED, conversation=citizen["conversation"])
        await api.wait_until(lambda: any("reference" in text for chat in CHATS for text in api.texts(chat)), 20)  # fmt: skip
        situations = {each["situation_id"] for each in inquiries.values()}
        async with console.get(f"{desk.address}/staff") as page:
            shown = await page.text()
            assert page.status == 200
            assert all(f"/staff/situations/{situation}" in shown for situation in situations)
        for situation in situations:
            where = f"{desk.address}/staff/situations/{situation}"
            async with console.post(f"{where}/open", data={"csrf": csrf}) as page:
                assert page.status == 200, situation
            async with console.post(f"{where}/answer", data={"csrf": csrf, "text": TEXT.format("bakodupi")}) as page:  # fmt: skip
                assert page.status == 200, situation
        await api.wait_until(
            lambda: any("bakodupi" in text for chat in CHATS for text in api.texts(chat)), 20
        )
        async with http.get(f"{desk.address}/api/conversations/{cem['conversation']}") as response:
            assert "bakodupi" in await response.text()
        assert await desk.stop() == 0
