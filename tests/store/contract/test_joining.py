"""Many inquiries in one situation, and never two situations for one event."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import PoolMoved, SituationSettled
from bot.models import OLDEST_NAMED, Situation
from bot.store.base import Compared, Store
from tests.store.builders import NOW, addition, answer, at, effect, file, filing


async def try_to_open(
    store: Store, name: str, seen: int, beside: Sequence[str] = (), **other: Any
) -> Situation | None:
    """File an inquiry that was compared with the first `seen` situations of its pool; return what it opened."""
    made = filing(name, pool="en", **other)
    compared = Compared(seen=seen, beside=frozenset(beside))
    await store.record(effect(f"m-{name}", filing=replace(made, compared=compared)))
    return await store.situation(made.situation.id)


async def test_a_situation_names_the_oldest_inquiries_in_it_and_counts_all(store: Store) -> None:
    for number in range(OLDEST_NAMED + 3):
        await file(store, str(number), joins="0", opened_at=at(number))
    situation = await store.situation("s-0")
    assert situation is not None
    assert situation.inquiries == OLDEST_NAMED + 3
    assert situation.references == tuple(f"R-{number}" for number in range(OLDEST_NAMED))


async def test_the_next_oldest_is_named_when_one_goes(store: Store) -> None:
    for number in range(OLDEST_NAMED + 2):
        await file(store, str(number), joins="0", opened_at=at(number))
    await store.record(effect("m-gone", withdrawn="i-2"))
    situation = await store.situation("s-0")
    assert situation is not None
    assert situation.inquiries == OLDEST_NAMED + 1
    assert situation.references == ("R-0", "R-1", "R-3", "R-4", "R-5")


async def test_a_join_leaves_the_situation_as_it_was_but_for_who_is_in_it(store: Store) -> None:
    first = await file(store, "1")
    await file(store, "2", joins="1", opened_at=at(5))
    expected = replace(first.situation, references=("R-1", "R-2"), inquiries=2)
    assert await store.situation("s-1") == expected


async def test_what_the_desk_joined_is_marked_so(store: Store) -> None:
    await file(store, "1")
    made = filing("2", joins="1")
    made = replace(made, inquiry=replace(made.inquiry, joined=True))
    await store.record(effect("m-2", filing=made))
    assert [inquiry.joined for inquiry in await store.inquiries_in("s-1")] == [False, True]


async def test_what_the_desk_joined_opens_no_situation_in_place_of_one_that_is_gone(store: Store) -> None:
    await file(store, "1")
    await store.record(effect("m-gone", withdrawn="i-1"))
    made = filing("2", joins="1")
    with pytest.raises(SituationSettled):
        await store.record(effect("m-2", filing=replace(made, inquiry=replace(made.inquiry, joined=True))))
    assert await store.situation("s-1") is None
    assert await store.inquiry("i-2") is None


async def test_inquiries_are_returned_page_by_page(store: Store) -> None:
    for number in range(7):
        await file(store, str(number), joins="0", opened_at=at(number))
    pages = [await store.inquiries_in("s-0", first, 3) for first in (0, 3, 6, 9)]
    names = [[inquiry.id for inquiry in page] for page in pages]
    assert names == [["i-0", "i-1", "i-2"], ["i-3", "i-4", "i-5"], ["i-6"], []]


async def test_situations_of_a_pool_are_numbered_as_they_are_opened(store: Store) -> None:
    await file(store, "1", pool="en")
    await file(store, "2", pool="zh")
    await file(store, "3", pool="en")
    await file(store, "4")
    pool = await store.pool("en")
    assert pool.number == 2
    assert [(situation.id, situation.number) for situation in pool.situations] == [("s-1", 1), ("s-3", 2)]
    assert [situation.id for situation in (await store.pool("en", 1)).situations] == ["s-3"]
    assert (await store.pool("fr")).number == 0
    unpooled = await store.situation("s-4")
    assert unpooled is not None
    assert unpooled.number == 0


async def test_a_settled_situation_leaves_its_pool_until_it_is_open_again(store: Store) -> None:
    await file(store, "1", pool="en")
    await answer(store, "1")
    assert (await store.pool("en")).situations == []
    assert (await store.pool("en")).number == 1
    await store.record(effect("m-more", addition=addition("1")))
    assert [situation.id for situation in (await store.pool("en")).situations] == ["s-1"]


async def test_a_withdrawn_number_is_not_given_again(store: Store) -> None:
    await file(store, "1", pool="en")
    await store.record(effect("m-gone", withdrawn="i-1"))
    await file(store, "2", pool="en")
    pool = await store.pool("en")
    assert [(situation.id, situation.number) for situation in pool.situations] == [("s-2", 2)]


async def test_nothing_is_opened_beside_a_situation_it_was_not_compared_with(store: Store) -> None:
    await try_to_open(store, "1", seen=0)
    with pytest.raises(PoolMoved):
        await try_to_open(store, "2", seen=0)
    assert await store.situation("s-2") is None
    assert await store.inquiry("i-2") is None
    assert not await store.message_seen("m-2")
    opened = await try_to_open(store, "2", seen=1)
    assert opened is not None
    assert opened.number == 2


async def test_a_situation_that_was_compared_before_it_was_opened_is_no_hindrance(store: Store) -> None:
    await try_to_open(store, "1", seen=0)
    assert await try_to_open(store, "2", seen=0, beside=["s-1"]) is not None
    with pytest.raises(PoolMoved):
        await try_to_open(store, "3", seen=0, beside=["s-1"])


async def test_what_is_settled_or_in_another_pool_is_no_hindrance(store: Store) -> None:
    await try_to_open(store, "1", seen=0)
    await answer(store, "1")
    await file(store, "2", pool="zh")
    await file(store, "3")
    assert await try_to_open(store, "4", seen=0) is not None


async def test_of_many_that_saw_nothing_one_opens_a_situation(store: Store) -> None:
    tries = [try_to_open(store, str(number), seen=0, opened_at=NOW) for number in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, PoolMoved) for result in results) == 19
    assert len((await store.pool("en")).situations) == 1
