"""What listeners are told."""

import asyncio
from collections.abc import AsyncIterator
from typing import get_args

import pytest

from bot.errors import StoreError, StoreStopped
from bot.models import Change, DeliveryStatus
from bot.store.base import Duty, Store
from tests.store.builders import NOW, answer, at, delivery, effect, entry, file, filing, hire


async def told(news: AsyncIterator[Change], count: int) -> list[tuple[str, str]]:
    """Return the next changes."""
    found = [await asyncio.wait_for(anext(news), 5) for _ in range(count)]
    return [(change.kind, change.id) for change in found]


async def silent(news: AsyncIterator[Change]) -> bool:
    """Tell whether nothing more is told."""
    try:
        await asyncio.wait_for(anext(news), 0.05)
    except TimeoutError:
        return True
    return False


async def test_a_filing_is_told(store: Store) -> None:
    news = store.changes()
    await file(store)
    assert sorted(await told(news, 2)) == [("delivery", "d-1"), ("situation", "s-1")]
    assert await silent(news)


async def test_what_staff_do_is_told_in_order(store: Store) -> None:
    await file(store)
    news = store.changes()
    await store.claim_situation("s-1", "ada", NOW, at(15))
    assert await told(news, 1) == [("situation", "s-1")]
    await store.save_entry(entry())
    await hire(store, "ada")
    await store.settle_delivery("d-1", DeliveryStatus.SENT)
    assert await told(news, 3) == [("entry", "e-1"), ("staff", "ada"), ("delivery", "d-1")]
    await answer(store, "1")
    assert sorted(await told(news, 2)) == [("delivery", "a-1"), ("situation", "s-1")]
    assert await silent(news)


async def test_what_goes_is_told_too(store: Store) -> None:
    await file(store)
    news = store.changes()
    await store.record(effect("m-2", withdrawn="i-1"))
    assert sorted(await told(news, 2)) == [("delivery", "d-1"), ("situation", "s-1")]


async def test_listeners_hear_from_the_call_on(store: Store) -> None:
    await file(store, "1")
    news = store.changes()
    await file(store, "2")
    assert sorted(await told(news, 2)) == [("delivery", "d-2"), ("situation", "s-2")]


async def test_every_listener_is_told(store: Store) -> None:
    listeners = [store.changes() for _ in range(5)]
    await file(store)
    for news in listeners:
        assert sorted(await told(news, 2)) == [("delivery", "d-1"), ("situation", "s-1")]


async def test_a_verb_that_raises_tells_nothing(store: Store) -> None:
    await file(store)
    news = store.changes()
    with pytest.raises(StoreError):
        await store.record(effect("m-2", filing=filing("1"), withdrawn="i-nobody"))
    with pytest.raises(StoreError):
        await store.resolve_situation("s-1", "ada", NOW, [("i-1", entry().body, delivery("1"))], None)
    assert await silent(news)


async def test_reading_tells_nothing(store: Store) -> None:
    await file(store)
    news = store.changes()
    await store.queue()
    await store.situation("s-1")
    await store.owed(NOW, 10)
    assert await silent(news)


async def test_a_slow_listener_hears_of_each_thing_once(store: Store) -> None:
    await file(store)
    news = store.changes()
    for minutes in range(1, 30):
        await store.claim_situation("s-1", "ada", NOW, at(minutes))
    assert await told(news, 1) == [("situation", "s-1")]
    assert await silent(news)


async def test_a_very_slow_listener_is_told_that_everything_may_have_changed(store: Store) -> None:
    news = store.changes()
    await asyncio.gather(*(file(store, str(number)) for number in range(1500)))
    await store.close()
    heard = {(change.kind, change.id) for change in await _all(news)}
    assert heard == {("situation", ""), ("delivery", "")}


async def test_listening_ends_when_the_store_closes(store: Store) -> None:
    news = store.changes()
    await hire(store, "ada")
    listening = asyncio.create_task(_all(news))
    await store.close()
    assert await asyncio.wait_for(listening, 5) == [Change(kind="staff", id="ada")]


async def _all(news: AsyncIterator[Change]) -> list[Change]:
    return [change async for change in news]


async def test_a_closed_store_takes_no_more_work(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreStopped):
        await file(store)
    with pytest.raises(StoreStopped):
        await store.queue()
    await store.close()


async def test_closing_finishes_what_is_being_written(store: Store) -> None:
    filings = [asyncio.create_task(file(store, str(number))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert all(await asyncio.gather(*filings))


async def heard_of(news: AsyncIterator[Change], count: int) -> list[Change]:
    """Return the next changes with their numbers."""
    return [await asyncio.wait_for(anext(news), 5) for _ in range(count)]


async def test_a_listener_that_returns_hears_what_it_missed_and_what_comes(store: Store) -> None:
    news = store.changes()
    await file(store, "1")
    seen = await heard_of(news, 2)
    await store.save_entry(entry())
    await hire(store, "ada")
    again = store.changes(seen[-1].number)
    assert await told(again, 2) == [("entry", "e-1"), ("staff", "ada")]
    await store.claim_situation("s-1", "ada", NOW, at(15))
    assert await told(again, 1) == [("situation", "s-1")]
    assert await silent(again)


async def test_a_listener_can_begin_at_any_change_it_heard_of(store: Store) -> None:
    news = store.changes()
    for number in range(1, 6):
        await store.save_entry(entry(str(number)))
    heard = await heard_of(news, 5)
    assert len({change.number for change in heard}) == 5
    for place, change in enumerate(heard):
        again = store.changes(change.number)
        assert await told(again, 4 - place) == [("entry", f"e-{number}") for number in range(place + 2, 6)]
        assert await silent(again)


async def test_beginning_at_the_newest_change_tells_nothing_old(store: Store) -> None:
    news = store.changes()
    await store.save_entry(entry())
    (newest,) = await heard_of(news, 1)
    assert await silent(store.changes(newest.number))


@pytest.mark.parametrize("place", ["", "0", "gone", "f" * 16 + "-1", "1 or 1=1", "\0", "９"])
async def test_a_place_nobody_knows_means_that_everything_may_have_changed(store: Store, place: str) -> None:
    await file(store)
    again = store.changes(place)
    heard = await heard_of(again, 6)
    assert {change.kind for change in heard} == {
        "situation",
        "delivery",
        "entry",
        "staff",
        "alarm",
        "content",
    }
    assert {(change.id, change.number) for change in heard} == {("", "")}
    assert await silent(again)
    await store.save_entry(entry())
    assert await told(again, 1) == [("entry", "e-1")]


async def test_whoever_begins_at_a_number_it_was_given_has_missed_nothing(store: Store) -> None:
    news = store.changes()
    await store.save_entry(entry("1"))
    await store.save_entry(entry("2"))
    await store.save_entry(entry("1", version=2))  # waits already, so it is not told twice
    first, second = await heard_of(news, 2)
    assert (first.id, second.id) == ("e-1", "e-2")
    assert await told(store.changes(second.number), 1) == [("entry", "e-1")]


async def test_what_a_very_slow_listener_is_told_names_no_place(store: Store) -> None:
    news = store.changes()
    await asyncio.gather(*(file(store, str(number)) for number in range(1500)))
    await store.close()
    assert {change.number for change in await _all(news) if not change.id} == {""}


async def test_one_process_has_every_duty_and_keeps_it(store: Store) -> None:
    for duty in get_args(Duty):
        assert await store.leads(duty)
        assert await store.leads(duty)
