"""A new desk key for a store: everything the old one sealed or wrapped, in one transaction."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.audit import Chain, re_anchored
from bot.store.rotating import SEALED_BY_DESK, Moved, Rotated, Tell, resealed
from bot.store.tinydb.disk import mark, open_disk
from bot.store.tinydb.tables import Tables
from bot.vault import Vault


def rotate(
    path: Path,
    old: Vault,
    *,
    begin: Callable[[], Vault],
    end: Callable[[], None],
    moved: Moved,
    tell: Tell,
) -> Rotated:
    """Wrap and seal anew, with the key that `begin` keeps and returns, what a stopped desk's store in `path` holds.

    All of it or nothing; `end` is told when it is done. The store's lock is held from before `begin` till after `end`.
    Words stay as they are: only the keys around them change. What only the old key could find again is let go:
    conversations that lead to no inquiry, and the digests of message ids. Raises as `open_disk`,
    and `VaultError` when the record of reads was altered: a new key must not bless that.
    """
    tables = Tables()
    disk = open_disk(path, old, tables.names, tables.fill)
    try:
        new = begin()
        rotated = _rotate(tables, old, new, moved, tell)
        rows, _ = tables.changed()
        disk.persist(rows | mark(new))
        disk.scrub_whole()
        end()
    finally:
        disk.close()
    return rotated


def _rotate(tables: Tables, old: Vault, new: Vault, moved: Moved, tell: Tell) -> Rotated:
    inquiries, situations = tables.inquiries.all(), tables.situations.all()
    conversations, entries = tables.conversations.all(), tables.entries.all()
    total, done = len(inquiries) + len(situations) + len(conversations) + len(entries), 0
    digests = moved(new, inquiries)
    for inquiry in inquiries:
        data_key = old.rewrap(inquiry.id, inquiry.data_key, new, inquiry.id)
        tables.inquiries.put(replace(inquiry, data_key=data_key))
        tell(done := done + 1, total)
    for situation in situations:
        data_key = old.rewrap(situation.id, situation.data_key, new, situation.id)
        tables.situations.put(replace(situation, data_key=data_key))
        tell(done := done + 1, total)
    for conversation in conversations:
        tables.conversations.remove(conversation.key)
        key = digests.get(conversation.key)
        if key is not None:
            data_key = old.rewrap(conversation.key, conversation.data_key, new, key)
            tables.conversations.add(replace(conversation, key=key, data_key=data_key))
        tell(done := done + 1, total)
    _reseal(tables, old, new)
    _chain_anew(tables, old, new)
    tell(total, total)
    messages = tables.messages.all()
    tables.messages.remove(*(message.digest for message in messages))
    return Rotated(
        keys=len(inquiries) + len(situations) + len(tables.conversations.all()),
        entries=len(entries),
        conversations_let_go=len(conversations) - len(tables.conversations.all()),
        message_ids_let_go=len(messages),
    )


def _reseal(tables: Tables, old: Vault, new: Vault) -> None:
    for name, purpose in SEALED_BY_DESK.items():
        collection = tables.collection(name)
        for record in collection.all():
            collection.put(resealed(record, purpose, old, new))


def _chain_anew(tables: Tables, old: Vault, new: Vault) -> None:
    rows = tables.audit.all_at(tables.audit_by_number.all())
    rows, head = re_anchored(rows, tables.audit_heads.get(Chain.name), old, new)
    for row in rows:
        tables.audit.put(row)
    tables.audit_heads.put(head)
