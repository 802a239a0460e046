"""From a backup to a store again: only what still has a key comes back."""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.errors import StoreUnusable
from bot.models import OLDEST_NAMED, Conversation, Inquiry, Sealed
from bot.store.tinydb.codec import Document
from bot.store.tinydb.copies import LEFT_OUT
from bot.store.tinydb.disk import (
    FILE,
    KEYS_ID,
    LOCK,
    WORDS_ID,
    count,
    examine,
    has_store,
    making,
    rows_of,
)
from bot.store.tinydb.lock import take_lock
from bot.store.tinydb.tables import Tables
from bot.store.tinydb.transfer import Draft
from bot.store.transfer import Target, transfer
from bot.vault import Vault

HANGING = {
    "deliveries": ("inquiry_id", "inquiries"),
    "alarms": ("situation_id", "situations"),
    "mailings": ("situation_id", "situations"),
}
"""Rows that go with what they belong to: by which field, and in which table that is. The record of reads stays."""
Reconnect = Callable[[Sequence[Inquiry], Iterable[Conversation]], Iterable[Conversation]]
"""Returns the conversations as they lead to just these inquiries, without those that cannot be opened. The inquiries
come without their words."""
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
    tables = Tables()
    with ExitStack() as stack:
        stack.callback(os.close, _take(path))
        backup = stack.enter_context(_opened(words, keys, vault, reconnect))
        add, count_of = stack.enter_context(making(path / FILE, vault, tables.names))
        transfer(backup, Draft(tables, add, count_of), tell)
    return backup.restored()


def restore_to(
    target: Target, words: Path, keys: Path, vault: Vault, reconnect: Reconnect, tell: Tell
) -> Restored:
    """Give the same to another engine, which holds nothing yet. Raises `StoreUnusable`."""
    with _opened(words, keys, vault, reconnect) as backup:
        transfer(backup, target, tell)
    return backup.restored()


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


@contextmanager
def _opened(words: Path, keys: Path, vault: Vault, reconnect: Reconnect) -> "Iterator[_Backup]":
    """Examine both files, and give what of them can be restored."""
    tables = Tables()
    wrapped: dict[str, Sealed] = {}

    def fill(name: str, rows: Iterable[tuple[int, bytes]]) -> None:
        decode = tables.collection(name).codec.decode
        for _, body in rows:
            document = decode(body)
            if name == "keys":
                wrapped[document["owner"]] = document["wrapped"]

    examine(keys, vault, ["keys"], fill, KEYS_ID)
    names = [name for name in tables.names if name != "keys" and name not in LEFT_OUT]
    examine(words, vault, names, fill, WORDS_ID)
    with closing(sqlite3.connect(f"{words.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield _Backup(connection, names, wrapped, vault, reconnect)


class _Backup:
    """The documents of a backup whose keys are there, mended where they led to others."""

    def __init__(
        self,
        words: sqlite3.Connection,
        names: Sequence[str],
        wrapped: Mapping[str, Sealed],
        vault: Vault,
        reconnect: Reconnect,
    ) -> None:
        self._words = words
        self._names = names
        self._tables = Tables()
        self._wrapped = wrapped
        self._vault = vault
        self._reconnect = reconnect
        self._keys: dict[str, Sealed] = {}
        """The keys of what comes back."""
        self._given: Counter[str] = Counter()
        # In memory are only what leads from one to the other and the keys: words stay in the file.
        self._inquiries: dict[str, Inquiry] = {}
        self._inside: dict[str, list[Inquiry]] = {}
        self._erased = 0
        for document in self._rows("inquiries"):
            if document["id"] not in wrapped:
                self._erased += 1
            else:
                inquiry = Inquiry(**document | {"words": ()}, data_key=wrapped[document["id"]])
                self._inquiries[inquiry.id] = inquiry
                self._inside.setdefault(inquiry.situation_id, []).append(inquiry)

    def size(self) -> int:
        """Return how many rows there are in the file of words."""
        return sum(count(self._words, name) for name in self._names)

    def counts(self) -> Mapping[str, int]:
        """Return how many documents were given of each table."""
        return self._given

    def documents(self, table: str) -> Iterator[Document]:
        """Yield what comes back of a table."""
        for document in self._kept(table):
            self._given[table] += 1
            yield document

    def restored(self) -> Restored:
        """Return what came back."""
        return Restored(
            inquiries=len(self._inquiries),
            conversations=self._given["conversations"],
            entries=self._given["entries"],
            erased_inquiries=self._erased,
        )

    def _kept(self, table: str) -> Iterator[Document]:
        if table == "keys":
            return ({"owner": owner, "wrapped": wrapped} for owner, wrapped in self._keys.items())
        if table == "inquiries":
            return self._kept_inquiries()
        if table == "situations":
            return self._kept_situations()
        if table == "conversations":
            return self._kept_conversations()
        if table in HANGING:
            field, above = HANGING[table]
            there: Mapping[str, object] = self._inquiries if above == "inquiries" else self._inside
            return (document for document in self._rows(table) if document[field] in there)
        return self._rows(table) if table in self._names else iter(())

    def _kept_inquiries(self) -> Iterator[Document]:
        for document in self._rows("inquiries"):
            if document["id"] in self._inquiries:
                self._keys[document["id"]] = self._wrapped[document["id"]]
                yield document

    def _kept_situations(self) -> Iterator[Document]:
        for document in self._rows("situations"):
            inside = sorted(self._inside.get(document["id"], ()), key=lambda inquiry: inquiry.opened_at)
            if not inside:
                continue
            document |= {
                "references": tuple(inquiry.reference for inquiry in inside[:OLDEST_NAMED]),
                "inquiries": len(inside),
                "languages": tuple(dict.fromkeys(inquiry.language for inquiry in inside)),
            }
            key = self._wrapped.get(document["id"])
            if key is None:
                # The inquiries were moved to another situation since, and this one went: they wait in it again.
                document["draft"] = None
                key = self._vault.new_key(document["id"])
            self._keys[document["id"]] = key
            yield document

    def _kept_conversations(self) -> Iterator[Document]:
        codec = self._tables.conversations.codec
        found = (
            Conversation(**document, data_key=self._wrapped[document["key"]])
            for document in self._rows("conversations")
            if document["key"] in self._wrapped
        )
        for conversation in self._reconnect(list(self._inquiries.values()), found):
            self._keys[conversation.key] = conversation.data_key
            yield codec.document(conversation)

    def _rows(self, table: str) -> Iterator[Document]:
        decode = self._tables.collection(table).codec.decode
        return (decode(body) for _, body in rows_of(self._words, table))
