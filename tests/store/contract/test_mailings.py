"""One row owes a whole situation; deliveries are made out of it, once each, whatever happens meanwhile."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import NotFound, SituationSettled, Stale
from bot.models import DeliveryKind, DeliveryStatus, Inquiry, InquiryStatus, Mailing, SituationStatus
from bot.store.base import Store
from tests.store.builders import (
    NOW,
    addition,
    answer,
    at,
    called,
    close,
    effect,
    file,
    filing,
    made_out,
    mailing,
    make_out,
    sealed,
)

ANSWER, CLOSED, CALLED = DeliveryKind.ANSWER, DeliveryKind.CLOSED, DeliveryKind.CALLED


async def crowd(store: Store, *names: str) -> None:
    """File inquiries of these names in the situation `s-1`."""
    await file(store, names[0] if names[0] == "1" else "1")
    for name in names:
        if name != "1":
            await file(store, name, joins="1")


async def kept(store: Store, name: str) -> Inquiry:
    found = await store.inquiry(f"i-{name}")
    assert found is not None
    return found


async def owed_to(store: Store, name: str) -> list[str]:
    return [one.id for one in await store.deliveries_of(f"i-{name}")]


async def answered(store: Store, when: float = 10, name: str = "1", **other: object) -> Mailing:
    """Resolve the situation `s-1`; nothing is made out."""
    said = mailing("1", **{"created_at": at(when), "due_at": at(when), "id": f"g-{name}", **other})
    await store.resolve_situation("s-1", "ada", at(when), said, None)
    return said


async def slice_of(store: Store, of: Mailing, *names: str, end: bool = False) -> Mailing | None:
    made = [made_out(f"i-{name}", of) for name in names]
    return await store.make_out(of, made, None if end else f"i-{names[-1]}")


async def test_everybody_in_the_situation_is_answered_and_owed_the_words(store: Store) -> None:
    await crowd(store, "1", "2", "3")
    said = await answered(store)
    await make_out(store, said)
    assert await store.mailings() == []
    for name in ("1", "2", "3"):
        made = filing(name, joins="1").inquiry
        assert await kept(store, name) == replace(
            made,
            status=InquiryStatus.ANSWERED,
            words=(*made.words, sealed(f"answer {name}")),
            updated_at=at(10),
            settled_at=at(10),
        )
        receipt, owed = await store.deliveries_of(f"i-{name}")
        assert (receipt.id, owed.id) == (f"d-{name}", f"a-{name}")
        assert (owed.status, owed.kind, owed.due_at) == (DeliveryStatus.OWED, ANSWER, at(10))
    settled = await store.situation("s-1")
    assert settled is not None
    assert settled.status is SituationStatus.RESOLVED


async def test_a_mailing_goes_on_where_it_was_left(store: Store) -> None:
    await crowd(store, "1", "2", "3", "4", "5")
    said = await answered(store)
    assert [one.id for one in await store.recipients(said, 2)] == ["i-1", "i-2"]
    going = await slice_of(store, said, "1", "2")
    assert going == replace(said, after="i-2")
    assert await store.mailings() == [going]
    assert [one.id for one in await store.recipients(going, 9)] == ["i-3", "i-4", "i-5"]
    assert (await kept(store, "2")).status is InquiryStatus.ANSWERED
    assert (await kept(store, "3")).status is InquiryStatus.OPEN
    assert await slice_of(store, going, "3", "4", "5", end=True) is None
    assert await store.recipients(replace(going, after="i-5"), 9) == []


async def test_of_two_who_make_out_the_same_only_one_does(store: Store) -> None:
    await crowd(store, "1", "2", "3")
    said = await answered(store)
    results = await asyncio.gather(
        *(slice_of(store, said, "1", "2") for _ in range(6)), return_exceptions=True
    )
    assert sum(isinstance(result, Stale) for result in results) == 5
    assert [await owed_to(store, name) for name in ("1", "2")] == [["d-1", "a-1"], ["d-2", "a-2"]]
    assert len((await kept(store, "1")).words) == 2
    with pytest.raises(Stale):
        await slice_of(store, said, "3", end=True)
    assert (await kept(store, "3")).status is InquiryStatus.OPEN
    await make_out(store, replace(said, after="i-2"))
    with pytest.raises(Stale):
        await slice_of(store, replace(said, after="i-2"), "3", end=True)
    assert await owed_to(store, "3") == ["d-3", "a-3"]


async def test_whoever_takes_it_back_or_needs_it_no_more_is_passed_over(store: Store) -> None:
    await crowd(store, "1", "2", "3")
    said = await answered(store)
    await store.record(effect("m-w", withdrawn="i-1"))
    await store.record(effect("m-s", solved="i-2"))
    assert await slice_of(store, said, "1", "2", "3", end=True) is None
    assert await store.deliveries_of("i-1") == []
    assert await owed_to(store, "2") == ["d-2"]
    assert await owed_to(store, "3") == ["d-3", "a-3"]


async def test_whoever_wrote_meanwhile_gets_the_answer_and_waits_on(store: Store) -> None:
    await crowd(store, "1", "2")
    said = await answered(store)
    going = await slice_of(store, said, "1")
    assert going is not None
    await store.record(effect("m-a", addition=addition("2", "and my door?")))
    assert [one.id for one in await store.queue()] == ["s-1"], "in the queue at once"
    await slice_of(store, going, "2", end=True)
    waiting = await kept(store, "2")
    assert (waiting.status, waiting.settled_at) == (InquiryStatus.OPEN, None)
    assert waiting.words[1:] == (sealed("and my door?"), sealed("answer 2"))
    assert await owed_to(store, "2") == ["d-2", "a-2"]
    (open_again,) = await store.queue()
    assert (open_again.settled_at, open_again.settled_by) == (None, None)
    again = await answered(store, 50, "again")
    await make_out(store, again)
    assert (await kept(store, "2")).status is InquiryStatus.ANSWERED
    assert (await kept(store, "1")).status is InquiryStatus.ANSWERED
    assert await owed_to(store, "1") == ["d-1", "a-1"]


async def test_whoever_writes_after_their_slice_is_open_as_after_any_answer(store: Store) -> None:
    await crowd(store, "1", "2")
    said = await answered(store)
    going = await slice_of(store, said, "1")
    assert going is not None
    await store.record(effect("m-a", addition=addition("1")))
    await slice_of(store, going, "2", end=True)
    assert (await kept(store, "1")).status is InquiryStatus.OPEN
    assert (await kept(store, "2")).status is InquiryStatus.ANSWERED
    assert [one.id for one in await store.queue()] == ["s-1"]
    assert await owed_to(store, "1") == ["d-1", "a-1"]


async def test_nobody_joins_while_a_mailing_is_made_out(store: Store) -> None:
    await crowd(store, "1", "2")
    said = await answered(store)
    await store.record(effect("m-a", addition=addition("2")))
    with pytest.raises(SituationSettled):
        await file(store, "3", joins="1")
    await make_out(store, said)
    await file(store, "3", joins="1")
    assert (await kept(store, "3")).status is InquiryStatus.OPEN


async def test_a_situation_has_one_mailing_at_a_time(store: Store) -> None:
    await crowd(store, "1", "2")
    said = await answered(store)
    await store.record(effect("m-a", addition=addition("2")))
    with pytest.raises(Stale):
        await answered(store, 11, "again")
    with pytest.raises(Stale):
        await store.close_situation("s-1", "ada", at(11), mailing("1", CLOSED, id="g-c"))
    assert await store.mailings() == [said]
    assert [one.id for one in await store.queue()] == ["s-1"]


async def test_mailings_come_oldest_first(store: Store) -> None:
    for name, minute in (("1", 5), ("2", 3), ("3", 4)):
        await file(store, name)
        await store.resolve_situation(f"s-{name}", "ada", NOW, mailing(name, created_at=at(minute)), None)
    assert [one.id for one in await store.mailings()] == ["g-2", "g-3", "g-1"]


async def test_closing_closes_everybody_and_tells_those_without_an_answer(store: Store) -> None:
    await crowd(store, "1", "2")
    await answer(store, "1", when=at(5))
    await store.record(effect("m-a", addition=addition("2")))
    said = mailing("1", CLOSED, id="g-c", created_at=at(40), due_at=at(90))
    await store.close_situation("s-1", "ada", at(40), said)
    await make_out(store, said)
    for name in ("1", "2"):
        closed = await kept(store, name)
        assert (closed.status, closed.settled_at) == (InquiryStatus.CLOSED, at(40))
    assert await owed_to(store, "1") == ["d-1", "a-1"], "who was answered is told nothing more"
    told = (await store.deliveries_of("i-2"))[-1]
    assert (told.id, told.kind, told.due_at) == ("c-2", CLOSED, at(90))


async def test_whoever_writes_while_it_is_closed_is_neither_closed_nor_told(store: Store) -> None:
    await crowd(store, "1", "2")
    said = mailing("1", CLOSED, created_at=at(10))
    await store.close_situation("s-1", "ada", at(10), said)
    await store.record(effect("m-a", addition=addition("2")))
    await make_out(store, said)
    assert (await kept(store, "1")).status is InquiryStatus.CLOSED
    assert (await kept(store, "2")).status is InquiryStatus.OPEN
    assert await owed_to(store, "2") == ["d-2"]
    assert [one.id for one in await store.queue()] == ["s-1"]


async def test_a_closed_situation_is_settled_when_whoever_wrote_needs_it_no_more(store: Store) -> None:
    await crowd(store, "1", "2")
    said = mailing("1", CLOSED, created_at=at(10))
    await store.close_situation("s-1", "ada", at(10), said)
    await store.record(effect("m-a", addition=addition("2")))
    await store.record(effect("m-s", solved="i-2"))
    await make_out(store, said)
    assert await store.queue() == []
    closed = await store.situation("s-1")
    assert closed is not None
    assert closed.status is SituationStatus.CLOSED


async def test_a_word_to_everybody_changes_no_inquiry(store: Store) -> None:
    await crowd(store, "1", "2", "3")
    await store.record(effect("m-s", solved="i-2"))
    before = [await kept(store, name) for name in ("1", "3")]
    said = mailing("1", CALLED, created_at=at(10))
    await store.note_act(called("s-1"), said)
    await make_out(store, said)
    assert [await kept(store, name) for name in ("1", "3")] == before
    assert [await owed_to(store, name) for name in ("1", "2", "3")] == [
        ["d-1", "a-1"],
        ["d-2"],
        ["d-3", "a-3"],
    ]
    assert [one.id for one in await store.queue()] == ["s-1"]


async def test_a_mailing_that_ends_early_leaves_its_situation_to_a_person(store: Store) -> None:
    await crowd(store, "1", "2")
    said = await answered(store)
    going = await slice_of(store, said, "1")
    assert going is not None
    assert await store.make_out(going, [], None) is None
    assert await store.mailings() == []
    assert [one.id for one in await store.queue()] == ["s-1"]
    assert (await kept(store, "1")).status is InquiryStatus.ANSWERED
    assert (await kept(store, "2")).status is InquiryStatus.OPEN


async def test_a_mailing_goes_with_its_situation(store: Store) -> None:
    await file(store)
    said = await answered(store)
    await store.record(effect("m-w", withdrawn="i-1"))
    assert await store.mailings() == []
    with pytest.raises(Stale):
        await store.make_out(said, [], None)


async def test_a_slice_that_cannot_be_kept_changes_nothing(store: Store) -> None:
    await crowd(store, "1", "2")
    said = await answered(store)
    twice = made_out("i-2", said, id="a-1")
    with pytest.raises(Exception, match="nothing was changed"):
        await store.make_out(said, [made_out("i-1", said), twice], None)
    assert await store.mailings() == [said]
    assert await owed_to(store, "1") == ["d-1"]
    assert (await kept(store, "1")).status is InquiryStatus.OPEN


async def test_a_settled_situation_takes_no_mailing(store: Store) -> None:
    await file(store, "1")
    await close(store, "1")
    with pytest.raises(SituationSettled):
        await answered(store)
    with pytest.raises(NotFound):
        await store.resolve_situation("s-9", "ada", NOW, mailing("9"), None)
    assert await store.mailings() == []
