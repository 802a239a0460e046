"""Requirement 12: canaries in every Telegram and web field appear in clear in no file the product writes: database, WAL,
logs, caches, temporary files, backups."""

import asyncio
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.botapi import CANARY, BotApi
from tests.parts import INTENTS, KNOWLEDGE
from tests.trust.files import found_in
from tests.walks.desk_process import ROOT, DeskProcess, running_desk

pytestmark = pytest.mark.timeout(180)

CHAT = 5_550_123_987_654
"""A Telegram chat: the number that leads to a person."""
NUMBER = 777_000_111_222
"""A message's number at Telegram."""
PHONE = "+8613912345678"


class Planted:
    """Canaries, each another word, and every one of them written down."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.all = [CANARY, str(CHAT), str(NUMBER), PHONE]

    def __call__(self, where: str) -> str:
        word = f"zq{where}{next(self._numbers)}canary"
        self.all.append(word)
        return word


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest_asyncio.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running_api:
        yield running_api


@pytest.fixture
def environ(tmp_path: Path, api: BotApi) -> dict[str, str]:
    for name in ("temporary", "home"):
        (tmp_path / name).mkdir()
    return {
        "INTENTS_DIR": str(INTENTS),
        "KNOWLEDGE_DIR": str(KNOWLEDGE),
        "TELEGRAM_TOKEN": api.token,
        "TELEGRAM_API": api.base_url,
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "TMPDIR": str(tmp_path / "temporary"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path / "home"),
    }


async def write_on_telegram(api: BotApi, planted: Planted) -> None:
    """Send one of everything a citizen's Telegram can send."""

    async def say(**fields: Any) -> None:
        message = api.message(CHAT, **fields)
        message["message_id"] = NUMBER
        message["from"] |= {
            "first_name": planted("first"),
            "last_name": planted("last"),
            "username": planted("user"),
            "language_code": planted("language"),
        }
        message["chat"] |= {key: message["from"][key] for key in ("first_name", "last_name", "username")}
        await api.send_update({"message": message})

    await say(text=f"where is my {planted('text')} parrot?")
    await api.wait_until(lambda: any("reference" in text.lower() for text in api.texts(CHAT)))
    await say(text=f"我的鹦鹉{planted('zh')}在哪里")
    await say(caption=planted("caption"), photo=[{"file_id": planted("file"), "width": 1, "height": 1}])
    await say(voice={"file_id": planted("voice"), "duration": 1})
    await say(contact={"phone_number": PHONE, "first_name": planted("contact"), "user_id": CHAT})
    await say(location={"latitude": 31.23456789, "longitude": 121.98765432})
    await say(
        text=f"/{planted('command')} {planted('argument')}", reply_to_message={"text": planted("quoted")}
    )
    await say(text=f"我不想活了 {planted('crisis')}")
    await api.send_update({"edited_message": api.message(CHAT, text=planted("edited"))})
    await api.send_update({"inline_query": {"id": "1", "query": planted("inline"), "from": api.user(CHAT)}})
    await api.tap(CHAT, planted("tapped"))
    await api.wait_until(lambda: not api.unconfirmed, 20)


async def write_on_the_web(desk: DeskProcess, planted: Planted) -> None:
    """Send one of everything a browser can send; what is refused must leave no trace either."""
    headers = {
        "User-Agent": planted("agent"),
        "Referer": f"https://{planted('referrer')}.example/",
        "Cookie": f"session={planted('cookie')}",
        "Accept-Language": f"en, {planted('accepts')}",
        "X-Forwarded-For": "203.0.113.77",
        "X-Real-IP": "203.0.113.78",
        "X-Requested-With": planted("header"),
    }
    planted.all += ["203.0.113.77", "203.0.113.78"]
    async with aiohttp.ClientSession(desk.address, headers=headers) as client:

        async def post(**body: object) -> dict[str, Any]:
            async with client.post("/api/messages", json=body) as response:
                found: dict[str, Any] = await response.json()
                return found

        first = await post(
            text=f"where is my {planted('asked')} parrot",
            message_id=planted("message-id-of-a-client"),
            language="en",
        )
        token = str(first["conversation"])
        planted.all.append(token)
        await post(text=f"{planted('more')} again", conversation=token, message_id=planted("second"))
        await post(text=f"我不想活了 {planted('urgent')}", conversation=token)
        await post(option=planted("option"), conversation=token)
        await post(text="hi", language=planted("tongue"))
        await post(text="hi", conversation=planted("guessed"))
        await post(**{planted("field"): planted("value")})
        for method, path in (
            ("GET", f"/?q={planted('query')}"),
            ("GET", f"/c/{token}"),
            ("GET", f"/c/{planted('path')}"),
            ("GET", f"/api/conversations/{token}"),
            ("GET", f"/{planted('nowhere')}"),
            ("GET", f"/staff/find?reference={planted('sought')}"),
        ):
            await (await client.request(method, path)).read()
        form = {"text": f"where is my {planted('form')} parrot", "message_id": planted("form-id")}
        await (await client.post("/chat", data=form)).read()
        await (await client.post("/api/messages", data=f"{{broken {planted('broken')}")).read()
        sign_in = {"name": planted("signs-in"), "password": planted("password")}
        await (await client.post("/staff/sign-in", data=sign_in)).read()


async def test_r12_no_canary_stands_in_any_file(
    api: BotApi, planted: Planted, environ: dict[str, str], tmp_path: Path
) -> None:
    running = running_desk(tmp_path, **environ)
    desk = await asyncio.to_thread(running.__enter__)
    content = [tmp_path / "intents", tmp_path / "knowledge"]
    try:
        await write_on_telegram(api, planted)
        await write_on_the_web(desk, planted)
        backup = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "bot", "backup", str(tmp_path / "copies")],
            cwd=ROOT,
            env={**os.environ, **environ, "DATA_DIR": str(tmp_path / "data")},
            capture_output=True,
            check=True,
        )
        assert b"words-" in backup.stdout
        while_running = found_in(tmp_path, planted.all, leave_out=content)
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)
    assert len(planted.all) > 50
    assert len(list((tmp_path / "copies").iterdir())) == 2
    assert (tmp_path / "log").read_bytes().count(b"\n") > 0
    assert while_running == []
    assert found_in(tmp_path, planted.all, leave_out=content) == []


def test_r12_the_search_finds_what_is_there_in_every_form(tmp_path: Path) -> None:

    word = "zqword1canary"
    for number, data in enumerate(
        (
            word.encode(),
            word.encode("utf-16-le"),
            word.encode().hex().encode(),
            *(b64encode(b"x" * n + word.encode() + b"yy") for n in range(3)),
        )
    ):
        (tmp_path / str(number)).write_bytes(b"before" + data + b"after")
    assert len(found_in(tmp_path, [word])) == 6
