"""A backup: the words in one file, the keys to them in another, both of one moment.

Each backup leaves a file of words; of keys there is only ever the newest file. What was purged since has no key in
it, so an older file of words cannot bring it back.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.errors import StoreError
from bot.store.base import SCHEMA_VERSION
from bot.store.tinydb.disk import KEYS_ID, MARK, WORDS_ID, make_part, synced
from bot.store.tinydb.tables import Tables
from bot.store.transfer import TABLES, Source
from bot.vault import Vault

KEYS = "keys.sqlite3"
LEFT_OUT = frozenset({"sessions", "invites"})
"""What nobody wants back: who was signed in signs in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Where a backup stands."""

    words: Path
    keys: Path


def back_up(file: Path, folder: Path, names: Sequence[str], now: datetime) -> Backup:
    """Copy the store in `file`, which may be in use, to a new file of words and the one file of keys in `folder`.

    Each is complete before it gets its name; the older keys are overwritten after that. Raises `StoreError`.
    """
    return _backed_up(folder, now, lambda words, keys: _copy(file, (words, keys), names))


def back_up_from(source: Source, vault: Vault, folder: Path, now: datetime) -> Backup:
    """Copy another engine's store, as it stood at one moment, to the same two files. Raises `StoreError`."""
    tables = Tables()

    def rows(name: str) -> Iterator[tuple[int, bytes]]:
        encode = tables.collection(name).codec.encode
        found = source.documents(name) if name in TABLES else iter(())
        return ((number, encode(document)) for number, document in enumerate(found, start=1))

    def make(words: Path, keys: Path) -> None:
        names = [name for name in tables.names if name != "keys" and name not in LEFT_OUT]
        make_part(words, vault, WORDS_ID, {name: rows(name) for name in names})
        make_part(keys, vault, KEYS_ID, {"keys": rows("keys")})

    return _backed_up(folder, now, make)


def _backed_up(folder: Path, now: datetime, make: Callable[[Path, Path], None]) -> Backup:
    words, keys = _free_name(folder, now), folder / KEYS
    drafts = [path.with_name(path.name + ".new") for path in (words, keys)]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for draft in drafts:
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600)
        make(*drafts)
        drafts[0].rename(words)
        replace_secret(drafts[1], keys)
    except (OSError, sqlite3.Error) as exc:
        for leftover in (*drafts, words):  # words that have no newest keys beside them are no backup
            leftover.unlink(missing_ok=True)
        raise StoreError(
            f"No backup was made in {folder} ({exc}); name a folder the desk may write to, with space for a copy."
        ) from exc
    return Backup(words=words, keys=keys)


def replace_secret(draft: Path, path: Path) -> None:
    """Put `draft` in the place of `path`, and overwrite what stood there. Raises OSError with `path` as it was."""
    old = os.open(path, os.O_WRONLY) if path.exists() else None
    try:
        synced(draft)
        draft.replace(path)
        synced(path.parent)
    except BaseException:
        if old is not None:
            os.close(old)
        raise
    if old is not None:
        # By now nothing leads to it. A disk that refuses or writes elsewhere (flash, copy on write) may keep its blocks.
        with suppress(OSError):
            os.write(old, bytes(os.fstat(old).st_size))
            os.fsync(old)
        os.close(old)


def _free_name(folder: Path, now: datetime) -> Path:
    stem = f"words-{now:%Y-%m-%dT%H-%M-%SZ}"
    names = (folder / f"{stem}{f'-{number}' if number else ''}.sqlite3" for number in range(1000))
    return next(name for name in names if not name.exists())


def _copy(file: Path, drafts: Sequence[Path], names: Sequence[str]) -> None:
    # Only reads the store: the desk goes on writing meanwhile. One transaction, so both files are of one moment.
    with closing(
        sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    ) as copying:
        for part, draft in zip(("words", "keys"), drafts, strict=True):
            copying.execute(f"ATTACH DATABASE ? AS {part}", (f"{draft.absolute().as_uri()}?mode=rw",))
            copying.execute(f"PRAGMA {part}.secure_delete = ON")
        copying.execute("BEGIN")
        for part, identity, tables in (
            ("words", WORDS_ID, [name for name in names if name != "keys" and name not in LEFT_OUT]),
            ("keys", KEYS_ID, ["keys"]),
        ):
            for name in (MARK, *tables):
                copying.execute(
                    f'CREATE TABLE {part}."{name}" (id INTEGER PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL)'
                )
                copying.execute(f'INSERT INTO {part}."{name}" SELECT * FROM main."{name}"')  # noqa: S608 - our own
            copying.execute(f"PRAGMA {part}.application_id = {identity}")
            copying.execute(f"PRAGMA {part}.user_version = {SCHEMA_VERSION}")
        copying.execute("COMMIT")
