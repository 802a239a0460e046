"""What is owed is sent: once, in order, again after a failure, and given up only where everybody sees it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.errors import DeskError, TryLater, Unreachable
from bot.models import Address, Delivery, DeliveryStatus, StaffAnswer
from tests.parts import UNANSWERED, Office, address, until

SAID = "The zoo's dentist sees parrots."


@pytest.fixture
async def running(office: Office, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """An office whose deliverer looks again all the time, since a test turns the clock itself."""
    monkeypatch.setattr("bot.delivery.LOOK_AGAIN", 0.01)
    await office.deliverer.start()
    yield office
    await office.deliverer.stop()


async def answered(office: Office, chat: str = "ann") -> str:
    """Hand a question over and answer it: two deliveries are owed. Returns the reference."""
    reference = await office.hand_over(chat=chat)
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text=SAID))
    return reference


async def deliveries(office: Office, reference: str) -> list[Delivery]:
    opened = await office.desk.open(await office.situation_of(reference), "ada")
    return list(opened.inquiries[0].deliveries)


def kinds(office: Office, chat: str = "ann") -> list[str]:
    return [reply.kind for to, reply in office.channel.sent if to == chat]


async def test_what_is_owed_is_sent_once_and_in_order(running: Office) -> None:
    reference = await answered(running)
    await until(lambda: kinds(running) == ["receipt", "staff_answer"])
    running.clock.forward(days=1)
    for _ in range(3):
        await running.ask("/help")
    assert running.channel.attempts == 2
    assert [(each.status, each.attempts) for each in await deliveries(running, reference)] == [
        (DeliveryStatus.SENT, 1),
        (DeliveryStatus.SENT, 1),
    ]


async def test_what_came_later_waits_for_what_failed_before_it(running: Office) -> None:
    running.channel.problems["ann"] = [OSError("no route"), DeskError("busy")]
    reference = await answered(running)
    await until(lambda: running.channel.attempts == 1)
    await running.hand_over(chat="bob")
    await until(lambda: kinds(running, "bob") == ["receipt"])
    assert kinds(running) == [], "others do not wait"
    running.clock.forward(seconds=10)
    await until(lambda: running.channel.attempts == 3)
    running.clock.forward(seconds=30)
    await until(lambda: kinds(running) == ["receipt", "staff_answer"])
    first, _ = await deliveries(running, reference)
    assert (first.status, first.attempts, first.problem) == (DeliveryStatus.SENT, 3, None)


async def test_each_failure_waits_longer_and_names_its_kind(office: Office, running: Office) -> None:
    office.channel.problems["ann"] = [OSError("no route")] * 12
    reference = await office.hand_over()
    waits = []
    for attempt in range(1, 13):
        await until(lambda attempt=attempt: office.channel.attempts == attempt)  # type: ignore[misc]
        await until_settled(office, reference, attempt)
        (delivery,) = await deliveries(office, reference)
        waits.append((delivery.due_at - office.clock()).total_seconds())
        assert delivery.problem == "OSError"
        office.clock.now = delivery.due_at
    assert 1.6 <= waits[0] <= 2.4
    assert all(later > earlier for earlier, later in pairwise(waits[:8]))
    assert max(waits) <= 15 * 60 * 1.2


async def until_settled(office: Office, reference: str, attempts: int) -> None:
    for _ in range(500):
        (delivery, *_rest) = await deliveries(office, reference)
        if delivery.attempts >= attempts:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("not settled")


async def test_a_channel_that_asks_to_wait_is_given_that_time(running: Office) -> None:
    running.channel.problems["ann"] = [TryLater(90)]
    reference = await running.hand_over()
    await until_settled(running, reference, 1)
    (delivery,) = await deliveries(running, reference)
    assert delivery.due_at == running.clock() + timedelta(seconds=90)
    running.clock.forward(seconds=89)
    await running.ask("/help", chat="bob")
    assert running.channel.attempts == 1
    running.clock.forward(seconds=2)
    await until(lambda: kinds(running) == ["receipt"])


async def test_an_address_that_takes_nothing_fails_where_staff_see_it_and_the_next_is_tried(
    running: Office,
) -> None:
    running.channel.problems["ann"] = [Unreachable("blocked")]
    reference = await answered(running)
    await until(lambda: kinds(running) == ["staff_answer"])
    first, second = await deliveries(running, reference)
    assert (first.status, first.problem) == (DeliveryStatus.FAILED, "unreachable")
    assert second.status is DeliveryStatus.SENT


async def test_a_delivery_is_given_up_after_three_days_and_not_before(running: Office) -> None:
    running.channel.problems["ann"] = [OSError("no route")] * 3
    reference = await running.hand_over()
    await until_settled(running, reference, 1)
    running.clock.forward(days=2, hours=23)
    await until_settled(running, reference, 2)
    assert (await deliveries(running, reference))[0].status is DeliveryStatus.OWED
    running.clock.forward(hours=2)
    await until_settled(running, reference, 3)
    (delivery,) = await deliveries(running, reference)
    assert (delivery.status, delivery.problem) == (DeliveryStatus.FAILED, "OSError")


@pytest.mark.parametrize("problem", [ValueError("a bug"), KeyError("a bug")])
async def test_a_channel_that_fails_in_an_unforeseen_way_is_tried_again_later(
    running: Office, problem: Exception
) -> None:
    running.channel.problems["ann"] = [problem]
    reference = await running.hand_over()
    await until_settled(running, reference, 1)
    (delivery,) = await deliveries(running, reference)
    assert delivery.status is DeliveryStatus.OWED
    assert running.channel.attempts == 1
    running.clock.forward(seconds=10)
    await until(lambda: kinds(running) == ["receipt"])


async def test_a_reply_for_a_channel_that_is_off_stays_owed(running: Office) -> None:
    reply = (await running.ask(UNANSWERED, address=Address(channel="telegram", chat="7")))[-1]
    await until_settled(running, str(reply.reference), 1)
    (delivery,) = await deliveries(running, str(reply.reference))
    assert (delivery.status, delivery.problem) == (DeliveryStatus.OWED, "no channel")


async def test_a_placed_reply_becomes_sent_when_the_citizen_returns(running: Office) -> None:
    running.channel.status = DeliveryStatus.PLACED
    reference = await running.hand_over()
    await until_settled(running, reference, 1)
    assert (await deliveries(running, reference))[0].status is DeliveryStatus.PLACED
    await running.assistant.seen(address())
    assert (await deliveries(running, reference))[0].status is DeliveryStatus.SENT


async def test_what_the_citizen_takes_back_while_it_is_sent_is_no_error(running: Office) -> None:
    running.channel.problems["ann"] = [TryLater(60)]
    receipt = await running.ask_one(UNANSWERED)
    await until(lambda: running.channel.attempts == 1)
    await running.tap(receipt, "take-back")
    running.clock.forward(seconds=61)
    await running.hand_over(chat="bob")
    await until(lambda: kinds(running, "bob") == ["receipt"])
    assert kinds(running) == []
