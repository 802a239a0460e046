"""A desk whose disk or clock fails while it runs: what still goes out, what is refused, and that nothing refused is kept."""

import asyncio
import datetime as dt
import itertools
import json
import resource
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.models import Inquiry
from bot.store.tinydb import open_tinydb
from bot.vault import Vault, read_key_file
from tests.botapi import BotApi
from tests.faults.process import Desk, ended
from tests.parts import ANSWERED, CRISIS, UNANSWERED
from tests.walks.desk_process import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

CARD_WITHIN = 1.8
"""Seconds in which somebody in danger is answered, whatever the disk does: one, and what a busy machine adds."""
REFUSED = {
    "en": "your message was not recorded",
    "zh-Hans": "您的消息没有被记录",
    "zh-Hant": "您的訊息沒有被記錄",
}
TELEGRAM_LANGUAGE = {"en": "en", "zh-Hans": "zh-hans", "zh-Hant": "zh-hant"}
FAR = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)

chats = itertools.count(7_000_000_001)
questions = (f"{UNANSWERED}, number {number}" for number in itertools.count(100))


@dataclass
class Ailing:
    """A desk that is served, and the ways to make it ail."""

    desk: Desk
    api: BotApi
    http: aiohttp.ClientSession

    def ails(self, **how: object) -> None:
        """Let the disk or the clock fail so from now on."""
        draft = self.desk.home / "ailing.new"
        draft.write_text(json.dumps(how))
        draft.rename(self.desk.home / "ailing")  # never half a file

    def fill_the_disk(self) -> None:
        """Let nothing be written to any file any more."""
        resource.prlimit(self.desk.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def free_the_disk(self) -> None:
        resource.prlimit(
            self.desk.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        )

    async def ask(self, text: str, language: str = "en", **more: str) -> tuple[int, dict[str, Any], float]:
        """Send a message as the page does; return status, answer and seconds."""
        begun = time.monotonic()
        message = {"text": text, "language": language, **more}
        async with self.http.post(f"{self.desk.address}/api/messages", json=message) as response:
            return response.status, await response.json(content_type=None), time.monotonic() - begun

    async def works(self) -> None:
        """Wait until a question for a person is taken again."""
        async with asyncio.timeout(30):
            while (await self.ask(next(questions)))[0] != 200:  # noqa: ASYNC110 (a disk announces nothing)
                await asyncio.sleep(0.5)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ailing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ailing]:
    home = tmp_path_factory.mktemp("ailing")
    async with BotApi() as api, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        environ = {"AILING": str(home / "ailing"), "TELEGRAM_TOKEN": api.token, "TELEGRAM_API": api.base_url}
        async with ended(Desk(home, environ, module="tests.faults.ailing")) as desk:
            await desk.start()
            yield Ailing(desk, api, http)
            (home / "ailing").unlink(missing_ok=True)
            assert await desk.stop() == 0
        log = (home / "log").read_text()
        assert all(isinstance(json.loads(line), dict) for line in log.splitlines())
        assert "parrot" not in log


@pytest_asyncio.fixture(loop_scope="module", params=["full", "read-only"])
async def unwritable(ailing: Ailing, request: pytest.FixtureRequest) -> AsyncIterator[Ailing]:
    """A desk that has just met a disk that takes nothing."""
    if request.param == "full":
        ailing.fill_the_disk()
    else:
        ailing.ails(read_only=True)
    assert (await ailing.ask(next(questions)))[0] == 503
    yield ailing
    ailing.free_the_disk()
    ailing.ails()
    await ailing.works()


@pytest.mark.parametrize("language", REFUSED)
async def test_what_needs_a_person_is_refused_honestly_while_the_disk_takes_nothing(
    unwritable: Ailing, language: str
) -> None:
    status, said, seconds = await unwritable.ask(next(questions), language)
    assert status == 503
    assert REFUSED[language] in said["detail"]
    assert "110" in said["detail"]
    assert seconds < CARD_WITHIN


async def test_cards_and_approved_answers_go_out_while_the_disk_takes_nothing(unwritable: Ailing) -> None:
    status, said, _ = await unwritable.ask(ANSWERED)
    assert (status, said["replies"][-1]["kind"]) == (200, "answer")
    status, said, seconds = await unwritable.ask(CRISIS)
    assert (status, said["replies"][-1]["kind"]) == (200, "urgent")
    assert "12356" in said["replies"][-1]["text"]
    assert seconds < CARD_WITHIN


@pytest.mark.parametrize("language", REFUSED)
async def test_on_telegram_a_refusal_is_said_and_the_message_never_brought_again(
    unwritable: Ailing, language: str
) -> None:
    api, chat = unwritable.api, next(chats)
    await api.say(chat, next(questions), language_code=TELEGRAM_LANGUAGE[language])
    await api.wait_for_message(chat)
    assert REFUSED[language] in api.texts(chat)[-1]
    await api.wait_until(lambda: not api.unconfirmed)


