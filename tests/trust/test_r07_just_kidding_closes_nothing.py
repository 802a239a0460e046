"""Requirement 7: after a card the chat still takes ordinary questions; "just kidding" does not close the inquiry."""

import pytest

from bot.models import Delivery, InquiryStatus
from tests.parts import ANSWERED, CRISIS, FIRE, UNANSWERED, Office


async def replies_owed(office: Office, situation: str) -> list[Delivery]:
    return [
        delivery
        for inquiry in await office.store.inquiries_in(situation)
        for delivery in await office.store.deliveries_of(inquiry.id)
    ]


@pytest.mark.parametrize(
    "said",
    ["just kidding", "never mind", "算了", "不问了", "撤回", "solved", "已经解决了", "开玩笑的", "withdraw"],
)
@pytest.mark.parametrize("cry", [CRISIS, FIRE])
async def test_r07_just_kidding_closes_nothing_and_silences_no_alarm(
    office: Office, cry: str, said: str
) -> None:
    card = await office.ask_one(cry)
    situation = await office.situation_of(str(card.reference))
    office.clock.forward(minutes=1)
    await office.ask(said)
    (inquiry,) = await office.store.inquiries_in(situation)
    assert inquiry.status is InquiryStatus.OPEN
    assert [alarm.situation_id for alarm in await office.store.alarms()] == [situation]
    assert said in " ".join(await office.words_of(inquiry.reference)), (
        "whoever reads it sees that it was said"
    )


async def test_r07_no_button_closes_what_somebody_in_danger_wrote(office: Office) -> None:
    card = await office.ask_one(CRISIS)
    assert {option.id for option in card.options} == {"human"}
    status = await office.ask_one("/status")
    assert str(card.reference) in status.text
    assert not [option for option in status.options if str(card.reference) in option.id]
    office.clock.forward(minutes=1)
    kidding = await office.ask_one("just kidding")
    assert not [option for option in kidding.options if str(card.reference) in option.id]


@pytest.mark.parametrize("act", ["solved", "take-back"])
async def test_r07_nor_does_one_that_was_made_up(office: Office, act: str) -> None:
    card = await office.ask_one(CRISIS)
    office.clock.forward(minutes=1)
    await office.ask(option=f"{act}.{card.reference}")
    situation = await office.situation_of(str(card.reference))
    (inquiry,) = await office.store.inquiries_in(situation)
    assert inquiry.status is InquiryStatus.OPEN
    assert [alarm.situation_id for alarm in await office.store.alarms()] == [situation]


async def test_r07_an_ordinary_inquiry_is_taken_back_by_a_word_as_before(office: Office) -> None:
    await office.hand_over(UNANSWERED)
    await office.ask("never mind")
    assert not await office.desk.queue("ada")


async def test_r07_after_a_card_questions_are_still_answered_and_handed_over(office: Office) -> None:
    await office.ask_one(CRISIS)
    office.clock.forward(minutes=1)
    said = await office.ask(ANSWERED)
    assert said, "the chat is not closed"
    assert all(reply.kind != "urgent" for reply in said)


async def test_r07_nothing_is_asked_or_sent_after_it_is_over(office: Office) -> None:
    card = await office.ask_one(CRISIS)
    situation = await office.situation_of(str(card.reference))
    await office.desk.close(situation, "ada")
    before = len(await replies_owed(office, situation))
    for _ in range(6):
        office.clock.forward(days=1)
        await office.clockwork.round()
    assert len(await replies_owed(office, situation)) == before, "no survey, no follow-up"
