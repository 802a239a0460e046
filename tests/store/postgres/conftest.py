"""A database that is empty at first, and as many stores on it as a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.store.postgres import PostgresStore, open_postgres
from bot.vault import Vault
from tests.postgres import empty

Open = Callable[[], Awaitable[PostgresStore]]


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
