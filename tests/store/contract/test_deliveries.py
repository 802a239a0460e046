"""The outbox."""

from dataclasses import replace

import pytest

from bot.errors import NotFound, Stale
from bot.models import DeliveryStatus
from bot.store.base import Owed, Store
from tests.store.builders import addition, at, delivery, effect, file, owed


async def owe(store: Store, name: str, created: float, due: float) -> None:
    """Owe inquiry `i-1` a delivery of that name."""
    owed = delivery(name, created_at=at(created), due_at=at(due))
    await store.record(effect(f"m-{name}", addition=addition("1", receipt=owed)))


async def test_what_is_owed_is_returned_oldest_first_some_at_a_time_due_or_not(store: Store) -> None:
    await file(store, "1", opened_at=at(2))
    await owe(store, "late", 5, 5)
    await owe(store, "not-due", 2, 700)
    await owe(store, "early", 1, 7)
    first = await store.owed(2)
    assert [one.delivery.id for one in first] == ["d-early", "d-1"]
    rest = await store.owed(3, first[-1].delivery)
    assert [one.delivery.id for one in rest] == ["d-not-due", "d-late"]
    assert await store.owed(2, rest[-1].delivery) == []
    assert {one.inquiry.id for one in (*first, *rest)} == {"i-1"}
    assert first[0].inquiry == await store.inquiry("i-1")


async def test_since_when_something_is_owed_that_could_go_out(store: Store) -> None:
    assert await store.oldest_due(at(100)) is None
    await file(store, "1", opened_at=at(2))
    await owe(store, "not-due", 1, 700)
    assert await store.oldest_due(at(1)) is None
    assert await store.oldest_due(at(6)) == at(2)
    assert await store.oldest_due(at(700)) == at(1)


async def test_a_delivery_is_found_with_its_inquiry_whatever_became_of_it(store: Store) -> None:
    made = await file(store)
    assert await store.delivery("d-1") == Owed(delivery=made.receipt, inquiry=made.inquiry)
    await store.settle_delivery("d-1", DeliveryStatus.SENT, attempts=0)
    found = await store.delivery("d-1")
    assert found is not None
    assert found.delivery.status is DeliveryStatus.SENT
    assert await store.delivery("d-2") is None


@pytest.mark.parametrize("status", [each for each in DeliveryStatus if each is not DeliveryStatus.OWED])
async def test_what_was_settled_is_owed_no_more(store: Store, status: DeliveryStatus) -> None:
    made = await file(store)
    await store.settle_delivery("d-1", status, attempts=0, problem="blocked")
    assert await owed(store) == []
    assert await store.deliveries_of("i-1") == [
        replace(made.receipt, status=status, attempts=1, problem="blocked")
    ]


async def test_what_is_owed_still_is_due_again_at_its_time(store: Store) -> None:
    made = await file(store)
    await store.settle_delivery("d-1", DeliveryStatus.OWED, attempts=0, due_at=at(5), problem="timeout")
    expected = replace(made.receipt, due_at=at(5), attempts=1, problem="timeout")
    assert await owed(store) == [expected]
    await store.settle_delivery("d-1", DeliveryStatus.SENT, attempts=1)
    assert await store.deliveries_of("i-1") == [
        replace(expected, status=DeliveryStatus.SENT, attempts=2, problem=None)
    ]


@pytest.mark.parametrize("mine", [DeliveryStatus.OWED, DeliveryStatus.FAILED, DeliveryStatus.DROPPED])
async def test_what_did_not_reach_the_citizen_undoes_nothing_that_somebody_else_recorded(
    store: Store, mine: DeliveryStatus
) -> None:
    await file(store)
    await store.settle_delivery("d-1", DeliveryStatus.OWED, attempts=0, due_at=at(5), problem="theirs")
    for theirs in (DeliveryStatus.OWED, DeliveryStatus.SENT):
        if theirs is DeliveryStatus.SENT:
            await store.settle_delivery("d-1", theirs, attempts=1)
        before = await store.deliveries_of("i-1")
        with pytest.raises(Stale):
            await store.settle_delivery("d-1", mine, attempts=0, due_at=at(9), problem="mine")
        assert await store.deliveries_of("i-1") == before


