"""Both walks on Telegram: a whole desk on its own port, against a Bot API server over real HTTP."""

import asyncio
import itertools
import re
import shutil
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from bot.app import App, running
from bot.config import PRODUCT, read_settings
from bot.models import DeliveryStatus, Situation, StaffAnswer
from tests.botapi import CANARY, BotApi

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

KNOWN = "How do I renew my residence permit?"
KNOWN_ANSWER = "within the 30 days before the date on the permit"
UNKNOWN = "你们局里的食堂对外开放吗？"
WRITTEN = "食堂工作日中午对外开放，在门口登记即可。"


STAFF_CHAT = -1001234567890

chats = itertools.count(1_234_567_890_123)


@pytest.fixture
def chat() -> int:
    """A citizen nobody has heard of."""
    return next(chats)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running_api:
        yield running_api


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["polling", "webhook"])
async def desk(
    request: pytest.FixtureRequest, api: BotApi, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    """A desk with the sample content that serves Telegram, in either of its ways."""
    tmp_path = tmp_path_factory.mktemp(request.param)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for folder in ("intents", "knowledge"):
        shutil.copytree(PRODUCT / folder, tmp_path / folder)
    environ = {
        "PORT": str(port),
        "DATA_DIR": str(tmp_path / "data"),
        "DESK_KEY_FILE": str(tmp_path / "desk.key"),
        "INTENTS_DIR": str(tmp_path / "intents"),
        "KNOWLEDGE_DIR": str(tmp_path / "knowledge"),
        "TELEGRAM_TOKEN": api.token,
        "TELEGRAM_API": api.base_url,
        "TELEGRAM_STAFF_CHAT": str(STAFF_CHAT),
    }
    if request.param == "webhook":
        environ["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    async with running(read_settings(environ)) as app:
        yield app


async def settled(
    app: App, situation: Situation, enough: Callable[[set[DeliveryStatus]], bool]
) -> set[DeliveryStatus]:
    """Wait until the situation's deliveries stand as they should, as a member of staff sees them."""
    async with asyncio.timeout(15):
        while True:
            opened = await app.desk.open(situation.id, "chen")
            statuses = {delivery.status for inquiry in opened.inquiries for delivery in inquiry.deliveries}
            if enough(statuses):
                return statuses
            await asyncio.sleep(0.05)


async def handed_over(app: App, api: BotApi, chat: int) -> tuple[Situation, str]:
    """Ask what nobody can know; return the situation and the reference that the citizen was given."""
    await api.say(chat, UNKNOWN, language_code="zh-hans")
    await api.wait_until(lambda: any("参考号" in text for text in api.texts(chat)))
    reference = next(
        found[1] for text in api.texts(chat) if (found := re.search(r"参考号([0-9A-Z-]+)", text)) is not None
    )
    situation = await app.desk.find(reference, "ada")
    assert situation is not None
    return situation, reference


async def test_a_known_question_is_answered_with_approved_words(desk: App, api: BotApi, chat: int) -> None:
    await api.say(chat, KNOWN, language_code="en")
    await api.wait_until(lambda: any(KNOWN_ANSWER in text for text in api.texts(chat)))
    assert "automatic" in api.texts(chat)[0]
    buttons = [button for row in api.sent(chat)[-1]["reply_markup"]["inline_keyboard"] for button in row]
    assert {"text": "A person, please", "callback_data": "human"} in buttons


async def test_a_person_answers_what_the_desk_cannot(desk: App, api: BotApi, chat: int) -> None:
    situation, reference = await handed_over(desk, api, chat)
    introduction, receipt = api.texts(chat)
    assert "自动回复" in introduction
    assert reference in receipt
    await desk.desk.answer(StaffAnswer(situation_id=situation.id, author="chen", text=WRITTEN))
    await api.wait_for_message(chat, 3)
    assert WRITTEN in api.texts(chat)[-1]
    assert reference in api.texts(chat)[-1]
    assert await settled(desk, situation, lambda found: found == {DeliveryStatus.SENT})


async def test_a_redelivered_question_is_handed_over_once(desk: App, api: BotApi, chat: int) -> None:
    before = len(await desk.desk.queue("ada"))
    update = {"message": api.message(chat, text=UNKNOWN, language_code="zh-hans")}
    number = await api.send_update(update)
    await api.wait_for_message(chat, 2)
    await api.wait_until(lambda: not api.unconfirmed)
    await api.redeliver({"update_id": number, **update})
    await api.say(next_chat := next(chats), "/help", language_code="en")
    await api.wait_for_message(next_chat)
    assert len(await desk.desk.queue("ada")) == before + 1
    assert len(api.texts(chat)) == 2


async def test_an_answer_to_somebody_who_blocked_the_desk_fails_visibly(
    desk: App, api: BotApi, chat: int
) -> None:
    situation, _ = await handed_over(desk, api, chat)
    await settled(desk, situation, lambda found: found == {DeliveryStatus.SENT})
    api.block(chat)
    await desk.desk.answer(StaffAnswer(situation_id=situation.id, author="chen", text=WRITTEN))
    assert DeliveryStatus.FAILED in await settled(
        desk, situation, lambda found: DeliveryStatus.OWED not in found
    )
    opened = await desk.desk.open(situation.id, "chen")
    problems = [delivery.problem for inquiry in opened.inquiries for delivery in inquiry.deliveries]
    assert "unreachable" in problems


async def test_a_tap_on_a_person_please_brings_the_next_message_to_staff(
    desk: App, api: BotApi, chat: int
) -> None:
    before = len(await desk.desk.queue("ada"))
    await api.tap(chat, "human")
    await api.wait_for_message(chat)
    await api.say(chat, "My question is for a person", language_code="en")
    await api.wait_until(lambda: any("Your reference is" in text for text in api.texts(chat)))
    assert len(await desk.desk.queue("ada")) == before + 1


async def test_somebody_in_danger_has_the_card_at_once(desk: App, api: BotApi, chat: int) -> None:
    await api.say(chat, "有人拿刀在追我，救命", language_code="zh-hans")
    [card, *_] = await api.wait_for_message(chat)
    assert "110" in card["text"]
    assert (await desk.desk.queue("ada"))[0].urgent is not None


async def test_staff_are_told_in_their_chat_of_somebody_in_danger_and_of_none_of_the_words(
    desk: App, api: BotApi, chat: int
) -> None:
    cry = "有人拿刀在追我，救命"
    await api.say(chat, cry, language_code="zh-hans")
    [card, *_] = await api.wait_for_message(chat)
    reference = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", card["text"])
    assert reference is not None
    await api.wait_until(lambda: any(reference[0] in text for text in api.texts(STAFF_CHAT)))
    told = next(text for text in api.texts(STAFF_CHAT) if reference[0] in text)
    situation = await desk.desk.find(reference[0], "chen")
    assert situation is not None
    assert "紧急" in told
    assert "Urgent" in told
    assert cry not in told
    assert str(chat) not in told
    public = desk.settings.public_url
    assert (f"{public}/staff/situations/{situation.id}" in told) is (public is not None)
    await desk.desk.acknowledge(situation.id, "chen")


async def test_nothing_of_a_citizen_but_the_sealed_words_is_kept(desk: App, api: BotApi, chat: int) -> None:
    await handed_over(desk, api, chat)
    folder = desk.settings.data_dir
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert kept
    for trace in (CANARY, str(chat), UNKNOWN):
        assert trace.encode() not in kept
