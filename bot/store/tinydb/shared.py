"""Changes that several verbs make as a part of their own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.audit import Chain
from bot.errors import EntryChanged, Stale, StoreError
from bot.models import (
    OLDEST_NAMED,
    Alarm,
    AuditAct,
    AuditEntry,
    AuditRow,
    Delivery,
    Inquiry,
    InquiryStatus,
    Mailing,
    Situation,
    SituationStatus,
    StoredEntry,
)
from bot.store.giving import UNSETTLED
from bot.store.tinydb.tables import Tables


def inquiries_of(
    tables: Tables, situation_id: str, first: int = 0, most: int | None = None
) -> Sequence[Inquiry]:
    """Return the inquiries in a situation, oldest first, from number `first` on, at most `most`."""
    return tables.inquiries.all_at(tables.inquiries_by_situation.get(situation_id, first, most))


def unsettled_in(tables: Tables, situation_id: str) -> bool:
    """Tell whether somebody in the situation is without an answer."""
    return any(tables.inquiries_by_status.has((situation_id, status)) for status in UNSETTLED)


def oldest_in(tables: Tables, situation_id: str) -> tuple[str, ...]:
    """Return the references that a situation names."""
    return tuple(inquiry.reference for inquiry in inquiries_of(tables, situation_id, most=OLDEST_NAMED))


def owe(tables: Tables, inquiry_id: str, delivery: Delivery) -> None:
    """Put a new delivery of the inquiry into the outbox. Raises `StoreError` if it is another one's."""
    if delivery.inquiry_id != inquiry_id:
        raise StoreError("The delivery names another inquiry than the one it is for; nothing was changed.")
    tables.deliveries.add(delivery)


def owe_mailing(tables: Tables, situation_id: str, mailing: Mailing) -> None:
    """Keep what everybody in a situation is owed. Raises `Stale` while another mailing of it is not made out,
    `StoreError` if it is another situation's."""
    if mailing.situation_id != situation_id:
        raise StoreError("The mailing names another situation than the one it is for; nothing was changed.")
    if mailing_of(tables, situation_id) is not None:
        raise Stale(
            "What was said here before is still on its way to everybody in this situation; try again in a moment."
        )
    tables.mailings.add(mailing)


def mailing_of(tables: Tables, situation_id: str) -> Mailing | None:
    """Return the mailing of the situation, if one is not made out."""
    return tables.mailings.at(tables.mailing_by_situation.get(situation_id))


def follow_inquiries(tables: Tables, situation_id: str, at: datetime) -> None:
    """Close the situation when every inquiry in it is closed; resolve an open one when nothing in it is left to
    answer."""
    situation = tables.situations.need(situation_id)
    left = [status for status in InquiryStatus if tables.inquiries_by_status.has((situation_id, status))]
    if left == [InquiryStatus.CLOSED]:
        status = SituationStatus.CLOSED
    elif situation.status is SituationStatus.OPEN and not unsettled_in(tables, situation_id):
        status = SituationStatus.RESOLVED
    else:
        return
    tables.alarms.remove(situation_id)
    tables.situations.put(
        replace(
            situation,
            status=status,
            claimed_by=None,
            claimed_until=None,
            draft=None,
            updated_at=at,
            settled_at=situation.settled_at or at,
        )
    )


def remove_inquiry(tables: Tables, inquiry: Inquiry, at: datetime | None) -> None:
    """Remove the inquiry with its deliveries, and every trace of it in its situation; the last one takes the
    situation along. `at` is when a citizen took it back, None when it is only old."""
    tables.deliveries.remove_at(tables.deliveries_by_inquiry.get(inquiry.id))
    tables.inquiries.remove(inquiry.id)
    situation = tables.situations.need(inquiry.situation_id)
    remaining = tables.inquiries_by_situation.count(situation.id)
    if not remaining:
        tables.situations.remove(situation.id)
        tables.alarms.remove(situation.id)
        mailing = mailing_of(tables, situation.id)
        if mailing is not None:
            tables.mailings.remove(mailing.id)
        return
    tables.situations.put(
        replace(
            situation,
            references=oldest_in(tables, situation.id),
            inquiries=remaining,
            languages=tuple(
                language
                for language in situation.languages
                if tables.inquiries_by_language.has((situation.id, language))
            ),
            updated_at=at or situation.updated_at,
        )
    )
    follow_inquiries(tables, situation.id, at or situation.updated_at)


def note(tables: Tables, chain: Chain, entry: AuditEntry) -> AuditRow:
    """Add a row to the record of reads."""
    account = tables.staff.get(entry.account)
    head = tables.audit_heads.get(chain.name)
    if head is None or tables.audit.get(head.number + 1) is not None:
        # Somebody took the head away or set it back. Reading goes on, and the record says from now on that it was altered.
        head = chain.lost(max(tables.audit.all(), key=lambda row: row.number, default=None))
    row, head = chain.after(head, entry, None if account is None else account.role)
    tables.audit.add(row)
    tables.audit_heads.put(head)
    return row


def raise_alarm(tables: Tables, situation: Situation, at: datetime) -> None:
    """Let staff be told of an urgent situation from now on, unless they are being told."""
    alarm = tables.alarms.get(situation.id)
    if situation.urgent is not None and (alarm is None or alarm.acknowledged_at is not None):
        tables.alarms.put(Alarm(situation_id=situation.id, kind=situation.urgent, raised_at=at, due_at=at))


def acknowledge(tables: Tables, chain: Chain, situation: Situation, staff: str, at: datetime) -> None:
    """Let nobody be told any more: `staff` has taken note. Who was first stays."""
    alarm = tables.alarms.get(situation.id)
    if alarm is None or alarm.acknowledged_at is not None:
        return
    tables.alarms.put(replace(alarm, due_at=None, acknowledged_at=at, acknowledged_by=staff))
    note(
        tables,
        chain,
        AuditEntry(
            at=at,
            account=staff,
            act=AuditAct.ACKNOWLEDGED,
            situation_id=situation.id,
            references=situation.references,
        ),
    )


def versions_of(tables: Tables, entry_id: str) -> Sequence[StoredEntry]:
    """Return every version of a knowledge entry, oldest first."""
    found = tables.entries.all_at(tables.versions_by_entry.get(entry_id))
    return sorted(found, key=lambda entry: entry.version)


def add_version(tables: Tables, entry: StoredEntry) -> None:
    """Keep a version. Raises `EntryChanged` unless it is one above the newest."""
    version = max((stored.version for stored in versions_of(tables, entry.id)), default=0)
    if entry.version != version + 1:
        raise EntryChanged(
            f"The newest version of this entry is {version}, so {entry.version} cannot follow; "
            "read it again and repeat your change."
        )
    tables.entries.add(entry)
