"""What `safekeeping` does, on a database: change the key, make and restore backups. Loaded only where there is one."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.store.postgres.migrating import begin, look
from bot.store.postgres.rotation import rotate, sealed_with
from bot.store.postgres.transfer import read_snapshot, write_database
from bot.store.rotating import Moved, Rotated
from bot.store.tinydb.copies import Backup, back_up_from
from bot.store.tinydb.restoring import Reconnect, Restored, restore_to
from bot.store.transfer import Tell
from bot.vault import Vault


def back_up_database(url: str, vault: Vault, folder: Path, now: datetime) -> Backup:
    """Copy the store, as it stands at one moment while desks go on using it, to the two files that the embedded
    engine makes. Raises `StoreError`."""
    asyncio.run(look(url, vault))
    with read_snapshot(url) as source:
        return back_up_from(source, vault, folder, now)


def restore_database(
    url: str, words: Path, keys: Path, vault: Vault, reconnect: Reconnect, tell: Tell
) -> Restored:
    """Make a store of a backup's two files in the empty database. Raises `StoreError`, with nothing changed."""
    asyncio.run(begin(url, vault))
    asyncio.run(look(url, vault))
    with write_database(url) as target:
        return restore_to(target, words, keys, vault, reconnect, tell)


def rotate_database(
    url: str,
    old: Vault,
    *,
    begin: Callable[[], Vault],
    end: Callable[[], None],
    moved: Moved,
    tell: Tell,
) -> Rotated:
    """Give the store in the database, which no desk uses, another key. Raises `StoreError`, `VaultError`."""
    asyncio.run(look(url, old))
    return rotate(url, old, begin=begin, end=end, moved=moved, tell=tell)


__all__ = ["back_up_database", "restore_database", "rotate_database", "sealed_with"]
