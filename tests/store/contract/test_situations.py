"""What staff do with situations."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import (
    EntryChanged,
    NotFound,
    SituationSettled,
    SituationTaken,
    StoreError,
)
from bot.models import DeliveryKind, InquiryStatus, SituationStatus, UrgentKind
from bot.store.base import QueueLength, Store
from tests.store.builders import (
    NOW,
    answer,
    at,
    close,
    entry,
    file,
    filing,
    mailing,
    sealed,
)


async def test_the_queue_shows_urgent_situations_first_then_the_oldest(store: Store) -> None:
    await file(store, "new", opened_at=at(3))
    await file(store, "old", opened_at=at(1))
    await file(store, "later-danger", opened_at=at(9), urgent=UrgentKind.DANGER)
    await file(store, "crisis", opened_at=at(5), urgent=UrgentKind.CRISIS)
    await file(store, "between", opened_at=at(2))
    assert [kept.id for kept in await store.queue()] == [
        "s-crisis",
        "s-later-danger",
        "s-old",
        "s-between",
        "s-new",
    ]


async def test_the_queue_shows_claimed_situations_too_and_settled_ones_not(store: Store) -> None:
    for name in ("claimed", "answered", "closed", "free"):
        await file(store, name)
    await store.claim_situation("s-claimed", "ada", NOW, at(15))
    await answer(store, "answered")
    await close(store, "closed", NOW)
    assert {kept.id for kept in await store.queue()} == {"s-claimed", "s-free"}


async def test_how_long_the_queue_is_and_how_old_is_told_without_reading_it(store: Store) -> None:
    assert await store.queue_length() == QueueLength(urgent=0, other=0, oldest=None)
    await file(store, "danger", opened_at=at(5), urgent=UrgentKind.DANGER)
    assert await store.queue_length() == QueueLength(urgent=1, other=0, oldest=at(5))
    for name, minute in (("old", 1), ("new", 3), ("settled", 0)):
        await file(store, name, opened_at=at(minute))
    await answer(store, "settled")
    assert await store.queue_length() == QueueLength(urgent=1, other=2, oldest=at(1))


async def test_an_unknown_situation_is_none(store: Store) -> None:
    assert await store.situation("s-1") is None


async def test_a_reference_finds_its_situation_and_opens_nothing(store: Store) -> None:
    made = await file(store, "1")
    await file(store, "2", joins="1")
    for reference in ("R-1", "R-2"):
        found = await store.situation_of(reference)
        assert found is not None
        assert found.id == made.situation.id
    assert await store.situation_of("R-3") is None
    assert await store.inquiry("i-1") == made.inquiry


async def test_opening_returns_the_inquiries_oldest_first_and_marks_them_as_seen(store: Store) -> None:
    late = await file(store, "late", opened_at=at(5))
    early = await file(store, "early", joins="late", opened_at=at(2))
    expected = [
        replace(early.inquiry, seen_by_staff=True),
        replace(late.inquiry, seen_by_staff=True),
    ]
    assert (await store.open_situation("s-late", "ada", at(6))).inquiries == expected
    assert await store.inquiry("i-early") == expected[0]
    assert (await store.open_situation("s-late", "bob", at(7))).inquiries == expected


async def test_a_settled_situation_can_still_be_opened(store: Store) -> None:
    await file(store)
    await answer(store, "1")
    (opened,) = (await store.open_situation("s-1", "ada", at(6))).inquiries
    assert opened.seen_by_staff


async def test_opening_an_unknown_situation_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.open_situation("s-1", "ada", NOW)


async def test_a_claim_gives_the_situation_until_its_time(store: Store) -> None:
    made = await file(store)
    claimed = await store.claim_situation("s-1", "ada", NOW, at(15))
    assert claimed == replace(made.situation, claimed_by="ada", claimed_until=at(15))
    assert await store.situation("s-1") == claimed


async def test_only_one_of_many_claims_wins(store: Store) -> None:
    await file(store)
    people = [f"person {number}" for number in range(30)]
    results = await asyncio.gather(
        *(store.claim_situation("s-1", person, NOW, at(15)) for person in people), return_exceptions=True
    )
    winners = [result for result in results if not isinstance(result, BaseException)]
    assert len(winners) == 1
    assert await store.situation("s-1") == winners[0]
    losers = [result for result in results if isinstance(result, SituationTaken)]
    assert len(losers) == 29
    assert all((loser.staff, loser.until) == (winners[0].claimed_by, at(15)) for loser in losers)


async def test_claiming_again_prolongs(store: Store) -> None:
    await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    assert (await store.claim_situation("s-1", "ada", at(10), at(25))).claimed_until == at(25)
    with pytest.raises(SituationTaken):
        await store.claim_situation("s-1", "bob", at(20), at(35))


async def test_a_claim_that_ran_out_holds_nobody_back(store: Store) -> None:
    await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    assert (await store.claim_situation("s-1", "bob", at(15), at(30))).claimed_by == "bob"
    with pytest.raises(SituationTaken):
        await store.claim_situation("s-1", "ada", at(16), at(30))


async def test_releasing_returns_the_situation_to_the_queue(store: Store) -> None:
    made = await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    assert await store.release_situation("s-1", "ada", at(1)) == made.situation
    assert (await store.claim_situation("s-1", "bob", at(2), at(15))).claimed_by == "bob"


async def test_releasing_what_nobody_holds_changes_nothing(store: Store) -> None:
    made = await file(store)
    assert await store.release_situation("s-1", "ada", NOW) == made.situation
    resolved = await answer(store, "1")
    assert await store.release_situation("s-1", "ada", NOW) == resolved


async def test_only_the_holder_releases(store: Store) -> None:
    await file(store)
    claimed = await store.claim_situation("s-1", "ada", NOW, at(15))
    with pytest.raises(SituationTaken):
        await store.release_situation("s-1", "bob", at(1))
    assert await store.situation("s-1") == claimed


async def test_a_draft_is_kept_with_the_time_of_writing(store: Store) -> None:
    made = await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    await store.save_draft("s-1", "ada", sealed("Dear"), at(2))
    assert await store.situation("s-1") == replace(
        made.situation, claimed_by="ada", claimed_until=at(15), draft=sealed("Dear"), staff_wrote_at=at(2)
    )


async def test_a_draft_can_be_dropped(store: Store) -> None:
    await file(store)
    await store.save_draft("s-1", "ada", sealed("Dear"), at(2))
    await store.save_draft("s-1", "ada", None, at(3))
    kept = await store.situation("s-1")
    assert kept is not None
    assert (kept.draft, kept.staff_wrote_at) == (None, at(2))


async def test_a_draft_outlives_a_release(store: Store) -> None:
    await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    await store.save_draft("s-1", "ada", sealed("Dear"), at(2))
    assert (await store.release_situation("s-1", "ada", at(3))).draft == sealed("Dear")


async def test_nobody_writes_over_the_draft_of_the_holder(store: Store) -> None:
    await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    await store.save_draft("s-1", "ada", sealed("Dear"), at(2))
    with pytest.raises(SituationTaken):
        await store.save_draft("s-1", "bob", sealed("Hi"), at(3))
    kept = await store.situation("s-1")
    assert kept is not None
    assert kept.draft == sealed("Dear")


async def test_an_answer_settles_the_situation_and_owes_it_a_mailing(store: Store) -> None:
    first = await file(store, "1")
    await file(store, "2", joins="1")
    await store.claim_situation("s-1", "ada", NOW, at(15))
    await store.save_draft("s-1", "ada", sealed("Dear"), at(2))
    said = mailing("1", created_at=at(10))
    resolved = await store.resolve_situation("s-1", "ada", at(10), said, entry())
    assert resolved == replace(
        first.situation,
        references=("R-1", "R-2"),
        inquiries=2,
        status=SituationStatus.RESOLVED,
        updated_at=at(10),
        staff_wrote_at=at(10),
        settled_at=at(10),
        settled_by="ada",
    ), "nobody holds it any more, and the draft is gone"
    assert await store.situation("s-1") == resolved
    assert await store.queue() == []
    assert await store.entries() == [entry()]
    assert await store.mailings() == [said]


async def test_a_free_situation_can_be_answered(store: Store) -> None:
    await file(store)
    assert (await answer(store, "1", staff="bob")).settled_by == "bob"


async def test_a_situation_is_answered_once(store: Store) -> None:
    await file(store)
    results = await asyncio.gather(
        *(
            store.resolve_situation("s-1", f"person {number}", NOW, mailing("1", id=f"g-{number}"), None)
            for number in range(20)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, SituationSettled) for result in results) == 19
    assert len(await store.mailings()) == 1


async def unchanged(store: Store) -> bool:
    """Tell whether nothing of an answer can be found."""
    kept = await store.inquiry("i-1")
    return (
        kept is not None
        and (kept.status, len(kept.words)) == (InquiryStatus.OPEN, 1)
        and await store.mailings() == []
        and await store.entries() == []
        and [kept.id for kept in await store.queue()] == ["s-1"]
    )


async def test_an_answer_to_what_somebody_else_holds_changes_nothing(store: Store) -> None:
    await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    with pytest.raises(SituationTaken):
        await store.resolve_situation("s-1", "bob", at(1), mailing(), entry())
    assert await unchanged(store)


async def test_an_answer_whose_entry_is_stale_changes_nothing(store: Store) -> None:
    await file(store)
    with pytest.raises(EntryChanged):
        await store.resolve_situation("s-1", "ada", NOW, mailing(), entry(version=2))
    assert await unchanged(store)


async def test_an_answer_that_is_another_situations_changes_nothing(store: Store) -> None:
    await file(store)
    with pytest.raises(StoreError):
        await store.resolve_situation("s-1", "ada", NOW, mailing("2"), entry())
    with pytest.raises(StoreError):
        await store.close_situation("s-1", "ada", NOW, mailing("2"))
    assert await unchanged(store)


async def test_closing_settles_the_situation_without_an_answer(store: Store) -> None:
    first = await file(store, "1")
    await file(store, "2", joins="1")
    await store.claim_situation("s-1", "ada", NOW, at(15))
    await store.save_draft("s-1", "ada", sealed("Dear"), at(2))
    said = mailing("1", DeliveryKind.CLOSED, created_at=at(10))
    closed = await store.close_situation("s-1", "ada", at(10), said)
    assert closed == replace(
        first.situation,
        references=("R-1", "R-2"),
        inquiries=2,
        status=SituationStatus.CLOSED,
        updated_at=at(10),
        staff_wrote_at=at(2),
        settled_at=at(10),
        settled_by="ada",
    )
    assert await store.situation("s-1") == closed
    assert await store.mailings() == [said]


async def test_nobody_closes_what_somebody_else_holds(store: Store) -> None:
    await file(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    with pytest.raises(SituationTaken):
        await store.close_situation("s-1", "bob", at(1), mailing())
    assert await unchanged(store)


async def test_what_is_settled_takes_no_more_work(store: Store) -> None:
    await file(store, "1")
    await file(store, "2")
    settled = {"s-1": await answer(store, "1"), "s-2": await close(store, "2", NOW)}
    for situation_id, kept in settled.items():
        said = mailing(situation_id.removeprefix("s-"))
        with pytest.raises(SituationSettled):
            await store.claim_situation(situation_id, "ada", NOW, at(15))
        with pytest.raises(SituationSettled):
            await store.save_draft(situation_id, "ada", sealed("Dear"), NOW)
        with pytest.raises(SituationSettled):
            await store.resolve_situation(situation_id, "ada", NOW, said, None)
        with pytest.raises(SituationSettled):
            await store.close_situation(situation_id, "ada", NOW, said)
        assert await store.situation(situation_id) == kept


async def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.claim_situation("s-1", "ada", NOW, at(15))
    with pytest.raises(NotFound):
        await store.release_situation("s-1", "ada", NOW)
    with pytest.raises(NotFound):
        await store.save_draft("s-1", "ada", sealed("Dear"), NOW)
    with pytest.raises(NotFound):
        await store.resolve_situation("s-1", "ada", NOW, mailing(), None)
    with pytest.raises(NotFound):
        await store.close_situation("s-1", "ada", NOW, mailing())


async def test_the_next_one_is_the_first_of_the_queue_that_nobody_holds(store: Store) -> None:
    await file(store, "new", opened_at=at(3))
    await file(store, "old", opened_at=at(1))
    await file(store, "danger", opened_at=at(9), urgent=UrgentKind.DANGER)
    await file(store, "held", opened_at=NOW)
    await file(store, "restricted", opened_at=NOW, lane="complaints")
    await store.claim_situation("s-held", "bob", NOW, at(15))
    taken = []
    while (given := await store.claim_next("ada", at(9), at(24), {"complaints"})) is not None:
        assert await store.situation(given.id) == given
        assert (given.claimed_by, given.claimed_until) == ("ada", at(24))
        taken.append(given.id)
    assert taken == ["s-danger", "s-old", "s-new"]
    assert await store.claim_next("ada", at(15), at(30), {"complaints"}) == replace(
        filing("held").situation, claimed_by="ada", claimed_until=at(30)
    ), "a hold that ran out is none"
    assert await store.alarms() == [], "whoever takes an urgent one has taken note of it"


async def test_the_next_one_is_never_given_to_two(store: Store) -> None:
    for number in range(10):
        await file(store, str(number), opened_at=at(number))
    given = await asyncio.gather(*(store.claim_next(f"person {number}", NOW, at(15)) for number in range(14)))
    ids = [one.id for one in given if one is not None]
    assert len(ids) == len(set(ids)) == 10
    holders = {one.id: one.claimed_by for one in await store.queue()}
    assert holders == {one.id: one.claimed_by for one in given if one is not None}


async def test_claims_that_ran_out_return_to_the_queue(store: Store) -> None:
    for name, until in (("1", 15), ("2", 16), ("3", 20)):
        await file(store, name)
        await store.claim_situation(f"s-{name}", "ada", NOW, at(until))
    await file(store, "4")
    await store.save_draft("s-1", "ada", sealed("Dear"), at(2))
    assert await store.expire_claims(at(16), at(31)) == ["s-1", "s-2"]
    assert await store.expire_claims(at(16), at(31)) == []
    kept = {one.id: (one.claimed_by, one.claimed_until) for one in await store.queue()}
    assert kept == {
        "s-1": (None, None),
        "s-2": (None, None),
        "s-3": ("ada", at(20)),
        "s-4": (None, None),
    }
    first = await store.situation("s-1")
    assert first is not None
    assert first.draft == sealed("Dear"), "whoever takes it next goes on from there"


async def test_claims_that_end_later_than_any_can_return_to_the_queue(store: Store) -> None:
    for name, until in (("1", 400), ("2", 14)):
        await file(store, name)
        await store.claim_situation(f"s-{name}", "ada", NOW, at(until))
    assert await store.expire_claims(NOW, at(15)) == ["s-1"]
    assert [one.claimed_by for one in await store.queue()] == [None, "ada"]
