"""TinyDB tables whose changes are rows: the stock table rebuilds and writes everything at each change."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, NoReturn, TypeVar, cast

from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table

from bot.store.tinydb.codec import Codec, Document
from bot.store.tinydb.group import Rows
from bot.store.tinydb.indexes import Index

I = TypeVar("I", bound=Index)  # noqa: E741 - an index


class RowStorage(Storage):
    """Holds the documents in memory and notes what each row was before a change, so that it can be undone."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Document]] = {}
        """Documents by table and by id as text: the shape TinyDB reads."""
        self.before: dict[tuple[str, int], Document | None] = {}
        """What the rows that this transaction changed were before; None for a new row."""
        self.rows: Rows = {}
        """The rows that this transaction changed, as they shall stand on disk."""

    def read(self) -> dict[str, dict[str, Any]]:
        """Return all documents; only the tables may change them."""
        return dict(self.tables)

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> NoReturn:
        """Refuse: replacing everything at once is what this storage exists to avoid."""
        raise NotImplementedError("Tables are written row by row; to empty one, use its truncate().")


class RowTable(Table):
    """A table that changes rows in place and lets its indexes follow."""

    def __init__(self, storage: RowStorage, name: str, codec: Codec[Any]) -> None:
        super().__init__(
            storage, name, cache_size=0
        )  # rows are found by indexes, not by the queries asked last
        self.codec = codec
        self._kept = storage
        self._rows = storage.tables.setdefault(name, {})
        self._indexes: list[Index] = []

    def index(self, index: I) -> I:
        """Let `index` follow this table from now on, and return it."""
        self._indexes.append(index)
        return index

    def fill(self, rows: Iterable[tuple[int, Document]]) -> None:
        """Take in the documents that were read from disk."""
        documents = dict(rows)
        self._rows.update((str(doc_id), document) for doc_id, document in documents.items())
        for index in self._indexes:
            index.fill(documents.items())

    def find(self, doc_id: int) -> Document | None:
        """Return the document of that row, as it stands here; only this table may change it."""
        return self._rows.get(str(doc_id))

    def write(self, document: Document, doc_id: int | None = None) -> None:
        """Put the whole document into its row, a new row without `doc_id`.

        TinyDB's `insert` and `update` come to the same, after asking what kind of update it is and which rows it is for.
        Raises `StoreError` for a document that cannot be kept.
        """
        if doc_id is None:
            doc_id = cast(int, self._get_next_id())  # type: ignore[no-untyped-call]
        before = self._rows.get(str(doc_id))
        if document != before:
            self._change(doc_id, before, document, self.codec.encode(document))

    def put(self, doc_id: int, document: Document | None) -> None:
        """Set one document to what it shall be (None: not there) without noting what it was."""
        self._set(doc_id, self._rows.get(str(doc_id)), document)

    def _change(
        self, doc_id: int, before: Document | None, document: Document | None, row: bytes | None
    ) -> None:
        kept, name = self._kept, self._name
        kept.before.setdefault((name, doc_id), before)
        if name not in kept.rows:
            kept.rows[name] = {}
        kept.rows[name][doc_id] = row
        self._set(doc_id, before, document)

    def _set(self, doc_id: int, before: Document | None, document: Document | None) -> None:
        if document is None:
            self._rows.pop(str(doc_id), None)
        else:
            self._rows[str(doc_id)] = document
        for index in self._indexes:
            index.change(doc_id, before, document)

    def _read_table(self) -> dict[str, Mapping[str, Any]]:
        return cast(dict[str, Mapping[str, Any]], self._rows)

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        changes = _Changes(self._rows)
        updater(cast(dict[int, Mapping[str, Any]], changes))
        changed = []
        for doc_id, document in changes.documents.items():
            before = self._rows.get(str(doc_id))
            if document != before:
                # What cannot be kept raises here, before the memory or an index has changed.
                row = None if document is None else self.codec.encode(document)
                changed.append((doc_id, before, document, row))
        for change in changed:
            self._change(*change)


class RowDB(TinyDB):
    """TinyDB with tables of rows."""

    table_class: type[Table] = RowTable

    def __init__(self) -> None:
        super().__init__(storage=RowStorage)

    def rows(self, name: str, codec: Codec[Any]) -> RowTable:
        """Return the table of that name, whose documents `codec` turns into rows."""
        return cast(RowTable, self.table(name, codec=codec))


class _Changes(MutableMapping[int, Document]):
    """The table as TinyDB's updaters see it: they change copies, and only of the rows they touch."""

    def __init__(self, rows: dict[str, Document]) -> None:
        self._stored = rows
        self.documents: dict[int, Document | None] = {}

    def __getitem__(self, doc_id: int) -> Document:
        if doc_id not in self.documents:
            self.documents[doc_id] = dict(self._stored[str(doc_id)])
        document = self.documents[doc_id]
        if document is None:
            raise KeyError(doc_id)
        return document

    def __setitem__(self, doc_id: int, document: Document) -> None:
        self.documents[doc_id] = document

    def __delitem__(self, doc_id: int) -> None:
        if doc_id not in self:
            raise KeyError(doc_id)
        self.documents[doc_id] = None

    def __contains__(self, doc_id: object) -> bool:
        if doc_id in self.documents:
            return self.documents[doc_id] is not None
        return str(doc_id) in self._stored

    def __iter__(self) -> Iterator[int]:
        yield from (doc_id for doc_id in map(int, self._stored) if doc_id in self)
        yield from (doc_id for doc_id in self.documents if str(doc_id) not in self._stored and doc_id in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        self.documents = dict.fromkeys(list(self))
