"""What one process made durable is told by all, whatever happens to the connections between them."""

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import AsyncConnection

from bot.errors import StoreLocked, StoreStopped
from bot.models import Change
from bot.store.news import KINDS, LIMIT
from bot.store.postgres import changelog
from bot.store.postgres.changelog import ChangeLog
from bot.store.postgres.direct import Connection, said
from bot.store.postgres.leads import PRESENCE
from tests.store.builders import entry
from tests.store.postgres.conftest import Open

WRITE = "INSERT INTO changes (token, kind, id, part_of) VALUES (0, 'entry', %s, '')"


async def reads(news: AsyncIterator[Change], *names: str) -> float:
    """Wait until just these entries were told, in this order; return the seconds that took."""
    begun = time.monotonic()
    told = [(await asyncio.wait_for(anext(news), 5)).id for _ in names]
    assert told == list(names)
    return time.monotonic() - begun


async def cut(url: str, but: int = 0) -> None:
    """Cut every connection to the database."""
    async with await AsyncConnection.connect(url, autocommit=True) as admin:
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
            (but,),
        )


async def test_a_change_made_through_one_store_is_told_by_another_within_a_second(another: Open) -> None:
    here, there = await another(), await another()
    news = there.changes()
    for number in range(5):
        await here.save_entry(entry(str(number)))
        assert await reads(news, f"e-{number}") < 1


async def test_what_is_committed_late_is_told_then_and_holds_up_nobody(url: str, another: Open) -> None:
    store = await another()
    news = store.changes()
    async with await AsyncConnection.connect(url) as slow, await AsyncConnection.connect(url) as slower:
        await slow.execute(WRITE, ("slow",))
        await slower.execute(WRITE, ("slower",))
        await store.save_entry(entry("1"))
        assert await reads(news, "e-1") < 1
        await slower.commit()
        await reads(news, "slower")
        await store.save_entry(entry("2"))
        await reads(news, "e-2")
        await slow.commit()
        await reads(news, "slow")
    await store.save_entry(entry("3"))
    await reads(news, "e-3")


async def test_what_is_taken_back_is_never_told(url: str, another: Open) -> None:
    store = await another()
    news = store.changes()
    async with await AsyncConnection.connect(url) as slow:
        await slow.execute(WRITE, ("slow",))
        await store.save_entry(entry("1"))
        await reads(news, "e-1")
        await slow.rollback()
    await store.save_entry(entry("2"))
    await reads(news, "e-2")


async def test_a_listener_begins_again_with_another_process_and_misses_nothing(
    url: str, another: Open
) -> None:
    here, there = await another(), await another()
    news = here.changes()
    async with await AsyncConnection.connect(url) as slow:
        await slow.execute(WRITE, ("slow",))
        await here.save_entry(entry("1"))
        place = (await asyncio.wait_for(anext(news), 5)).number
        assert place
        await slow.commit()
    await there.save_entry(entry("2"))
    await reads(there.changes(place), "slow", "e-2")
    later = there.changes(place)
    await here.save_entry(entry("3"))
    await reads(later, "slow", "e-2", "e-3")


async def test_a_notification_that_is_lost_costs_a_second_and_nothing_else(url: str, another: Open) -> None:
    store = await another()
    news = store.changes()
    async with await AsyncConnection.connect(url, autocommit=True) as silent:
        await silent.execute(WRITE, ("unannounced",))
        assert await reads(news, "unannounced") < 1.5


async def test_a_notification_comes_at_once(another: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "EVERY", 60.0)
    here, there = await another(), await another()
    news = there.changes()
    for number in range(20):
        await here.save_entry(entry(str(number)))
        assert await reads(news, f"e-{number}") < 1


async def test_a_notification_that_comes_in_the_middle_of_a_look_is_not_overheard(
    url: str, another: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changelog, "EVERY", 60.0)
    store = await another()
    news = store.changes()
    await store.save_entry(entry("0"))
    await reads(news, "e-0")
    await asyncio.sleep(0.2)  # by then the reader waits to be woken
    look = ChangeLog._look

    async def interrupted(self: ChangeLog, connection: Connection) -> None:
        await look(self, connection)
        monkeypatch.setattr(ChangeLog, "_look", look)
        async with await AsyncConnection.connect(url, autocommit=True) as writer:
            await writer.execute(WRITE, ("meanwhile",))
            await writer.execute("NOTIFY desk_changes")
        await said(connection, "SELECT pg_sleep(0.1)")  # brings the notification with its answer

    monkeypatch.setattr(ChangeLog, "_look", interrupted)
    await store.save_entry(entry("1"))
    await reads(news, "e-1", "meanwhile")


