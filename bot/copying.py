"""A whole store from one place to another: from a data folder to a database, and back."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from bot.config import Settings
from bot.errors import DeskError, VaultError
from bot.safekeeping import find_key
from bot.store.transfer import Source, Target, Tell, transfer
from bot.vault import Vault


def copy_store(settings: Settings, source: str, target: str, tell: Tell) -> Mapping[str, int]:
    """Copy the store at `source` to `target`, each a data folder or the address of a database; return how many
    documents of each table both hold now.

    The target holds nothing before, and when this raises: `StoreError`, `VaultError`.
    """
    if settings.key is None and not settings.key_file.exists():
        raise VaultError(
            f"There is no key at {settings.key_file}; both stores are sealed with the desk's key, so put it there, or "
            "set DESK_KEY or DESK_KEY_FILE. Nothing was changed."
        )
    if source == target:
        raise DeskError("The store would be copied onto itself; name another place with --to.")
    vault = Vault(find_key(settings).value)
    with _from(source, vault) as read, _to(target, vault) as written:
        return transfer(read, written, tell)


def is_database(place: str) -> bool:
    """Tell whether the place is the address of a database, and no folder."""
    return place.startswith(("postgresql://", "postgres://"))


# Only the engine that is named is loaded.


def _from(place: str, vault: Vault) -> AbstractContextManager[Source]:
    if is_database(place):
        from bot.store.postgres.migrating import look  # noqa: PLC0415
        from bot.store.postgres.transfer import read_database  # noqa: PLC0415

        asyncio.run(look(place, vault))
        return read_database(place)
    from bot.store.tinydb.transfer import read_folder  # noqa: PLC0415

    return read_folder(Path(place).expanduser(), vault)


def _to(place: str, vault: Vault) -> AbstractContextManager[Target]:
    if is_database(place):
        from bot.store.postgres.migrating import begin, look  # noqa: PLC0415
        from bot.store.postgres.transfer import write_database  # noqa: PLC0415

        asyncio.run(begin(place, vault))
        asyncio.run(look(place, vault))
        return write_database(place)
    from bot.store.tinydb.transfer import write_folder  # noqa: PLC0415

    return write_folder(Path(place).expanduser(), vault)
