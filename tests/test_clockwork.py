"""What time does."""

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from bot import replies
from bot.clockwork import Clockwork
from bot.exchange import conversation_key
from bot.models import Change, InquiryStatus, StaffAnswer
from bot.store.base import Effect
from bot.vault import Vault
from tests.parts import ANSWERED, CRISIS, UNANSWERED, Office, address, until


async def answered(office: Office, text: str = UNANSWERED, chat: str = "ann") -> str:
    reply = await office.ask_one(text, chat)
    reference = str(reply.reference)
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="Yes."))
    return reference


async def status(office: Office, chat: str = "ann") -> list[InquiryStatus]:
    exchange = await office.assistant.exchange(address(chat))
    return [] if exchange is None else [each.status for each in exchange.inquiries]


async def deliver(office: Office, count: int) -> None:
    await office.deliverer.start()
    await until(lambda: len(office.channel.sent) == count)
    await office.deliverer.stop()


async def after(office: Office, **time: float) -> None:
    office.clock.forward(**time)
    await office.clockwork.round()


async def test_a_claim_that_ran_out_returns_to_the_queue_and_staff_hear_of_it(office: Office) -> None:
    situation = await office.situation_of(await office.hand_over())
    await office.desk.claim(situation, "ada")
    changes = office.desk.changes()
    office.clock.forward(minutes=19)
    await office.clockwork.look()
    assert (await office.desk.peek(situation, "ada")).claimed_by == "ada"
    office.clock.forward(minutes=2)
    await office.clockwork.look()
    assert (await office.desk.peek(situation, "ada")).claimed_by is None
    assert await anext(changes) == Change(kind="situation", id=situation)


async def test_an_answered_inquiry_closes_after_seven_days(office: Office) -> None:
    await answered(office)
    await after(office, days=6, hours=23)
    assert await status(office) == [InquiryStatus.ANSWERED]
    await after(office, hours=2)
    assert await status(office) == [InquiryStatus.CLOSED]


async def test_a_message_in_time_keeps_an_answered_inquiry_open(office: Office) -> None:
    reference = await answered(office)
    office.clock.forward(days=6)
    await office.tap(await office.ask_one("and my other parrot?"), "add.")
    await after(office, days=30)
    assert reference in await office.references()


@pytest.mark.parametrize(("text", "days"), [(UNANSWERED, 30), (CRISIS, 7)])
async def test_words_go_thirty_days_after_closing_and_seven_when_they_were_urgent(
    office: Office, text: str, days: int
) -> None:
    reference = await answered(office, text)
    await after(office, days=8)
    await after(office, days=days - 1)
    assert await office.desk.find(reference, "ada") is not None
    await after(office, days=2)
    assert await office.desk.find(reference, "ada") is None