async def test_a_reader_whose_connection_is_cut_comes_back_and_has_missed_nothing(
    url: str, another: Open
) -> None:
    here, there = await another(), await another()
    news = there.changes()
    async with await AsyncConnection.connect(url, autocommit=True) as writer:
        for number in range(3):
            await cut(url, but=writer.info.backend_pid)
            await writer.execute(WRITE, (f"while-cut-{number}",))
            await reads(news, f"while-cut-{number}")
    await here.save_entry(entry("1"))
    await reads(news, "e-1")


async def test_very_many_changes_at_once_are_told_as_all_of_their_kind(url: str, another: Open) -> None:
    store = await another()
    news = store.changes()
    async with await AsyncConnection.connect(url, autocommit=True) as writer:
        await writer.execute(
            "INSERT INTO changes (token, kind, id, part_of) SELECT 0, 'delivery', n::text, '' "
            "FROM generate_series(1, %s) AS n",
            (LIMIT + 1,),
        )
    assert await asyncio.wait_for(anext(news), 5) == Change(kind="delivery", id="")
    await store.save_entry(entry("1"))
    await reads(news, "e-1")


async def test_a_reader_that_was_away_for_too_long_says_that_everything_may_have_changed(
    url: str, another: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await another()
    news = store.changes()
    await store.save_entry(entry("1"))
    place = (await asyncio.wait_for(anext(news), 5)).number
    monkeypatch.setattr(changelog, "KNOWN_FOR", -1)
    again = store.changes(place)
    kinds = {(await asyncio.wait_for(anext(again), 5)).kind for _ in KINDS}
    assert kinds == set(KINDS)
    kinds = {(await asyncio.wait_for(anext(news), 5)).kind for _ in KINDS}
    assert kinds == set(KINDS)


async def test_a_place_of_another_server_is_not_known(another: Open) -> None:
    store = await another()
    news = store.changes()
    await store.save_entry(entry("1"))
    seconds, _, _ = (await asyncio.wait_for(anext(news), 5)).number.partition("-")
    for place in (f"{seconds}-99999999999:99999999999:", f"{seconds}-9:1:", f"{seconds}-1:9:77"):
        again = store.changes(place)
        assert (await asyncio.wait_for(anext(again), 5)).id == ""


async def test_rows_that_a_dump_brought_from_another_server_are_not_told(url: str, another: Open) -> None:
    store = await another()
    news = store.changes()
    async with await AsyncConnection.connect(url, autocommit=True) as restoring:
        await restoring.execute(
            "INSERT INTO changes (xid, token, kind, id, part_of) VALUES ('99999999999', 0, 'entry', 'old', '')"
        )
    for number in range(3):
        await store.save_entry(entry(str(number)))
        await reads(news, f"e-{number}")


async def test_the_log_is_trimmed_but_not_of_what_is_new(url: str, another: Open) -> None:
    store = await another()
    await store.save_entry(entry("1"))
    async with await AsyncConnection.connect(url, autocommit=True) as admin:
        await admin.execute(
            "INSERT INTO changes (token, kind, id, part_of, at) VALUES (0, 'entry', 'old', '', now() - interval '1 hour')"
        )
        await store.drop_expired(entry().saved_at, entry().saved_at, entry().saved_at)
        left = await admin.execute("SELECT id FROM changes")
        assert await left.fetchall() == [("e-1",)]


async def test_a_store_is_not_opened_while_a_command_has_the_data_for_itself(url: str, another: Open) -> None:
    async with await AsyncConnection.connect(url, autocommit=True) as command:
        await command.execute("SELECT pg_advisory_lock(%s, %s)", PRESENCE)
        with pytest.raises(StoreLocked):
            await another()
    store = await another()
    async with await AsyncConnection.connect(url, autocommit=True) as command:
        taken = await command.execute("SELECT pg_try_advisory_lock(%s, %s)", PRESENCE)
        assert await taken.fetchone() == (False,)
    await store.close()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as command:
        taken = await command.execute("SELECT pg_try_advisory_lock(%s, %s)", PRESENCE)
        assert await taken.fetchone() == (True,)


async def test_a_process_whose_connection_was_cut_while_the_key_was_changed_uses_the_data_no_more(
    url: str, another: Open
) -> None:
    store = await another()
    news = store.changes()
    async with await AsyncConnection.connect(url, autocommit=True) as command:
        (mark,) = await (await command.execute("SELECT value FROM meta WHERE name = 'mark'")).fetchone() or (
            b"",
        )
        try:
            await command.execute("UPDATE meta SET value = 'another' WHERE name = 'mark'")
            await cut(url, but=command.info.backend_pid)
            with pytest.raises(StopAsyncIteration):
                await asyncio.wait_for(anext(news), 5)
            with pytest.raises(StoreStopped, match="key was changed"):
                await store.save_entry(entry())
            with pytest.raises(StoreStopped, match="key was changed"):
                await store.leads("clockwork")
        finally:
            await command.execute("UPDATE meta SET value = %s WHERE name = 'mark'", (mark,))
