"""What was removed does not linger in the files of the tables."""

from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection

from bot.errors import StoreError
from bot.models import InquiryStatus
from bot.store.postgres import scrubbing
from tests.store.builders import NOW, file
from tests.store.postgres.conftest import Open


def in_files(url: str, wanted: bytes) -> bool:
    """Tell whether that stands in a file of the database's tables."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return any(wanted in path.read_bytes() for path in (Path(row[0]) / "base" / str(row[1])).iterdir())


async def test_the_key_of_a_purged_inquiry_is_gone_from_the_files_after_a_thorough_scrub(
    url: str, another: Open
) -> None:
    store = await another()
    for name in ("kept", "purged"):
        await file(store, name)
    assert in_files(url, b"key of inquiry purged")
    await store.close_inquiry("i-purged", NOW, was=InquiryStatus.OPEN)
    await store.purge_inquiry("i-purged")
    await store.scrub(thoroughly=True)
    assert not in_files(url, b"key of inquiry purged")
    assert in_files(url, b"key of inquiry kept")


async def test_a_scrub_waits_for_nobody_who_works_and_holds_up_nobody(url: str, another: Open) -> None:
    store = await another()
    await file(store, "1")
    async with await AsyncConnection.connect(url) as busy:
        await busy.execute("SELECT * FROM keys FOR UPDATE")
        await store.scrub(thoroughly=True)
        await file(store, "2")
    await store.scrub()


async def test_a_scrub_that_the_server_breaks_off_is_an_error_the_clockwork_knows(
    another: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await another()
    monkeypatch.setattr(scrubbing, "VACUUM", "SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(StoreError, match="the next round tries again"):
        await store.scrub(thoroughly=True)
    monkeypatch.undo()
    await store.scrub(thoroughly=True)
