"""Verbs for what citizens do: conversations, and the whole effect of one message."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from bot.errors import MessageSeen, NotFound, Stale
from bot.models import Conversation, Inquiry, InquiryStatus
from bot.store.base import Addition, Effect
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.filing import file_inquiry
from bot.store.postgres.finding import INQUIRIES_FOUND, inquiry_from, missing
from bot.store.postgres.following import follow_inquiries, owe, raise_alarm, remove_inquiry
from bot.store.postgres.records import aware
from bot.store.postgres.tables import CONVERSATIONS
from bot.store.postgres.transaction import Transaction

KEEP = """
    kept AS (
        INSERT INTO conversations AS stored (key, body, keep_until, version)
        SELECT %(key)s, %(body)s, %(keep_until)s, %(version)s
        WHERE %(version)s = 1 OR EXISTS (SELECT FROM conversations WHERE key = %(key)s)
        ON CONFLICT (key) DO UPDATE SET body = excluded.body, keep_until = excluded.keep_until, version = excluded.version
        WHERE stored.version = excluded.version - 1
        RETURNING 1
    ), wrapped AS (
        INSERT INTO keys (owner, wrapped) SELECT %(key)s, %(data_key)s FROM kept
        ON CONFLICT (owner) DO UPDATE SET wrapped = excluded.wrapped
    )
"""
SAVE = f"WITH {KEEP} SELECT EXISTS (SELECT FROM kept)"

# The situation to join is locked so that it stays open, and harder when its row is to be changed: of two who hold it
# together and then want to change it, neither could.
BEGIN = f"""
    WITH seen AS (
        INSERT INTO messages (digest, at) VALUES (%(message)s, %(at)s) ON CONFLICT DO NOTHING RETURNING 1
    ), {KEEP}, fits AS (
        SELECT %(language)s = ANY (languages) AND (urgent IS NOT NULL OR %(urgent)s::text IS NULL) AS unchanged
        FROM situations WHERE id = %(situation)s
    ), shared AS (
        SELECT status, lane, false AS changes FROM situations
        WHERE id = %(situation)s AND (SELECT unchanged FROM fits) FOR SHARE
    ), owned AS (
        SELECT status, lane, true AS changes FROM situations
        WHERE id = %(situation)s AND NOT (SELECT unchanged FROM fits) FOR NO KEY UPDATE
    )
    SELECT EXISTS (SELECT FROM seen), EXISTS (SELECT FROM kept), stored.status, stored.lane, stored.changes
    FROM (SELECT) AS once LEFT JOIN (SELECT * FROM shared UNION ALL SELECT * FROM owned) AS stored ON true
"""

LOCK_SITUATIONS = """
    SELECT id FROM situations WHERE id = ANY (ARRAY(SELECT situation_id FROM inquiries WHERE id = ANY (%s)))
    ORDER BY id FOR UPDATE
"""
LOCK_INQUIRIES = """
    SELECT id, situation_id, status, reference FROM inquiries WHERE id = ANY (%s) ORDER BY id FOR UPDATE
"""

ADD = """
    UPDATE inquiries SET words = words || %(words)s::bytea, updated_at = %(at)s,
        settled_at = CASE WHEN status = 'open' THEN settled_at END, status = 'open',
        newer_than = COALESCE((SELECT id FROM mailings WHERE situation_id = %(situation)s), newer_than)
    WHERE id = %(id)s
"""
ADDED_TO = """
    UPDATE situations SET updated_at = %(at)s, status = 'open',
        settled_at = CASE WHEN status = 'open' THEN settled_at END,
        settled_by = CASE WHEN status = 'open' THEN settled_by END
    WHERE id = %(id)s RETURNING lane, claimed_until
"""

# Which of a name's rows counts depends on the connection, so that hardly two transactions want the same one.
COUNT = """
    INSERT INTO counters (name, part, count)
    SELECT name, pg_backend_pid() %% 32, times FROM unnest(%s::text[], %s::bigint[]) AS counted (name, times)
    ON CONFLICT (name, part) DO UPDATE SET count = counters.count + excluded.count
