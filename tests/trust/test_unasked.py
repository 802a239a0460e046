"""What the desk sends without being asked: nothing outside open inquiries, and nothing at night."""

import asyncio
import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bot.models import StaffAnswer
from bot.quiet import not_before
from tests.parts import ANSWERED, CRISIS, UNANSWERED, Office

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def deliver(office: Office) -> None:
    """Send everything that is due."""
    await office.deliverer.start()
    for _ in range(400):
        if not await office.store.owed(1):
            break
        await asyncio.sleep(0.005)
    await office.deliverer.stop()


async def live_through(office: Office, days: int, hours: int = 24) -> None:
    """Let time pass, with all that it does."""
    for _ in range(days * 24 // hours):
        office.clock.forward(hours=hours)
        await office.clockwork.round()
        await deliver(office)


async def test_r22_somebody_without_an_open_inquiry_is_sent_nothing_ever(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    await office.tap(receipt, "take-back.")
    await office.ask(ANSWERED)
    await live_through(office, 120)
    assert office.channel.sent == []


async def test_r22_after_an_inquiry_is_closed_nothing_follows(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="The zoo."))
    await live_through(office, 10)
    so_far = len(office.channel.sent)
    await live_through(office, 120)
    assert len(office.channel.sent) == so_far, "no survey, no reminder, no news"


async def test_r22_every_delivery_belongs_to_an_inquiry(office: Office) -> None:
    await office.hand_over()
    await office.ask(CRISIS, chat="bob")
    for owed in await office.store.owed(100):
        assert await office.store.inquiry(owed.delivery.inquiry_id) == owed.inquiry


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-24 07:59", "2026-11-24 08:00"),
        ("2026-11-24 08:00", "2026-11-24 08:00"),
        ("2026-11-24 21:59", "2026-11-24 21:59"),
        ("2026-11-24 22:00", "2026-11-25 08:00"),
        ("2026-12-31 23:30", "2027-01-01 08:00"),
        ("2026-11-25 03:00", "2026-11-25 08:00"),
    ],
)
def test_r34_quiet_hours_run_from_ten_to_eight_where_the_desk_stands(now: str, then: str) -> None:
    at = dt.datetime.fromisoformat(now).replace(tzinfo=SHANGHAI).astimezone(dt.UTC)
    assert not_before(at, SHANGHAI).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") == then


async def test_r34_the_word_that_a_question_was_closed_waits_until_morning(office: Office) -> None:
    reference = await office.hand_over()
    await deliver(office)
    office.clock.forward(hours=13)  # half past eleven at night
    await office.desk.close(await office.situation_of(reference), "ada")
    await deliver(office)
    assert not any("closed" in text for text in office.channel.texts())
    office.clock.forward(hours=9)
    await deliver(office)
    assert sum("closed your question" in text for text in office.channel.texts()) == 1


async def test_r34_what_time_closes_is_told_in_the_morning_too(office: Office) -> None:
    await office.hand_over()
    await deliver(office)
    office.clock.forward(days=90, hours=14)
    await office.clockwork.round()
    await deliver(office)
    assert len(office.channel.sent) == 1, "only the receipt"
    office.clock.forward(hours=9)
    await deliver(office)
    assert "has been open for 90 days" in office.channel.texts()[-1]


async def test_r34_what_was_asked_for_and_what_is_urgent_goes_out_at_night(office: Office) -> None:
    office.clock.forward(hours=14)
    reference = await office.hand_over()
    await office.ask(CRISIS, chat="bob")
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="The zoo."))
    await deliver(office)
    assert any("The zoo." in text for text in office.channel.texts())
    assert [reply.kind for to, reply in office.channel.sent if to == "bob"] == ["urgent"]
    assert await office.store.owed(100) == []
