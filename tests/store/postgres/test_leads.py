"""One of several processes has a duty; another takes it on when that one is gone."""

import asyncio
import os
import signal
from typing import get_args

import pytest
from psycopg import AsyncConnection

from bot.errors import StoreStopped
from bot.store.base import Duty
from bot.store.postgres import PostgresStore, direct
from bot.store.postgres.leads import DUTIES, PRESENCE, number_of
from tests.store.postgres.conftest import Open


async def holder_cut(url: str, duty: Duty) -> None:
    """Cut the connection of the process that has the duty."""
    async with await AsyncConnection.connect(url, autocommit=True) as admin:
        cut = await admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND classid = %s AND objid = %s",
            (DUTIES, number_of(duty)),
        )
        assert await cut.fetchall() == [(True,)]


async def takes_over(store: PostgresStore, duty: Duty) -> None:
    """Wait until the store has the duty."""
    for _ in range(500):
        if await store.leads(duty):
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"{duty} was not taken over")


async def test_only_one_has_a_duty(another: Open) -> None:
    stores = [await another() for _ in range(3)]
    for duty in get_args(Duty):
        asked = await asyncio.gather(*(store.leads(duty) for store in stores))
        assert asked.count(True) == 1
        assert await asyncio.gather(*(store.leads(duty) for store in stores)) == asked, "and keeps it"


async def test_duties_are_told_apart(another: Open) -> None:
    one, other = await another(), await another()
    assert await one.leads("clockwork")
    assert await other.leads("outbox")
    assert not await one.leads("outbox")
    assert not await other.leads("clockwork")
    numbers = [number_of(duty) for duty in get_args(Duty)]
    assert len({*numbers, PRESENCE[1]}) == len(numbers) + 1


async def test_another_takes_over_when_the_holder_closes(another: Open) -> None:
    one, other = await another(), await another()
    assert await one.leads("clockwork")
    await one.close()
    await takes_over(other, "clockwork")
    with pytest.raises(StoreStopped):
        await one.leads("clockwork")


async def test_whose_connection_is_cut_has_lost_its_duties_and_another_takes_over(
    url: str, another: Open
) -> None:
    one, other = await another(), await another()
    assert await one.leads("clockwork")
    assert await one.leads("outbox")
    await holder_cut(url, "clockwork")
    await takes_over(other, "clockwork")
    assert not await one.leads("clockwork")
    assert not await one.leads("clockwork"), "still, on a new connection"
    await takes_over(one, "outbox")
    await holder_cut(url, "clockwork")
    await takes_over(one, "clockwork")
    assert not await other.leads("clockwork")


async def test_a_server_that_says_nothing_leaves_nobody_with_a_duty(
    another: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "ANSWERED_WITHIN", 0.3)
    one, other = await another(), await another()
    assert await one.leads("clockwork")
    connection = one._leads._connection
    assert connection is not None
    process = connection.info.backend_pid
    os.kill(process, signal.SIGSTOP)
    try:
        async with asyncio.timeout(5):
            assert not await one.leads("clockwork")
    finally:
        os.kill(process, signal.SIGCONT)
    await takes_over(other, "clockwork")
