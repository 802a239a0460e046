"""The tables that hold records, each with its record; the schema itself stands in `bot/store/migrations`."""

from bot.models import (
    Alarm,
    AuditHead,
    AuditRow,
    ContentVersion,
    Conversation,
    Delivery,
    Inquiry,
    Invite,
    Mailing,
    Session,
    Situation,
    StaffAccount,
    StoredEntry,
)
from bot.store.postgres.records import Table
from bot.store.rows import ContentFiles, Counter, DataKey, PoolCount, Round, SeenMessage

KEYS = Table("keys", DataKey, "owner")
MESSAGES = Table("messages", SeenMessage, "digest")
CONVERSATIONS = Table("conversations", Conversation, "key", apart=("data_key",))
POOLS = Table("pools", PoolCount, "name")
SITUATIONS = Table("situations", Situation, "id", apart=("data_key", "references", "inquiries"))
"""References and their number are read from the inquiries, so that whoever joins changes
no row that others wait for."""
INQUIRIES = Table("inquiries", Inquiry, "id", apart=("data_key",))
MAILINGS = Table("mailings", Mailing, "id")
DELIVERIES = Table("deliveries", Delivery, "id")
ALARMS = Table("alarms", Alarm, "situation_id")
ENTRIES = Table("entries", StoredEntry, "id", "version")
CONTENTS = Table("contents", ContentVersion, "number")
CONTENT_FILES = Table("content_files", ContentFiles, "number")
STAFF = Table("staff", StaffAccount, "name")
INVITES = Table("invites", Invite, "digest")
SESSIONS = Table("sessions", Session, "digest")
AUDIT = Table("audit", AuditRow, "number")
AUDIT_HEADS = Table("audit_heads", AuditHead, "name")
ROUNDS = Table("rounds", Round, "name")
COUNTERS = Table("counters", Counter, "name")
"""Several rows of a name count, in parts of which the record knows nothing."""
