"""Requirements 4 and 8 through the whole walk: what a card says of duty is true at that hour, a report about another
person has a card of its own, and a later cry in the same inquiry a short one."""

import asyncio
import datetime as dt

import pytest

from bot.models import Language, Reply
from bot.urgent import Tier, Verdict
from tests.parts import CRISIS, Office

SUNDAY_NIGHT = dt.timedelta(days=5, hours=12)
"""From a Tuesday morning on."""


def said(office: Office, card: Reply, key: str, language: Language = "zh-Hans") -> bool:
    """Tell whether the duty sentence of that key is in the card."""
    start = office.live.corpus.content.urgent.duty[key][language].partition("{")[0]
    return bool(start) and start in card.text


async def test_r04_while_somebody_is_there_the_card_says_so_and_gives_the_reference(office: Office) -> None:
    card = await office.ask_one(CRISIS)
    assert said(office, card, "on_duty")
    assert not said(office, card, "off_duty_until")
    assert str(card.reference) in card.text


async def test_r04_while_nobody_is_there_the_card_says_that_and_alarms_all_the_same(office: Office) -> None:
    office.clock.now += SUNDAY_NIGHT
    card = await office.ask_one(CRISIS)
    assert said(office, card, "off_duty_until")
    assert not said(office, card, "on_duty")
    assert str(card.reference) in card.text
    assert len(await office.store.alarms()) == 1


async def test_r04_what_the_outbox_sends_later_is_the_same_card(office: Office) -> None:
    card = await office.ask_one(CRISIS)
    await office.deliverer.start()
    async with asyncio.timeout(5):
        while not office.channel.sent:  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)
    await office.deliverer.stop()
    assert office.channel.texts() == [card.text]


@pytest.mark.parametrize("kind", ["crisis", "danger"])
async def test_r08_a_report_about_another_person_has_its_own_card(office: Office, kind: str) -> None:
    office.judge(
        my_friend=Verdict(kind=kind, tier=Tier.SURE, about_other=True, service=None),
        myself=Verdict(kind=kind, tier=Tier.SURE, about_other=False, service=None),
    )
    other = await office.ask_one("something about my friend", language="en")
    own = await office.ask_one("something about myself", chat="ben", language="en")
    assert other.kind == own.kind == "urgent"
    assert other.text.replace(str(other.reference), "") != own.text.replace(str(own.reference), "")
    assert "110" in other.text


async def test_r07_a_later_cry_in_the_same_inquiry_gets_the_short_card_and_the_same_reference(
    office: Office,
) -> None:
    card = await office.ask_one(CRISIS)
    office.clock.forward(minutes=1)
    again = await office.ask_one(f"{CRISIS}，真的")
    assert again.kind == "urgent"
    assert again.reference == card.reference
    assert len(again.text) < len(card.text)
    assert len(await office.desk.queue("ada")) == 1


async def test_r07_a_later_cry_alarms_again_when_nobody_holds_the_situation(office: Office) -> None:
    card = await office.ask_one(CRISIS)
    situation = await office.situation_of(str(card.reference))
    await office.desk.acknowledge(situation, "ada")
    office.clock.forward(minutes=1)
    await office.ask(CRISIS)
    assert [alarm.situation_id for alarm in await office.store.alarms()] == [situation]
