"""Content versions, their files, and what was learned from them."""

import pytest

from bot.errors import Fault, Stale
from bot.models import ContentVersion, Sealed
from bot.store.base import Store
from bot.store.bounds import CONTENT_KEPT, LEARNED_KEPT
from tests.store.builders import at
from tests.store.contract.test_changes import listening, told

FILES = Sealed(bytes(range(256)) * 5)


def version(number: int, digest: str | None = None) -> ContentVersion:
    return ContentVersion(number=number, digest=digest or f"d{number}", author="ada@desk-1", at=at(number))


async def test_a_store_begins_without_content(store: Store) -> None:
    assert await store.content_versions() == []
    assert await store.content_files(1) is None
    with pytest.raises(Stale):
        await store.add_content(version(2), FILES)
    assert await store.content_versions() == []


async def test_versions_follow_one_another_and_are_kept_with_their_files(store: Store) -> None:
    for number in range(1, 4):
        await store.add_content(version(number), Sealed(FILES + bytes([number])))
    assert list(await store.content_versions()) == [version(3), version(2), version(1)]
    assert await store.content_files(2) == FILES + b"\x02"
    assert list(await store.content_versions(limit=1)) == [version(3)]


@pytest.mark.parametrize("number", [0, 1, 2, 4])
async def test_whoever_comes_second_with_the_next_version_is_told_so(store: Store, number: int) -> None:
    for each in (1, 2):
        await store.add_content(version(each), FILES)
    with pytest.raises(Stale):
        await store.add_content(version(number, "another"), Sealed(b"other files"))
    assert list(await store.content_versions(limit=1)) == [version(2)]
    assert await store.content_files(2) == FILES


async def test_content_is_found_by_its_digest_also_when_it_was_there_twice(store: Store) -> None:
    for number, digest in enumerate(("a", "b", "a"), start=1):
        await store.add_content(version(number, digest), FILES)
    assert [each.number for each in await store.content_versions(digest="a")] == [3, 1]
    assert [each.number for each in await store.content_versions(digest="a", limit=1)] == [3]
    assert await store.content_versions(digest="c") == []


async def test_old_files_are_let_go_of_and_the_versions_stay_known(store: Store) -> None:
    for number in range(1, CONTENT_KEPT + 3):
        await store.add_content(version(number), FILES)
    assert [number for number in range(1, CONTENT_KEPT + 3) if await store.content_files(number) is None] == [
        1,
        2,
    ]
    assert list(await store.content_versions(digest="d1")) == [version(1)]


async def test_large_files_of_old_versions_make_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.bounds.CONTENT_ROOM", 2 * len(FILES))
    for number in range(1, 4):
        await store.add_content(version(number), FILES)
    assert await store.content_files(1) is None
    assert await store.content_files(2) == FILES
    await store.add_content(version(4), Sealed(FILES * 9))
    assert await store.content_files(4) == FILES * 9, "the newest is kept however large"
    assert await store.content_files(3) is None


async def test_a_version_can_be_kept_by_its_name_alone(store: Store) -> None:
    await store.add_content(version(1), None)
    assert list(await store.content_versions()) == [version(1)]
    assert await store.content_files(1) is None


async def test_a_new_version_is_told_of(store: Store) -> None:
    news = store.changes()
    await store.add_content(version(1), FILES)
    async for change in news:
        if change.kind == "content":
            assert change.id == "1"
            break


async def test_what_was_learned_is_kept_under_its_name(store: Store) -> None:
    assert await store.learned("matcher-1") is None
    await store.keep_learned("matcher-1", FILES)
    await store.keep_learned("matcher-2", Sealed(b"2"))
    assert await store.learned("matcher-1") == FILES
    await store.keep_learned("matcher-1", Sealed(b"anew"))
    assert await store.learned("matcher-1") == b"anew"
    assert await store.learned("matcher-2") == b"2"


async def test_what_was_learned_longest_ago_is_let_go_of(store: Store) -> None:
    for number in range(LEARNED_KEPT):
        await store.keep_learned(f"matcher-{number}", FILES)
    await store.keep_learned("matcher-0", FILES)
    await store.keep_learned("urgent-1", FILES)
    kept = [number for number in range(LEARNED_KEPT) if await store.learned(f"matcher-{number}") is not None]
    assert kept == [0, *range(2, LEARNED_KEPT)]
    assert await store.learned("urgent-1") == FILES


async def test_what_was_learned_has_room_for_the_newest_however_large(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.bounds.LEARNED_ROOM", 10)
    await store.keep_learned("a", Sealed(b"1" * 6))
    await store.keep_learned("b", Sealed(b"1" * 4))
    assert await store.learned("a") is not None
    await store.keep_learned("c", Sealed(b"1" * 99))
    assert [await store.learned(name) for name in "abc"] == [None, None, b"1" * 99]


WRONG = Fault(where="intents/new.yaml:2:9", sentence="has the id 'T R A M'; use small letters")
ALSO = Fault(where="intents/new.yaml:3:1", sentence="没有示例；至少写几种问法")


async def test_what_is_wrong_with_the_newest_files_is_known_to_all_until_it_is_mended(store: Store) -> None:
    assert list(await store.content_faults()) == []
    await store.note_content_faults([WRONG, ALSO])
    assert list(await store.content_faults()) == [WRONG, ALSO]
    await store.note_content_faults([ALSO])
    assert list(await store.content_faults()) == [ALSO]
    await store.note_content_faults([])
    await store.note_content_faults([])
    assert list(await store.content_faults()) == []


async def test_faults_are_told_of_when_they_come_change_and_go(store: Store) -> None:
    news = await listening(store)
    for faults in ([WRONG], [WRONG], [WRONG, ALSO], [], []):
        before = list(await store.content_faults())
        await store.note_content_faults(faults)
        assert await told(store, news) == ([] if faults == before else [("content", "")])
