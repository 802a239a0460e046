"""The frozen records and enums that cross modules."""

import datetime as dt
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NewType

Language = Literal["zh-Hans", "zh-Hant", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-Hans", "zh-Hant", "en")

Sealed = NewType("Sealed", bytes)
"""Words or an address under authenticated encryption: what a store may keep of a citizen."""


# --- what citizens send and are shown ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One chat on one channel; storable and comparable, never a live object."""

    channel: str
    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """What a citizen sent."""

    id: str
    """Unique within the address; the same id twice has one effect."""
    address: Address
    text: str
    received_at: datetime
    option: str | None = None
    """The option tapped instead of a text."""
    language: Language | None = None
    """What the citizen chose or their client says; None lets the text tell."""
    unreadable: bool = False
    """A photo, a voice note, a file: something the desk cannot read (`text` is then its caption, if any)."""
    edited: bool = False
    """An earlier message was changed."""
    introduced: bool = False
    """The citizen has just been shown the desk's welcome, so the first reply need not say it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A button. The id is opaque and at most 40 bytes, so that it fits Telegram's callback data."""

    id: str
    title: str


ReplyKind = Literal[
    "answer", "clarification", "receipt", "urgent", "notice", "staff_answer", "staff_note", "held"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a citizen is shown."""

    id: str
    kind: ReplyKind
    text: str
    language: Language
    options: tuple[Option, ...] = ()
    source: str | None = None
    """Where the answer's words were published."""
    dated: dt.date | None = None
    """When the answer was last checked."""
    reference: str | None = None
    document: Literal["mydata"] | None = None
    """A file that goes with it: the channel fetches it when it is asked for, so that no copy of it is kept."""
    owed: bool = False
    """A delivery of this id stands in the outbox; the channel leaves the sending to the Deliverer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One line of the exchange between a citizen and the desk, as the citizen sees it."""

    who: Literal["citizen", "desk"]
    at: datetime
    reply: Reply | None = None
    text: str = ""
    message_id: str | None = None
    """The incoming message this line is, or answers."""


# --- what the router concludes -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A target and how sure the router is that it answers the message (a probability)."""

    target: str
    """`intent:<id>` or `knowledge:<id>`."""
    confidence: float


class HandoffReason(StrEnum):
    """Why a person decides."""

    NO_MATCH = "no_match"
    ASKED = "asked"
    POLICY = "policy"


Service = Literal["police", "fire", "ambulance", "traffic"]


class UrgentKind(StrEnum):
    """What must not wait."""

    CRISIS = "crisis"
    DANGER = "danger"


class Act(StrEnum):
    """What a citizen may ask the desk to do, by command or button."""

    START = "start"
    HELP = "help"
    TOPICS = "topics"
    STATUS = "status"
    PRIVACY = "privacy"
    LANGUAGE = "language"
    WITHDRAW = "withdraw"
    SOLVED = "solved"
    ADD = "add"
    NEW = "new"
    UNMASK = "unmask"
    """Pass on the number that was masked."""
    FILE = "file"
    """Pass on here, too, what was pointed to somebody outside."""
    MYDATA = "mydata"
    ERASE = "erase"
    ERASE_NOW = "erase_now"
    KEEP = "keep"
    ABOUT = "about"
    EDITED = "edited"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Approved words fit the question."""

    target: str
    candidates: tuple[Candidate, ...] = ()
    soft: UrgentKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarification:
    """One of at most three targets may fit: ask."""

    options: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()
    soft: UrgentKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A person decides: the default, not the exception."""

    reason: HandoffReason
    candidates: tuple[Candidate, ...] = ()
    target: str | None = None
    """The intent whose words are said while handing over (`handoff: true` in its file)."""
    earlier: bool = False
    """The question is the one asked before this message, which only asks for a person."""
    soft: UrgentKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """The message is, or may be, for somebody outside: they are named first, and nothing is filed here unless the
    citizen says so (`file_on_tap: true` in the intent's file)."""

    target: str
    sure: bool = True
    more: bool = False
    """The message goes on with what was pointed outside a moment ago."""
    candidates: tuple[Candidate, ...] = ()
    soft: UrgentKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """Somebody may be in danger: the card goes out at once."""

    kind: UrgentKind
    about_other: bool = False
    service: Service | None = None
    """Which number leads (`police`, `fire`, `ambulance`, `traffic`), when that can be told."""
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The citizen asked the desk itself to do something."""

    act: Act
    argument: str | None = None
    """A reference, a language …, as the act needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOrNew:
    """An inquiry is open and the message is no sure question of its own: offer to add it, or to ask anew."""

    references: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()
    soft: UrgentKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """The message belongs to an open inquiry without asking: a person holds the conversation, the inquiry is
    urgent, or the message follows within seconds of the one that opened it."""

    reference: str
    silent: bool
    """Nothing is said back: a person is talking."""
    candidates: tuple[Candidate, ...] = ()
    soft: UrgentKind | None = None


Decision = Answer | Clarification | Handoff | Referral | Urgent | Command | AddOrNew | Continue


# --- what staff work on ------------------------------------------------------------------------------------


class InquiryStatus(StrEnum):
    """Where a citizen's question stands."""

    OPEN = "open"
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


class SituationStatus(StrEnum):
    """Where the work stands."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"


class DeliveryStatus(StrEnum):
    """Where a reply that is owed stands."""

    OWED = "owed"
    """Not yet handed to the channel; tried again at `due_at`."""
    PLACED = "placed"
    """In the web conversation, where the citizen finds it on returning."""
    SENT = "sent"
    FAILED = "failed"
    """Given up, visibly."""
    DROPPED = "dropped"
    """Not said any more: it was not right by the time it could have been sent."""


class DeliveryKind(StrEnum):
    """What a delivery tells the citizen."""

    RECEIPT = "receipt"
    """That a message arrived: a receipt, a card for somebody in danger."""
    ANSWER = "answer"
    """What a person wrote."""
    CLOSED = "closed"
    """That the question is closed without an answer."""
    CALLED = "called"
    """That staff called emergency services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What one address can reach: its inquiries and the recent exchange, sealed. Found only by the key."""

    key: str
    """Keyed digest of the address."""
    body: Sealed
    """Sealed with `data_key`."""
    data_key: Sealed
    """A key of its own, wrapped by the desk's; a new one with each version, so that what a later version leaves
    out cannot be opened any more. An engine keeps it apart from the body; without it the body is noise."""
    keep_until: datetime | None
    """None while an inquiry in it is not closed."""
    version: int
    """Counts writes; a write with a stale version is refused by the store (`StoreError`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One citizen's open question."""

    id: str
    reference: str
    situation_id: str
    status: InquiryStatus
    channel: str
    data_key: Sealed
    """A key of its own, wrapped by the desk's, that seals its address, its words and the bodies of its deliveries.
    An engine keeps it apart from them; it goes with the inquiry, and without it they are noise."""
    address: Sealed
    words: tuple[Sealed, ...]
    """Each a sealed `Words`; appended to, never rewritten."""
    language: Language
    opened_at: datetime
    updated_at: datetime
    urgent: UrgentKind | None = None
    seen_by_staff: bool = False
    settled_at: datetime | None = None
    """When it was answered or closed, or began to wait for the citizen."""
    joined: bool = False
    """The desk itself put it into a situation that was open already."""
    newer_than: str | None = None
    """The mailing that was still being made out when the citizen wrote: it reaches them, and settles nothing here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Something said in an inquiry."""

    who: Literal["citizen", "desk", "staff"]
    at: datetime
    text: str
    author: str | None = None
    """The member of staff, when one wrote it."""


OLDEST_NAMED = 5
"""Inquiries whose references a situation names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What staff work on: one or many inquiries about the same thing. Holds nothing a citizen wrote."""

    id: str
    status: SituationStatus
    lane: str
    nearest: str | None
    """The intent or entry nearest to the question, for triage."""
    urgent: UrgentKind | None
    languages: tuple[Language, ...]
    references: tuple[str, ...]
    """Of the oldest inquiries in it, at most `OLDEST_NAMED`."""
    data_key: Sealed
    """A key of its own, wrapped by the desk's, that seals what staff write in it. Kept as an inquiry's is."""
    opened_at: datetime
    updated_at: datetime
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    staff_wrote_at: datetime | None = None
    settled_at: datetime | None = None
    settled_by: str | None = None
    draft: Sealed | None = None
    """The reply somebody has begun."""
    inquiries: int = 1
    """How many are in it."""
    pool: str | None = None
    """Among which situations new inquiries look for it while it is open; None: none may join it by themselves."""
    number: int = 0
    """Its place among those ever opened in its pool, from 1; the store counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A reply still owed to an address, or the record that it was sent. The address is the inquiry's."""

    id: str
    inquiry_id: str
    body: Sealed
    """A `Reply`, sealed with the inquiry's key."""
    status: DeliveryStatus
    created_at: datetime
    due_at: datetime
    kind: DeliveryKind = DeliveryKind.RECEIPT
    attempts: int = 0
    problem: str | None = None
    """The kind of the last failure, for staff; never the citizen's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What staff owe to everybody in a situation, kept until a delivery to each of them is made out.

    A situation has one at most, and nobody joins it meanwhile: so it goes to just those who were in the situation
    when it was written.
    """

    id: str
    situation_id: str
    kind: DeliveryKind
    body: Sealed | None
    """The `Words` of an answer, sealed with the situation's key; None where the desk's own sentence is said."""
    staff: str
    created_at: datetime
    due_at: datetime
    """When its deliveries may go out."""
    after: str = ""
    """Made out up to the inquiry of this id: they are taken in the order of their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAnswer:
    """What a member of staff wrote about a situation."""

    situation_id: str
    author: str
    text: str
    question: str | None = None
    """The public wording to file in the knowledge base; None keeps the answer private."""


# --- knowledge and accounts --------------------------------------------------------------------------------


class EntryStatus(StrEnum):
    """A knowledge entry's life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeEntry:
    """A past question with its answer. Kept by the store sealed; nothing links it to an inquiry."""

    id: str
    question: str
    answer: str
    language: Language | None
    status: EntryStatus
    date: dt.date
    source: str | None = None
    approver: str | None = None
    review_by: dt.date | None = None
    valid_until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One version of a knowledge entry in the store; every version is kept."""

    id: str
    version: int
    status: EntryStatus
    body: Sealed
    """A sealed `KnowledgeEntry`."""
    author: str
    saved_at: datetime
    published_by: tuple[str, ...] = ()
    """Everybody who approved this version."""
    cleared_by: str | None = None
    """Who looked at what seems to be personal data in these words and said that it is none, or may stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentVersion:
    """What maintainers wrote, as one numbered whole; its files are kept beside it."""

    number: int
    """Counts from 1 and never starts again; the highest is the one that is live."""
    digest: str
    """Over the names and bytes of its files: the same files are the same content, wherever they lie."""
    author: str
    """Who gave it to the desk: an account of a machine, and the machine."""
    at: datetime


class Role(StrEnum):
    """What somebody is at the console; `bot.permissions` says what each may do."""

    STAFF = "staff"
    SUPERVISOR = "supervisor"
    MAINTAINER = "maintainer"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What an account shows beside its password: codes of a program on a telephone, each good once."""

    secret: Sealed
    """What the program was given. Opened only to check a code, and never shown again."""
    used_step: int
    """The 30-second step of the newest code used; it and those before it are spent."""
    recovery: tuple[str, ...]
    """Digests of the recovery codes nobody has used."""
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorReset:
    """An administrator took an account's second factor away; its owner is told until they set up another."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAccount:
    """Somebody who signs in at the console."""

    name: str
    role: Role
    password_hash: str
    language: Language
    created_at: datetime
    disabled: bool = False
    lanes: tuple[str, ...] = ()
    """The restricted lanes this account is named for; no role opens one by itself."""
    second_factor: SecondFactor | None = None
    factor_reset: FactorReset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A one-time link by which somebody sets a password; only its digest is kept."""

    digest: str
    role: Role
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser; only the token's digest is kept."""

    digest: str
    staff: str
    csrf: str
    started_at: datetime
    used_at: datetime


# --- what must not wait ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An urgent situation that staff are told of, again and again, until one of them takes note."""

    situation_id: str
    kind: UrgentKind
    raised_at: datetime
    due_at: datetime | None
    """When staff are told next; None when they were told for the last time."""
    rounds: int = 0
    """How often they were told; each time it goes to more of them."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


# --- the record of reads -----------------------------------------------------------------------------------


class AuditAct(StrEnum):
    """What a member of staff did that the people concerned have a right to see recorded."""

    OPENED = "opened"
    """A citizen's words were opened."""
    OPENED_MORE = "opened_more"
    """Words were shown again, or a further page of them."""
    ACKNOWLEDGED = "acknowledged"
    """The alarm of an urgent situation was taken note of, by its button, a claim or an opening."""
    CALLED_EMERGENCY = "called_emergency"
    """Emergency services were called about the situation."""
    ACCESS_GIVEN = "access_given"
    """Another role, or other restricted lanes, were given to the account that `second` names."""
    FACTOR_RESET = "factor_reset"
    """The second factor of the account that `second` names was taken away by an administrator."""


ABOUT_ACCOUNTS = frozenset({AuditAct.ACCESS_GIVEN, AuditAct.FACTOR_RESET})
"""Acts that concern an account: `second` names it, and there is no situation."""
READS = frozenset({AuditAct.OPENED, AuditAct.OPENED_MORE})


class CallReason(StrEnum):
    """Why emergency services were called: a closed list, so that no story is told."""

    LIFE_AT_RISK = "life_at_risk"
    ATTEMPT = "attempt"
    VIOLENCE = "violence"
    FIRE_OR_ACCIDENT = "fire_or_accident"
    CHILD_OR_MISSING = "child_or_missing"
    OTHER_DANGER = "other_danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What is to be recorded: who did what to which situation, and nothing that anybody wrote."""

    at: datetime
    account: str
    act: AuditAct
    situation_id: str
    """Empty when the act concerns an account."""
    references: tuple[str, ...] = ()
    """The inquiries concerned: of a read, those whose words were shown."""
    reason: CallReason | None = None
    second: str | None = None
    """The account of a second person who agreed, where there was time to ask; or the account concerned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One row of the record; `digest` covers all of it and the row before."""

    number: int
    """Counts from 1 and never starts again."""
    at: datetime
    account: str
    role: Role | None
    """What the account was then; None when there was no such account."""
    act: AuditAct
    situation_id: str
    references: tuple[str, ...]
    reason: CallReason | None
    second: str | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """Where the record begins and ends, kept apart from its rows."""

    name: str
    number: int
    """The newest row; 0 when there was none yet."""
    digest: str
    trimmed: int
    """Rows up to this number were dropped because of their age."""
    trimmed_digest: str
    """The digest of the last of those: what the first row that is kept builds on."""
    proof: str
    """A keyed digest over the other fields."""


ChangeKind = Literal["situation", "delivery", "entry", "staff", "alarm", "content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something in the store changed: enough to know what to read again, never words."""

    kind: ChangeKind
    id: str
    """Which one; empty when so many changed that all of the kind want reading again."""
    part_of: str = field(default="", compare=False)
    """The lane of a situation, the inquiry of a delivery: who may hear of it is known also when it is gone."""
    number: str = field(default="", compare=False)
    """The place in the log right after it, to begin again at; opaque. Empty when it names no place."""
