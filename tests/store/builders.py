"""Records for tests of a store, all the same but for what a test says about them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.models import (
    AuditAct,
    AuditEntry,
    CallReason,
    Conversation,
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    EntryStatus,
    Inquiry,
    InquiryStatus,
    Invite,
    Mailing,
    Role,
    Sealed,
    SecondFactor,
    Session,
    Situation,
    SituationStatus,
    StaffAccount,
    StoredEntry,
)
from bot.store.base import Addition, Effect, Filing, MadeOut, Store

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Return the time that many minutes after NOW."""
    return NOW + timedelta(minutes=minutes)


def sealed(text: str) -> Sealed:
    """Return bytes that stand for sealed text."""
    return Sealed(text.encode())


def conversation(key: str = "c-1", version: int = 1, **other: Any) -> Conversation:
    return replace(
        Conversation(
            key=key,
            body=sealed(f"{key} as of {version}"),
            data_key=sealed(f"key {key}/{version}"),
            keep_until=None,
            version=version,
        ),
        **other,
    )


def inquiry(name: str = "1", **other: Any) -> Inquiry:
    made = Inquiry(
        id=f"i-{name}",
        reference=f"R-{name}",
        situation_id=f"s-{name}",
        status=InquiryStatus.OPEN,
        channel="webchat",
        data_key=sealed(f"key of inquiry {name}"),
        address=sealed(f"address {name}"),
        words=(sealed(f"question {name}"),),
        language="en",
        opened_at=NOW,
        updated_at=NOW,
    )
    return replace(made, **other)


def situation(name: str = "1", **other: Any) -> Situation:
    made = Situation(
        id=f"s-{name}",
        status=SituationStatus.OPEN,
        lane="general",
        nearest="intent:lost_property",
        urgent=None,
        languages=("en",),
        references=(f"R-{name}",),
        data_key=sealed(f"key of situation {name}"),
        opened_at=NOW,
        updated_at=NOW,
    )
    return replace(made, **other)


def delivery(name: str = "1", inquiry_id: str = "i-1", **other: Any) -> Delivery:
    made = Delivery(
        id=f"d-{name}",
        inquiry_id=inquiry_id,
        body=sealed(f"reply {name}"),
        status=DeliveryStatus.OWED,
        created_at=NOW,
        due_at=NOW,
    )
    return replace(made, **other)


def filing(name: str = "1", *, joins: str | None = None, opened_at: datetime = NOW, **other: Any) -> Filing:
    """Return inquiry `i-name` with reference `R-name` and receipt `d-name`, in situation `s-name` (or `s-joins`).

    `other` goes to the situation.
    """
    made = situation(name, opened_at=opened_at, updated_at=opened_at, **other)
    made = replace(made, id=f"s-{joins or name}")
    return Filing(
        inquiry=inquiry(
            name,
            situation_id=made.id,
            opened_at=opened_at,
            updated_at=opened_at,
            language=made.languages[0],
        ),
        situation=made,
        receipt=delivery(name, f"i-{name}", created_at=opened_at, due_at=opened_at),
    )


def addition(name: str = "1", words: str = "and another thing", **other: Any) -> Addition:
    return Addition(**{"inquiry_id": f"i-{name}", "words": sealed(words), "at": at(30), **other})


def effect(message: str = "m-1", *, after: Conversation | None = None, **other: Any) -> Effect:
    """Return an effect of `message`, in a conversation of its own unless `after` says how one stands."""
    return Effect(
        message=message, **{"at": NOW, "conversation": after or conversation(f"c-of-{message}"), **other}
    )


async def file(store: Store, name: str = "1", **other: Any) -> Filing:
    """File inquiry `i-name`; the words go to `filing`."""
    made = filing(name, **other)
    await store.record(effect(f"m-{name}", at=made.inquiry.opened_at, filing=made))
    return made


def mailing(name: str = "1", kind: DeliveryKind = DeliveryKind.ANSWER, **other: Any) -> Mailing:
    """Return mailing `g-name` to the situation `s-name`."""
    made = Mailing(
        id=f"g-{name}",
        situation_id=f"s-{name}",
        kind=kind,
        body=sealed(f"words {name}") if kind is DeliveryKind.ANSWER else None,
        staff="ada",
        created_at=NOW,
        due_at=NOW,
    )
    return replace(made, **other)


