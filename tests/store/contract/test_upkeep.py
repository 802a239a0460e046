"""What time does: closing, purging, forgetting."""

from dataclasses import replace

import pytest

from bot.errors import NotFound, StoreError, StoreStopped
from bot.models import InquiryStatus, SituationStatus, UrgentKind
from bot.store.base import Store
from tests.store.builders import (
    NOW,
    account,
    addition,
    answer,
    at,
    close,
    conversation,
    delivery,
    effect,
    file,
    filing,
    hire,
    invite,
    owed,
    session,
)

ANSWERED, CLOSED = InquiryStatus.ANSWERED, InquiryStatus.CLOSED


async def settled(store: Store, minutes: float, status: InquiryStatus, limit: int = 10) -> list[str]:
    found = await store.inquiries_settled_before(at(minutes), status, limit, urgent=False)
    assert all(one.status is status for one in found)
    return [one.id for one in found]


async def test_settled_inquiries_come_oldest_first_by_status(store: Store) -> None:
    for name, minutes in (("late", 9), ("early", 3), ("middle", 5)):
        await file(store, name)
        await answer(store, name, when=at(minutes))
    for name, minutes in (("closed", 4), ("closed-first", 2)):
        await file(store, name)
        await close(store, name, at(minutes))
    await file(store, "open")
    assert await settled(store, 100, ANSWERED) == ["i-early", "i-middle", "i-late"]
    assert await settled(store, 9, ANSWERED) == ["i-early", "i-middle"], "before the time, not at it"
    assert await settled(store, 100, ANSWERED, 2) == ["i-early", "i-middle"]
    assert await settled(store, 100, CLOSED) == ["i-closed-first", "i-closed"]
    assert await settled(store, 100, InquiryStatus.OPEN) == []


async def test_an_answered_inquiry_is_closed_for_good(store: Store) -> None:
    await file(store)
    resolved = await answer(store, "1", when=at(5))
    answered = await store.inquiry("i-1")
    await store.close_inquiry("i-1", at(50), was=ANSWERED)
    assert answered is not None
    assert await store.inquiry("i-1") == replace(
        answered, status=CLOSED, updated_at=at(50), settled_at=at(50)
    )
    assert await store.situation("s-1") == replace(
        resolved, status=SituationStatus.CLOSED, updated_at=at(50)
    ), "who settled it and when stays known"
    assert await settled(store, 100, ANSWERED) == []
    with pytest.raises(NotFound):
        await store.record(effect("m-2", addition=addition()))


async def test_a_situation_stays_resolved_while_an_inquiry_in_it_is_not_closed(store: Store) -> None:
    await file(store, "1")
    await file(store, "2", joins="1")
    resolved = await answer(store, "1")
    await store.close_inquiry("i-1", at(50), was=ANSWERED)
    assert await store.situation("s-1") == resolved


async def test_an_inquiry_that_was_reopened_is_not_closed(store: Store) -> None:
    await file(store)
    await answer(store, "1")
    await store.record(effect("m-2", addition=addition()))
    with pytest.raises(NotFound):
        await store.close_inquiry("i-1", at(50), was=ANSWERED)
    assert [kept.id for kept in await store.queue()] == ["s-1"]
    with pytest.raises(NotFound):
        await store.close_inquiry("i-nobody", at(50), was=ANSWERED)


async def test_a_purged_inquiry_leaves_nothing(store: Store) -> None:
    await file(store)
    await answer(store, "1")
    await store.close_inquiry("i-1", at(5), was=ANSWERED)
    await store.purge_inquiry("i-1")
    assert await store.inquiry("i-1") is None
    assert await store.situation("s-1") is None
    assert await store.situation_of("R-1") is None
    assert await store.deliveries_of("i-1") == []
    assert await settled(store, 100, CLOSED) == []
    await store.purge_inquiry("i-1")


async def test_a_purged_inquiry_leaves_its_situation_to_the_others(store: Store) -> None:
    await file(store, "1", languages=("zh-Hans",))
    second = await file(store, "2", joins="1")
    resolved = await answer(store, "1", when=at(1))
    await store.close_inquiry("i-1", at(5), was=ANSWERED)
    await store.purge_inquiry("i-1")
    assert await store.situation("s-1") == replace(
        resolved, references=("R-2",), inquiries=1, languages=("en",)
    )
    assert (await store.deliveries_of("i-2"))[0] == second.receipt


async def test_only_a_closed_inquiry_is_purged(store: Store) -> None:
    made = await file(store)
    with pytest.raises(StoreError):
        await store.purge_inquiry("i-1")
    assert await store.inquiry("i-1") == made.inquiry


async def test_a_conversation_goes_at_the_time_it_was_given(store: Store) -> None:
    await store.save_conversation(conversation())
    assert await store.drop_expired(at(1000), NOW, NOW) == 0, "one without an end stays"
    await store.save_conversation(conversation(version=2, keep_until=at(60)))
    assert await store.drop_expired(at(59), NOW, NOW) == 0
    assert await store.drop_expired(at(60), NOW, NOW) == 1
    assert await store.conversation("c-1") is None
    await store.save_conversation(conversation(version=1))


