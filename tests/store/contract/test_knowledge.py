"""Knowledge entries and their versions."""

import asyncio

import pytest

from bot.errors import EntryChanged
from bot.models import EntryStatus
from bot.store.base import Store
from tests.store.builders import at, entry


async def test_there_are_no_entries_at_first(store: Store) -> None:
    assert await store.entries() == []
    assert await store.entry_versions("e-1") == []


async def test_every_version_of_an_entry_is_kept(store: Store) -> None:
    versions = [
        entry(),
        entry(version=2, status=EntryStatus.PUBLISHED, published_by=("ada", "bob")),
        entry(version=3, status=EntryStatus.WITHDRAWN, author="bob"),
    ]
    for version in versions:
        await store.save_entry(version)
    assert await store.entry_versions("e-1") == versions


async def test_entries_are_their_newest_versions_newest_first(store: Store) -> None:
    await store.save_entry(entry("1", saved_at=at(1)))
    await store.save_entry(entry("2", saved_at=at(2)))
    await store.save_entry(entry("3", saved_at=at(3)))
    await store.save_entry(entry("1", version=2, saved_at=at(4)))
    assert [(one.id, one.version) for one in await store.entries()] == [
        ("e-1", 2),
        ("e-3", 1),
        ("e-2", 1),
    ]


@pytest.mark.parametrize("version", [0, 2])
async def test_a_new_entry_begins_at_version_one(store: Store, version: int) -> None:
    with pytest.raises(EntryChanged):
        await store.save_entry(entry(version=version))
    assert await store.entry_versions("e-1") == []


@pytest.mark.parametrize("version", [1, 2, 4])
async def test_a_version_must_follow_the_newest(store: Store, version: int) -> None:
    await store.save_entry(entry(version=1))
    await store.save_entry(entry(version=2))
    with pytest.raises(EntryChanged):
        await store.save_entry(entry(version=version, author="bob"))
    assert await store.entry_versions("e-1") == [entry(version=1), entry(version=2)]


async def test_only_one_of_many_saves_on_the_same_version_wins(store: Store) -> None:
    tries = [store.save_entry(entry(author=f"person {number}")) for number in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, EntryChanged) for result in results) == 19
    assert len(await store.entry_versions("e-1")) == 1
