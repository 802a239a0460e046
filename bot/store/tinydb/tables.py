"""The desk's tables, the indexes that follow them, and one transaction at a time over all of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, cast

from bot.models import (
    Alarm,
    AuditHead,
    AuditRow,
    ChangeKind,
    ContentVersion,
    Conversation,
    Delivery,
    DeliveryStatus,
    Inquiry,
    InquiryStatus,
    Invite,
    Mailing,
    Session,
    Situation,
    SituationStatus,
    StaffAccount,
    StoredEntry,
)
from bot.store.rows import (
    ContentFaults,
    ContentFiles,
    Counter,
    DataKey,
    Learned,
    PoolCount,
    Round,
    SeenMessage,
)
from bot.store.tinydb.codec import Document
from bot.store.tinydb.collection import Collection
from bot.store.tinydb.group import Rows
from bot.store.tinydb.keyed import KeyedCollection
from bot.store.tinydb.table import RowDB, RowStorage

Told = tuple[ChangeKind, str, str]
"""A change before it has its number: its kind, its id, and what it is a part of."""


class Tables:
    """All documents of the desk."""

    def __init__(self) -> None:
        db = RowDB()
        self._storage = cast(RowStorage, db.storage)

        # The first to be read: what they are the keys of asks for them.
        self.keys = Collection(db, "keys", DataKey, "owner")

        self.messages = Collection(db, "messages", SeenMessage, "digest")
        self.messages_by_age = self.messages.ordered(lambda doc: doc["at"])

        self.conversations = KeyedCollection(db, "conversations", Conversation, "key", self.keys)
        self.conversations_by_end = self.conversations.ordered(lambda doc: doc["keep_until"])

        self.inquiries = KeyedCollection(db, "inquiries", Inquiry, "id", self.keys)
        self.inquiry_by_reference = self.inquiries.unique("reference")
        self.inquiries_by_situation = self.inquiries.ordered_groups(itemgetter("situation_id"), "opened_at")
        self.inquiries_by_status = self.inquiries.grouped("situation_id", "status")
        self.inquiries_by_language = self.inquiries.grouped("situation_id", "language")
        self.settled_inquiries = self.inquiries.ordered_groups(_settled, "settled_at")
        self.inquiries_in_order = self.inquiries.ordered_groups(itemgetter("situation_id"), "id")
        self.unclosed_inquiries = self.inquiries.ordered(
            lambda doc: None if doc["status"] == InquiryStatus.CLOSED else doc["opened_at"]
        )

        self.situations = KeyedCollection(db, "situations", Situation, "id", self.keys)
        self.queue = self.situations.ordered(_place_in_queue)
        self.claims_by_end = self.situations.ordered(lambda doc: doc["claimed_until"])
        self.open_by_pool = self.situations.ordered_groups(
            lambda doc: doc["pool"] if doc["status"] == SituationStatus.OPEN else None, "number"
        )
        self.pools = Collection(db, "pools", PoolCount, "name")

        self.deliveries = Collection(db, "deliveries", Delivery, "id")
        self.deliveries_by_inquiry = self.deliveries.grouped("inquiry_id")
        self.owed = self.deliveries.ordered(
            lambda doc: (doc["created_at"], doc["id"]) if doc["status"] == DeliveryStatus.OWED else None
        )
        self.undelivered = self.deliveries.ordered(_in_trouble_since)

        self.mailings = Collection(db, "mailings", Mailing, "id")
        self.mailings_by_age = self.mailings.ordered(lambda doc: doc["created_at"])
        self.mailing_by_situation = self.mailings.unique("situation_id")

        self.entries = Collection(db, "entries", StoredEntry, "id", "version")
        self.versions_by_entry = self.entries.grouped("id")

        self.contents = Collection(db, "contents", ContentVersion, "number")
        self.content_files = Collection(db, "content_files", ContentFiles, "number")
        self.content_faults = Collection(db, "content_faults", ContentFaults, "name")
        self.learned = Collection(db, "learned", Learned, "name")

        self.staff = Collection(db, "staff", StaffAccount, "name")
        self.invites = Collection(db, "invites", Invite, "digest")
        self.invites_by_end = self.invites.ordered(lambda doc: doc["expires_at"])
        self.sessions = Collection(db, "sessions", Session, "digest")
        self.sessions_by_staff = self.sessions.grouped("staff")
        self.sessions_by_use = self.sessions.ordered(lambda doc: doc["used_at"])

        self.counters = Collection(db, "counters", Counter, "name")
        self.rounds = Collection(db, "rounds", Round, "name")

        self.alarms = Collection(db, "alarms", Alarm, "situation_id")
        self.alarms_going = self.alarms.ordered(
            lambda doc: None if doc["acknowledged_at"] else doc["raised_at"]
        )

        self.audit = Collection(db, "audit", AuditRow, "number")
        self.audit_by_number = self.audit.ordered(lambda doc: doc["number"])
        self.audit_by_account = self.audit.grouped("account")
        self.audit_by_situation = self.audit.grouped("situation_id")
        self.audit_heads = Collection(db, "audit_heads", AuditHead, "name")

        self._all: dict[str, Collection[Any]] = {
            kept.name: kept for kept in vars(self).values() if isinstance(kept, Collection)
        }

    @property
    def names(self) -> Sequence[str]:
        """The tables' names."""
        return tuple(self._all)

    def collection(self, name: str) -> Collection[Any]:
        """Return the records of that table."""
        return self._all[name]

    def fill(self, name: str, rows: Iterable[tuple[int, bytes]]) -> None:
        """Take in a table as it was read from disk. Raises ValueError for a row that is none of ours."""
        self._all[name].fill(rows)

    def changed(self) -> tuple[Rows, Sequence[Told]]:
        """Return the rows that this transaction changed and what to tell about it, and begin the next one."""
        told: dict[Told, None] = {}
        for (name, doc_id), before in self._storage.before.items():
            after = self._storage.tables[name].get(str(doc_id))
            change_of = _CHANGES.get(name)
            if change_of is not None:
                told[change_of(after or before or {})] = None
            elif name == "sessions" and after is None and before is not None:
                # Signing in and every click change sessions, too; only that one ended matters to others.
                told["staff", before["staff"], ""] = None
        rows = self._storage.rows
        self._storage.rows = {}
        self._storage.before.clear()
        return rows, tuple(told)

    def undo(self) -> None:
        """Let every row be what it was before this transaction."""
        while self._storage.before:
            (name, doc_id), before = self._storage.before.popitem()
            self._all[name].table.put(doc_id, before)
        self._storage.rows = {}


