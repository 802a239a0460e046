"""Which engine keeps the desk's data. Beside `safekeeping` the only module that names one."""

from collections.abc import Sequence

from bot.config import Settings
from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.vault import Vault


async def open_store(settings: Settings, vault: Vault) -> Store:
    """Open the store that the settings name. Raises `StoreError`."""
    if settings.database_url is None:
        return await open_tinydb(settings.data_dir, vault)
    # A desk without a database starts without its driver.
    from bot.store.postgres import open_postgres  # noqa: PLC0415

    return await open_postgres(settings.database_url, vault, direct_url=settings.database_direct_url)


async def migrate_database(url: str, vault: Vault) -> Sequence[str]:
    """Bring the database to this version's schema; return the names of what was applied. Raises `StoreError`."""
    from bot.store.postgres import migrate  # noqa: PLC0415

    return await migrate(url, vault)