"""


class CitizenVerbs(Core):
    """What one address can reach, and what its messages change."""

    @reading
    async def message_seen(self, tx: Transaction, message: str) -> bool:
        """Tell whether the effect of this message was recorded."""
        return await tx.row("SELECT 1 FROM messages WHERE digest = %s", (message,)) is not None

    @reading
    async def conversation(self, tx: Transaction, key: str) -> Conversation | None:
        """Return the conversation of that keyed digest, if it is kept."""
        row = await tx.row(
            f"SELECT {CONVERSATIONS.selected('c')}, k.wrapped FROM conversations AS c "
            "JOIN keys AS k ON k.owner = c.key WHERE c.key = %s",
            (key,),
        )
        return None if row is None else CONVERSATIONS.record(row, data_key=row[-1])

    @verb
    async def save_conversation(self, tx: Transaction, conversation: Conversation) -> None:
        """Keep the conversation; raise `Stale` if its version is not one above the stored one."""
        saved = await tx.row(SAVE, _kept(conversation))
        if saved != (True,):
            await _refuse(tx, conversation)
        _prove(tx, conversation)

    @verb
    async def record(self, tx: Transaction, effect: Effect) -> None:
        """Make the whole effect durable, or none of it."""
        filing = effect.filing
        added = None if effect.addition is None else effect.addition.inquiry_id
        named = [
            *effect.erased,
            *(one for one in (added, effect.withdrawn, effect.solved) if one is not None),
        ]
        new, kept, *stored = await tx.row(BEGIN, begun(effect)) or (False, False)
        if not new:
            raise MessageSeen("This message had its effect already; show what was replied then.")
        if not kept:
            await _refuse(tx, effect.conversation)
        held = await _held(tx, named) if named else {}
        if filing is not None:
            await file_inquiry(tx, filing, *stored)
        if effect.addition is not None:
            await _add(tx, effect.addition, _unclosed(held, effect.addition.inquiry_id))
        if effect.withdrawn is not None:
            withdrawn = _unclosed(held, effect.withdrawn)
            await remove_inquiry(tx, withdrawn.id, withdrawn.situation_id, effect.at)
            del held[withdrawn.id]
        for inquiry_id in effect.erased:
            erased = held.pop(inquiry_id, None)
            if erased is not None:
                await remove_inquiry(tx, inquiry_id, erased.situation_id, effect.at)
        if effect.solved is not None:
            await _solve(tx, _unclosed(held, effect.solved), effect.at)
        if effect.counts:
            # Last, because others wait for these rows.
            counted = sorted(Counter(effect.counts).items())
            await tx.run(COUNT, tuple(map(list, zip(*counted, strict=True))))
        _prove(tx, effect.conversation)

    @reading
    async def inquiry(self, tx: Transaction, inquiry_id: str) -> Inquiry | None:
        """Return the inquiry, if it is kept."""
        row = await tx.row(f"{INQUIRIES_FOUND} WHERE i.id = %s", (inquiry_id,))
        return None if row is None else inquiry_from(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """An inquiry that is locked, with its situation."""

    id: str
    situation_id: str
    status: InquiryStatus
    reference: str


def _kept(conversation: Conversation) -> dict[str, Any]:
    return {
        "key": conversation.key,
        "body": conversation.body,
        "data_key": conversation.data_key,
        "keep_until": None if conversation.keep_until is None else aware(conversation.keep_until),
        "version": conversation.version,
    }


def begun(effect: Effect) -> dict[str, Any]:
    """Return the values of `BEGIN`."""
    filing = effect.filing
    return _kept(effect.conversation) | {
        "message": effect.message,
        "at": aware(effect.at),
        "situation": None if filing is None else filing.situation.id,
        "language": None if filing is None else filing.inquiry.language,
        "urgent": None if filing is None else filing.situation.urgent,
    }


def _prove(tx: Transaction, conversation: Conversation) -> None:
    # Its body was sealed for this once, so there is no other like it.
    tx.prove(
        "SELECT 1 FROM conversations WHERE key = %s AND body = %s", (conversation.key, conversation.body)
    )


async def _refuse(tx: Transaction, conversation: Conversation) -> NoReturn:
    row = await tx.row("SELECT version FROM conversations WHERE key = %s", (conversation.key,))
    raise Stale(
        f"The conversation is at version {0 if row is None else row[0]}, so {conversation.version} cannot follow; "
        "read it again and repeat the change."
    )


async def _held(tx: Transaction, named: Sequence[str]) -> dict[str, _Held]:
    """Lock these inquiries and their situations, which may go with them; those that are gone are left out."""
    await tx.run(LOCK_SITUATIONS, (list(named),))
    rows = await tx.rows(LOCK_INQUIRIES, (list(named),))
    return {
        row[0]: _Held(id=row[0], situation_id=row[1], status=InquiryStatus(row[2]), reference=row[3])
        for row in rows
    }


def _unclosed(held: Mapping[str, _Held], inquiry_id: str) -> _Held:
    inquiry = held.get(inquiry_id)
    if inquiry is None:
        raise missing("inquiries", inquiry_id)
    if inquiry.status is InquiryStatus.CLOSED:
        raise NotFound(f"Inquiry {inquiry.reference} is closed; open another one.")
    return inquiry


async def _add(tx: Transaction, addition: Addition, inquiry: _Held) -> None:
    at = aware(addition.at)
    values = {"id": inquiry.id, "situation": inquiry.situation_id, "words": addition.words, "at": at}
    await tx.run(ADD, values)
    added_to = await tx.row(ADDED_TO, {"id": inquiry.situation_id, "at": at})
    if added_to is None:
        raise missing("situations", inquiry.situation_id)
    lane, claimed_until = added_to
    tx.tell("situation", inquiry.situation_id, lane)
    if addition.receipt is not None:
        await owe(tx, inquiry.id, addition.receipt)
    held = claimed_until is not None and claimed_until > at
    if addition.urgent is not None and not held:
        await raise_alarm(tx, inquiry.situation_id, at)


async def _solve(tx: Transaction, inquiry: _Held, at: datetime) -> None:
    await tx.run(
        "UPDATE inquiries SET status = 'closed', updated_at = %s, settled_at = %s WHERE id = %s",
        (at, at, inquiry.id),
    )
    await follow_inquiries(tx, inquiry.situation_id, at)
