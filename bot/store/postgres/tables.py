"""The tables that hold records, each with its record; the schema itself stands in `bot/store/migrations`."""

from dataclasses import dataclass
from datetime import datetime

from bot.models import (
    Alarm,
    AuditHead,
    AuditRow,
    ContentVersion,
    Conversation,
    Delivery,
    Inquiry,
    Invite,
    Sealed,
    Session,
    Situation,
    StaffAccount,
    StoredEntry,
)
from bot.store.postgres.records import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """The wrapped key of one record."""

    owner: str
    """The id of an inquiry or a situation, or the digest of a conversation."""
    wrapped: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """A message whose effect is recorded."""

    digest: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCount:
    """How many situations were ever opened in a pool."""

    name: str
    opened: int


KEYS = Table("keys", DataKey, "owner")
MESSAGES = Table("messages", SeenMessage, "digest")
CONVERSATIONS = Table("conversations", Conversation, "key", apart=("data_key",))
POOLS = Table("pools", PoolCount, "name")
SITUATIONS = Table("situations", Situation, "id", apart=("data_key", "references", "inquiries"))
"""References and their number are read from the inquiries, so that whoever joins changes
no row that others wait for."""
INQUIRIES = Table("inquiries", Inquiry, "id", apart=("data_key",))
DELIVERIES = Table("deliveries", Delivery, "id")
ALARMS = Table("alarms", Alarm, "situation_id")
ENTRIES = Table("entries", StoredEntry, "id", "version")
CONTENTS = Table("contents", ContentVersion, "number")
STAFF = Table("staff", StaffAccount, "name")
INVITES = Table("invites", Invite, "digest")
SESSIONS = Table("sessions", Session, "digest")
AUDIT = Table("audit", AuditRow, "number")
AUDIT_HEADS = Table("audit_heads", AuditHead, "name")
