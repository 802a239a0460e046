"""Which engine keeps the desk's data. Beside `safekeeping` the only module that names one."""

from bot.config import Settings
from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.vault import Vault


async def open_store(settings: Settings, vault: Vault) -> Store:
    """Open the store that the settings name. Raises `StoreError`."""
    return await open_tinydb(settings.data_dir, vault)
