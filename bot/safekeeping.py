"""Keys and copies: find the desk's key, open the store for a command, change the key, make and restore backups."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.config import Settings
from bot.control import ask_running_desk
from bot.engines import open_store
from bot.errors import DeskError, StoreError, StoreLocked, VaultError
from bot.exchange import conversation_key, open_address, reconnected
from bot.models import Inquiry
from bot.store.base import Store
from bot.store.rotating import Rotated
from bot.store.tinydb import (
    Restored,
    TinyDBStore,
    has_store,
    replace_secret,
    restore,
    rotate,
    sealed_with,
)
from bot.vault import Vault, decode_key, make_key_file, read_key_file

BACKUP_WITHIN = 3600.0
"""Seconds a running desk may take to copy its store."""
Tell = Callable[[int, int], None]
"""Hears how much of how much is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The desk's key, where it is, and whether it was made just now."""

    value: bytes = field(repr=False)
    place: str
    made: bool


def find_key(settings: Settings) -> Key:
    """Return the key that seals words. Raises `VaultError`.

    One is made only where the data directory holds no store, and never for a database: two machines would make two.
    """
    if settings.key is not None:
        return Key(value=decode_key(settings.key, "DESK_KEY"), place="DESK_KEY", made=False)
    place = str(settings.key_file)
    if settings.database_url is not None:
        if not settings.key_file.exists():
            raise VaultError(
                f"There is no key at {settings.key_file}; every process on one database needs the same key. Put it "
                "there, or name it in DESK_KEY or DESK_KEY_FILE; for a new database docs/running.md has a line that "
                "makes one."
            )
        _finish_change(settings)
        return Key(value=read_key_file(settings.key_file), place=place, made=False)
    if not has_store(settings.data_dir) and not settings.key_file.exists():
        return Key(value=make_key_file(settings.key_file), place=place, made=True)
    _finish_change(settings)
    return Key(value=read_key_file(settings.key_file), place=place, made=False)


@asynccontextmanager
async def opened(settings: Settings, *, new: bool = False) -> AsyncIterator[tuple[Store, Vault]]:
    """Open the store for a command: in the folder while no desk runs there, or in the database.

    With `new` a store that is not there yet is made. Raises `StoreError`, `VaultError`.
    """
    if settings.database_url is None and not new and not has_store(settings.data_dir):
        raise StoreError(
            f"There is no store in {settings.data_dir}; set DATA_DIR to the desk's data directory."
        )
    vault = Vault(find_key(settings).value)
    store = await open_store(settings, vault)
    try:
        yield store, vault
    finally:
        await store.close()


async def back_up(settings: Settings, folder: Path) -> tuple[Path, Path]:
    """Copy words and keys to files in `folder` (a whole path), through the running desk if there is one; return both.

    Raises `DeskError`.
    """
    request = {"command": "backup", "folder": str(folder)}
    database = settings.database_direct_url
    if database is not None:
        from bot.in_database import back_up_database  # noqa: PLC0415

        vault = Vault(find_key(settings).value)
        copied = await asyncio.to_thread(back_up_database, database, vault, folder, datetime.now(UTC))
        return copied.words, copied.keys
    answer = await ask_running_desk(settings.socket, request, within=BACKUP_WITHIN)
    if answer is not None:
        return Path(answer["words"]), Path(answer["keys"])
    async with opened(settings) as (store, _):
        if not isinstance(store, TinyDBStore):
            raise TypeError("only the embedded store is copied to files")
        made = await store.back_up(folder, datetime.now(UTC))
    return made.words, made.keys


def restore_backup(settings: Settings, words: Path, keys: Path, tell: Tell) -> Restored:
    """Make the store anew of a backup's two files. Raises `StoreUnusable`, `StoreLocked`, `VaultError`."""
    if settings.key is None and not settings.key_file.exists():
        raise VaultError(
            f"There is no key at {settings.key_file}; put the desk's key back first, or set DESK_KEY or DESK_KEY_FILE. It "
            "is in neither file of a backup, and without it nothing in them can be read."
        )
    vault = Vault(find_key(settings).value)
    reconnect = partial(reconnected, vault)
    database = settings.database_direct_url
    if database is None:
        return restore(words, keys, settings.data_dir, vault, reconnect, tell)
    from bot.in_database import restore_database  # noqa: PLC0415

    return restore_database(database, words, keys, vault, reconnect, tell)


def change_key(settings: Settings, tell: Tell) -> Rotated | None:
    """Give a stopped desk another key; None when an earlier change only had to be finished.

    At every moment the store opens with the key file, or with the new key beside it, which the next start then puts in
    its place. Raises `DeskError`: while a desk runs, or when the key is not in a file.
    """
    if settings.key is not None:
        raise DeskError(
            "DESK_KEY is set, and this command changes a key file. Write the key to a file that only you can read "
            f"(chmod 600), such as {settings.key_file}, name it in DESK_KEY_FILE, unset DESK_KEY, and run this again; "
            "afterwards you may set DESK_KEY to what the file holds then."
        )
    database = settings.database_direct_url
    if database is None and not has_store(settings.data_dir):
        raise DeskError(
            f"{settings.data_dir} holds no store, so no key is in use; set DATA_DIR to the desk's data folder."
        )
    if _finish_change(settings):
        return None
    old = Vault(read_key_file(settings.key_file))
    draft = _next_to(settings.key_file)

    def begin() -> Vault:
        draft.unlink(missing_ok=True)  # of a change that ended before it touched the store
        return Vault(make_key_file(draft))

    def end() -> None:
        with suppress(FileNotFoundError):  # a desk that is just starting has done it
            replace_secret(draft, settings.key_file)

    moved = partial(_moved, old)
    try:
        if database is None:
            return rotate(settings.data_dir, old, begin=begin, end=end, moved=moved, tell=tell)
        from bot.in_database import rotate_database  # noqa: PLC0415

        return rotate_database(database, old, begin=begin, end=end, moved=moved, tell=tell)
    except StoreLocked as exc:
        raise StoreLocked("The desk is running; stop it, change the key, and start it again.") from exc


def _moved(old: Vault, new: Vault, inquiries: Sequence[Inquiry]) -> dict[str, str]:
    addresses = {open_address(old, inquiry) for inquiry in inquiries}
    return {conversation_key(old, address): conversation_key(new, address) for address in addresses}


def _finish_change(settings: Settings) -> bool:
    """Put the new key in its place when the store is sealed with it already: a change of keys died just before."""
    draft = _next_to(settings.key_file)
    try:
        done = draft.exists() and _sealed_with(settings, Vault(read_key_file(draft)))
    except VaultError:  # only half written, so nothing is sealed with it
        return False
    if done:
        with suppress(FileNotFoundError):
            replace_secret(draft, settings.key_file)
    return done


def _sealed_with(settings: Settings, vault: Vault) -> bool:
    database = settings.database_direct_url
    if database is None:
        return sealed_with(settings.data_dir, vault)
    from bot import in_database  # noqa: PLC0415

    return in_database.sealed_with(database, vault)


def _next_to(key_file: Path) -> Path:
    return key_file.with_name(key_file.name + ".new")


__all__ = ["Key", "back_up", "change_key", "find_key", "opened", "restore_backup"]
