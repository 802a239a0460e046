"""A database that goes away, refuses or hangs while a desk runs on it: what still goes out, what is refused, and that all
comes back by itself."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import psycopg
import pytest
import pytest_asyncio

from bot.store.postgres import migrate
from bot.vault import Vault, decode_key
from tests.botapi import BotApi
from tests.faults.process import Desk, ended
from tests.faults.rounds import KEY
from tests.faults.test_degraded import CARD_WITHIN, REFUSED, TELEGRAM_LANGUAGE
from tests.parts import ANSWERED, CRISIS, UNANSWERED
from tests.postgres import Server, make_database, own_server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

REFUSED_WITHIN = 5.0
"""Seconds until whoever needs a person is told that nothing was recorded."""
BACK_WITHIN = 15.0

chats = itertools.count(7_500_000_001)
questions = (f"{UNANSWERED}, number {number}" for number in itertools.count(100))


@dataclass
class Served:
    """A desk on a database."""

    desk: Desk
    api: BotApi
    http: aiohttp.ClientSession
    server: Server
    database: str

    async def ask(self, text: str, language: str = "en", **more: str) -> tuple[int, dict[str, Any], float]:
        """Send a message as the page does; return status, answer and seconds."""
        begun = time.monotonic()
        message = {"text": text, "language": language, **more}
        async with self.http.post(f"{self.desk.address}/api/messages", json=message) as response:
            return response.status, await response.json(content_type=None), time.monotonic() - begun

    async def works(self) -> None:
        """Wait until a question for a person is taken again."""
        async with asyncio.timeout(BACK_WITHIN):
            while (await self.ask(next(questions)))[0] != 200:  # noqa: ASYNC110 (a server announces nothing)
                await asyncio.sleep(0.2)

    async def set(self, statement: str) -> None:
        """Change how the server works."""
        async with await psycopg.AsyncConnection.connect(self.database, autocommit=True) as connection:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute(statement)  # type: ignore[arg-type]
            await connection.execute("SELECT pg_reload_conf()")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    home = tmp_path_factory.mktemp("served")
    async with BotApi() as api, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)) as http:
        with own_server() as server:
            database = await make_database(server.url, "desk")
            await migrate(database, Vault(decode_key(KEY, "the test")))
            environ = {"DESK_KEY": KEY, "DATABASE_URL": database, "TELEGRAM_TOKEN": api.token, "TELEGRAM_API": api.base_url}  # fmt: skip
            async with ended(Desk(home, environ)) as desk:
                await desk.start()
                # Who went away before it was asked would not go on asking.
                await api.wait_until(lambda: bool(api.called("getUpdates")), 20)
                yield Served(desk, api, http, server, database)
                assert await desk.stop() == 0


@pytest_asyncio.fixture(loop_scope="module", params=["away", "read-only"])
async def unwritable(served: Served, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """A desk whose database was just stopped, or takes nothing any more, as when its disk is full."""
    if request.param == "away":
        await asyncio.to_thread(served.server.stop, "immediate")
    else:
        await served.set("ALTER SYSTEM SET default_transaction_read_only = on")
    yield served
    if request.param == "away":
        await asyncio.to_thread(served.server.start)
    else:
        await served.set("ALTER SYSTEM RESET default_transaction_read_only")
    await served.works()


async def test_while_the_database_takes_nothing_cards_and_answers_go_out_and_the_rest_is_refused(
    unwritable: Served,
) -> None:
    for language, refusal in REFUSED.items():
        status, said, seconds = await unwritable.ask(next(questions), language)
        assert (status, seconds < REFUSED_WITHIN) == (503, True), (said, seconds)
        assert refusal in said["detail"]
    status, said, _ = await unwritable.ask(ANSWERED)
    assert (status, said["replies"][-1]["kind"]) == (200, "answer")
    status, said, seconds = await unwritable.ask(CRISIS)
    assert (status, said["replies"][-1]["kind"]) == (200, "urgent")
    assert seconds < CARD_WITHIN


async def test_on_telegram_a_refusal_is_said_once_and_nothing_comes_to_light_later(
    unwritable: Served,
) -> None:
    api, told = unwritable.api, {}
    for language in REFUSED:
        told[language] = next(chats)
        await api.say(told[language], next(questions), language_code=TELEGRAM_LANGUAGE[language])
    for language, chat in told.items():
        await api.wait_for_message(chat, timeout=20)
        assert REFUSED[language] in api.texts(chat)[-1]
    await api.wait_until(lambda: not api.unconfirmed, 20)


async def test_nothing_that_was_refused_is_kept(served: Served) -> None:
    async with (
        await psycopg.AsyncConnection.connect(served.database) as connection,
        await connection.execute("SELECT count(*) FROM inquiries WHERE channel = 'telegram'") as found,
    ):
        assert await found.fetchone() == (0,)


async def test_a_card_waits_for_no_database_that_hangs(served: Served) -> None:
    async with await psycopg.AsyncConnection.connect(served.database) as connection:
        await connection.execute("LOCK TABLE messages, inquiries IN ACCESS EXCLUSIVE MODE")
        ordinary = asyncio.create_task(served.ask(next(questions)))
        await asyncio.sleep(0.2)
        status, said, seconds = await served.ask(CRISIS)
        assert (status, said["replies"][-1]["kind"]) == (200, "urgent")
        assert seconds < CARD_WITHIN
        chat, begun = next(chats), time.monotonic()
        await served.api.say(chat, CRISIS)
        await served.api.wait_for_message(chat)
        assert time.monotonic() - begun < CARD_WITHIN
    assert (await ordinary)[0] == 200