def made_out(inquiry_id: str, of: Mailing, **other: Any) -> MadeOut:
    """Return what the mailing `g-…` owes an inquiry `i-name`: with an answer words, and a delivery `a-name` (`again-name`
    of a mailing `g-again`)."""
    name = inquiry_id.removeprefix("i-")
    of_first = of.id.removeprefix("g-") == of.situation_id.removeprefix("s-")
    owed = delivery(
        name,
        inquiry_id,
        id=f"{'a' if of_first else of.id.removeprefix('g-')}-{name}",
        kind=of.kind,
        created_at=of.created_at,
        due_at=of.due_at,
    )
    words = sealed(f"answer {name}") if of.kind is DeliveryKind.ANSWER else None
    return MadeOut(inquiry_id=inquiry_id, words=words, delivery=replace(owed, **other))


def called(situation_id: str = "s-1", **other: Any) -> AuditEntry:
    """Return the act of calling emergency services about a situation."""
    made = AuditEntry(
        at=at(3),
        account="ada",
        act=AuditAct.CALLED_EMERGENCY,
        situation_id=situation_id,
        reason=CallReason.LIFE_AT_RISK,
    )
    return replace(made, **other)


async def make_out(store: Store, of: Mailing, at_once: int = 2) -> None:
    """Make out all of the mailing, `at_once` at a time."""
    going: Mailing | None = of
    while going is not None:
        inquiries = await store.recipients(going, at_once)
        after = inquiries[-1].id if len(inquiries) == at_once else None
        going = await store.make_out(going, [made_out(each.id, of) for each in inquiries], after)


async def answer(store: Store, name: str, when: datetime = NOW, staff: str = "ada") -> Situation:
    """Answer everybody in the situation `s-name`."""
    said = mailing(name, created_at=when, due_at=when, staff=staff)
    resolved = await store.resolve_situation(f"s-{name}", staff, when, said, None)
    await make_out(store, said)
    return resolved


async def close(store: Store, name: str, when: datetime = NOW, staff: str = "ada") -> Situation:
    """Close the situation `s-name` without an answer."""
    said = mailing(name, DeliveryKind.CLOSED, created_at=when, due_at=when, staff=staff)
    closed = await store.close_situation(f"s-{name}", staff, when, said)
    await make_out(store, said)
    return closed


async def owed(store: Store) -> list[Delivery]:
    """Return everything that is owed, due or not, oldest first."""
    return [each.delivery for each in await store.owed(1000)]


def entry(name: str = "1", version: int = 1, **other: Any) -> StoredEntry:
    made = StoredEntry(
        id=f"e-{name}",
        version=version,
        status=EntryStatus.DRAFT,
        body=sealed(f"entry {name} version {version}"),
        author="ada",
        saved_at=at(version),
    )
    return replace(made, **other)


def account(name: str = "ada", **other: Any) -> StaffAccount:
    made = StaffAccount(
        name=name, role=Role.STAFF, password_hash=f"hash of {name}", language="en", created_at=NOW
    )
    return replace(made, **other)


def factor(**other: Any) -> SecondFactor:
    made = SecondFactor(secret=sealed("secret"), used_step=0, recovery=("r-1",), since=NOW)
    return replace(made, **other)


def invite(digest: str = "v-1", **other: Any) -> Invite:
    return replace(Invite(digest=digest, role=Role.STAFF, expires_at=at(60)), **other)


def session(digest: str = "t-1", staff: str = "ada", **other: Any) -> Session:
    made = Session(digest=digest, staff=staff, csrf=f"csrf {digest}", started_at=NOW, used_at=NOW)
    return replace(made, **other)


async def hire(store: Store, *names: str) -> None:
    """Make accounts of these names."""
    for name in names:
        await store.save_invite(invite(f"v-{name}"))
        await store.accept_invite(f"v-{name}", account(name), NOW)
