"""What the desk needs of a store: the trade's verbs, one transaction each.

Every engine passes one contract suite (`tests/store/`). A verb returns only after its change is durable; a verb
that raises has changed nothing. What a verb returns or raises rests on durable data only, so that nobody acts on
what a crash would take back. Words, addresses and drafts arrive sealed: an engine never sees them. The `data_key`
of a record comes and goes with it, but stands in a place of its own: never in one row with what it seals. Every
verb raises `StoreStopped` while the store cannot be written, or once it is closed.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.errors import Fault
from bot.models import (
    Alarm,
    AuditEntry,
    AuditHead,
    AuditRow,
    Change,
    ContentVersion,
    Conversation,
    Delivery,
    DeliveryStatus,
    FactorReset,
    Inquiry,
    InquiryStatus,
    Invite,
    Language,
    Mailing,
    Role,
    Sealed,
    SecondFactor,
    Session,
    Situation,
    StaffAccount,
    StoredEntry,
    UrgentKind,
)

SCHEMA_VERSION = 3

Duty = Literal["clockwork", "outbox", "content", "telegram"]
"""What one process of all that share a store does for the others: what time does and telling staff of alarms, the
sending of what is owed, looking for changed content, and asking Telegram for messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a new inquiry was compared with before it opens a situation: nothing there was alike."""

    seen: int
    """The situations of its pool up to this number."""
    beside: frozenset[str] = frozenset()
    """The ids of situations that are being opened at the same moment, and were compared as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A new inquiry, the situation it opens or joins, and the receipt it is owed."""

    inquiry: Inquiry
    situation: Situation
    """With an id that is not kept yet, the situation is opened. Otherwise the inquiry joins the one that is kept:
    its reference, language and urgency are added there, and all else stays as it is."""
    receipt: Delivery
    compared: Compared | None = None
    """Let it open a situation in its pool only when no other was opened there since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Open situations that a new inquiry may join."""

    number: int
    """How many were ever opened in the pool."""
    situations: Sequence[Situation]
    """Those that are open, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLength:
    """How many situations are open, and since when the oldest is."""

    urgent: int
    other: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """More words for an inquiry that is not closed; an answered one is reopened with its situation."""

    inquiry_id: str
    words: Sealed
    at: datetime
    receipt: Delivery | None = None
    urgent: UrgentKind | None = None
    """Danger was told of anew: the alarm is raised again, unless it is still going or somebody holds the situation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Everything that one citizen's message changes."""

    message: str
    """Keyed digest of address and message id; remembered for `message_ids_hours`."""
    at: datetime
    conversation: Conversation
    """As it stands afterwards; its version is one above the stored one (1 for a new conversation)."""
    counts: Sequence[str] = ()
    """Names of anonymous counters to raise by one, such as `2026-11-24 answered_intent intent:x zh-Hans`."""
    filing: Filing | None = None
    addition: Addition | None = None
    withdrawn: str | None = None
    """An inquiry id the citizen takes back: the inquiry and its deliveries go; its situation goes too when no
    other inquiry is in it, and is resolved when it was open and all others are answered or closed."""
    erased: Sequence[str] = ()
    """Inquiry ids the citizen takes back all at once, closed ones too; one that is gone is no error."""
    solved: str | None = None
    """An inquiry id the citizen needs no more: closed; its situation is closed when all in it are, and resolved
    when it was open and all others are answered or closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Words that may be shown, and the row of the record that says so."""

    inquiries: Sequence[Inquiry]
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What to change of an account; None leaves it as it is."""

    password_hash: str | None = None
    language: Language | None = None
    disabled: bool | None = None
    role: Role | None = None
    lanes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOut:
    """What a mailing owes one inquiry, sealed with that inquiry's key."""

    inquiry_id: str
    words: Sealed | None
    """What is added to the inquiry's words, if anything is."""
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A delivery that is owed, with the inquiry whose address and key it is for."""

    delivery: Delivery
    inquiry: Inquiry


class Store(Protocol):
    """Where conversations, inquiries, situations, deliveries, entries and accounts live."""

    made_out_at_once: int
    """How many inquiries one `make_out` may take without holding up everybody else in this process."""

    async def close(self) -> None:
        """Finish what is being written and let go of the data."""

    async def check(self) -> None:
        """Raise `StoreError` or `OSError` unless the store takes work now and is of this version's schema."""

    # --- citizens

    async def message_seen(self, message: str) -> bool:
        """Tell whether the effect of this message was recorded."""

    async def conversation(self, key: str) -> Conversation | None:
        """Return the conversation of that keyed digest, if it is kept."""

    async def save_conversation(self, conversation: Conversation) -> None:
        """Keep the conversation; raise `Stale` if its version is not one above the stored one."""

    async def record(self, effect: Effect) -> None:
        """Make the whole effect durable, or none of it.

        Raises `MessageSeen` when the message had its effect before, `Stale` on a stale conversation
        version or when a new reference is taken, `NotFound` when an inquiry it names is gone or closed,
        `SituationSettled` when the situation it joins is not open any more (or gone, if the desk joined it there),
        `PoolMoved` when a situation that the filing was not compared with is open in its pool: nobody opens another
        one there at the same moment.
        """

    async def inquiry(self, inquiry_id: str) -> Inquiry | None:
        """Return the inquiry, if it is kept."""

    # --- situations

    async def queue(self) -> Sequence[Situation]:
        """Return every open situation, urgent ones first, then oldest first."""

    async def queue_length(self) -> QueueLength:
        """Return how long the queue is, without reading it."""

    async def situation(self, situation_id: str) -> Situation | None:
        """Return the situation, if it is kept."""

    async def situation_of(self, reference: str) -> Situation | None:
        """Return the situation that holds the inquiry of that reference (staff search; opens nothing)."""

    async def inquiries_in(
        self, situation_id: str, first: int = 0, most: int | None = None
    ) -> Sequence[Inquiry]:
        """Return the inquiries in the situation, oldest first, from number `first` on, at most `most`, for work that
        shows their words to nobody."""

    async def pool(self, name: str, after: int = 0) -> Pool:
        """Return the open situations of the pool with numbers beyond `after`."""

    async def open_situation(
        self,
        situation_id: str,
        staff: str,
        at: datetime,
        *,
        more: bool = False,
        first: int = 0,
        most: int | None = None,
        under: int | None = None,
    ) -> Reading:
        """Record that `staff` is shown the words of inquiries in the situation, and return those inquiries.

        Oldest first, from number `first` on, at most `most`; they are marked as seen by staff. The row of the
        record (`opened_more` with `more`) is written in the same transaction: no row, no words. With `under` no
        row is written: that row must stand for the same account, situation and inquiries.

        Raises `NotFound`, also when `under` does not cover what would be shown.
        """

    async def claim_situation(
        self, situation_id: str, staff: str, now: datetime, until: datetime
    ) -> Situation:
        """Give the situation to `staff`, or prolong their hold, until `until`.

        Raises `SituationTaken` if somebody else holds it at `now`, `SituationSettled`, `NotFound`.
        """

    async def release_situation(self, situation_id: str, staff: str, now: datetime) -> Situation:
        """Return the situation to the queue. Raises `SituationTaken` if somebody else holds it, `NotFound`."""

    async def save_draft(self, situation_id: str, staff: str, draft: Sealed | None, now: datetime) -> None:
        """Keep what `staff` has begun to write; None drops it. A draft counts as writing (`staff_wrote_at`).

        Raises `SituationTaken` if somebody else holds it at `now`, `SituationSettled`, `NotFound`.
        """

    async def claim_next(
        self, staff: str, now: datetime, until: datetime, closed_lanes: Collection[str] = ()
    ) -> Situation | None:
        """Give `staff` the first situation of the queue that nobody holds at `now`, until `until`; None when there is none.

        Those in `closed_lanes` are passed over. Never the same one to two people, however many ask at the same time.
        """

    async def resolve_situation(
        self, situation_id: str, staff: str, now: datetime, mailing: Mailing, entry: StoredEntry | None
    ) -> Situation:
        """Resolve the situation: `mailing` is owed to everybody in it, and `entry` is filed. All of it or none.

        Raises `SituationTaken` if somebody else holds it, `SituationSettled` if it is not open any more, `NotFound`,
        `EntryChanged`, `Stale` while another mailing of the situation is not made out.
        """

    async def close_situation(
        self, situation_id: str, staff: str, now: datetime, mailing: Mailing
    ) -> Situation:
        """Close the situation without an answer: `mailing` closes the inquiries and tells those who asked.

        Raises `SituationTaken`, `SituationSettled`, `NotFound`, `Stale` while another mailing of it is not made out.
        """

    # --- mailings

    # One row owes a whole situation; the deliveries are made out of it afterwards, some at a time, by one process or
    # another. While a mailing is there nobody joins its situation, and what its citizens add opens it again.

    async def mailings(self) -> Sequence[Mailing]:
        """Return the mailings that are not made out, oldest first."""

    async def recipients(self, mailing: Mailing, limit: int) -> Sequence[Inquiry]:
        """Return the next inquiries of its situation after `mailing.after`, by id; none at its end."""

    async def make_out(self, mailing: Mailing, made: Sequence[MadeOut], after: str | None) -> Mailing | None:
        """Owe what was made out, and return the mailing as it goes on from `after`; with None it has come to its end.

        An `answer` gives an open inquiry its words and its delivery, and answers it, unless its citizen wrote since
        (`Inquiry.newer_than`): then it stays open. `closed` closes every inquiry but those, and tells whoever had no
        answer; `called` tells whoever is in an inquiry that is not closed. An inquiry that is gone, or not of that
        kind any more, is passed over. At its end the mailing goes; when an inquiry is left unsettled by then, the
        situation is open.

        Raises `Stale` when somebody else made out more of it or all of it; then nothing was changed.
        """

    # --- what must not wait

    # An alarm is raised in the same transaction as an urgent filing or addition. Claiming, opening or settling its
    # situation acknowledges it; it goes with the situation, or when the citizen settles that.

    async def alarms(self) -> Sequence[Alarm]:
        """Return the alarms nobody has acknowledged, oldest first."""

    async def advance_alarm(self, situation_id: str, rounds: int, due_at: datetime | None) -> None:
        """Note that staff were told so many times, and when they are told next.

        Changes nothing when the alarm was acknowledged, is gone, or was told of as often already.
        """

    async def acknowledge_alarm(self, situation_id: str, staff: str, at: datetime) -> Alarm:
        """Take note of the alarm, which is recorded; return it with the one who was first, for good.

        Raises `NotFound` when the situation has none.
        """

    # --- the record of reads

    async def note_act(self, entry: AuditEntry, mailing: Mailing | None = None) -> AuditRow:
        """Record the act, and owe `mailing` to everybody in its situation; both or neither.

        Raises `NotFound` when the situation is gone, `Stale` while another mailing of it is not made out.
        """

    async def audit_rows(
        self,
        *,
        account: str | None = None,
        situation_id: str | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[AuditRow]:
        """Return rows of the record, newest first: of one account or situation, with numbers below `before`."""

    async def audit_since(self, at: datetime) -> Sequence[AuditRow]:
        """Return the rows since `at`, oldest first."""

    async def audit_record(self) -> tuple[Sequence[AuditRow], AuditHead | None]:
        """Return every row that is kept, by number, and where the record begins and ends."""

    async def trim_audit(self, before: datetime) -> int:
        """Drop rows older than `before` from the beginning of the record, which goes on from a checkpoint; return
        how many went."""

    # --- deliveries

    async def owed(self, limit: int, after: Delivery | None = None) -> Sequence[Owed]:
        """Return what is owed, due or not, oldest first: the first ones, or those that come after `after`."""

    async def oldest_due(self, now: datetime) -> datetime | None:
        """Return since when the oldest delivery is owed that could go out now; None when nothing could."""

    async def delivery(self, delivery_id: str) -> Owed | None:
        """Return the delivery with its inquiry, whatever became of it; None when it went with its inquiry."""

    async def deliveries_of(self, inquiry_id: str) -> Sequence[Delivery]:
        """Return everything owed or sent for the inquiry, oldest first."""

    async def undelivered(self, limit: int) -> Sequence[Owed]:
        """Return what was given up, and what is owed after an attempt that failed, oldest first."""

    async def settle_delivery(
        self,
        delivery_id: str,
        status: DeliveryStatus,
        *,
        attempts: int,
        due_at: datetime | None = None,
        problem: str | None = None,
    ) -> None:
        """Record what became of an attempt: sent, placed, failed, dropped, or still owed and due again at `due_at`.

        Counts the attempt; `problem` replaces the one of the attempt before. `attempts` is how many there had been.
        That it was sent or placed is a fact, whatever somebody else recorded meanwhile, and nothing undoes it.

        Raises `NotFound` when the delivery went with its inquiry; `Stale`, with nothing changed, when it was not owed
        any more, or another attempt was recorded meanwhile, and this one did not reach the citizen.
        """

    async def retry_delivery(self, delivery_id: str, now: datetime) -> None:
        """Owe anew, from `now`, what was given up. Raises `NotFound`, `Stale` when it is not given up (any more)."""

    async def mark_seen(self, inquiry_ids: Sequence[str]) -> int:
        """Turn placed deliveries of these inquiries into sent ones; return how many."""

    # --- knowledge

    async def entries(self) -> Sequence[StoredEntry]:
        """Return the newest version of every entry, newest first."""

    async def entry_versions(self, entry_id: str) -> Sequence[StoredEntry]:
        """Return every version of the entry, oldest first; empty when there is none."""

    async def save_entry(self, entry: StoredEntry) -> None:
        """Add a version. Raises `EntryChanged` unless it is one above the newest (1 for a new entry)."""

    # --- content versions

    # What maintainers write is no secret; it is sealed so that nobody but a desk can have put it there.

    async def content_versions(
        self, *, digest: str | None = None, limit: int | None = None
    ) -> Sequence[ContentVersion]:
        """Return the content versions, newest first: those of `digest`, at most `limit`."""

    async def add_content(self, version: ContentVersion, files: Sealed | None) -> None:
        """Keep the next content version with its files in one archive; None keeps its name alone.

        Files of old versions are let go of (`bounds`). Raises `Stale` unless its number is one above the newest (1 for
        the first).
        """

    async def content_files(self, number: int) -> Sealed | None:
        """Return the archive of a content version, if it is kept (still)."""

    async def content_faults(self) -> Sequence[Fault]:
        """Return why the newest files are no content version; empty when they are, or nobody has looked."""

    async def note_content_faults(self, faults: Sequence[Fault]) -> None:
        """Keep these faults in place of those before, so that every process can name them; other ones are told of as a
        change of the content, without an id."""

    async def learned(self, name: str) -> Sealed | None:
        """Return what a process learned from content under that name, if it is kept (still)."""

    async def keep_learned(self, name: str, body: Sealed) -> None:
        """Keep what was learned from content for the other processes, in place of what has that name, if any.

        What was kept longest ago is let go of (`bounds`).
        """

    # --- accounts

    async def staff(self) -> Sequence[StaffAccount]:
        """Return all accounts by name."""

    async def account(self, name: str) -> StaffAccount | None:
        """Return the account of that name, if any."""

    async def save_invite(self, invite: Invite) -> None:
        """Keep an invitation; an older one for the same role that nobody used stays valid until it runs out."""

    async def invite(self, digest: str) -> Invite | None:
        """Return the invitation, if it was not spent."""

    async def accept_invite(self, digest: str, account: StaffAccount, now: datetime) -> StaffAccount:
        """Spend the invitation and make the account, in one; return it. Its role is the invitation's, whatever
        `account` says.

        Raises `InviteSpent`, `NameTaken`.
        """

    async def change_account(
        self, name: str, change: AccountChange, recorded: AuditEntry | None = None
    ) -> StaffAccount:
        """Change an account and return it; when anything but its language is another than before, its sessions end,
        and `recorded` becomes a row of the record.

        Raises `NotFound`.
        """

    async def set_second_factor(self, name: str, factor: SecondFactor) -> None:
        """Keep a second factor in place of the one before, if any; the account's sessions end.

        Raises `NotFound`.
        """

    async def remove_second_factor(self, name: str, reset: FactorReset | None) -> None:
        """Forget the second factor; the account's sessions end. `reset` says who took it away, if not its owner;
        when there was one to take away, that becomes a row of the record.

        Raises `NotFound`.
        """

    async def spend_code(self, name: str, step: int) -> None:
        """Note that the code of that step was used. Raises `CodeSpent` unless it is newer than the newest used one,
        `NotFound`."""

    async def spend_recovery_code(self, name: str, digest: str) -> int:
        """Forget a recovery code and return how many are left. Raises `CodeSpent` when it is not kept (any more)."""

    async def renew_recovery_codes(self, name: str, digests: tuple[str, ...]) -> None:
        """Keep these recovery codes instead of those before. Raises `NotFound` without a second factor."""

    async def save_session(self, session: Session) -> None:
        """Keep a session (new, or used again: `used_at` after `started_at`); one that was ended stays ended.

        Raises `NotFound` when there is no such account or it is disabled.
        """

    async def session(self, digest: str) -> Session | None:
        """Return the session, if it was not ended."""

    async def end_session(self, digest: str) -> None:
        """Forget the session, and tell of its account as changed; ending one that is gone is no error."""

    # --- what time does

    async def last_round(self) -> datetime | None:
        """Return when what time does was last done, as `note_round` was told; None when it never was."""

    async def note_round(self, at: datetime) -> None:
        """Keep when what time does was done, in place of what was kept before."""

    async def expire_claims(self, now: datetime, latest: datetime) -> Sequence[str]:
        """Return claims that ran out to the queue, and those that end after `latest`, which no claim made by now can:
        the clock was set back; the ids of those situations."""

    async def inquiries_settled_before(
        self, at: datetime, status: str, limit: int, *, urgent: bool
    ) -> Sequence[Inquiry]:
        """Return urgent or other inquiries of that status whose `settled_at` lies before `at`, oldest first."""

    async def inquiries_opened_before(self, at: datetime, limit: int) -> Sequence[Inquiry]:
        """Return inquiries that are not closed and were opened before `at`, oldest first."""

    async def close_inquiry(
        self, inquiry_id: str, now: datetime, *, was: InquiryStatus, told: Delivery | None = None
    ) -> None:
        """Close an inquiry of status `was` for good; `told` is owed to the citizen. Its situation is closed when all in
        it are, and resolved when it was open and nothing is left in it to answer.

        Raises `NotFound`, also when the inquiry has another status by now.
        """

    async def purge_inquiry(self, inquiry_id: str) -> None:
        """Remove a closed inquiry with its key, its words and deliveries, and its situation when it was the last one.

        One that is gone is no error; raises `StoreError` when it is not closed.
        """

    async def drop_expired(self, now: datetime, messages_before: datetime, sessions_before: datetime) -> int:
        """Remove conversations past `keep_until`, message digests recorded before `messages_before`, sessions
        unused since `sessions_before`, and invitations that ran out; return how many rows went."""

    async def scrub(self, *, thoroughly: bool = False) -> None:
        """Empty the engine's logs of what was removed; with `thoroughly` also every unused corner of its files.

        The latter may hold up writing for a second or two in a large store.
        """

    async def counters(self) -> dict[str, int]:
        """Return every anonymous counter."""

    # --- news

    def changes(self, since: str | None = None) -> AsyncIterator[Change]:
        """Yield what becomes durable from now (the call) on, in order, until the store closes or fails; with `since`,
        the number of a change, everything after that one. What became durable a moment before may be told too.

        A change that a slow listener has not taken yet is not told twice; when very many wait, they become one
        `Change` of their kind with an empty id: everything of that kind may have changed. So does everything after
        a number that the engine does not know (any more). A `Change` with a number is a place to begin again at, with
        every process that shares the store: all that was told before it has been handed out. Not every one has one.
        """

    # --- many processes

    async def leads(self, duty: Duty) -> bool:
        """Tell whether this process has the duty now, taking it when nobody has: at most one has it at a time.

        It is kept until the store closes or the process loses touch with the others, so whoever has a duty asks again
        before each round of it. False when it cannot be told.
        """


__all__ = [
    "SCHEMA_VERSION",
    "AccountChange",
    "Addition",
    "Compared",
    "Duty",
    "Effect",
    "Filing",
    "MadeOut",
    "Owed",
    "Pool",
    "QueueLength",
    "Reading",
    "Store",
]
