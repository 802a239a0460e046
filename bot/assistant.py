"""The automatic half: route a message, make its effect durable, and say what there is to say."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from weakref import WeakValueDictionary

from bot import replies
from bot.corpus import Corpus, LiveCorpus
from bot.errors import (
    UNREADABLE,
    DeskError,
    MessageSeen,
    NotFound,
    Stale,
    StoreError,
    VaultError,
)
from bot.exchange import (
    Exchange,
    InquiryState,
    Memory,
    Reach,
    conversation_key,
    open_address,
    open_memory,
    seal_memory,
)
from bot.joining import Joining
from bot.models import (
    Act,
    Address,
    Answer,
    Clarification,
    Command,
    Continue,
    Conversation,
    Decision,
    IncomingMessage,
    Inquiry,
    InquiryStatus,
    Language,
    Option,
    Reply,
    Turn,
    Urgent,
    UrgentKind,
)
from bot.moment import Known, Moment, held_by_person, language_spoken, state_of, tapped
from bot.mydata import my_data
from bot.outcomes import Outcome, Outcomes
from bot.router import ConversationState, route, urgent_alone
from bot.store.base import Effect, Store
from bot.vault import Vault
from bot.withheld import (
    NOTHING_WITHHELD,
    Withheld,
    given_back,
    held_back,
    masked_memory,
    open_withheld,
    seal_withheld,
    withheld_key,
)

log = logging.getLogger(__name__)

URGENT_WAIT = 0.6
"""Seconds an urgent card waits for its filing to be confirmed: with what a channel waits before that, within one."""
GIVEN_UP_AFTER = 20.0
"""Seconds after which a filing that hangs is said to have failed; when it succeeds all the same, the outbox tells."""
LATE_ATTEMPTS = 4
ATTEMPTS = 4
ERASED_SHOWN = dt.timedelta(minutes=1)
"""How long a conversation whose content was erased stays to say so, on a page that is loaded anew."""
_STATELESS = {
    Act.START, Act.HELP, Act.TOPICS, Act.PRIVACY, Act.ABOUT, Act.LANGUAGE, Act.EMPTY, Act.UNREADABLE, Act.EDITED, Act.EXPIRED,
}  # fmt: skip
"""Commands whose reply is the same for everybody."""


class Meter(Protocol):
    """Hears what becomes of messages, to count it; never what they say."""

    def outcome(self, channel: str, name: str) -> None:
        """A message had this outcome; `refused` and `repeated` beside those that are recorded."""

    def answered(self, channel: str, replies: Sequence[Reply], seconds: float) -> None:
        """A message was answered with these replies after so many seconds."""


class Uncounted:
    """A meter where nobody counts."""

    def outcome(self, channel: str, name: str) -> None:
        """Let it go."""

    def answered(self, channel: str, replies: Sequence[Reply], seconds: float) -> None:
        """Let it go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message as it is answered, and what it says by itself, whatever its conversation."""

    message: IncomingMessage
    corpus: Corpus
    """The snapshot it is answered from."""
    urgent: Urgent | None
    """The card it gets at once: such a message must wait for nothing."""


class Assistant:
    """Answers citizens. One message of an address at a time; addresses in parallel."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        live: LiveCorpus,
        clock: Callable[[], dt.datetime],
        timezone: dt.tzinfo,
        joining: Joining,
        send_later: Callable[[Address, Reply], Awaitable[None]],
        meter: Meter | None = None,
    ) -> None:
        """`send_later` reaches a citizen outside a response when the outbox cannot."""
        self._meter = meter or Uncounted()
        self._store = store
        self._vault = vault
        self._live = live
        self._clock = clock
        self._timezone = timezone
        self._outcomes = Outcomes(vault, timezone)
        self._joining = joining
        self._send_later = send_later
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._background: set[asyncio.Future[Any]] = set()

    # --- what channels call

    async def respond(self, message: IncomingMessage) -> tuple[Reply, ...]:
        """Return what is said to the message; its effect is durable by then.

        The same message id again gives the first replies and has no second effect. Replies that are `owed` stand
        in the outbox: a channel without a response to put them in leaves them to the Deliverer. Nothing is
        returned while a person is talking. Raises `StoreError` or `OSError` when a message that needs a person
        could not be recorded: the citizen must be told so.
        """
        return await self.respond_to(self.hear(message))

    def hear(self, message: IncomingMessage) -> Heard:
        """Judge the message by itself, before it waits for anything; `respond_to` then answers it."""
        message = replace(
            message, text=_writable(message.text), received_at=message.received_at.astimezone(self._timezone)
        )
        corpus = self._live.corpus.for_one_message()
        return Heard(message=message, corpus=corpus, urgent=urgent_alone(message, corpus))

    async def respond_to(self, heard: Heard) -> tuple[Reply, ...]:
        """Return what is said to a message that was heard; the same as `respond`."""
        began = time.monotonic()
        said = await (self._in_turn(heard) if heard.urgent is None else self._at_once(heard, heard.urgent))
        self._meter.answered(heard.message.address.channel, said, time.monotonic() - began)
        return said

    async def knows(self, address: Address) -> bool:
        """Tell whether the address has a conversation that is kept."""
        conversation = await self._store.conversation(conversation_key(self._vault, address))
        return conversation is not None and not self._over(conversation)

    async def exchange(self, address: Address) -> Exchange | None:
        """Return what the citizen sees on returning; None for an unknown conversation."""
        memory = await self._remembered(address)
        if memory is None:
            return None
        known = await self._known(memory)
        return Exchange(
            turns=memory.turns,
            inquiries=tuple(
                InquiryState(
                    id=item.inquiry.id,
                    reference=item.inquiry.reference,
                    status=item.inquiry.status,
                    opened_at=item.inquiry.opened_at,
                )
                for item in known
            ),
            language=memory.language or memory.spoken,
        )

    async def said(self, address: Address) -> tuple[Reply, ...]:
        """Return the replies of the exchange, oldest first; none for an unknown conversation."""
        memory = await self._remembered(address)
        return () if memory is None else tuple(turn.reply for turn in memory.turns if turn.reply is not None)

    async def my_data(self, address: Address) -> bytes | None:
        """Return everything kept for this address, as a file; None for an unknown conversation."""
        memory = await self._remembered(address)
        if memory is None:
            return None
        return await my_data(
            store=self._store,
            vault=self._vault,
            content=self._live.corpus.content,
            memory=memory,
            known=await self._known(memory),
            now=self._clock().astimezone(self._timezone),
            language=memory.language or memory.spoken or "zh-Hans",
        )

    async def place(self, address: Address, reply: Reply) -> None:
        """Add a reply to the exchange, once, for the citizen to find."""
        key = conversation_key(self._vault, address)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            for attempt in range(ATTEMPTS):
                try:
                    await self._place(key, reply)
                    return
                except Stale:  # another process answered the citizen just then: look again
                    if attempt == ATTEMPTS - 1:
                        raise

    async def _place(self, key: str, reply: Reply) -> None:
        before = await self._store.conversation(key)
        gone = before is None or self._over(before)
        memory = Memory() if gone else self._opened(before)
        keep_until = self._exchange_ends() if before is None or gone else before.keep_until
        if any(turn.reply is not None and turn.reply.id == reply.id for turn in memory.turns):
            return
        memory = memory.after(Turn(who="desk", at=self._clock(), reply=reply))
        await self._store.save_conversation(seal_memory(self._vault, memory, key, before, keep_until))

    async def held(self, address: Address) -> bool:
        """Tell whether a person has taken the conversation: an automatic reply that was late is not said any more.

        Raises `StoreError`, `OSError`.
        """
        memory = await self._remembered(address)
        if memory is None:
            return False
        takeover = dt.timedelta(minutes=self._live.corpus.content.desk.takeover_minutes)
        return any(
            known.situation is not None and held_by_person(known.situation, self._clock(), takeover)
            for known in await self._known(memory)
            if known.inquiry.status is not InquiryStatus.CLOSED
        )

    async def address_of(self, inquiry_id: str) -> Address | None:
        """Return whom the replies to an inquiry go to, for a channel to look among its open pages; None when it is gone.

        Raises `StoreError`, `OSError`, `VaultError`.
        """
        inquiry = await self._store.inquiry(inquiry_id)
        return None if inquiry is None else open_address(self._vault, inquiry)

    async def seen(self, address: Address) -> None:
        """Note that the citizen has seen what was placed in the exchange."""
        conversation = await self._store.conversation(conversation_key(self._vault, address))
        if conversation is not None:
            reaches = self._opened(conversation).reaches
            if reaches:
                await self._store.mark_seen([reach.id for reach in reaches])

    def topics(self, language: Language) -> tuple[Option, ...]:
        """Return the first page of the menu."""
        return replies.topics(self._live.corpus.content, language)

    def about(self, language: Language) -> dict[str, object]:
        """Return what the desk says of itself, by name, for the page /about."""
        content = self._live.corpus.content
        oldest, newest = content.checked()
        return {
            "lanes": [content.lane_title(lane, language) for lane in content.lanes],
            "urgent_kinds": [content.say(f"urgent_kind_{kind.value}", language) for kind in UrgentKind],
            "version": content.version,
            "number": "-" if self._live.version is None else self._live.version.number,
            "checked": (oldest, newest),
        }

    def privacy(self, language: Language) -> str:
        """Return what is kept, why and for how long."""
        return replies.command(self._live.corpus.content, Act.PRIVACY, language).text

    def say(self, key: str, language: Language, **values: str) -> str:
        """Return a sentence of `_phrases.yaml`."""
        return self._live.corpus.content.say(key, language, **values)

    async def stop(self) -> None:
        """Wait for what was begun."""
        if self._background:
            await asyncio.gather(*self._background, return_exceptions=True)

    # --- one message

    async def _at_once(self, heard: Heard, decision: Urgent) -> tuple[Reply, ...]:
        """File it, but never let the card wait: after a moment it goes out without reference and duty line."""
        message = heard.message
        filing = asyncio.ensure_future(self._filed_or_said(heard, decision))
        self._background.add(filing)
        filing.add_done_callback(self._background.discard)
        await asyncio.wait({filing}, timeout=URGENT_WAIT)
        if filing.done():
            return filing.result()
        self._keep(self._report_late(message, decision, filing))
        return (self._bare_card(message, decision, replies.Duty(on_duty=False, opens_at=None, stated=False)),)

    async def _filed_or_said(self, heard: Heard, decision: Urgent) -> tuple[Reply, ...]:
        """Whatever goes wrong with filing it, there is a card, and it says so."""
        try:
            return await self._in_turn(heard)
        except Exception:
            log.exception("An urgent message could not be filed")
            self._meter.outcome(heard.message.address.channel, "error")
            return (self._bare_card(heard.message, decision, None),)

    async def _report_late(
        self, message: IncomingMessage, decision: Urgent, filing: asyncio.Future[tuple[Reply, ...]]
    ) -> None:
        """Tell what became of a slow filing: when it succeeds its receipt is in the outbox; the rest is said now."""
        await asyncio.wait({filing}, timeout=GIVEN_UP_AFTER)
        if not filing.done():
            await self._say_late(message.address, self._bare_card(message, decision, None))
        for reply in await filing:
            if not reply.owed:
                await self._say_late(message.address, reply)

    async def _say_late(self, address: Address, reply: Reply) -> None:
        for attempt in range(LATE_ATTEMPTS):
            try:
                await self._send_later(address, reply)
            except (DeskError, OSError):
                if attempt == LATE_ATTEMPTS - 1:
                    raise
                await asyncio.sleep(2.0**attempt)
            else:
                return

    def _bare_card(self, message: IncomingMessage, decision: Urgent, duty: replies.Duty | None) -> Reply:
        content = self._live.corpus.content
        return replies.urgent_card(content, decision, language_spoken(message, Memory()), duty, None)

    async def _in_turn(self, heard: Heard) -> tuple[Reply, ...]:
        """Answer the message when those before it in its conversation are answered."""
        key = conversation_key(self._vault, heard.message.address)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            moved: StoreError | None = None
            for _ in range(ATTEMPTS):
                try:
                    return await self._respond(heard, key, moved)
                except (MessageSeen, NotFound, Stale) as exc:
                    # Something moved between reading and recording: look again, as the newest state has it.
                    moved = exc
                except (StoreError, VaultError, OSError) as exc:
                    return self._without_store(heard, exc)
        return self._without_store(
            heard, moved or StoreError("The conversation kept changing; send the message again.")
        )

    async def _respond(self, heard: Heard, key: str, moved: StoreError | None) -> tuple[Reply, ...]:
        """Answer the message as things stand now; `moved` is why that failed a moment ago.

        Few messages come twice, so only recording tells that one does: then, and before anything else is written,
        the store is asked.
        """
        message = heard.message
        before = await self._store.conversation(key)
        # When its hour has passed, what is left of a conversation is only waiting to be swept.
        over = before is not None and self._over(before)
        memory = Memory() if over else self._opened(before)
        digest = self._vault.digest("message", f"{key}\0{message.id}")
        if moved is not None and await self._store.message_seen(digest):
            self._meter.outcome(message.address.channel, "repeated")
            return self._again(message, memory)
        withheld_before = (
            await self._store.conversation(withheld_key(self._vault, key)) if memory.withholding else None
        )
        withheld = self._opened_withheld(withheld_before)
        moment = await self._moment(heard, given_back(memory, withheld), withheld)
        decision = route(message, state_of(moment), moment.corpus)
        outcome = self._outcomes.of(moment, decision)
        said = self._introduced(moment, decision, outcome)
        # A card for somebody in danger is no introduction: the first ordinary reply after it still is.
        welcomed = memory.welcomed or (bool(said) and not isinstance(decision, Urgent))
        effect, held = self._effect(moment, outcome, said, before, key, digest, welcomed=welcomed)
        try:
            await self._hold(key, held, withheld_before, digest)
            await self._joining.record(effect, {known.inquiry.situation_id for known in moment.known})
        except (MessageSeen, NotFound, Stale):
            raise
        except (StoreError, OSError) as exc:
            if not isinstance(decision, Urgent):
                raise
            log.error("An urgent message could not be filed", extra={"problem": type(exc).__name__})
            self._meter.outcome(message.address.channel, outcome.name)
            return (replies.urgent_card(moment.content, decision, moment.language, None, None),)
        self._meter.outcome(message.address.channel, outcome.name)
        return said

    async def _hold(
        self, conversation: str, held: Withheld, before: Conversation | None, message: str
    ) -> None:
        """Keep in full, for the length of an exchange, what the conversation keeps masked; or let it go.

        Raises `MessageSeen` when the message of that digest had its effect.
        """
        if held == NOTHING_WITHHELD and before is None:
            return
        if await self._store.message_seen(message):
            raise MessageSeen("This message had its effect already; show what was replied then.")
        now = self._clock()
        until = now if held == NOTHING_WITHHELD else self._exchange_ends()
        key = withheld_key(self._vault, conversation)
        if before is None:  # what is left of an earlier one is only waiting to be swept
            before = await self._store.conversation(key)
        await self._store.save_conversation(seal_withheld(self._vault, held, key, before, until))

    async def _moment(self, heard: Heard, memory: Memory, withheld: Withheld) -> Moment:
        return Moment(
            message=heard.message,
            now=self._clock(),
            corpus=heard.corpus,
            memory=memory,
            known=await self._known(memory),
            language=language_spoken(heard.message, memory),
            withheld=withheld,
        )

    async def _remembered(self, address: Address) -> Memory | None:
        conversation = await self._store.conversation(conversation_key(self._vault, address))
        if conversation is None or self._over(conversation):
            return None
        return self._opened(conversation)

    def _opened(self, conversation: Conversation | None) -> Memory:
        """Open what the conversation holds; one that is damaged begins anew."""
        try:
            return open_memory(self._vault, conversation)
        except UNREADABLE:
            log.exception("A conversation could not be opened; it begins anew")
            return Memory()

    def _opened_withheld(self, record: Conversation | None) -> Withheld:
        try:
            return open_withheld(self._vault, record, self._clock())
        except UNREADABLE:
            log.exception("What was withheld could not be opened; it is gone")
            return NOTHING_WITHHELD

    def _readable(self, inquiry: Inquiry) -> bool:
        """Tell whether the inquiry can be opened: to one that is damaged nothing can be added, so it is asked anew."""
        try:
            self._vault.unwrap(inquiry.id, inquiry.data_key)
        except VaultError:
            log.exception("An inquiry could not be opened", extra={"inquiry": inquiry.id})
            return False
        return True

    async def _known(self, memory: Memory) -> tuple[Known, ...]:
        known = []
        for reach in memory.reaches:
            inquiry = await self._store.inquiry(reach.id)
            if inquiry is not None and self._readable(inquiry):
                situation = await self._store.situation(inquiry.situation_id)
                known.append(Known(inquiry=inquiry, situation=situation))
        return tuple(known)

    def _effect(
        self,
        moment: Moment,
        outcome: Outcome,
        said: tuple[Reply, ...],
        before: Conversation | None,
        key: str,
        digest: str,
        *,
        welcomed: bool,
    ) -> tuple[Effect, Withheld]:
        """Return what is recorded, and what is held in full beside it."""
        message, now, memory = moment.message, moment.now, outcome.memory
        shown = message.text if message.option is None else tapped(moment, message.option)
        asked = () if outcome.erased else (Turn(who="citizen", at=now, text=shown, message_id=message.id),)
        memory = memory.after(
            *asked,
            *(Turn(who="desk", at=now, reply=reply, message_id=message.id) for reply in said),
        )
        every = {known.inquiry.id for known in moment.known}
        gone = every if outcome.erased else {outcome.withdrawn}
        kept = tuple(
            Reach(id=known.inquiry.id, reference=known.inquiry.reference)
            for known in moment.known
            if known.inquiry.id not in gone
        )
        ending = gone | {outcome.solved}
        still_open = any(
            known.inquiry.status is not InquiryStatus.CLOSED and known.inquiry.id not in ending
            for known in moment.known
        )
        if outcome.filing is not None:
            filed = outcome.filing.inquiry
            kept = (*kept, Reach(id=filed.id, reference=filed.reference))
            still_open = True
        keep_until = None if still_open else now + ERASED_SHOWN if outcome.erased else self._exchange_ends()
        day = now.astimezone(self._timezone).date().isoformat()
        memory = replace(memory, reaches=kept, spoken=moment.language, welcomed=welcomed)
        held = NOTHING_WITHHELD
        if still_open:
            # The conversation is kept as long as the inquiry is; numbers in it are not.
            reached = {reach.reference for reach in kept} - {outcome.unmasked}
            masked = (*moment.withheld.filed, *outcome.masked)
            held = held_back(memory, tuple(each for each in masked if each.reference in reached))
            memory = replace(masked_memory(memory), withholding=held != NOTHING_WITHHELD)
        effect = Effect(
            message=digest,
            at=now,
            conversation=seal_memory(self._vault, memory, key, before, keep_until),
            counts=(f"{day} {outcome.name} {outcome.target or '-'} {moment.language}",),
            filing=outcome.filing,
            addition=outcome.addition,
            withdrawn=outcome.withdrawn,
            solved=outcome.solved,
            erased=tuple(every) if outcome.erased else (),
        )
        return effect, held

    def _introduced(self, moment: Moment, decision: Decision, outcome: Outcome) -> tuple[Reply, ...]:
        """The first reply of a conversation says what this is; a card for somebody in danger is not delayed by it."""
        said = outcome.replies
        if moment.message.unreadable and said and not isinstance(decision, Command | Urgent):
            said = (replies.notice(moment.content, "caption_only", moment.language), *said)
        told = isinstance(decision, Urgent | Continue) or (
            isinstance(decision, Command) and decision.act is Act.START
        )
        if moment.memory.welcomed or moment.message.introduced or told or not said:
            return said
        return (replies.notice(moment.content, "first", moment.language), *said)

    def _without_store(self, heard: Heard, cause: Exception) -> tuple[Reply, ...]:
        """The store is down: cards and approved answers still go out; what needs a person is refused honestly."""
        message, corpus = heard.message, heard.corpus
        moment = Moment(
            message=message,
            now=self._clock(),
            corpus=corpus,
            memory=Memory(welcomed=True),
            known=(),
            language=language_spoken(message, Memory()),
        )
        decision = route(message, ConversationState(), corpus)
        channel = message.address.channel
        if isinstance(decision, Urgent):
            self._meter.outcome(channel, f"urgent_{decision.kind.value}")
            return (replies.urgent_card(corpus.content, decision, moment.language, None, None),)
        needs_nothing = isinstance(decision, Answer | Clarification) or (
            # What a command changes, or says of the citizen's own questions, is not known now.
            isinstance(decision, Command)
            and decision.act in _STATELESS
            and (decision.act is Act.TOPICS or decision.argument is None)
        )
        if needs_nothing:
            outcome = self._outcomes.of(moment, decision)
            self._meter.outcome(channel, outcome.name)
            return outcome.replies
        self._meter.outcome(channel, "refused")
        raise cause

    def _again(self, message: IncomingMessage, memory: Memory) -> tuple[Reply, ...]:
        first = tuple(
            turn.reply for turn in memory.turns if turn.reply is not None and turn.message_id == message.id
        )
        if first or any(turn.message_id == message.id for turn in memory.turns):
            return first
        language = language_spoken(message, memory)
        return (replies.notice(self._live.corpus.content, "already_received", language),)

    def _over(self, conversation: Conversation) -> bool:
        return conversation.keep_until is not None and conversation.keep_until <= self._clock()

    def _exchange_ends(self) -> dt.datetime:
        minutes = self._live.corpus.content.desk.retention.exchange_minutes
        return self._clock() + dt.timedelta(minutes=minutes)

    def _keep(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(_quietly(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _writable(text: str) -> str:
    """Return the text without halves of characters, which no store and no channel can write."""
    return text.encode("utf-8", "replace").decode()


async def _quietly(work: Awaitable[None]) -> None:
    try:
        await work
    except (DeskError, OSError):
        log.exception("Work that followed a message failed")