async def test_a_desk_goes_on_by_itself_and_holds_nothing_that_it_refused(
    ailing: Ailing, tmp_path: Path
) -> None:
    refused, taken = next(questions), next(questions)
    api, chat = ailing.api, next(chats)
    ailing.fill_the_disk()
    assert (await ailing.ask(refused))[0] == 503
    await api.say(chat, refused, language_code="en")
    await api.wait_until(lambda: not api.unconfirmed)
    ailing.free_the_disk()
    await ailing.works()
    status, said, _ = await ailing.ask(taken)
    assert (status, said["replies"][-1]["kind"]) == (200, "receipt")
    texts = await texts_kept(ailing, tmp_path)
    assert taken in texts
    assert refused not in texts
    assert len(api.texts(chat)) == 1, "nothing came to light later"


async def texts_kept(ailing: Ailing, tmp_path: Path) -> str:
    """Return all that was asked and is kept: by a backup, restored elsewhere."""
    desk = ailing.desk
    await command(desk, "backup", str(tmp_path / "copies"))
    (words,) = (tmp_path / "copies").glob("words-*")
    copy = tmp_path / "restored"
    await command(desk, "restore", str(words), str(tmp_path / "copies" / "keys.sqlite3"), DATA_DIR=str(copy))
    vault = Vault(read_key_file(desk.home / "desk.key"))
    store = await open_tinydb(copy, vault)
    inquiries = await store.inquiries_opened_before(FAR, 10_000)
    await store.close()
    return "\n".join(text for inquiry in inquiries for text in opened(vault, inquiry))


def opened(vault: Vault, inquiry: Inquiry) -> list[str]:
    box = vault.unwrap(inquiry.id, inquiry.data_key)
    return [json.loads(box.open("words", words))["text"] for words in inquiry.words]


async def command(desk: Desk, *arguments: str, **environ: str) -> None:
    """Run a command beside the desk."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=ROOT, env={**desk.settings(), **environ}
    )
    assert await process.wait() == 0


async def test_on_a_disk_of_two_seconds_a_write_a_card_comes_within_one(ailing: Ailing) -> None:
    ailing.ails(write_seconds=2)
    api, chat = ailing.api, next(chats)
    try:
        ordinary = [asyncio.create_task(ailing.ask(next(questions))) for _ in range(5)]
        await asyncio.sleep(0.3)
        (status, said, seconds), known = await asyncio.gather(ailing.ask(CRISIS), ailing.ask(ANSWERED))
        assert (status, said["replies"][-1]["kind"]) == (200, "urgent")
        assert seconds < CARD_WITHIN
        again = await ailing.ask(CRISIS, conversation=said["conversation"])
        assert again[2] < CARD_WITHIN
        begun = time.monotonic()
        await api.say(chat, CRISIS)
        await api.wait_for_message(chat)
        assert time.monotonic() - begun < CARD_WITHIN
        for status, said, seconds in [*(await asyncio.gather(*ordinary)), known]:
            assert status == 200
            assert said["replies"][-1]["kind"] in ("receipt", "answer")
            assert seconds < 4 * 2 + 1, "looking up and recording each wait for the write that is under way"
    finally:
        ailing.ails()


HOUR, YEAR = 3600, 365 * 86_400


@pytest.mark.parametrize("jump", [5 * HOUR, -5 * HOUR, YEAR, -YEAR])
async def test_a_clock_that_jumps_closes_nothing_and_stops_nobody(ailing: Ailing, jump: int) -> None:
    status, said, _ = await ailing.ask(next(questions))
    token = said["conversation"]
    try:
        ailing.ails(clock_seconds=jump)
        await asyncio.sleep(2)  # some rounds of what time does
        async with ailing.http.get(f"{ailing.desk.address}/api/conversations/{token}") as response:
            (inquiry,) = (await response.json())["inquiries"]
            assert inquiry["status"] == "open"
        status, said, _ = await ailing.ask("he is green", conversation=token)
        assert status == 200
        status, said, _ = await ailing.ask(next(questions))
        assert said["replies"][-1]["kind"] == "receipt"
        chat = next(chats)
        await ailing.api.say(chat, next(questions), language_code="en")
        await ailing.api.wait_until(lambda: any("reference" in text for text in ailing.api.texts(chat)))
    finally:
        ailing.ails()
        await asyncio.sleep(1)
    async with ailing.http.get(f"{ailing.desk.address}/api/conversations/{token}") as response:
        assert response.status == 200


async def test_a_read_only_disk_at_the_start_is_said_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "ailing").write_text(json.dumps({"read_only": True}))
    desk = Desk(tmp_path, {"AILING": str(tmp_path / "ailing")}, module="tests.faults.ailing")
    with pytest.raises(AssertionError) as ended:
        await desk.start()
    assert await desk.stop() == 2
    assert "Read-only file system" in str(ended.value)
    assert "set DATA_DIR to a folder the desk may write to" in str(ended.value)
    assert "Traceback" not in str(ended.value)
