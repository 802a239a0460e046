"""What one address can reach, as its own messages see it: the recent exchange and its inquiries."""

import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.codec import from_json, to_json
from bot.errors import UNREADABLE, Stale, VaultError
from bot.models import Address, Conversation, Inquiry, InquiryStatus, Language, Turn, Words
from bot.store.base import Store
from bot.vault import Vault

log = logging.getLogger(__name__)

MAX_TURNS = 200
"""Lines kept of one exchange; older ones go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """An inquiry that the conversation leads to."""

    id: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The sealed body of a conversation."""

    turns: tuple[Turn, ...] = ()
    reaches: tuple[Reach, ...] = ()
    language: Language | None = None
    """What the citizen chose; None lets each message tell."""
    spoken: Language | None = None
    """The language of the last message that told."""
    welcomed: bool = False
    question: str | None = None
    """The last question asked, for "a person, please"."""
    waiting: str | None = None
    """A message that waits for the citizen to choose: add it, or ask it anew?"""
    unanswered_at: dt.datetime | None = None
    """When `question` was left without an answer."""
    opened: str | None = None
    """The reference that `question` opened."""
    clarified: bool = False
    wants_person: bool = False
    wants_new: bool = False
    answered: str | None = None
    """The target that `question` was answered with."""
    referred: str | None = None
    """The target that pointed outside."""
    referred_text: str | None = None
    """What the citizen wrote about it: filed only on their own tap."""
    withholding: bool = False
    """Words with numbers masked are held in full beside this (`bot.withheld`)."""

    def after(self, *turns: Turn) -> "Memory":
        """Return the memory with more lines."""
        return replace(self, turns=(*self.turns, *turns)[-MAX_TURNS:])

    def without(self, reference: str, *, all_of_it: bool) -> "Memory":
        """Return the memory without the lines about an inquiry, or without any line: its words are taken back."""
        about = self._lines_about({reference})
        return replace(
            self, turns=() if all_of_it else tuple(turn for turn in self.turns if turn not in about)
        )

    def quiet(self, since: dt.datetime) -> "Memory":
        """Return what is left when nothing was said after `since`: who is reached and the lines about it; all else was
        kept for the length of an exchange only."""
        if self.turns and self.turns[-1].at > since:
            return self
        about = self._lines_about({reach.reference for reach in self.reaches})
        return Memory(
            turns=about,
            reaches=self.reaches,
            language=self.language,
            spoken=self.spoken,
            welcomed=self.welcomed,
        )

    def purged(self, inquiry: Inquiry | Reach) -> "Memory":
        """Return the memory without an inquiry and what was said about it."""
        reaches = tuple(reach for reach in self.reaches if reach.id != inquiry.id)
        left = replace(self.without(inquiry.reference, all_of_it=not reaches), reaches=reaches)
        return left if self.opened != inquiry.reference else replace(left, question=None, opened=None)

    def _lines_about(self, references: set[str]) -> tuple[Turn, ...]:
        def names(turn: Turn) -> bool:
            return turn.reply is not None and turn.reply.reference in references

        asked = {turn.message_id for turn in self.turns if names(turn)} - {None}
        return tuple(turn for turn in self.turns if names(turn) or turn.message_id in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryState:
    """Where one of the citizen's questions stands."""

    id: str
    """Not shown to anybody: what open pages are found by."""
    reference: str
    status: InquiryStatus
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What a citizen sees on returning."""

    turns: tuple[Turn, ...]
    inquiries: tuple[InquiryState, ...]
    language: Language | None


def conversation_key(vault: Vault, address: Address) -> str:
    """Return the keyed digest a conversation is found by."""
    return vault.digest("conversation", f"{address.channel}\0{address.chat}")


def open_address(vault: Vault, inquiry: Inquiry) -> Address:
    """Return whom the inquiry's replies go to. Raises `VaultError`."""
    return from_json(Address, vault.unwrap(inquiry.id, inquiry.data_key).open("address", inquiry.address))


def open_words(vault: Vault, inquiry: Inquiry) -> tuple[tuple[Words, ...], bool]:
    """Return what was said in the inquiry, and whether some of it is damaged and left out."""
    try:
        box = vault.unwrap(inquiry.id, inquiry.data_key)
    except UNREADABLE:
        log.exception("An inquiry could not be opened", extra={"inquiry": inquiry.id})
        return (), True
    found = []
    for sealed in inquiry.words:
        try:
            found.append(from_json(Words, box.open("words", sealed)))
        except UNREADABLE:
            log.exception("Words of an inquiry could not be opened", extra={"inquiry": inquiry.id})
    return tuple(found), len(found) < len(inquiry.words)


def open_memory(vault: Vault, conversation: Conversation | None) -> Memory:
    """Open what the conversation holds; a new one holds nothing."""
    if conversation is None:
        return Memory()
    box = vault.unwrap(conversation.key, conversation.data_key)
    return from_json(Memory, box.open("conversation", conversation.body))


def seal_memory(
    vault: Vault, memory: Memory, key: str, before: Conversation | None, keep_until: dt.datetime | None
) -> Conversation:
    """Seal the memory as the next version of the conversation."""
    return seal_record(vault, "conversation", to_json(memory), key, before, keep_until)


def seal_record(
    vault: Vault,
    purpose: str,
    body: bytes,
    key: str,
    before: Conversation | None,
    keep_until: dt.datetime | None,
) -> Conversation:
    """Seal `body` as the next version of a record, with a new key: no older version opens with it."""
    data_key, box = vault.new_box(key)
    return Conversation(
        key=key,
        body=box.seal(purpose, body),
        data_key=data_key,
        keep_until=keep_until,
        version=1 if before is None else before.version + 1,
    )


def reconnected(
    vault: Vault, inquiries: Sequence[Inquiry], conversations: Iterable[Conversation]
) -> Iterator[Conversation]:
    """Yield conversations that lead to just these inquiries.

    One that cannot be opened (there are newer words of it elsewhere) or leads nowhere is left out; an inquiry that is
    not closed and that nothing leads to has a new one, so that its citizen finds it again.
    """
    kept = {inquiry.id: inquiry for inquiry in inquiries}
    open_ones: dict[str, list[Inquiry]] = {}
    for inquiry in inquiries:
        if inquiry.status is not InquiryStatus.CLOSED:
            open_ones.setdefault(conversation_key(vault, open_address(vault, inquiry)), []).append(inquiry)
    for conversation in conversations:
        try:
            before = open_memory(vault, conversation)
        except VaultError:
            continue
        memory = before
        for reach in before.reaches:
            if reach.id not in kept:
                memory = memory.purged(reach)
        if not memory.reaches and conversation.keep_until is None:
            continue
        open_ones.pop(conversation.key, None)
        keep_until = conversation.keep_until
        yield (
            conversation
            if memory == before
            else seal_memory(vault, memory, conversation.key, conversation, keep_until)
        )
    for key, lost in open_ones.items():
        reaches = tuple(Reach(id=inquiry.id, reference=inquiry.reference) for inquiry in lost)
        memory = Memory(reaches=reaches, spoken=lost[-1].language, welcomed=True)
        yield seal_memory(vault, memory, key, None, None)


async def let_go(store: Store, vault: Vault, inquiry: Inquiry, until: dt.datetime) -> None:
    """Let the conversation that leads to a closed inquiry go at `until`, unless another in it is not closed."""

    async def ending(conversation: Conversation) -> Conversation | None:
        memory = open_memory(vault, conversation)
        if await _reaches_open(store, memory):
            return None
        return replace(conversation, keep_until=until, version=conversation.version + 1)

    await _change(store, vault, inquiry, ending)


async def forget(store: Store, vault: Vault, inquiry: Inquiry, until: dt.datetime) -> None:
    """Take a closed inquiry that is about to be purged out of the conversation that leads to it.

    The conversation goes at `until` when nothing open is left in it.
    """

    async def without(conversation: Conversation) -> Conversation | None:
        memory = open_memory(vault, conversation)
        left = memory.purged(inquiry)
        keep_until = None if await _reaches_open(store, left) else conversation.keep_until or until
        if left == memory and keep_until == conversation.keep_until:
            return None
        return seal_memory(vault, left, conversation.key, conversation, keep_until)

    await _change(store, vault, inquiry, without)


async def quieten(store: Store, vault: Vault, inquiry: Inquiry, since: dt.datetime) -> None:
    """Drop what the conversation of an open inquiry holds beside it, when nothing was said there after `since`."""

    async def quiet(conversation: Conversation) -> Conversation | None:
        memory = open_memory(vault, conversation)
        left = memory.quiet(since)
        if left == memory:
            return None
        return seal_memory(vault, left, conversation.key, conversation, conversation.keep_until)

    await _change(store, vault, inquiry, quiet)


async def _change(
    store: Store,
    vault: Vault,
    inquiry: Inquiry,
    change: Callable[[Conversation], Awaitable[Conversation | None]],
) -> None:
    """Save what `change` makes of the inquiry's conversation; None leaves it."""
    key = conversation_key(vault, open_address(vault, inquiry))
    while (conversation := await store.conversation(key)) is not None:
        changed = await change(conversation)
        if changed is None:
            return
        with suppress(Stale):  # the citizen wrote meanwhile: look again
            await store.save_conversation(changed)
            return


async def _reaches_open(store: Store, memory: Memory) -> bool:
    for reach in memory.reaches:
        inquiry = await store.inquiry(reach.id)
        if inquiry is not None and inquiry.status is not InquiryStatus.CLOSED:
            return True
    return False