async def test_urgent_words_go_in_time_however_many_others_closed_before(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.clockwork.BATCH", 2)
    others = [await answered(office, chat=f"other {number}") for number in range(5)]
    office.clock.forward(minutes=5)
    urgent = await answered(office, CRISIS)
    for _ in range(5):
        await after(office, days=8)
        if await office.desk.find(urgent, "ada") is None:
            break
    assert await office.desk.find(urgent, "ada") is None
    assert await office.desk.find(others[-1], "ada") is not None


async def test_an_exchange_without_an_open_inquiry_is_dropped_after_an_hour(office: Office) -> None:
    await office.ask(ANSWERED)
    await after(office, minutes=59)
    assert await office.assistant.exchange(address()) is not None
    await after(office, minutes=2)
    assert await office.assistant.exchange(address()) is None


async def test_another_message_prolongs_the_exchange(office: Office) -> None:
    await office.ask(ANSWERED)
    office.clock.forward(minutes=50)
    await office.ask("/help")
    await after(office, minutes=50)
    assert await office.assistant.exchange(address()) is not None


async def test_an_exchange_with_an_open_inquiry_stays(office: Office) -> None:
    await office.hand_over()
    await after(office, days=89)
    assert await status(office) == [InquiryStatus.OPEN]


async def lines(office: Office) -> str:
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    return "\n".join(turn.text or (turn.reply.text if turn.reply else "") for turn in exchange.turns)


async def test_what_was_answered_beside_an_open_inquiry_goes_after_an_hour_as_ever(office: Office) -> None:
    reference = await office.hand_over()
    await office.ask(ANSWERED)
    await after(office, minutes=50)
    assert ANSWERED in await lines(office)
    await after(office, minutes=20)
    left = await lines(office)
    assert ANSWERED not in left
    assert UNANSWERED in left
    assert reference in left
    assert await status(office) == [InquiryStatus.OPEN]


async def test_an_answer_waits_for_the_citizen_beyond_the_hour(office: Office) -> None:
    reference = await answered(office)
    await office.assistant.place(
        address(), replies.notice(office.live.corpus.content, "held", "en", reference=reference)
    )
    await after(office, days=2)
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert exchange.turns[-1].reply is not None
    assert exchange.turns[-1].reply.reference == reference


async def test_words_of_a_purged_inquiry_leave_the_conversation_that_another_keeps(office: Office) -> None:
    first = await answered(office)
    await after(office, days=8)
    second = await office.hand_over("who won the chess tournament")
    before = await office.store.conversation(conversation_key(office.vault, address()))
    assert before is not None
    await after(office, days=31)
    assert await office.desk.find(first, "ada") is None
    left = await lines(office)
    assert UNANSWERED not in left
    assert first not in left
    assert second in left
    kept = await office.store.conversation(conversation_key(office.vault, address()))
    assert kept is not None
    assert kept.data_key != before.data_key, (
        "an old copy of the conversation does not open with the key of this one"
    )


async def test_an_inquiry_that_waits_for_the_citizen_closes_after_fourteen_days_and_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = office.store.record

    async def record_as_waiting(effect: Effect) -> None:
        assert effect.filing is not None
        waiting = replace(effect.filing.inquiry, status=InquiryStatus.WAITING, settled_at=effect.at)
        await record(replace(effect, filing=replace(effect.filing, inquiry=waiting)))

    with monkeypatch.context() as patch:
        patch.setattr(office.store, "record", record_as_waiting)
        reference = await office.hand_over()
    await after(office, days=13, hours=23)
    assert await status(office) == [InquiryStatus.WAITING]
    await after(office, hours=2)
    assert await status(office) == [InquiryStatus.CLOSED]
    await deliver(office, 2)
    assert "did not hear back" in office.channel.texts()[-1]
    assert reference in office.channel.texts()[-1]


async def test_nothing_stays_open_past_ninety_days_and_the_citizen_is_told(office: Office) -> None:
    reference = await office.hand_over()
    await after(office, days=89)
    await office.ask("/status")
    assert [each.references for each in await office.desk.queue("ada")] == [(reference,)]
    await after(office, days=1)
    assert await office.desk.queue("ada") == []
    assert await status(office) == [InquiryStatus.CLOSED]
    await deliver(office, 2)
    assert "open for 90 days" in office.channel.texts()[-1]
    await after(office, days=31)
    assert await office.desk.find(reference, "ada") is None


async def test_the_exchange_of_a_closed_inquiry_goes_an_hour_later(office: Office) -> None:
    await answered(office)
    await after(office, days=8)
    await after(office, minutes=61)
    assert await office.assistant.exchange(address()) is None


async def test_an_exchange_goes_with_its_words_though_the_desk_died_before_it_let_it_go(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise OSError

    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    monkeypatch.setattr("bot.mailing.let_go", die)
    await office.desk.close(situation, "ada")
    await after(office, days=31)
    await after(office, minutes=61)
    assert await office.assistant.exchange(address()) is None


async def test_message_ids_are_forgotten_after_two_days(office: Office) -> None:
    await office.ask(UNANSWERED, id="1")
    await after(office, hours=47)
    await office.ask(UNANSWERED, id="1")
    assert len(await office.desk.queue("ada")) == 1
    await after(office, hours=2)
    reply = await office.ask_one(ANSWERED, id="1")
    assert reply.kind == "answer", "taken for a new message"


async def test_an_address_that_cannot_be_opened_stops_nothing_else(office: Office) -> None:
    reference = await answered(office)
    office.clock.forward(days=8)
    other = Clockwork(
        store=office.store,
        vault=Vault(b"x" * 32),
        live=office.live,  # type: ignore[arg-type]
        clock=office.clock,
        oversight=office.oversight,
        timezone=dt.UTC,
    )
    await other.round()
    opened = await office.desk.open(await office.situation_of(reference), "ada")
    assert opened.inquiries[0].inquiry.status is InquiryStatus.CLOSED


async def test_of_several_processes_only_the_one_with_the_duty_does_what_time_does(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    leading = False

    async def leads(duty: str) -> bool:
        return leading and duty == "clockwork"

    monkeypatch.setattr(office.store, "leads", leads)
    monkeypatch.setattr("bot.clockwork.EVERY", 0.01)
    situation = await office.situation_of(await office.hand_over())
    await office.desk.claim(situation, "ada")
    office.clock.forward(minutes=21)
    changes = office.desk.changes()
    await office.clockwork.start()
    await asyncio.sleep(0.05)
    assert (await office.desk.peek(situation, "ada")).claimed_by == "ada"
    leading = True
    assert await asyncio.wait_for(anext(changes), 5) == Change(kind="situation", id=situation)
    await office.clockwork.stop()
