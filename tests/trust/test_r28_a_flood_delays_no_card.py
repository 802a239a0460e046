"""Requirement 28: flooding one chat or many does not delay cards for others; limits keep no identifier on disk.

How long others wait at 1,000 messages a second is measured by `python -m tests.benchmarks flood`; here the desk is held
so that everything which can be taken up is taken up, and a card must come all the same.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.assistant import Heard
from bot.channels.telegram.receiving import AT_ONCE as TELEGRAM_AT_ONCE
from bot.channels.webchat.parts import AT_ONCE, PARTS
from bot.corpus import Corpus
from bot.models import IncomingMessage
from tests.parts import ANSWERED, CRISIS, FIRE, UNANSWERED, until
from tests.trust.desk_on_the_wire import Wire, wire

OTHER = 99


@pytest.fixture
async def desk(corpus: Corpus, tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire(corpus, tmp_path) as served:
        yield served


@contextlib.asynccontextmanager
async def hanging_messages(desk: Wire, count: int) -> AsyncIterator[None]:
    """Have so many people wait for a store that hangs."""
    desk.store.hold("record")
    asking = [asyncio.create_task(desk.post(f"{UNANSWERED} {number}")) for number in range(count)]
    await until(lambda: len(desk.app[PARTS].waiting) >= count - AT_ONCE, 10)
    try:
        yield
    finally:
        desk.store.let_go()
        await asyncio.gather(*asking)


async def test_r28_on_the_web_a_card_waits_for_nobody_whose_turn_it_is(desk: Wire) -> None:
    async with hanging_messages(desk, AT_ONCE + 20):
        async with asyncio.timeout(4):
            (card,) = (await desk.post(CRISIS))["replies"]
        assert card["kind"] == "urgent"


async def test_r28_when_too_many_wait_the_next_is_told_to_and_one_in_danger_is_not(
    desk: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.webchat.parts.MOST_WAITING", 5)
    async with hanging_messages(desk, AT_ONCE + 5):
        async with desk.http.post(f"{desk.address}/api/messages", json={"text": ANSWERED}) as refused:
            assert refused.status == 429
            assert "110" in await refused.text(), "and is told whom to call"
        async with asyncio.timeout(4):
            (card,) = (await desk.post(FIRE))["replies"]
        assert card["kind"] == "urgent"
    assert (await desk.post(ANSWERED))["replies"][-1]["kind"] == "answer", "and then it goes on as before"


async def test_r28_one_conversation_that_floods_is_turned_away_and_others_are_not(desk: Wire) -> None:
    flooding = (await desk.post(ANSWERED))["conversation"]

    async def flood() -> int:
        body = {"text": UNANSWERED, "conversation": flooding}
        async with desk.http.post(f"{desk.address}/api/messages", json=body) as response:
            return response.status

    statuses = await asyncio.gather(*(flood() for _ in range(200)))
    assert statuses.count(429) > 100
    (card,) = (await desk.post(CRISIS))["replies"]
    assert card["reference"]


async def test_r28_on_telegram_a_card_waits_for_no_other_chat(desk: Wire) -> None:
    desk.store.hold("record")
    for chat in range(1_000, 1_000 + TELEGRAM_AT_ONCE + 10):
        await desk.api.say(chat, UNANSWERED)
    async with asyncio.timeout(5):
        await desk.api.say(OTHER, CRISIS)
        await desk.api.wait_for_message(OTHER)
    assert "12356" in desk.api.texts(OTHER)[0]


async def test_r28_looking_before_the_turn_is_bounded(desk: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    real = desk.assistant.hear

    def hear(message: IncomingMessage) -> Heard:
        nonlocal looked
        looked += 1
        return real(message)

    monkeypatch.setattr(desk.assistant, "hear", hear)
    desk.store.hold("record")
    for number in range(200):
        await desk.api.say(7, f"{UNANSWERED} {number}")
    await desk.api.wait_until(lambda: len(desk.api.called("getUpdates")) > 2)
    assert looked < 100, "a flood of one chat is not judged message by message"


async def test_r28_limits_keep_no_identifier_on_disk(corpus: Corpus, tmp_path: Path) -> None:
    async with wire(corpus, tmp_path, TRUSTED_PROXIES="127.0.0.1") as desk:
        for _ in range(5):
            async with desk.http.post(
                f"{desk.address}/api/messages",
                json={"text": ANSWERED},
                headers={"X-Forwarded-For": "1.2.3.4"},
            ) as response:
                assert response.status == 200
    kept = everything_in(tmp_path)
    assert len(kept) > 10_000
    assert b"1.2.3.4" not in kept


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
