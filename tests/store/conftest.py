"""The engines that every sentence of the contract is tried on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.base import Store
from bot.store.postgres import open_postgres
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import KEY
from tests.postgres import empty


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY)


@pytest.fixture(params=["tinydb-memory", "tinydb-file", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> AsyncIterator[Store]:
    opened: Store
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        await empty(url, vault)
        opened = await open_postgres(url, vault)
    else:
        opened = await open_tinydb(None if request.param == "tinydb-memory" else tmp_path / "data", vault)
    yield opened
    await opened.close()
