"""The outbox."""

from dataclasses import replace

import pytest

from bot.errors import NotFound
from bot.models import DeliveryStatus
from bot.store.base import Store
from tests.store.builders import NOW, addition, at, delivery, effect, file


async def owe(store: Store, name: str, created: float, due: float) -> None:
    """Owe inquiry `i-1` a delivery of that name."""
    owed = delivery(name, created_at=at(created), due_at=at(due))
    await store.record(effect(f"m-{name}", addition=addition("1", receipt=owed)))


async def test_what_is_owed_and_due_is_returned_oldest_first(store: Store) -> None:
    await file(store, "1", opened_at=at(2))
    await owe(store, "late", 5, 5)
    await owe(store, "retried", 1, 6)
    await owe(store, "not-due", 0, 7)
    assert [one.id for one in await store.owed(at(6), 10)] == ["d-retried", "d-1", "d-late"]


async def test_no_more_is_returned_than_asked_for(store: Store) -> None:
    await file(store, "1")
    for minute in (3, 1, 2):
        await owe(store, str(minute) + "-more", minute, 0)
    assert [one.id for one in await store.owed(at(9), 2)] == ["d-1", "d-1-more"]


@pytest.mark.parametrize("status", [DeliveryStatus.SENT, DeliveryStatus.PLACED, DeliveryStatus.FAILED])
async def test_what_was_sent_placed_or_failed_is_owed_no_more(store: Store, status: DeliveryStatus) -> None:
    made = await file(store)
    await store.settle_delivery("d-1", status, problem="blocked")
    assert await store.owed(at(1000), 10) == []
    assert await store.deliveries_of("i-1") == [
        replace(made.receipt, status=status, attempts=1, problem="blocked")
    ]


async def test_what_is_owed_still_is_due_again_at_its_time(store: Store) -> None:
    made = await file(store)
    await store.settle_delivery("d-1", DeliveryStatus.OWED, due_at=at(5), problem="timeout")
    assert await store.owed(at(4), 10) == []
    expected = replace(made.receipt, due_at=at(5), attempts=1, problem="timeout")
    assert await store.owed(at(5), 10) == [expected]
    await store.settle_delivery("d-1", DeliveryStatus.SENT)
    assert await store.deliveries_of("i-1") == [
        replace(expected, status=DeliveryStatus.SENT, attempts=2, problem=None)
    ]


async def test_a_delivery_that_went_with_its_inquiry_is_not_found(store: Store) -> None:
    await file(store)
    await store.record(effect("m-2", withdrawn="i-1"))
    with pytest.raises(NotFound):
        await store.settle_delivery("d-1", DeliveryStatus.SENT)


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
        await store.settle_delivery(f"d-{name}", status)
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
    assert [one.id for one in await store.owed(NOW, 10)] == ["d-4"]