def _settled(document: Document) -> tuple[InquiryStatus, bool] | None:
    return None if document["settled_at"] is None else (document["status"], document["urgent"] is not None)


def _in_trouble_since(document: Document) -> datetime | None:
    failed = document["status"] == DeliveryStatus.FAILED
    if not failed and (document["status"] != DeliveryStatus.OWED or document["attempts"] == 0):
        return None
    return cast(datetime, document["created_at"])


def _place_in_queue(document: Document) -> tuple[bool, datetime] | None:
    if document["status"] != SituationStatus.OPEN:
        return None
    return document["urgent"] is None, document["opened_at"]


_CHANGES: Mapping[str, Callable[[Mapping[str, Any]], Told]] = {
    "situations": lambda doc: ("situation", doc["id"], doc["lane"]),
    "deliveries": lambda doc: ("delivery", doc["id"], doc["inquiry_id"]),
    "entries": lambda doc: ("entry", doc["id"], ""),
    "contents": lambda doc: ("content", str(doc["number"]), ""),
    "content_faults": lambda _: ("content", "", ""),
    "staff": lambda doc: ("staff", doc["name"], ""),
    "alarms": lambda doc: ("alarm", doc["situation_id"], ""),
}
"""What is told of a changed document, by its table; of all others nothing."""
