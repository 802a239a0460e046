"""Requirements 23 and 25: a change needs its proof; a GET, a forgery, a repetition and an upload change nothing."""

import json
import logging
from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from bot.corpus import Corpus
from bot.logs import JsonLines
from bot.models import Role
from tests.botapi import BotApi
from tests.staff.world import Person, World
from tests.trust.test_access import CITIZENS, CONSOLE, CONVERSATION, ENTRY, SENT, SITUATION
from tests.trust.whole import WEBHOOK_SECRET, the_whole

CANARY = "zanzibarcanary"


@pytest.fixture
async def whole(tmp_path: Path, console_corpus: Corpus) -> AsyncIterator[World]:
    async with the_whole(tmp_path, console_corpus) as made:
        yield made


def everything(world: World) -> dict[str, Any]:
    """Return every row of the store."""
    return deepcopy(world.store._tables._storage.tables)  # type: ignore[attr-defined]


async def conversation(world: World) -> str:
    async with world.client.post("/api/messages", json={"text": "who fixes my broken umbrella"}) as response:
        return str((await response.json())["conversation"])


def console_routes(method: str) -> list[str]:
    tables = (CONSOLE, ENTRY, SITUATION)
    return [f"/staff{path}" for table in tables for verb, path in table if verb == method]


async def test_r25_no_get_changes_a_row(whole: World) -> None:
    token, situation = await conversation(whole), await whole.file()
    admin = await whole.join("Ada", Role.ADMINISTRATOR)
    before = everything(whole)
    paths = [path for method, path in [*CITIZENS, *CONVERSATION] if method == "GET"] + console_routes("GET")
    for method in ("GET", "HEAD"):
        for path in paths:
            url = path.replace("{conversation}", token).replace("{name}", "chat.css")
            url = url.replace("{id}", situation.id).replace("{token}", "none")
            headers = {"Cookie": f"desk_staff={admin.cookies['desk_staff']}"}
            async with whole.client.request(method, url, headers=headers, allow_redirects=False):
                pass
    after = everything(whole)
    # That a waiting reply was fetched is what a fetch is for; nothing else may be told from it.
    for rows in (before, after):
        for row in rows["deliveries"].values():
            row["status"] = row["attempts"] = None
    assert after == before


async def test_r25_no_form_of_the_console_is_taken_without_its_token(whole: World) -> None:
    situation = await whole.file()
    admin = await whole.join("Ada", Role.ADMINISTRATOR)
    other = await whole.join("Lin")
    await whole.join("Target")
    stolen = await other.csrf()
    before = everything(whole)
    for path in console_routes("POST"):
        url = path.removeprefix("/staff").replace("{id}", situation.id).replace("{token}", "none")
        for proof in ({}, {"csrf": ""}, {"csrf": "x" * 32, "form_token": "x" * 32}, {"csrf": stolen}):
            assert (await admin.send("POST", url, data={**SENT, **proof})).status == 403, url
    assert everything(whole) == before


@pytest.mark.parametrize("sent", [None, "", "wrong", WEBHOOK_SECRET[:-1], WEBHOOK_SECRET + "x", "密"])
async def test_r23_a_webhook_call_without_the_secret_leaves_no_row(whole: World, sent: str | None) -> None:
    before = everything(whole)
    update = {"update_id": 1, "message": {"message_id": 1, "date": 1, "text": CANARY, "chat": {"id": 5}}}
    headers = {} if sent is None else {"X-Telegram-Bot-Api-Secret-Token": sent}
    async with whole.client.post("/telegram/webhook", data=json.dumps(update), headers=headers) as response:
        assert response.status == 403
        assert await response.read() == b""
    assert everything(whole) == before


async def test_r23_an_update_that_comes_again_has_one_effect(tmp_path: Path, console_corpus: Corpus) -> None:
    async with (
        BotApi() as api,
        the_whole(tmp_path, console_corpus, TELEGRAM_API=api.base_url, TELEGRAM_TOKEN=api.token) as world,
    ):
        update = {"update_id": 7, "message": api.message(11, text="who fixes my broken umbrella")}
        headers = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
        rows, said = [everything(world)], []
        for _ in range(3):
            async with world.client.post(
                "/telegram/webhook", data=json.dumps(update), headers=headers
            ) as response:
                assert response.status == 200
            rows.append(everything(world))
            said.append(len(api.texts(11)))
        assert len(rows[1]["messages"]) == len(rows[0]["messages"]) + 1
        assert rows[3] == rows[2] == rows[1]
        assert len(set(said)) == 1


async def test_r29_an_upload_is_refused_by_every_route_and_its_content_is_nowhere(
    whole: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object, **__: object) -> None:
        raise AssertionError("an upload was written to a temporary file")

    monkeypatch.setattr("tempfile.TemporaryFile", forbid)
    caplog.set_level(logging.DEBUG)
    situation = await whole.file()
    admin = await whole.join("Ada", Role.ADMINISTRATOR)
    csrf = await admin.csrf()
    before = everything(whole)
    posts = [path for method, path in CITIZENS if method == "POST"] + console_routes("POST")
    for path in posts:
        form = FormData({"csrf": csrf, "text": "x", "name": "Target"})
        form.add_field("file", CANARY.encode() * 50, filename=f"{CANARY}.exe")
        headers = {
            "Cookie": f"desk_staff={admin.cookies['desk_staff']}",
            "X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET,
        }
        url = path.replace("{id}", situation.id).replace("{token}", "none")
        async with whole.client.post(url, data=form, headers=headers, allow_redirects=False) as response:
            assert response.status in (400, 415), (path, response.status)
            assert CANARY not in await response.text()
    assert everything(whole) == before
    lines = [JsonLines().format(record) for record in caplog.records]
    assert any('"status":400' in line for line in lines)
    assert not any(CANARY in line for line in lines)


async def test_r25_a_strangers_form_is_bound_to_their_own_browser(whole: World) -> None:
    mine, theirs = Person(whole, "mine", None), Person(whole, "theirs", None)
    token = (await theirs.get("/sign-in")).field("form_token")
    await mine.get("/sign-in")
    page = await mine.send("POST", "/sign-in", data={"form_token": token, "name": "x", "password": "y"})
    assert page.status == 403
