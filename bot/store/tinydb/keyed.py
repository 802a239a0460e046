"""Records that have a key of their own: it stands in a table apart, comes with the record and goes with it."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from bot.models import Sealed
from bot.store.rows import DataKey
from bot.store.tinydb.codec import Document
from bot.store.tinydb.collection import Collection
from bot.store.tinydb.table import RowDB


class HasKey(Protocol):
    """A record with a key of its own."""

    @property
    def data_key(self) -> Sealed: ...


K = TypeVar("K", bound=HasKey)


class KeyedCollection(Collection[K]):
    """The records of one table, with their keys in another."""

    def __init__(self, db: RowDB, name: str, record: type[K], key: str, keys: Collection[DataKey]) -> None:
        super().__init__(db, name, record, key, apart=("data_key",))
        self._keys = keys
        self._owner = key

    def fill(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Take in the records as they were read from disk, after their keys. Raises ValueError for one without."""
        super().fill(rows)
        for document in self.table:
            if self._keys.get(document[self._owner]) is None:
                raise ValueError(f"row {document.doc_id} of {self.name} has no key")

    def add(self, record: K) -> None:
        """Keep a new record and its key."""
        super().add(record)
        self._keys.add(self._key_of_record(record))

    def put(self, record: K) -> None:
        """Keep the record and its key in place of the ones with its key, if any."""
        super().put(record)
        self._keys.put(self._key_of_record(record))

    def remove_at(self, doc_ids: Sequence[int]) -> int:
        """Forget the records of these rows, their keys first; return how many there were."""
        self._keys.remove(*(getattr(record, self._owner) for record in self.all_at(doc_ids)))
        return super().remove_at(doc_ids)

    def _record(self, document: Document) -> K:
        return self.codec.record(document, data_key=self._keys.need(document[self._owner]).wrapped)

    def _key_of_record(self, record: K) -> DataKey:
        return DataKey(owner=getattr(record, self._owner), wrapped=record.data_key)
