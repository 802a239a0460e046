"""What listeners are told."""

import asyncio
from collections.abc import AsyncIterator
from secrets import token_hex
from typing import get_args

import pytest

from bot.errors import StoreError, StoreStopped
from bot.models import Change, DeliveryStatus
from bot.store.base import Duty, Store
from tests.store.builders import NOW, answer, at, effect, entry, file, filing, hire, mailing, owed, session


async def listening(store: Store) -> AsyncIterator[Change]:
    """Return a listener that has heard all that was done before."""
    news = store.changes()
    await heard(store, news)
    return news


async def heard(store: Store, news: AsyncIterator[Change]) -> list[Change]:
    """Return what is told of all that was done up to now: a mark is set, and nothing after it is read."""
    mark = f"mark-{token_hex(8)}"
    await store.save_entry(entry(mark))
    found: list[Change] = []
    while (change := await asyncio.wait_for(anext(news), 5)).id != f"e-{mark}":
        found.append(change)
    return found


async def told(store: Store, news: AsyncIterator[Change]) -> list[tuple[str, str]]:
    """Return kind and id of what `heard` returns."""
    return [(change.kind, change.id) for change in await heard(store, news)]


async def test_a_filing_is_told(store: Store) -> None:
    news = await listening(store)
    await file(store)
    assert sorted(await told(store, news)) == [("delivery", "d-1"), ("situation", "s-1")]
    assert await told(store, news) == []


async def test_what_staff_do_is_told_in_order(store: Store) -> None:
    await file(store)
    news = await listening(store)
    await store.claim_situation("s-1", "ada", NOW, at(15))
    assert await told(store, news) == [("situation", "s-1")]
    await store.save_entry(entry())
    await hire(store, "ada")
    await store.settle_delivery("d-1", DeliveryStatus.SENT, attempts=0)
    assert await told(store, news) == [("entry", "e-1"), ("staff", "ada"), ("delivery", "d-1")]
    await answer(store, "1")
    assert sorted(await told(store, news)) == [("delivery", "a-1"), ("situation", "s-1")]


async def test_a_session_that_ends_is_told_as_a_change_of_its_account(store: Store) -> None:
    await hire(store, "ada")
    news = await listening(store)
    await store.save_session(session())
    assert await told(store, news) == []
    await store.end_session("t-1")
    assert await told(store, news) == [("staff", "ada")]
    await store.end_session("t-1")
    assert await told(store, news) == []


async def test_what_goes_is_told_too(store: Store) -> None:
    await file(store)
    news = await listening(store)
    await store.record(effect("m-2", withdrawn="i-1"))
    assert sorted(await told(store, news)) == [("delivery", "d-1"), ("situation", "s-1")]


async def test_listeners_hear_from_the_call_on(store: Store) -> None:
    await file(store, "1")
    news = await listening(store)
    await file(store, "2")
    assert sorted(await told(store, news)) == [("delivery", "d-2"), ("situation", "s-2")]


async def test_every_listener_is_told(store: Store) -> None:
    listeners = [await listening(store) for _ in range(5)]
    await file(store)
    for news in listeners:
        assert {("delivery", "d-1"), ("situation", "s-1")} <= set(await told(store, news))


async def test_a_verb_that_raises_tells_nothing(store: Store) -> None:
    await file(store)
    news = await listening(store)
    with pytest.raises(StoreError):
        await store.record(effect("m-2", filing=filing("1"), withdrawn="i-nobody"))
    with pytest.raises(StoreError):
        await store.resolve_situation("s-1", "ada", NOW, mailing(), entry(version=2))
    assert await told(store, news) == []


async def test_reading_tells_nothing(store: Store) -> None:
    await file(store)
    news = await listening(store)
    await store.queue()
    await store.situation("s-1")
    await owed(store)
    assert await told(store, news) == []


async def test_a_slow_listener_hears_of_each_thing_once(store: Store) -> None:
    await file(store)
    news = await listening(store)
    quick = await listening(store)
    for minutes in range(1, 30):
        await store.claim_situation("s-1", "ada", NOW, at(minutes))
    await heard(store, quick)
    assert (await told(store, news)).count(("situation", "s-1")) == 1
    assert await told(store, news) == []


async def test_a_very_slow_listener_is_told_that_everything_may_have_changed(store: Store) -> None:
    news = await listening(store)
    for hundred in range(12):
        await asyncio.gather(*(file(store, str(hundred * 100 + number)) for number in range(100)))
    await store.close()
    told = await _all(news)
    assert {(change.kind, change.id) for change in told} == {("situation", ""), ("delivery", "")}
    assert {change.number for change in told} == {""}, "that is no place to begin again at"


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


async def test_a_listener_that_returns_hears_what_it_missed_and_what_comes(store: Store) -> None:
    news = await listening(store)
    await file(store, "1")
    place = await last_place(store, news)
    await store.save_entry(entry())
    await hire(store, "ada")
    again = store.changes(place)
    assert await told(store, again) == [("entry", "e-1"), ("staff", "ada")]
    await store.claim_situation("s-1", "ada", NOW, at(15))
    assert await told(store, again) == [("situation", "s-1")]


async def last_place(store: Store, news: AsyncIterator[Change]) -> str:
    """Return the number of a change before which all was told that was done up to now."""
    await heard(store, news)
    while True:
        await store.save_entry(entry(f"place-{token_hex(8)}"))
        change = await asyncio.wait_for(anext(news), 5)
        if change.number:
            return change.number


async def test_a_listener_can_begin_at_any_number_it_was_given(store: Store) -> None:
    news = await listening(store)
    for number in range(1, 6):
        await store.save_entry(entry(str(number)))
    seen = await heard(store, news)
    assert [change.id for change in seen] == [f"e-{number}" for number in range(1, 6)]
    for place, change in enumerate(seen):
        if change.number:
            again = await told(store, store.changes(change.number))
            assert again[: 4 - place] == [("entry", f"e-{number}") for number in range(place + 2, 6)]


async def test_beginning_at_the_newest_number_tells_nothing_old(store: Store) -> None:
    news = await listening(store)
    await store.save_entry(entry())
    place = await last_place(store, news)
    assert await told(store, store.changes(place)) == []


@pytest.mark.parametrize("place", ["", "0", "gone", "f" * 16 + "-1", "1-9:1:", "1 or 1=1", "\0", "９"])
async def test_a_place_nobody_knows_means_that_everything_may_have_changed(store: Store, place: str) -> None:
    await file(store)
    again = store.changes(place)
    first = [await asyncio.wait_for(anext(again), 5) for _ in range(6)]
    assert {change.kind for change in first} == {
        "situation",
        "delivery",
        "entry",
        "staff",
        "alarm",
        "content",
    }
    assert {(change.id, change.number) for change in first} == {("", "")}
    await heard(store, again)
    await hire(store, "ada")
    assert await told(store, again) == [("staff", "ada")]


async def test_one_process_has_every_duty_and_keeps_it(store: Store) -> None:
    for duty in get_args(Duty):
        assert await store.leads(duty)
        assert await store.leads(duty)
