"""What is owed is given out in order for each address, and fairly between them."""

from datetime import timedelta

import pytest

from bot.models import Address
from bot.outbox import Item, Outbox
from tests.parts import NOON, address

WEB = "webchat"


def item(name: str, minute: float = 0, **other: object) -> Item:
    fields = {"situation_id": "s-1", "receipt": False, "ready_at": 0.0}
    return Item(created_at=NOON + timedelta(minutes=minute), id=name, **fields | other)  # type: ignore[arg-type]


def taken(outbox: Outbox, now: float = 0.0, *, receipts: bool = False) -> list[str]:
    """Take and settle all that is ready, one after the other."""
    ids = []
    while (given := outbox.take(WEB, now, receipts=receipts)) is not None:
        ids.append(given[1].id)
        outbox.done(*given, now)
    return ids


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


def test_one_address_hears_everything_in_order_however_it_was_taken_in(outbox: Outbox) -> None:
    for name, minute in (("c", 3), ("a", 1), ("b", 2)):
        outbox.add(address(), item(name, minute), 0)
    assert taken(outbox) == ["a", "b", "c"]
    assert len(outbox) == 0


def test_while_something_is_under_way_to_an_address_it_is_given_out_to_nobody(outbox: Outbox) -> None:
    outbox.add(address(), item("a", 1), 0)
    outbox.add(address(), item("b", 2), 0)
    given = outbox.take(WEB, 0, receipts=False)
    assert given is not None
    assert outbox.take(WEB, 0, receipts=False) is None
    outbox.add(address(), item("c", 3, receipt=True), 0)
    assert outbox.take(WEB, 0, receipts=True) is None
    outbox.done(*given, 0)
    assert taken(outbox, receipts=True) == ["b", "c"], "a receipt takes along what comes before it"


def test_what_is_known_is_not_taken_in_twice(outbox: Outbox) -> None:
    outbox.add(address(), item("a"), 0)
    outbox.add(address(), item("a"), 0)
    assert "a" in outbox
    assert taken(outbox) == ["a"]
    assert "a" not in outbox


def test_a_receipt_waits_for_no_crowd(outbox: Outbox) -> None:
    for number in range(1000):
        outbox.add(address(f"chat {number}"), item(f"many-{number}", situation_id="s-many"), 0)
    outbox.add(address("ann"), item("receipt", 5, situation_id="s-ann", receipt=True), 0)
    assert taken(outbox, receipts=True) == ["receipt"]


def test_situations_take_turns(outbox: Outbox) -> None:
    for number in range(5):
        outbox.add(address(f"chat {number}"), item(f"many-{number}", situation_id="s-many"), 0)
    outbox.add(address("ann"), item("ann", 9, situation_id="s-ann"), 0)
    outbox.add(address("bob"), item("bob", 9, situation_id="s-bob"), 0)
    assert taken(outbox)[:4] == ["many-0", "ann", "bob", "many-1"]


def test_a_channel_gives_out_its_own_alone(outbox: Outbox) -> None:
    outbox.add(Address(channel="telegram", chat="7"), item("t"), 0)
    assert taken(outbox) == []
    assert list(outbox.channels()) == ["telegram"]


def test_what_failed_holds_up_what_comes_after_it_until_its_time(outbox: Outbox) -> None:
    outbox.add(address(), item("a", 1), 0)
    outbox.add(address(), item("b", 2), 0)
    given = outbox.take(WEB, 0, receipts=False)
    assert given is not None
    outbox.done(*given, 0, item("a", 1, ready_at=30.0, tried=True))
    assert taken(outbox, 29) == []
    assert outbox.next_at(0) == 30
    assert taken(outbox, 30) == ["a", "b"]
    assert outbox.next_at(30) is None


def test_what_only_waits_for_its_hour_holds_up_nothing(outbox: Outbox) -> None:
    outbox.add(address(), item("morning", 1, ready_at=100.0), 0)
    outbox.add(address(), item("now", 2), 0)
    assert taken(outbox, 0) == ["now"]
    assert taken(outbox, 99) == []
    assert taken(outbox, 100) == ["morning"]


def test_ten_thousand_situations_are_given_out_in_a_moment(outbox: Outbox) -> None:
    for number in range(10_000):
        outbox.add(address(f"chat {number}"), item(str(number), situation_id=f"s-{number}"), 0)
    assert len(taken(outbox)) == 10_000
