"""What a citizen's message changes."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import MessageSeen, NotFound, SituationSettled, Stale, StoreError
from bot.models import DeliveryStatus, InquiryStatus, SituationStatus, UrgentKind
from bot.store.base import Store
from tests.store.builders import (
    NOW,
    addition,
    answer,
    at,
    conversation,
    delivery,
    effect,
    file,
    filing,
    inquiry,
    mailing,
    owed,
    sealed,
    situation,
)


async def test_a_message_is_seen_once_its_effect_is_recorded(store: Store) -> None:
    assert not await store.message_seen("m-1")
    await store.record(effect("m-1"))
    assert await store.message_seen("m-1")


async def test_a_message_has_one_effect(store: Store) -> None:
    await store.record(effect("m-1", counts=["asked"]))
    with pytest.raises(MessageSeen):
        await store.record(effect("m-1", after=conversation("other"), counts=["asked"]))
    assert await store.counters() == {"asked": 1}
    assert await store.conversation("other") is None


async def test_a_message_sent_many_times_at_once_has_one_effect(store: Store) -> None:
    tries = [store.record(effect("m-1", counts=["asked"], filing=filing())) for _ in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results.count(None) == 1
    assert sum(isinstance(result, MessageSeen) for result in results) == 19
    assert await store.counters() == {"asked": 1}


async def test_an_unknown_conversation_is_none(store: Store) -> None:
    assert await store.conversation("c-1") is None


async def test_a_conversation_is_kept_as_it_was_given(store: Store) -> None:
    await store.save_conversation(conversation(keep_until=at(60)))
    assert await store.conversation("c-1") == conversation(keep_until=at(60))


@pytest.mark.parametrize("version", [0, 2])
async def test_a_new_conversation_begins_at_version_one(store: Store, version: int) -> None:
    with pytest.raises(Stale):
        await store.save_conversation(conversation(version=version))
    assert await store.conversation("c-1") is None


@pytest.mark.parametrize("version", [1, 3])
async def test_a_stale_conversation_is_refused(store: Store, version: int) -> None:
    await store.save_conversation(conversation(version=1))
    with pytest.raises(Stale):
        await store.save_conversation(conversation(version=version, body=sealed("mine")))
    assert await store.conversation("c-1") == conversation(version=1)


async def test_only_one_of_many_writes_of_a_conversation_wins(store: Store) -> None:
    tries = [store.save_conversation(conversation(body=sealed(str(number)))) for number in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results.count(None) == 1


async def test_a_stale_conversation_leaves_no_effect(store: Store) -> None:
    await store.save_conversation(conversation(version=1))
    with pytest.raises(Stale):
        await store.record(effect("m-1", after=conversation(version=1), counts=["asked"], filing=filing()))
    assert not await store.message_seen("m-1")
    assert await store.queue() == []
    assert await store.counters() == {}


async def test_counters_rise_by_one_for_each_name(store: Store) -> None:
    await store.record(effect("m-1", counts=["a", "b", "a"]))
    await store.record(effect("m-2", counts=["b"]))
    assert await store.counters() == {"a": 2, "b": 2}


async def test_counters_of_an_effect_that_fails_stay_as_they_were(store: Store) -> None:
    await store.record(effect("m-1", counts=["a"]))
    with pytest.raises(NotFound):
        await store.record(effect("m-2", counts=["a", "b", "a", "b"], solved="i-nobody"))
    assert await store.counters() == {"a": 1}


async def test_counters_lose_no_count_among_many_at_once(store: Store) -> None:
    await asyncio.gather(*(store.record(effect(f"m-{number}", counts=["a"])) for number in range(50)))
    assert await store.counters() == {"a": 50}


async def test_a_filing_leaves_the_inquiry_its_situation_and_its_receipt(store: Store) -> None:
    made = await file(store)
    assert await store.inquiry("i-1") == made.inquiry
    assert await store.situation("s-1") == made.situation
    assert await store.queue() == [made.situation]
    assert await store.deliveries_of("i-1") == [made.receipt]
    assert await owed(store) == [made.receipt]


async def test_an_unknown_inquiry_is_none(store: Store) -> None:
    assert await store.inquiry("i-1") is None


async def test_a_taken_reference_is_refused_with_the_whole_effect(store: Store) -> None:
    made = await file(store, "1")
    other = filing("2")
    other = replace(other, inquiry=replace(other.inquiry, reference="R-1"))
    with pytest.raises(Stale):
        await store.record(effect("m-2", counts=["asked"], filing=other))
    assert not await store.message_seen("m-2")
    assert await store.inquiry("i-2") is None
    assert await store.situation("s-2") is None
    assert await store.deliveries_of("i-2") == []
    assert await store.conversation("c-of-m-2") is None
    assert await store.counters() == {}
    assert await store.situation_of("R-1") == made.situation


async def test_a_taken_inquiry_id_is_refused(store: Store) -> None:
    await file(store, "1")
    other = filing("2")
    other = replace(
        other, inquiry=replace(other.inquiry, id="i-1"), receipt=replace(other.receipt, inquiry_id="i-1")
    )
    with pytest.raises(StoreError):
        await store.record(effect("m-2", filing=other))
    assert await store.situation("s-2") is None


async def test_a_taken_delivery_id_is_refused(store: Store) -> None:
    await file(store, "1")
    other = filing("2")
    with pytest.raises(StoreError):
        await store.record(effect("m-2", filing=replace(other, receipt=replace(other.receipt, id="d-1"))))
    assert await store.inquiry("i-2") is None


async def test_a_filing_whose_parts_do_not_belong_together_is_refused(store: Store) -> None:
    for wrong in (
        replace(filing(), situation=situation("2")),
        replace(filing(), receipt=delivery("1", "i-2")),
    ):
        with pytest.raises(StoreError):
            await store.record(effect(filing=wrong))
    assert await store.queue() == []
    assert await store.inquiry("i-1") is None


async def test_a_filing_joins_a_situation_that_is_open(store: Store) -> None:
    first = await file(store, "1")
    await store.claim_situation("s-1", "ada", NOW, at(15))
    second = await file(
        store, "2", joins="1", opened_at=at(5), languages=("zh-Hans",), urgent=UrgentKind.DANGER
    )
    assert await store.queue() == [
        replace(
            first.situation,
            references=("R-1", "R-2"),
            inquiries=2,
            languages=("en", "zh-Hans"),
            urgent=UrgentKind.DANGER,
            claimed_by="ada",
            claimed_until=at(15),
        )
    ]
    assert (await store.open_situation("s-1", "ada", at(6))).inquiries == [
        replace(first.inquiry, seen_by_staff=True),
        replace(second.inquiry, seen_by_staff=True),
    ]


async def test_a_filing_cannot_join_a_situation_that_was_answered(store: Store) -> None:
    await file(store, "1")
    resolved = await answer(store, "1")
    with pytest.raises(SituationSettled):
        await file(store, "2", joins="1")
    assert await store.situation("s-1") == resolved
    assert await store.inquiry("i-2") is None


async def test_an_addition_appends_words_and_owes_its_receipt(store: Store) -> None:
    made = await file(store)
    receipt = delivery("2", created_at=at(30), due_at=at(30))
    await store.record(effect("m-2", addition=addition(receipt=receipt)))
    assert await store.inquiry("i-1") == replace(
        made.inquiry,
        words=(*made.inquiry.words, sealed("and another thing")),
        updated_at=at(30),
    )
    assert await store.queue() == [replace(made.situation, updated_at=at(30))]
    assert await store.deliveries_of("i-1") == [made.receipt, receipt]


async def test_an_addition_without_a_receipt_owes_nothing(store: Store) -> None:
    made = await file(store)
    await store.record(effect("m-2", addition=addition()))
    assert await store.deliveries_of("i-1") == [made.receipt]


async def test_an_addition_reopens_an_answered_inquiry_with_its_situation(store: Store) -> None:
    made = await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    await answer(store, "1", when=at(10))
    await store.record(effect("m-2", addition=addition()))
    reopened = await store.inquiry("i-1")
    assert reopened is not None
    assert (reopened.status, reopened.settled_at) == (InquiryStatus.OPEN, None)
    assert reopened.words == (*made.inquiry.words, sealed("answer 1"), sealed("and another thing"))
    assert await store.queue() == [replace(made.situation, updated_at=at(30), staff_wrote_at=at(10))], (
        "in the queue again, and nobody holds it"
    )
    assert await store.inquiries_settled_before(at(100), InquiryStatus.ANSWERED, 10, urgent=False) == []


async def test_a_reopened_situation_can_be_answered_again(store: Store) -> None:
    await file(store)
    await answer(store, "1")
    await store.record(effect("m-2", addition=addition()))
    resolved = await store.resolve_situation("s-1", "bob", at(40), mailing(), None)
    assert (resolved.status, resolved.settled_by) == (SituationStatus.RESOLVED, "bob")


async def test_an_addition_to_a_closed_or_unknown_inquiry_is_not_found(store: Store) -> None:
    await file(store)
    await store.record(effect("m-2", solved="i-1"))
    before = await store.inquiry("i-1")
    for name in ("1", "nobody"):
        with pytest.raises(NotFound):
            await store.record(effect("m-3", addition=addition(name), counts=["asked"]))
    assert await store.inquiry("i-1") == before
    assert not await store.message_seen("m-3")
    assert await store.counters() == {}


async def test_an_addition_with_the_receipt_of_another_inquiry_changes_nothing(store: Store) -> None:
    made = await file(store)
    await file(store, "2")
    with pytest.raises(StoreError):
        await store.record(effect("m-3", addition=addition(receipt=delivery("3", "i-2"))))
    assert await store.inquiry("i-1") == made.inquiry


async def test_a_withdrawn_inquiry_leaves_nothing(store: Store) -> None:
    await file(store)
    await store.record(effect("m-2", withdrawn="i-1"))
    assert await store.inquiry("i-1") is None
    assert await store.situation("s-1") is None
    assert await store.situation_of("R-1") is None
    assert await store.queue() == []
    assert await store.deliveries_of("i-1") == []
    assert await owed(store) == []


async def test_a_withdrawn_reference_can_be_used_again(store: Store) -> None:
    await file(store)
    await store.record(effect("m-2", withdrawn="i-1"))
    made = filing()
    await store.record(effect("m-3", filing=made))
    assert await store.queue() == [made.situation]


async def test_a_withdrawn_inquiry_leaves_its_situation_to_the_others(store: Store) -> None:
    first = await file(store, "1", languages=("zh-Hant",))
    second = await file(store, "2", joins="1")
    await store.record(effect("m-3", at=at(20), withdrawn="i-1"))
    assert await store.queue() == [
        replace(first.situation, references=("R-2",), languages=("en",), updated_at=at(20))
    ]
    assert await store.deliveries_of("i-2") == [second.receipt]


async def test_a_withdrawal_resolves_a_situation_in_which_nothing_is_left_to_answer(store: Store) -> None:
    await file(store, "1")
    await file(store, "2", joins="1")
    await answer(store, "1")
    await store.record(effect("m-3", addition=addition("2")))
    await store.record(effect("m-4", withdrawn="i-2"))
    left = await store.situation("s-1")
    assert left is not None
    assert left.status is SituationStatus.RESOLVED
    assert await store.queue() == []


async def test_an_answered_inquiry_can_be_withdrawn(store: Store) -> None:
    await file(store)
    await answer(store, "1")
    await store.record(effect("m-2", withdrawn="i-1"))
    assert await store.inquiry("i-1") is None
    assert await store.inquiries_settled_before(at(1000), InquiryStatus.ANSWERED, 10, urgent=False) == []


async def test_withdrawing_or_solving_what_is_gone_or_closed_is_not_found(store: Store) -> None:
    await file(store)
    await store.record(effect("m-2", solved="i-1"))
    for name in ("i-1", "i-nobody"):
        with pytest.raises(NotFound):
            await store.record(effect("m-3", withdrawn=name))
        with pytest.raises(NotFound):
            await store.record(effect("m-3", solved=name))
    assert not await store.message_seen("m-3")


async def test_a_solved_inquiry_is_closed_with_its_situation(store: Store) -> None:
    made = await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    await store.save_draft("s-1", "ada", sealed("Dear"), at(1))
    await store.record(effect("m-2", at=at(20), solved="i-1"))
    assert await store.inquiry("i-1") == replace(
        made.inquiry, status=InquiryStatus.CLOSED, updated_at=at(20), settled_at=at(20)
    )
    assert await store.situation("s-1") == replace(
        made.situation,
        status=SituationStatus.CLOSED,
        updated_at=at(20),
        settled_at=at(20),
        staff_wrote_at=at(1),
    )
    assert await store.queue() == []
    assert await store.deliveries_of("i-1") == [made.receipt]


async def test_a_situation_stays_open_until_all_in_it_are_solved(store: Store) -> None:
    await file(store, "1")
    await file(store, "2", joins="1")
    await store.record(effect("m-3", solved="i-1"))
    assert [kept.id for kept in await store.queue()] == ["s-1"]
    await store.record(effect("m-4", solved="i-2"))
    assert await store.queue() == []
    closed = await store.situation("s-1")
    assert closed is not None
    assert closed.status is SituationStatus.CLOSED


async def test_solving_the_last_open_inquiry_resolves_a_situation_with_answered_ones(store: Store) -> None:
    await file(store, "1")
    await file(store, "2", joins="1")
    await answer(store, "1")
    await store.record(effect("m-3", addition=addition("2")))
    await store.record(effect("m-4", solved="i-2"))
    left = await store.situation("s-1")
    assert left is not None
    assert left.status is SituationStatus.RESOLVED


async def test_one_message_may_do_several_things_or_none_of_them(store: Store) -> None:
    await file(store, "1")
    await file(store, "2")
    with pytest.raises(NotFound):
        await store.record(
            effect("m-3", filing=filing("3"), addition=addition("1"), withdrawn="i-2", solved="i-nobody")
        )
    assert await store.inquiry("i-3") is None
    assert await store.inquiry("i-1") == inquiry("1")
    assert await store.inquiry("i-2") == inquiry("2")
    assert {one.id for one in await owed(store)} == {"d-1", "d-2"}
    await store.record(effect("m-3", filing=filing("3"), addition=addition("1"), withdrawn="i-2"))
    assert {one.id for one in await owed(store)} == {"d-1", "d-3"}
    assert all(one.status is DeliveryStatus.OWED for one in await owed(store))


async def test_what_cannot_be_kept_is_refused_and_changes_nothing(store: Store) -> None:
    made = filing()
    naive = replace(made, receipt=replace(made.receipt, due_at=NOW.replace(tzinfo=None)))
    odd = replace(made, situation=replace(made.situation, lane="half a character: \ud800"))
    for wrong in (naive, odd):
        with pytest.raises(StoreError):
            await store.record(effect(filing=wrong, counts=["asked"]))
        assert await store.queue() == []
        assert await owed(store) == []
        assert await store.counters() == {}
        assert not await store.message_seen("m-1")
    await store.record(effect(filing=made))
    assert await owed(store) == [made.receipt]


async def test_a_key_comes_with_its_record_and_a_new_one_takes_its_place(store: Store) -> None:
    made = await file(store)
    inquiry, situation = await store.inquiry("i-1"), await store.situation("s-1")
    assert inquiry is not None
    assert situation is not None
    assert (inquiry.data_key, situation.data_key) == (made.inquiry.data_key, made.situation.data_key)
    first, second = conversation(), conversation(version=2)
    assert first.data_key != second.data_key
    await store.save_conversation(first)
    assert await store.conversation("c-1") == first
    await store.save_conversation(second)
    assert await store.conversation("c-1") == second


async def test_joining_a_situation_leaves_its_key(store: Store) -> None:
    made = await file(store)
    await file(store, "2", joins="1", data_key=sealed("another key"))
    situation = await store.situation("s-1")
    assert situation is not None
    assert situation.data_key == made.situation.data_key
