"""What the disk is told of one group of changes."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.store.tinydb.disk import Disk, memory_disk, rows_of
from bot.vault import Vault


@pytest.fixture
def disk() -> Iterator[Disk]:
    with closing(memory_disk(Vault(b"k" * 32), ["questions", "answers"], {})) as made:
        yield made


def kept(disk: Disk, table: str = "questions") -> dict[int, bytes]:
    return dict(rows_of(disk._connection, table))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 16, 21, 63, 64, 65, 150])
def test_a_group_of_any_size_is_written_whole(disk: Disk, count: int) -> None:
    rows: dict[int, bytes | None] = {number: b"row %d" % number for number in range(1, count + 1)}
    disk.persist({"questions": rows, "answers": {7: b"one"}})
    assert kept(disk) == rows
    assert kept(disk, "answers") == {7: b"one"}


def test_a_group_may_add_change_and_remove(disk: Disk) -> None:
    disk.persist({"questions": dict.fromkeys(range(100), b"first")})
    disk.persist({"questions": {number: None if number % 2 else b"second" for number in range(120)}})
    assert kept(disk) == dict.fromkeys(range(0, 120, 2), b"second")
