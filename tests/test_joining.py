"""Inquiries about one event come together, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC

import pytest

from bot.corpus import Corpus
from bot.errors import PoolMoved, StoreError
from bot.exchange import Memory
from bot.filing import Filer
from bot.joining import Joining
from bot.models import Candidate, IncomingMessage, InquiryStatus, Situation, StaffAnswer
from bot.moment import Moment
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import KEY, Office, address, make_office, until

HERE = "the power is out all over Northbank, when will it be back"
HERE_TOO = "no electricity in Northbank, what happened"
THERE = "no electricity in Southbank, what happened"
PERSONAL = "my wallet went missing while the power was out in Northbank, any news of it"


@pytest.fixture
async def office(corpus: Corpus) -> AsyncIterator[Office]:
    store = await open_tinydb(None, Vault(KEY))
    yield make_office(store, corpus)
    await store.close()


async def queue(office: Office) -> list[Situation]:
    return list(await office.desk.queue("ada"))


async def test_who_asks_about_the_same_event_joins(office: Office) -> None:
    first = await office.hand_over(HERE, "ann")
    second = await office.hand_over(HERE_TOO, "bob")
    (situation,) = await queue(office)
    assert situation.inquiries == 2
    assert situation.references == (first, second)
    joined = [inquiry.joined for inquiry in await office.store.inquiries_in(situation.id)]
    assert joined == [False, True]


async def test_the_same_in_another_place_stays_apart(office: Office) -> None:
    await office.hand_over(HERE, "ann")
    await office.hand_over(THERE, "bob")
    assert [situation.inquiries for situation in await queue(office)] == [1, 1]


async def test_a_receipt_tells_nobody_that_there_are_others(office: Office) -> None:
    first = await office.ask_one(HERE, "ann")
    second = await office.ask_one(HERE, "bob")
    assert second.text.replace(str(second.reference), "") == first.text.replace(str(first.reference), "")


async def test_one_answer_reaches_everybody_who_joined(office: Office) -> None:
    for chat in ("ann", "bob", "cid"):
        await office.hand_over(HERE, chat)
    (situation,) = await queue(office)
    await office.desk.answer(StaffAnswer(situation_id=situation.id, author="ada", text="Back at six."))
    inquiries = await office.store.inquiries_in(situation.id)
    assert {inquiry.status for inquiry in inquiries} == {InquiryStatus.ANSWERED}
    assert len(inquiries) == 3


async def test_what_was_answered_is_joined_no_more(office: Office) -> None:
    await office.hand_over(HERE, "ann")
    (situation,) = await queue(office)
    await office.desk.answer(StaffAnswer(situation_id=situation.id, author="ada", text="Back at six."))
    await office.hand_over(HERE_TOO, "bob")
    (another,) = await queue(office)
    assert another.id != situation.id
    assert another.inquiries == 1


async def test_who_asks_the_same_again_is_not_put_together_with_themselves(office: Office) -> None:
    await office.hand_over(HERE, "ann")
    office.clock.forward(minutes=11)
    asked = await office.ask_one(HERE_TOO, "ann")
    await office.tap(asked, "new")
    assert [situation.inquiries for situation in await queue(office)] == [1, 1]
    await office.hand_over(HERE_TOO, "bob")
    assert sorted(situation.inquiries for situation in await queue(office)) == [1, 2]


async def test_a_question_of_another_matter_does_not_keep_a_citizen_from_joining(office: Office) -> None:
    await office.hand_over(THERE, "ann")
    office.clock.forward(minutes=11)
    asked = await office.ask_one(HERE_TOO, "ann")
    await office.tap(asked, "new")
    await office.hand_over(HERE, "bob")
    assert sorted(situation.inquiries for situation in await queue(office)) == [1, 2]


async def test_a_personal_matter_joins_nothing(office: Office) -> None:
    await office.hand_over(PERSONAL, "ann")
    await office.hand_over(PERSONAL, "bob")
    situations = await queue(office)
    assert [situation.inquiries for situation in situations] == [1, 1]
    assert {situation.pool for situation in situations} == {None}


async def test_personal_data_keeps_an_inquiry_by_itself_and_others_away_from_it(office: Office) -> None:
    await office.hand_over(HERE + ", call me on 13800138000", "ann")
    await office.hand_over(HERE, "bob")
    await office.hand_over(HERE + ", call me on 13900139000", "cid")
    assert [situation.inquiries for situation in await queue(office)] == [1, 1, 1]


async def test_personal_and_restricted_lanes_join_nothing(office: Office) -> None:
    await office.hand_over(HERE, "ann")
    (situation,) = await queue(office)
    office.settings(personal_lanes=frozenset({situation.lane}))
    await office.hand_over(HERE, "bob")
    office.settings(personal_lanes=frozenset(), restricted_lanes=frozenset({situation.lane}))
    await office.hand_over(HERE, "cid")
    office.settings(restricted_lanes=frozenset())
    situations = await queue(office)
    assert [situation.inquiries for situation in situations] == [1, 1, 1]
    await office.hand_over(HERE, "dee")
    assert (await queue(office))[0].inquiries == 2


async def test_a_desk_may_do_without(office: Office) -> None:
    office.settings(join=False)
    await office.hand_over(HERE, "ann")
    await office.hand_over(HERE, "bob")
    assert [situation.inquiries for situation in await queue(office)] == [1, 1]


async def test_of_many_who_ask_at_once_one_opens_the_situation(office: Office) -> None:
    words = (HERE, HERE_TOO, "northbank has no power!!", "Is there a power cut in Northbank?")
    replies = await asyncio.gather(*(office.ask_one(words[n % 4], f"c{n}") for n in range(40)))
    assert len({reply.reference for reply in replies}) == 40
    (situation,) = await queue(office)
    assert situation.inquiries == 40


async def test_many_different_events_at_once_open_a_situation_each(office: Office) -> None:
    places = [
        f"{first}{last}" for first in ("Alde", "Brem", "Cor", "Dun") for last in ("ham", "wick", "ford")
    ]
    await asyncio.gather(
        *(office.ask_one(f"no power in {place}", f"{place}{n}") for place in places for n in range(3))
    )
    assert [situation.inquiries for situation in await queue(office)] == [3] * len(places)


def another(office: Office) -> Joining:
    """Return what a second process would find places with."""
    return Joining(
        store=office.store,
        vault=office.vault,
        live=office.live,  # type: ignore[arg-type]
        timezone=UTC,
    )


async def test_a_desk_that_starts_again_knows_what_is_open(office: Office) -> None:
    await office.hand_over(HERE, "ann")
    office.assistant._joining = another(office)
    await office.hand_over(HERE_TOO, "bob")
    (situation,) = await queue(office)
    assert situation.inquiries == 2


async def test_two_processes_open_one_situation(office: Office, corpus: Corpus) -> None:
    first, second = office.assistant._joining, another(office)
    await office.hand_over(THERE, "zed")  # both know the pool from here
    office.assistant._joining = second
    await office.hand_over(THERE, "yan")
    for number, each in enumerate((first, second) * 5):
        office.assistant._joining = each
        await office.hand_over(HERE, f"c{number}")
    assert sorted(situation.inquiries for situation in await queue(office)) == [2, 10]


async def test_what_a_citizen_takes_back_is_compared_no_more(office: Office) -> None:
    joining = office.assistant._joining
    await joining.start()
    reference = await office.hand_over(HERE, "ann")
    await office.hand_over("no lights and no electricity in Northbank", "bob")
    pool = joining._pools["en"]
    (group,) = pool.groups
    assert reference in pool.groups.members(group)
    asked = await office.ask_one("/erase", "ann")
    await office.tap(asked, asked.options[0].id, "ann")
    await until(lambda: reference not in pool.groups.members(group))
    assert len(pool.groups.members(group)) == 1
    await joining.stop()


async def test_a_situation_that_is_open_again_is_joined_again(office: Office) -> None:
    joining = office.assistant._joining
    await joining.start()
    reference = await office.hand_over(HERE, "ann")
    (situation,) = await queue(office)
    await office.desk.answer(StaffAnswer(situation_id=situation.id, author="ada", text="Back at six."))
    pool = joining._pools["en"]
    await until(lambda: situation.id not in pool.groups)
    asked = await office.ask_one("and what about the freezer", "ann")
    assert reference
    await office.tap(asked, "add")
    await until(lambda: situation.id in pool.groups)
    await joining.stop()


async def test_when_all_may_have_changed_all_is_read_again(office: Office) -> None:
    joining = office.assistant._joining
    await office.hand_over(HERE, "ann")
    await office.hand_over(THERE, "bob")
    gone, kept = await queue(office)
    pool = joining._pools["en"]
    await office.desk.answer(StaffAnswer(situation_id=gone.id, author="ada", text="Back at six."))
    pool.drop(kept.id)  # as if it had been settled, and open again unheard
    await joining.start()
    joining._all_changed = True
    joining._news.set()
    await until(lambda: gone.id not in pool.groups and kept.id in pool.groups)
    await joining.stop()


async def test_nobody_is_refused_because_others_keep_opening_situations(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = office.store.record

    async def moved(effect):
        if effect.filing is not None and effect.filing.compared is not None:
            raise PoolMoved("Another situation was opened meanwhile.")
        await record(effect)

    monkeypatch.setattr(office.store, "record", moved)
    assert await office.hand_over(HERE, "ann")
    (situation,) = await queue(office)
    assert situation.pool is None


async def test_an_opening_that_fails_leaves_nothing_to_join(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = office.store.record

    async def down(effect):
        raise StoreError("The store is down.")

    monkeypatch.setattr(office.store, "record", down)
    with pytest.raises(StoreError):
        await office.ask_one(HERE, "ann")
    monkeypatch.setattr(office.store, "record", record)
    await office.hand_over(HERE_TOO, "bob")
    (situation,) = await queue(office)
    assert situation.inquiries == 1


@pytest.mark.parametrize(
    ("text", "confidence", "lane"),
    [
        (HERE, 0.2, "general"),
        (HERE, 0.6, "documents"),
        ("where is my umbrella", 0.2, "documents"),
        (PERSONAL, 0.2, "documents"),
    ],
)
async def test_a_public_event_is_no_personal_affair_unless_its_topic_surely_is(
    office: Office, text: str, confidence: float, lane: str
) -> None:
    office.settings(personal_lanes=frozenset({"documents"}))
    message = IncomingMessage(id="m1", address=address(), text=text, received_at=office.clock())
    moment = Moment(
        message=message,
        now=office.clock(),
        corpus=office.live.corpus,
        memory=Memory(),
        known=(),
        language="en",
    )
    near = (Candidate(target="intent:card_lost", confidence=confidence),)
    filed = Filer(office.vault, UTC).open(moment, text, near, None)
    assert filed.filing.situation.lane == lane
