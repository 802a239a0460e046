"""From a backup to a store again: only what still has a key comes back."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import StoreUnusable
from bot.models import OLDEST_NAMED, Conversation, Inquiry, Sealed, Situation
from bot.store.rows import DataKey
from bot.store.tinydb.codec import Document
from bot.store.tinydb.copies import LEFT_OUT
from bot.store.tinydb.disk import FILE, KEYS_ID, LOCK, WORDS_ID, examine, has_store, make
from bot.store.tinydb.group import Rows
from bot.store.tinydb.keyed import KeyedCollection
from bot.store.tinydb.lock import take_lock
from bot.store.tinydb.tables import Tables
from bot.store.transfer import TABLES, Target, transfer
from bot.vault import Vault

HANGING = {
    "deliveries": ("inquiry_id", "inquiries"),
    "alarms": ("situation_id", "situations"),
    "mailings": ("situation_id", "situations"),
}
"""Rows that go with what they belong to: by which field, and in which table that is. The record of reads stays."""
Reconnect = Callable[[Sequence[Inquiry], Sequence[Conversation]], Sequence[Conversation]]
"""Returns the conversations as they lead to just these inquiries, without those that cannot be opened."""
Tell = Callable[[int, int], None]
"""Hears how many rows of how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back, and what stays erased because its key is gone."""

    inquiries: int
    conversations: int
    entries: int
    erased_inquiries: int


def restore(words: Path, keys: Path, path: Path, vault: Vault, reconnect: Reconnect, tell: Tell) -> Restored:
    """Make a store in the directory `path`, which holds none, of a backup's two files.

    Words of which the key is not in `keys` are left out with every row that leads to them. Raises `StoreUnusable` when there
    is a store already, or a file is damaged, is no backup, or was sealed with another desk key; `StoreLocked`.
    """
    lock = _take(path)
    try:
        rows, restored = _mended(words, keys, vault, reconnect, tell)
        make(path / FILE, vault, Tables().names, rows)
        return restored
    finally:
        os.close(lock)


def restore_to(
    target: Target, words: Path, keys: Path, vault: Vault, reconnect: Reconnect, tell: Tell
) -> Restored:
    """Give the same to another engine, which holds nothing yet. Raises `StoreUnusable`."""
    rows, restored = _mended(words, keys, vault, reconnect, tell)
    transfer(_Mended(rows), target, tell)
    return restored


class _Mended:
    """The documents of rows in memory, by table."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._tables = Tables()

    def counts(self) -> Mapping[str, int]:
        return {table: len(self._rows.get(table, {})) for table in TABLES}

    def documents(self, table: str) -> Iterator[Document]:
        decode = self._tables.collection(table).codec.decode
        return (decode(body) for body in self._rows.get(table, {}).values() if body is not None)


def _mended(words: Path, keys: Path, vault: Vault, reconnect: Reconnect, tell: Tell) -> tuple[Rows, Restored]:
    """Return the rows of a backup's files that still have their keys, and what led to the others mended."""
    tables = Tables()
    rows: Rows = {}
    wrapped = _wrapped(keys, vault, tables)
    kept = _Kept(tables, wrapped)

    def fill(name: str, found: Iterable[tuple[int, bytes]]) -> None:
        listed = list(found)
        if isinstance(tables.collection(name), KeyedCollection) or name in HANGING:
            kept.take(name, listed)
        else:
            rows[name] = dict(listed)

    names = [name for name in tables.names if name != "keys" and name not in LEFT_OUT]
    examine(words, vault, names, fill, WORDS_ID)
    restored = kept.mend(vault, reconnect, tell)
    changed, _ = tables.changed()
    return rows | changed, replace(restored, entries=len(rows["entries"]))


def _take(path: Path) -> int:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = take_lock(path / LOCK)
    except OSError as exc:
        raise StoreUnusable(
            f"{path} cannot hold the store ({exc.strerror}); set DATA_DIR to a folder the desk may write to."
        ) from exc
    if has_store(path):
        os.close(lock)
        raise StoreUnusable(
            f"{path} holds a store already, and a backup is restored only where there is none: set DATA_DIR to an empty "
            "folder, or move the store away. Nothing was changed."
        )
    return lock


def _wrapped(keys: Path, vault: Vault, tables: Tables) -> dict[str, Sealed]:
    wrapped: dict[str, Sealed] = {}

    def fill(_name: str, rows: Iterable[tuple[int, bytes]]) -> None:
        for _, body in rows:
            key = DataKey(**tables.keys.codec.decode(body))
            wrapped[key.owner] = key.wrapped

    examine(keys, vault, ["keys"], fill, KEYS_ID)
    return wrapped


class _Kept:
    """The rows of a file of words whose keys are there, as they become records again."""

    def __init__(self, tables: Tables, wrapped: dict[str, Sealed]) -> None:
        self._tables = tables
        self._wrapped = wrapped
        self._documents: dict[str, list[Document]] = {}

    def take(self, name: str, rows: Sequence[tuple[int, bytes]]) -> None:
        codec = self._tables.collection(name).codec
        self._documents[name] = [codec.decode(body) for _, body in rows]

    def mend(self, vault: Vault, reconnect: Reconnect, tell: Tell) -> Restored:
        """Keep what leads to a key; what led to a purged inquiry goes with it."""
        tables, documents = self._tables, self._documents
        total, done = sum(len(rows) for rows in documents.values()), 0
        inquiries: list[Inquiry] = [
            Inquiry(**document, data_key=self._wrapped[document["id"]])
            for document in documents["inquiries"]
            if document["id"] in self._wrapped
        ]
        for inquiry in inquiries:
            tables.inquiries.add(inquiry)
            tell(done := done + 1, total)
        by_situation: dict[str, list[Inquiry]] = {}
        for inquiry in inquiries:
            by_situation.setdefault(inquiry.situation_id, []).append(inquiry)
        for document in documents["situations"]:
            if document["id"] in by_situation:
                situation = self._situation(document, by_situation[document["id"]], vault)
                tables.situations.add(situation)
            tell(done := done + 1, total)
        for name, (field, above) in HANGING.items():
            hanging = tables.collection(name)
            for document in documents[name]:
                if tables.collection(above).get(document[field]) is not None:
                    hanging.add(hanging.codec.record(document))
                tell(done := done + 1, total)
        found = [
            Conversation(**document, data_key=self._wrapped[document["key"]])
            for document in documents["conversations"]
            if document["key"] in self._wrapped
        ]
        conversations = reconnect(inquiries, found)
        for conversation in conversations:
            tables.conversations.add(conversation)
        tell(total, total)
        return Restored(
            inquiries=len(inquiries),
            conversations=len(conversations),
            entries=0,
            erased_inquiries=len(documents["inquiries"]) - len(inquiries),
        )

    def _situation(self, document: Document, inside: Sequence[Inquiry], vault: Vault) -> Situation:
        inside = sorted(inside, key=lambda inquiry: inquiry.opened_at)
        fields = document | {
            "references": tuple(inquiry.reference for inquiry in inside[:OLDEST_NAMED]),
            "inquiries": len(inside),
            "languages": tuple(dict.fromkeys(inquiry.language for inquiry in inside)),
        }
        data_key = self._wrapped.get(document["id"])
        if data_key is None:
            # The inquiries were moved to another situation since, and this one went: they wait in it again.
            return Situation(**fields | {"draft": None}, data_key=vault.new_key(document["id"]))
        return Situation(**fields, data_key=data_key)
