"""Listeners of one process, and where each can begin again."""

import asyncio
from collections.abc import AsyncIterator

from bot.models import Change
from bot.store.news import LIMIT, REMEMBERED, News


def change(name: str, number: int) -> Change:
    return Change(kind="situation", id=name, number=f"p-{number}")


async def taken(news: AsyncIterator[Change], count: int) -> list[tuple[str, str]]:
    async with asyncio.timeout(5):
        return [(told.id, told.number) for told in [await anext(news) for _ in range(count)]]


async def test_whoever_begins_at_a_number_it_was_given_has_missed_nothing() -> None:
    news = News()
    listener = news.listen()
    news.tell([change("a", 1), change("b", 2), change("a", 3)])
    assert await taken(listener, 2) == [("a", "p-1"), ("b", "p-2")], "the older number, of two that wait"
    assert await taken(news.listen("p-2"), 1) == [("a", "p-3")]


async def test_a_listener_that_everything_was_lost_on_is_given_no_place_until_it_has_heard_of_every_kind() -> (
    None
):
    news = News()
    listener = news.listen()
    news.tell(change(str(number), number) for number in range(LIMIT + 1))
    news.tell([change("a", LIMIT + 2)])
    assert await taken(listener, 1) == [("", "")]
    news.tell([change("a", LIMIT + 3)])
    assert await taken(listener, 1) == [("a", f"p-{LIMIT + 3}")]


async def test_places_are_remembered_for_a_while() -> None:
    news = News()
    news.tell(change(str(number), number) for number in range(REMEMBERED + 1))
    assert (await taken(news.listen("p-0"), 1))[0] == ("", ""), "forgotten"
    assert await taken(news.listen(f"p-{REMEMBERED - 1}"), 1) == [(str(REMEMBERED), f"p-{REMEMBERED}")]
    listener = news.listen("p-1")
    news.close()
    assert [told async for told in listener] == [Change(kind="situation", id="")]
