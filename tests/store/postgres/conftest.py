"""A database that is empty at first, and as many stores on it as a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from secrets import token_hex

import pytest
from psycopg import AsyncConnection

from bot.store.postgres import PostgresStore, migrate, open_postgres
from bot.vault import Vault
from tests.postgres import empty, make_database

Open = Callable[[], Awaitable[PostgresStore]]
Admin = AsyncConnection[tuple[object, ...]]


@pytest.fixture
async def url(postgres_url: str, vault: Vault) -> str:
    """The address of a database with an empty store."""
    await empty(postgres_url, vault)
    return postgres_url


@pytest.fixture
async def another(url: str, vault: Vault) -> AsyncIterator[Open]:
    """Opens the store once more, as another process would; all are closed at the end."""
    opened: list[PostgresStore] = []

    async def open_one() -> PostgresStore:
        opened.append(await open_postgres(url, vault, connections=3))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
async def bare_url(postgres_server: str) -> str:
    """The address of a database of the test's own, with nothing in it."""
    return await make_database(postgres_server, f"desk_{token_hex(6)}")


@pytest.fixture
async def own_url(bare_url: str, vault: Vault) -> str:
    """The address of a database of the test's own, which holds a store: it may change more than rows."""
    await migrate(bare_url, vault)
    return bare_url


@pytest.fixture
async def admin(bare_url: str) -> AsyncIterator[Admin]:
    """A connection to that database, of somebody who may do everything."""
    async with await AsyncConnection.connect(bare_url, autocommit=True) as connection:
        yield connection
