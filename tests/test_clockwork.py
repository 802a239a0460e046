"""What time does."""

import pytest

from bot.clockwork import Clockwork
from bot.models import Change, InquiryStatus, StaffAnswer
from bot.vault import Vault
from tests.parts import ANSWERED, CRISIS, UNANSWERED, Office, address


async def answered(office: Office, text: str = UNANSWERED, chat: str = "ann") -> str:
    reply = await office.ask_one(text, chat)
    reference = str(reply.reference)
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="Yes."))
    return reference


async def status(office: Office, chat: str = "ann") -> list[InquiryStatus]:
    exchange = await office.assistant.exchange(address(chat))
    return [] if exchange is None else [each.status for each in exchange.inquiries]


async def after(office: Office, **time: float) -> None:
    office.clock.forward(**time)
    await office.clockwork.round()


async def test_a_claim_that_ran_out_returns_to_the_queue_and_staff_hear_of_it(office: Office) -> None:
    situation = await office.situation_of(await office.hand_over())
    await office.desk.claim(situation, "ada")
    changes = office.desk.changes()
    await after(office, minutes=19)
    assert (await office.desk.peek(situation)).claimed_by == "ada"
    await after(office, minutes=2)
    assert (await office.desk.peek(situation)).claimed_by is None
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
    assert await office.desk.find(reference) is not None
    await after(office, days=2)
    assert await office.desk.find(reference) is None


async def test_urgent_words_go_in_time_however_many_others_closed_before(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.clockwork.BATCH", 2)
    others = [await answered(office, chat=f"other {number}") for number in range(5)]
    office.clock.forward(minutes=5)
    urgent = await answered(office, CRISIS)
    for _ in range(5):
        await after(office, days=8)
        if await office.desk.find(urgent) is None:
            break
    assert await office.desk.find(urgent) is None
    assert await office.desk.find(others[-1]) is not None


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
    await after(office, days=90)
    assert await status(office) == [InquiryStatus.OPEN]


async def test_the_exchange_of_a_closed_inquiry_goes_an_hour_later(office: Office) -> None:
    await answered(office)
    await after(office, days=8)
    await after(office, minutes=61)
    assert await office.assistant.exchange(address()) is None


async def test_an_exchange_goes_with_its_words_though_the_desk_died_before_it_let_it_go(
    office: Office,
) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.store.close_situation(situation, "ada", office.clock(), [])
    await after(office, days=31)
    await after(office, minutes=61)
    assert await office.assistant.exchange(address()) is None


async def test_message_ids_are_forgotten_after_two_days(office: Office) -> None:
    await office.ask(UNANSWERED, id="1")
    await after(office, hours=47)
    await office.ask(UNANSWERED, id="1")
    assert len(await office.desk.queue()) == 1
    await after(office, hours=2)
    reply = await office.ask_one(ANSWERED, id="1")
    assert reply.kind == "answer", "taken for a new message"


async def test_an_address_that_cannot_be_opened_stops_nothing_else(office: Office) -> None:
    reference = await answered(office)
    office.clock.forward(days=8)
    other = Clockwork(store=office.store, vault=Vault(b"x" * 32), live=office.live, clock=office.clock)  # type: ignore[arg-type]
    await other.round()
    opened = await office.desk.open(await office.situation_of(reference), "ada")
    assert opened.inquiries[0].inquiry.status is InquiryStatus.CLOSED
