"""What is owed is sent: once, in order, again after a failure, and given up only where everybody sees it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot import replies
from bot.delivery import LEAST_ATTEMPTS, Deliverer
from bot.errors import DeskError, TryLater, Unreachable
from bot.exchange import Memory, seal_memory
from bot.mailing import owe
from bot.models import Address, Delivery, DeliveryKind, DeliveryStatus, Reply, Sealed, StaffAnswer
from bot.store.base import Addition, Effect, Store
from tests.crowd import crowd
from tests.parts import UNANSWERED, Office, Recorder, address, until

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
        office.clock.now = delivery.due_at + timedelta(milliseconds=1)
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
    running.channel.problems["ann"] = [OSError("no route")] * 30
    reference = await running.hand_over()
    for attempt in range(1, LEAST_ATTEMPTS + 1):
        await until_settled(running, reference, attempt)
        running.clock.forward(minutes=20)
    running.clock.forward(days=2, hours=16)
    await until_settled(running, reference, LEAST_ATTEMPTS + 1)
    assert (await deliveries(running, reference))[0].status is DeliveryStatus.OWED
    running.clock.forward(hours=2)
    await until_settled(running, reference, LEAST_ATTEMPTS + 2)
    (delivery,) = await deliveries(running, reference)
    assert (delivery.status, delivery.problem) == (DeliveryStatus.FAILED, "OSError")


async def test_a_clock_that_leaps_ahead_makes_nobody_give_up(running: Office) -> None:
    running.channel.problems["ann"] = [OSError("no route")] * 2
    reference = await running.hand_over()
    await until_settled(running, reference, 1)
    running.clock.forward(days=365)
    await until_settled(running, reference, 2)
    assert (await deliveries(running, reference))[0].status is DeliveryStatus.OWED
    running.clock.forward(minutes=20)
    await until(lambda: kinds(running) == ["receipt"])


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


class Led:
    """A store in front of another that tells one process whether it sends."""

    def __init__(self, store: Store, leads: bool = True) -> None:
        self._store = store
        self.leading = leads

    async def leads(self, duty: str) -> bool:
        return self.leading and duty == "outbox"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def another(office: Office, store: Any, channel: Recorder) -> Deliverer:
    """Return the deliverer of another process."""
    return Deliverer(
        store=store,
        vault=office.vault,
        live=office.live,  # type: ignore[arg-type]
        channels={"webchat": channel},
        clock=office.clock,
        running=office.clock.running,
    )


async def test_only_the_process_that_leads_sends(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.LOOK_AGAIN", 0.01)
    stores = [Led(office.store, leads=False), Led(office.store)]
    channels = [Recorder(), Recorder()]
    deliverers = [another(office, store, channel) for store, channel in zip(stores, channels, strict=True)]
    for each in deliverers:
        await each.start()
    try:
        await office.hand_over()
        await until(lambda: channels[1].attempts == 1)
        stores[0].leading, stores[1].leading = True, False
        office.clock.forward(seconds=2)
        await asyncio.sleep(0.05)
        await office.hand_over(chat="bob")
        await until(lambda: channels[0].attempts == 1)
        assert [to for to, _ in channels[0].sent] == ["bob"]
        assert [to for to, _ in channels[1].sent] == ["ann"]
    finally:
        for each in deliverers:
            await each.stop()


async def test_two_that_believe_they_lead_undo_nothing_of_each_other(office: Office) -> None:
    """A process was paused while it sent; another took over, sent the same and went on."""
    paused, awake = Recorder(), Recorder()
    go_on = asyncio.Event()
    send = paused.send

    async def sending(to: Address, reply: Reply) -> DeliveryStatus:
        await go_on.wait()
        return await send(to, reply)

    paused.send = sending  # type: ignore[method-assign]
    paused.problems["ann"] = [OSError("what it was sent on is long gone")]
    first, second = another(office, office.store, paused), another(office, office.store, awake)
    reference = await office.hand_over()
    await first.start()
    await asyncio.sleep(0.05)
    await second.start()
    await until(lambda: awake.attempts == 1)
    await until_settled(office, reference, 1)
    go_on.set()
    await until(lambda: paused.attempts == 1)
    await asyncio.sleep(0.05)
    await first.stop()
    await second.stop()
    (delivery,) = await deliveries(office, reference)
    assert (delivery.status, delivery.attempts, delivery.problem) == (DeliveryStatus.SENT, 1, None)


async def test_a_start_keeps_to_the_time_of_the_next_attempt(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.LOOK_AGAIN", 0.01)
    office.channel.problems["ann"] = [TryLater(90)]
    reference = await answered(office)
    await office.deliverer.start()
    await until_settled(office, reference, 1)
    await office.deliverer.stop()
    again = another(office, office.store, office.channel)
    await again.start()
    try:
        await office.hand_over(chat="bob")  # a minute passes
        await until(lambda: kinds(office, "bob") == ["receipt"])
        assert kinds(office) == [], "nor what comes after it"
        office.clock.forward(seconds=31)
        await until(lambda: kinds(office) == ["receipt", "staff_answer"])
    finally:
        await again.stop()


async def test_a_clock_that_is_set_back_holds_up_nothing(running: Office) -> None:
    await running.ask(UNANSWERED)
    running.clock.forward(hours=-5)
    await until(lambda: kinds(running) == ["receipt"])


async def test_a_receipt_is_not_held_up_by_what_thousands_get(office: Office) -> None:
    situation = await crowd(office.store, office.vault, office.live.corpus.content, 60, office.clock())
    office.clock.forward(minutes=1)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text=SAID))
    slow, go_on = Recorder(), asyncio.Semaphore(5)
    send = slow.send

    async def sending(to: Address, reply: Reply) -> DeliveryStatus:
        if reply.kind == "staff_answer":
            await go_on.acquire()
        return await send(to, reply)

    def answers_sent() -> int:
        return sum(reply.kind == "staff_answer" for _, reply in slow.sent)

    slow.send = sending  # type: ignore[method-assign]
    deliverer = another(office, office.store, slow)
    await deliverer.start()
    try:
        await until(lambda: answers_sent() == 5)
        await office.hand_over(chat="bob")
        await until(lambda: "bob" in [to for to, _ in slow.sent])
        assert answers_sent() == 5, "all others wait"
        for _ in range(55):
            go_on.release()
        await until(lambda: answers_sent() == 60)
    finally:
        await deliverer.stop()


async def test_a_receipt_that_is_tried_again_after_the_answer_is_not_said_any_more(running: Office) -> None:
    running.channel.problems["ann"] = [Unreachable("blocked")]
    reference = await answered(running)
    await until(lambda: kinds(running) == ["staff_answer"])
    await until_settled(running, reference, 1)
    receipt, _ = await deliveries(running, reference)
    await running.store.retry_delivery(receipt.id, running.clock())
    async with asyncio.timeout(5):
        while (await deliveries(running, reference))[0].status is not DeliveryStatus.DROPPED:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert kinds(running) == ["staff_answer"]


async def test_a_word_that_a_question_is_closed_is_not_said_of_an_open_one(office: Office) -> None:
    reference = await office.hand_over()
    (inquiry,) = await office.store.inquiries_in(await office.situation_of(reference))
    box = office.vault.unwrap(inquiry.id, inquiry.data_key)
    closed = replies.closed(office.live.corpus.content, reference, "en")
    owed = owe(box, inquiry.id, closed, office.clock(), kind=DeliveryKind.CLOSED)
    key = office.vault.digest("conversation", "another")
    await office.store.record(
        Effect(
            message="m-another",
            at=office.clock(),
            conversation=seal_memory(office.vault, Memory(), key, None, None),
            addition=Addition(
                inquiry_id=inquiry.id, words=box.seal("words", b"{}"), at=office.clock(), receipt=owed
            ),
        )
    )
    await office.deliverer.start()
    async with asyncio.timeout(5):
        while await office.store.owed(1):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await office.deliverer.stop()
    assert [each.status for each in await office.store.deliveries_of(inquiry.id)] == [
        DeliveryStatus.SENT,
        DeliveryStatus.DROPPED,
    ]


async def test_what_cannot_be_opened_is_given_up_and_holds_up_nobody(office: Office) -> None:
    reference = await answered(office)
    (inquiry,) = await office.store.inquiries_in(await office.situation_of(reference))
    receipt, _ = await office.store.deliveries_of(inquiry.id)
    noise = replace(receipt, body=Sealed(b"noise"))
    office.store._tables.deliveries.put(noise)  # type: ignore[attr-defined]
    await office.deliverer.start()
    await until(lambda: kinds(office) == ["staff_answer"])
    await office.deliverer.stop()
    (damaged, _) = await office.store.deliveries_of(inquiry.id)
    assert (damaged.status, damaged.problem) == (DeliveryStatus.FAILED, "unreadable")


async def test_what_staff_try_again_goes_out(running: Office) -> None:
    running.channel.problems["ann"] = [Unreachable("blocked")]
    reference = await running.hand_over()
    await until_settled(running, reference, 1)
    (given_up,) = await running.store.undelivered(10)
    await running.store.retry_delivery(given_up.delivery.id, running.clock())
    await until(lambda: kinds(running) == ["receipt"])
    await until_settled(running, reference, 2)
    assert [each.status for each in await deliveries(running, reference)] == [DeliveryStatus.SENT]
