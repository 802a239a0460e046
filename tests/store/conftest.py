"""The engines that every sentence of the contract is tried on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.vault import Vault


@pytest.fixture
def vault() -> Vault:
    return Vault(b"k" * 32)


@pytest.fixture(params=["tinydb-memory", "tinydb-file"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> AsyncIterator[Store]:
    opened = await open_tinydb(None if request.param == "tinydb-memory" else tmp_path / "data", vault)
    yield opened
    await opened.close()