async def test_urgent_inquiries_are_listed_apart_since_they_are_kept_another_time(store: Store) -> None:
    for name, urgent in (("calm", None), ("urgent", UrgentKind.CRISIS)):
        made = filing(name)
        made = replace(made, inquiry=replace(made.inquiry, urgent=urgent))
        await store.record(effect(f"m-{name}", filing=made))
        await close(store, name, at(5))
    for urgent, name in ((False, "i-calm"), (True, "i-urgent")):
        found = await store.inquiries_settled_before(at(100), CLOSED, 10, urgent=urgent)
        assert [one.id for one in found] == [name]


async def test_digests_of_messages_are_forgotten_in_time(store: Store) -> None:
    await store.record(effect("m-1", at=at(1)))
    await store.record(effect("m-2", at=at(2)))
    assert await store.drop_expired(NOW, at(2), NOW) == 1
    assert not await store.message_seen("m-1")
    assert await store.message_seen("m-2")


async def test_unused_sessions_and_old_invitations_go(store: Store) -> None:
    await hire(store, "ada")
    await store.save_session(session("t-old", used_at=at(0)))
    await store.save_session(session("t-used", used_at=at(0)))
    await store.save_session(session("t-used", used_at=at(5)))
    await store.save_invite(invite("v-old", expires_at=at(10)))
    await store.save_invite(invite("v-new", expires_at=at(11)))
    assert await store.drop_expired(at(10), NOW, at(5)) == 2
    assert await store.session("t-old") is None
    assert await store.session("t-used") is not None
    await store.accept_invite("v-new", account("bob"), at(10))


async def test_dropping_is_done_once(store: Store) -> None:
    await store.save_conversation(conversation(keep_until=at(1)))
    assert await store.drop_expired(at(2), NOW, NOW) == 1
    assert await store.drop_expired(at(2), NOW, NOW) == 0


async def test_there_are_no_counters_at_first(store: Store) -> None:
    assert await store.counters() == {}


async def test_an_inquiry_that_waits_for_the_citizen_is_listed_and_closed(store: Store) -> None:
    made = filing()
    waiting = replace(made.inquiry, status=InquiryStatus.WAITING, settled_at=at(5))
    await store.record(effect("m-1", filing=replace(made, inquiry=waiting)))
    assert await settled(store, 100, InquiryStatus.WAITING) == ["i-1"]
    with pytest.raises(NotFound):
        await store.close_inquiry("i-1", at(50), was=ANSWERED)
    told = delivery("told", "i-1", created_at=at(50), due_at=at(50))
    await store.close_inquiry("i-1", at(50), was=InquiryStatus.WAITING, told=told)
    assert await owed(store) == [made.receipt, told]
    kept = await store.situation("s-1")
    assert kept is not None
    assert kept.status is SituationStatus.CLOSED
    assert await store.queue() == []


async def test_more_words_open_an_inquiry_that_waited(store: Store) -> None:
    made = filing()
    waiting = replace(made.inquiry, status=InquiryStatus.WAITING, settled_at=at(5))
    await store.record(effect("m-1", filing=replace(made, inquiry=waiting)))
    await store.record(effect("m-2", addition=addition()))
    kept = await store.inquiry("i-1")
    assert kept is not None
    assert (kept.status, kept.settled_at) == (InquiryStatus.OPEN, None)


async def test_unclosed_inquiries_are_listed_by_when_they_were_opened(store: Store) -> None:
    for name, minutes in (("late", 9), ("early", 3), ("answered", 5), ("closed", 1)):
        await file(store, name, opened_at=at(minutes))
    await answer(store, "answered", when=at(20))
    await close(store, "closed", at(20))
    listed = [each.id for each in await store.inquiries_opened_before(at(9), 10)]
    assert listed == ["i-early", "i-answered"]
    assert [each.id for each in await store.inquiries_opened_before(at(100), 1)] == ["i-early"]


async def test_a_closed_inquiry_is_not_closed_again_and_nothing_is_owed(store: Store) -> None:
    await file(store)
    await close(store, "1", at(5))
    with pytest.raises(NotFound):
        await store.close_inquiry("i-1", at(6), was=CLOSED, told=delivery("told"))
    assert [one.id for one in await owed(store)] == ["d-1", "a-1"], (
        "the receipt, and the word that it is closed"
    )


async def test_scrubbing_changes_nothing_that_is_kept(store: Store) -> None:
    made = await file(store)
    await store.scrub()
    await store.scrub(thoroughly=True)
    assert await store.inquiry("i-1") == made.inquiry


async def test_a_store_says_whether_it_takes_work(store: Store) -> None:
    await store.check()
    await store.close()
    with pytest.raises(StoreStopped):
        await store.check()


async def test_the_last_round_is_kept(store: Store) -> None:
    assert await store.last_round() is None
    await store.note_round(at(3))
    await store.note_round(at(1))
    assert await store.last_round() == at(1)
