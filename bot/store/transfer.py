"""A whole store as documents by table: what is copied from one engine to another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from bot.errors import StoreError

Document = dict[str, Any]
"""A record's fields by name, with the values the record has. A record's own key is a document of `keys`."""

TABLES = (
    "messages",
    "conversations",
    "pools",
    "situations",
    "mailings",
    "inquiries",
    "deliveries",
    "alarms",
    "entries",
    "contents",
    "content_files",
    "staff",
    "invites",
    "sessions",
    "audit",
    "audit_heads",
    "rounds",
    "counters",
    "keys",
)
"""Every table of a store, each after those it leans on; the keys when it is known what has one."""
NOT_TRANSFERRED = frozenset({"learned", "content_faults"})
"""What a process finds out again by itself."""

Tell = Callable[[int, int], None]
"""Hears how many rows of how many are done."""
TOLD_EVERY = 500


class Source(Protocol):
    """A store that nobody uses, as it stands."""

    def size(self) -> int:
        """Return about how many documents there are."""

    def counts(self) -> Mapping[str, int]:
        """Return how many documents there are of each table; asked when all were read."""

    def documents(self, table: str) -> Iterator[Document]:
        """Yield the documents of a table."""


class Target(Protocol):
    """A store that is being made, and is none before it is whole."""

    def write(self, table: str, documents: Iterable[Document]) -> None:
        """Keep the documents of a table."""

    def counts(self) -> Mapping[str, int]:
        """Return how many documents were kept of each table, as they can be read again."""


def transfer(source: Source, target: Target, tell: Tell) -> Mapping[str, int]:
    """Copy every document and return how many of each table there are on both sides. Raises `StoreError`."""
    total, done = source.size(), 0

    def told(documents: Iterator[Document]) -> Iterator[Document]:
        nonlocal done
        for document in documents:
            yield document
            done += 1
            if done % TOLD_EVERY == 0:
                tell(min(done, total), total)

    for table in TABLES:
        target.write(table, told(source.documents(table)))
    tell(total, total)
    expected, found = source.counts(), target.counts()
    wrong = [
        f"{table} {found[table]} of {count}" for table, count in expected.items() if found[table] != count
    ]
    if wrong:
        raise StoreError(f"The copy is not whole ({', '.join(wrong)}), so there is none; try again.")
    return {table: expected[table] for table in TABLES}