@pytest.mark.parametrize("reached", [DeliveryStatus.SENT, DeliveryStatus.PLACED])
@pytest.mark.parametrize("theirs", [DeliveryStatus.OWED, DeliveryStatus.FAILED])
async def test_that_it_reached_the_citizen_is_recorded_whatever_somebody_else_did(
    store: Store, reached: DeliveryStatus, theirs: DeliveryStatus
) -> None:
    await file(store)
    await store.settle_delivery("d-1", theirs, attempts=0, problem="theirs")
    await store.settle_delivery("d-1", reached, attempts=0)
    (kept,) = await store.deliveries_of("i-1")
    assert (kept.status, kept.attempts, kept.problem) == (reached, 2, None)
    for late in (DeliveryStatus.SENT, DeliveryStatus.PLACED):
        with pytest.raises(Stale):
            await store.settle_delivery("d-1", late, attempts=1)
    assert await store.deliveries_of("i-1") == [kept]


async def test_what_failed_or_is_tried_again_is_listed_oldest_first(store: Store) -> None:
    for name, minute in (("1", 3), ("2", 1), ("3", 2), ("4", 0), ("5", 0)):
        await file(store, name, opened_at=at(minute))
    await store.settle_delivery("d-1", DeliveryStatus.FAILED, attempts=0, problem="unreachable")
    await store.settle_delivery("d-2", DeliveryStatus.OWED, attempts=0, due_at=at(9), problem="timeout")
    await store.settle_delivery("d-3", DeliveryStatus.FAILED, attempts=0, problem="timeout")
    await store.settle_delivery("d-4", DeliveryStatus.SENT, attempts=0)
    listed = await store.undelivered(10)
    assert [each.delivery.id for each in listed] == ["d-2", "d-3", "d-1"]
    assert listed[0].inquiry.reference == "R-2"
    assert [each.delivery.id for each in await store.undelivered(1)] == ["d-2"]


async def test_what_was_given_up_can_be_owed_anew(store: Store) -> None:
    await file(store)
    with pytest.raises(Stale):
        await store.retry_delivery("d-1", at(5))
    await store.settle_delivery("d-1", DeliveryStatus.FAILED, attempts=0, problem="unreachable")
    await store.retry_delivery("d-1", at(5))
    (anew,) = await owed(store)
    assert (anew.due_at, anew.attempts, anew.problem) == (at(5), 1, "unreachable")
    with pytest.raises(Stale):
        await store.retry_delivery("d-1", at(6))
    with pytest.raises(NotFound):
        await store.retry_delivery("d-9", at(6))


async def test_a_delivery_that_went_with_its_inquiry_is_not_found(store: Store) -> None:
    await file(store)
    await store.record(effect("m-2", withdrawn="i-1"))
    with pytest.raises(NotFound):
        await store.settle_delivery("d-1", DeliveryStatus.SENT, attempts=0)


async def test_deliveries_of_an_inquiry_come_oldest_first(store: Store) -> None:
    await file(store, "1", opened_at=at(2))
    await file(store, "2")
    await owe(store, "early", 1, 9)
    await owe(store, "late", 3, 0)
    assert [one.id for one in await store.deliveries_of("i-1")] == ["d-early", "d-1", "d-late"]
    assert await store.deliveries_of("i-nobody") == []


async def test_seen_replies_turn_from_placed_to_sent(store: Store) -> None:
    for name in ("1", "2", "3", "4"):
        await file(store, name)
    for name, status in (
        ("1", DeliveryStatus.PLACED),
        ("2", DeliveryStatus.PLACED),
        ("3", DeliveryStatus.FAILED),
    ):
        await store.settle_delivery(f"d-{name}", status, attempts=0)
    assert await store.mark_seen(["i-1", "i-1", "i-3", "i-4", "i-nobody"]) == 1
    assert await store.mark_seen(["i-1"]) == 0
    kept = {name: (await store.deliveries_of(f"i-{name}"))[0] for name in ("1", "2", "3", "4")}
    assert {name: one.status for name, one in kept.items()} == {
        "1": DeliveryStatus.SENT,
        "2": DeliveryStatus.PLACED,
        "3": DeliveryStatus.FAILED,
        "4": DeliveryStatus.OWED,
    }
    assert kept["1"].attempts == 1, "being seen is no attempt"
    assert [one.id for one in await owed(store)] == ["d-4"]
