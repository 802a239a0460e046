"""Group commit, with a disk that waits or fails when a test says so."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.audit import Chain
from bot.errors import StoreStopped
from bot.models import Change
from bot.store.base import Store
from bot.store.tinydb import TinyDBStore
from bot.store.tinydb.disk import Disk
from bot.store.tinydb.group import Rows
from bot.store.tinydb.tables import Tables
from bot.vault import Vault
from tests.store.builders import NOW, at, effect, file, filing


class FakeDisk(Disk):
    """Keeps the groups it was given; waits while shut, and fails when broken."""

    def __init__(self) -> None:
        self.groups: list[Rows] = []
        self.open = threading.Event()
        self.open.set()
        self.broken = False

    def persist(self, rows: Rows) -> None:
        assert self.open.wait(10)
        if self.broken:
            raise OSError(28, "No space left on device")
        self.groups.append(rows)

    def close(self) -> None:
        """There is nothing to let go of."""


@pytest.fixture
def disk() -> FakeDisk:
    return FakeDisk()


@pytest.fixture
async def slow(disk: FakeDisk) -> AsyncIterator[TinyDBStore]:
    store = TinyDBStore(Tables(), disk, ThreadPoolExecutor(1), Chain(Vault(b"k" * 32)))
    yield store
    disk.open.set()
    await store.close()


async def started(*verbs: asyncio.Task[object]) -> None:
    """Let the verbs go as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0.002)
    assert not any(verb.done() for verb in verbs)


async def test_changes_that_arrive_during_a_write_are_written_together(
    slow: TinyDBStore, disk: FakeDisk
) -> None:
    disk.open.clear()
    first = asyncio.create_task(file(slow, "first"))
    await started(first)
    others: list[asyncio.Task[object]] = []
    for number in range(10):
        others.append(asyncio.create_task(file(slow, str(number))))
        await started(first, *others)
    disk.open.set()
    await asyncio.gather(first, *others)
    assert [len(group["inquiries"]) for group in disk.groups] == [1, 10]


async def test_verbs_that_start_together_are_one_group(slow: TinyDBStore, disk: FakeDisk) -> None:
    await asyncio.gather(*(file(slow, str(number)) for number in range(10)))
    assert [len(group["inquiries"]) for group in disk.groups] == [10]


async def test_all_rows_of_a_verb_are_in_one_group(slow: TinyDBStore, disk: FakeDisk) -> None:
    await slow.record(effect("m-1", counts=["asked"], filing=filing()))
    (group,) = disk.groups
    assert set(group) == {
        "messages",
        "conversations",
        "counters",
        "keys",
        "inquiries",
        "situations",
        "deliveries",
    }


async def test_reading_and_refusing_write_nothing(slow: TinyDBStore, disk: FakeDisk) -> None:
    await file(slow)
    del disk.groups[:]
    await slow.queue()
    await slow.release_situation("s-1", "ada", NOW)
    await slow.drop_expired(NOW, NOW, NOW)
    with pytest.raises(Exception, match="effect already"):
        await slow.record(effect("m-1"))
    assert disk.groups == []


async def test_nothing_is_shown_or_told_before_it_is_durable(slow: TinyDBStore, disk: FakeDisk) -> None:
    news = slow.changes()
    disk.open.clear()
    filed = asyncio.create_task(file(slow))
    await started(filed)
    readers = [
        asyncio.create_task(reading)
        for reading in (
            slow.message_seen("m-1"),
            slow.owed(10),
            slow.queue(),
            slow.record(effect("m-1")),  # already seen, but not yet durably so
            anext(news),
        )
    ]
    await started(filed, *readers)
    disk.open.set()
    seen, owed, queue, again, change = await asyncio.gather(*readers, return_exceptions=True)
    assert seen is True
    assert [len(owed), len(queue)] == [1, 1]
    assert "effect already" in str(again)
    assert isinstance(change, Change)
    await filed


async def test_a_failed_write_stops_the_store(slow: TinyDBStore, disk: FakeDisk) -> None:
    await file(slow, "kept")
    news = slow.changes()
    disk.open.clear()
    disk.broken = True
    lost = [asyncio.create_task(file(slow, "lost"))]
    await started(*lost)
    lost += [
        asyncio.create_task(file(slow, "too")),
        asyncio.create_task(slow.queue()),
        asyncio.create_task(slow.record(effect("m-lost"))),
    ]
    await started(*lost)
    disk.open.set()
    for result in await asyncio.gather(*lost, return_exceptions=True):
        assert isinstance(result, StoreStopped)
        assert "No space left on device" in str(result)
        assert "start the desk again" in str(result)
    disk.broken = False
    for verb in (
        file(slow, "later"),
        slow.queue(),
        slow.claim_situation("s-kept", "ada", NOW, at(15)),
        slow.message_seen("m-lost"),
    ):
        with pytest.raises(StoreStopped, match="takes no more work"):
            await verb
    assert [list(group["inquiries"]) for group in disk.groups] == [[1]]
    assert [change async for change in news] == [], "what was lost is not told, and listening ends"


async def test_a_verb_that_is_cancelled_is_written_all_the_same(slow: TinyDBStore, disk: FakeDisk) -> None:
    disk.open.clear()
    cancelled = asyncio.create_task(file(slow, "1"))
    other = asyncio.create_task(file(slow, "2"))
    await started(cancelled, other)
    cancelled.cancel()
    disk.open.set()
    await other
    assert cancelled.cancelled()
    assert await in_order(slow) == ["s-1", "s-2"]
    assert [len(group["inquiries"]) for group in disk.groups] == [2]


async def in_order(store: Store) -> list[str]:
    return [kept.id for kept in await store.queue()]


async def test_closing_waits_for_the_write_in_hand(slow: TinyDBStore, disk: FakeDisk) -> None:
    disk.open.clear()
    filed = asyncio.create_task(file(slow, "1"))
    await started(filed)
    closing = asyncio.create_task(slow.close())
    await started(filed, closing)
    with pytest.raises(StoreStopped, match="closed"):
        await slow.queue()
    disk.open.set()
    await asyncio.gather(filed, closing)
    assert len(disk.groups) == 1


async def test_a_store_that_failed_can_be_closed(slow: TinyDBStore, disk: FakeDisk) -> None:
    disk.broken = True
    with pytest.raises(StoreStopped):
        await file(slow)
    await slow.close()
