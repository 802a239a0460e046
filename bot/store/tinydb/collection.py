"""Records of one kind, found by their key; each is a document of a TinyDB table."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from bot.errors import NotFound, StoreError
from bot.store.tinydb.codec import Codec, Document
from bot.store.tinydb.indexes import Grouped, KeyOf, Ordered, OrderedGroups, Unique
from bot.store.tinydb.table import RowDB

R = TypeVar("R")


class Collection(Generic[R]):
    """The records of one table."""

    def __init__(self, db: RowDB, name: str, record: type[R], *key: str, apart: Sequence[str] = ()) -> None:
        """`name` is the table's and the plural for people; `key` names the fields that tell records apart; `apart`
        those that are kept elsewhere."""
        self.name = name
        self.record_type = record
        self.codec = Codec(record, *apart)
        self.table = db.rows(name, self.codec)
        self._key_of: Callable[[Document], Any] = itemgetter(*key)
        self._by_key = self.table.index(Unique(self._key_of))

    def grouped(self, *fields: str) -> Grouped:
        """Let an index follow that finds rows by the value of the field, or the values of several."""
        return self.table.index(Grouped(itemgetter(*fields)))

    def ordered_groups(self, key_of: KeyOf, order: str) -> OrderedGroups:
        """Let an index follow that finds rows by `key_of`, in order of a field, without those where it is None."""
        return self.table.index(OrderedGroups(key_of, itemgetter(order)))

    def ordered(self, key_of: Callable[[Document], Any]) -> Ordered:
        """Let an index follow that keeps rows in order of `key_of`, without those where it is None."""
        return self.table.index(Ordered(key_of))

    def unique(self, field: str) -> Unique:
        """Let an index follow that finds the one row with a value of `field`."""
        return self.table.index(Unique(itemgetter(field)))

    def fill(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Take in the records as they were read from disk. Raises ValueError for a row that is none of ours."""
        self.table.fill((doc_id, self.codec.decode(body)) for doc_id, body in rows)

    def get(self, key: Any) -> R | None:
        """Return the record with that key, if it is kept."""
        return self.at(self._by_key.get(key))

    def need(self, key: Any) -> R:
        """Return the record with that key. Raises `NotFound`."""
        record = self.get(key)
        if record is None:
            raise NotFound(f"There is no {key!r} among the {self.name} (any more); look again.")
        return record

    def at(self, doc_id: int | None) -> R | None:
        """Return the record of that row; None for no row."""
        if doc_id is None:
            return None
        document = self.table.find(doc_id)
        return None if document is None else self._record(document)

    def all_at(self, doc_ids: Iterable[int]) -> Sequence[R]:
        """Return the records of these rows, in the same order."""
        return [record for doc_id in doc_ids if (record := self.at(doc_id)) is not None]

    def all(self) -> Sequence[R]:
        """Return every record, by reading the whole table."""
        return [self._record(document) for document in self.table]

    def add(self, record: R) -> None:
        """Keep a new record. Raises `StoreError` when one with its key is kept."""
        document = self.codec.document(record)
        key = self._key_of(document)
        if self._by_key.get(key) is not None:
            raise StoreError(f"There is a {key!r} among the {self.name} already; nothing was changed.")
        self.table.write(document)

    def put(self, record: R) -> None:
        """Keep the record in place of the one with its key, if any."""
        document = self.codec.document(record)
        self.table.write(document, self._by_key.get(self._key_of(document)))

    def remove(self, *keys: Any) -> int:
        """Forget the records with these keys; return how many there were."""
        return self.remove_at([doc_id for key in keys if (doc_id := self._by_key.get(key)) is not None])

    def remove_at(self, doc_ids: Sequence[int]) -> int:
        """Forget the records of these rows; return how many there were."""
        return len(self.table.remove(doc_ids=doc_ids)) if doc_ids else 0

    def _record(self, document: Document) -> R:
        return self.codec.record(document)
