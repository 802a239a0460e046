"""The automatic half: route a message, make its effect durable, and say what there is to say."""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakValueDictionary

from bot import replies
from bot.codec import to_json
from bot.content import Content
from bot.corpus import Corpus, LiveCorpus
from bot.desk import owe
from bot.errors import DeskError, MessageSeen, NotFound, Stale, StoreError
from bot.exchange import (
    Exchange,
    InquiryState,
    Memory,
    Reach,
    conversation_key,
    open_memory,
    seal_memory,
)
from bot.models import (
    LANGUAGES,
    Act,
    AddOrNew,
    Address,
    Answer,
    Candidate,
    Clarification,
    Command,
    Continue,
    Conversation,
    Decision,
    Handoff,
    HandoffReason,
    IncomingMessage,
    Inquiry,
    InquiryStatus,
    Language,
    Option,
    Reply,
    Situation,
    SituationStatus,
    Turn,
    Urgent,
    UrgentKind,
    Words,
)
from bot.reference import new_reference
from bot.router import ConversationState, OpenInquiry, route, urgent_alone
from bot.store.base import Addition, Effect, Filing, Store
from bot.text import language_of
from bot.vault import Vault

log = logging.getLogger(__name__)

READ_TOGETHER = dt.timedelta(seconds=10)
"""A message that follows an unanswered one this soon is read together with it."""
URGENT_WAIT = 1.0
"""Seconds an urgent card waits for its filing to be confirmed."""
ATTEMPTS = 4
_STATELESS = {
    Act.START, Act.HELP, Act.TOPICS, Act.PRIVACY, Act.LANGUAGE, Act.EMPTY, Act.UNREADABLE, Act.EDITED, Act.EXPIRED,
}  # fmt: skip
"""Commands whose reply is the same for everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """One of the conversation's inquiries as the store has it now."""

    inquiry: Inquiry
    situation: Situation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """Everything one message is answered from."""

    message: IncomingMessage
    now: dt.datetime
    corpus: Corpus
    memory: Memory
    known: tuple[_Known, ...]
    language: Language

    @property
    def content(self) -> Content:
        return self.corpus.content

    def find(self, reference: str | None) -> _Known | None:
        """Return the conversation's own inquiry of that reference, if it is not closed."""
        return next(
            (
                known
                for known in self.known
                if known.inquiry.reference == reference and known.inquiry.status is not InquiryStatus.CLOSED
            ),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What is said, what is remembered, and what is filed."""

    name: str
    """The anonymous counter to raise."""
    replies: tuple[Reply, ...]
    memory: Memory
    target: str | None = None
    filing: Filing | None = None
    addition: Addition | None = None
    withdrawn: str | None = None
    solved: str | None = None


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
        send_later: Callable[[Address, Reply], Awaitable[None]],
    ) -> None:
        """`send_later` reaches a citizen outside a response when the outbox cannot."""
        self._store = store
        self._vault = vault
        self._live = live
        self._clock = clock
        self._timezone = timezone
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
        message = replace(
            message, text=_writable(message.text), received_at=message.received_at.astimezone(self._timezone)
        )
        urgent = urgent_alone(message, self._live.corpus)
        return await (self._in_turn(message) if urgent is None else self._at_once(message, urgent))

    async def exchange(self, address: Address) -> Exchange | None:
        """Return what the citizen sees on returning; None for an unknown conversation."""
        conversation = await self._store.conversation(conversation_key(self._vault, address))
        if conversation is None or self._over(conversation):
            return None
        memory = open_memory(self._vault, conversation)
        known = await self._known(memory)
        return Exchange(
            turns=memory.turns,
            inquiries=tuple(
                InquiryState(
                    reference=item.inquiry.reference,
                    status=item.inquiry.status,
                    opened_at=item.inquiry.opened_at,
                )
                for item in known
            ),
            language=memory.language or memory.spoken,
        )

    async def place(self, address: Address, reply: Reply) -> None:
        """Add a reply to the exchange, once, for the citizen to find."""
        key = conversation_key(self._vault, address)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            before = await self._store.conversation(key)
            gone = before is None or self._over(before)
            memory = Memory() if gone else open_memory(self._vault, before)
            keep_until = self._exchange_ends() if before is None or gone else before.keep_until
            if any(turn.reply is not None and turn.reply.id == reply.id for turn in memory.turns):
                return
            memory = memory.after(Turn(who="desk", at=self._clock(), reply=reply))
            await self._store.save_conversation(seal_memory(self._vault, memory, key, before, keep_until))

    async def seen(self, address: Address) -> None:
        """Note that the citizen has seen what was placed in the exchange."""
        conversation = await self._store.conversation(conversation_key(self._vault, address))
        if conversation is not None:
            reaches = open_memory(self._vault, conversation).reaches
            if reaches:
                await self._store.mark_seen([reach.id for reach in reaches])

    def topics(self, language: Language) -> tuple[Option, ...]:
        """Return the first page of the menu."""
        return replies.topics(self._live.corpus.content, language)

    def say(self, key: str, language: Language, **values: str) -> str:
        """Return a sentence of `_phrases.yaml`."""
        return self._live.corpus.content.say(key, language, **values)

    async def stop(self) -> None:
        """Wait for what was begun."""
        if self._background:
            await asyncio.gather(*self._background, return_exceptions=True)

    # --- one message

    async def _at_once(self, message: IncomingMessage, decision: Urgent) -> tuple[Reply, ...]:
        """File it, but never let the card wait: after a second it goes out without reference and duty line."""
        filing = asyncio.ensure_future(self._filed_or_said(message, decision))
        self._background.add(filing)
        filing.add_done_callback(self._background.discard)
        await asyncio.wait({filing}, timeout=URGENT_WAIT)
        if filing.done():
            return filing.result()
        self._keep(self._report_late(message.address, filing))
        return (self._bare_card(message, decision, replies.Duty(on_duty=False, opens_at=None, stated=False)),)

    async def _filed_or_said(self, message: IncomingMessage, decision: Urgent) -> tuple[Reply, ...]:
        """Whatever goes wrong with filing it, there is a card, and it says so."""
        try:
            return await self._in_turn(message)
        except Exception:
            log.exception("An urgent message could not be filed")
            return (self._bare_card(message, decision, None),)

    async def _report_late(self, address: Address, filing: asyncio.Future[tuple[Reply, ...]]) -> None:
        """When a slow filing succeeds its receipt is in the outbox; what is not there is sent now."""
        for reply in await filing:
            if not reply.owed:
                await self._send_later(address, reply)

    def _bare_card(self, message: IncomingMessage, decision: Urgent, duty: replies.Duty | None) -> Reply:
        content = self._live.corpus.content
        return replies.urgent_card(content, decision, _language(message, Memory()), duty, None)

    async def _in_turn(self, message: IncomingMessage) -> tuple[Reply, ...]:
        """Answer the message when those before it in its conversation are answered."""
        key = conversation_key(self._vault, message.address)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            moved: StoreError | None = None
            for _ in range(ATTEMPTS):
                try:
                    return await self._respond(message, key)
                except (MessageSeen, NotFound, Stale) as exc:
                    # Something moved between reading and recording: look again, as the newest state has it.
                    moved = exc
                except (StoreError, OSError) as exc:
                    return self._without_store(message, exc)
        return self._without_store(
            message, moved or StoreError("The conversation kept changing; send the message again.")
        )

    async def _respond(self, message: IncomingMessage, key: str) -> tuple[Reply, ...]:
        before = await self._store.conversation(key)
        # When its hour has passed, what is left of a conversation is only waiting to be swept.
        over = before is not None and self._over(before)
        memory = Memory() if over else open_memory(self._vault, before)
        digest = self._vault.digest("message", f"{key}\0{message.id}")
        if await self._store.message_seen(digest):
            return self._again(message, memory)
        moment = await self._moment(message, memory)
        decision = route(message, _state(moment), moment.corpus)
        outcome = self._carry_out(moment, decision)
        said = self._introduced(moment, decision, outcome)
        # A card for somebody in danger is no introduction: the first ordinary reply after it still is.
        welcomed = memory.welcomed or (bool(said) and not isinstance(decision, Urgent))
        effect = self._effect(moment, outcome, said, before, key, digest, welcomed=welcomed)
        try:
            await self._store.record(effect)
        except (MessageSeen, NotFound, Stale):
            raise
        except (StoreError, OSError) as exc:
            if not isinstance(decision, Urgent):
                raise
            log.error("An urgent message could not be filed", extra={"problem": type(exc).__name__})
            return (replies.urgent_card(moment.content, decision, moment.language, None, None),)
        return said

    async def _moment(self, message: IncomingMessage, memory: Memory) -> _Moment:
        return _Moment(
            message=message,
            now=self._clock(),
            corpus=self._live.corpus,
            memory=memory,
            known=await self._known(memory),
            language=_language(message, memory),
        )

    async def _known(self, memory: Memory) -> tuple[_Known, ...]:
        known = []
        for reach in memory.reaches:
            inquiry = await self._store.inquiry(reach.id)
            if inquiry is not None:
                situation = await self._store.situation(inquiry.situation_id)
                known.append(_Known(inquiry=inquiry, situation=situation))
        return tuple(known)

    def _effect(
        self,
        moment: _Moment,
        outcome: _Outcome,
        said: tuple[Reply, ...],
        before: Conversation | None,
        key: str,
        digest: str,
        *,
        welcomed: bool,
    ) -> Effect:
        message, now, memory = moment.message, moment.now, outcome.memory
        shown = message.text if message.option is None else _tapped(moment, message.option)
        memory = memory.after(
            Turn(who="citizen", at=now, text=shown, message_id=message.id),
            *(Turn(who="desk", at=now, reply=reply, message_id=message.id) for reply in said),
        )
        gone = {outcome.withdrawn}
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
        keep_until = None if still_open else self._exchange_ends()
        day = now.astimezone(self._timezone).date().isoformat()
        memory = replace(memory, reaches=kept, spoken=moment.language, welcomed=welcomed)
        return Effect(
            message=digest,
            at=now,
            conversation=seal_memory(self._vault, memory, key, before, keep_until),
            counts=(f"{day} {outcome.name} {outcome.target or '-'} {moment.language}",),
            filing=outcome.filing,
            addition=outcome.addition,
            withdrawn=outcome.withdrawn,
            solved=outcome.solved,
        )

    def _introduced(self, moment: _Moment, decision: Decision, outcome: _Outcome) -> tuple[Reply, ...]:
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

    def _without_store(self, message: IncomingMessage, cause: Exception) -> tuple[Reply, ...]:
        """The store is down: cards and approved answers still go out; what needs a person is refused honestly."""
        corpus = self._live.corpus
        moment = _Moment(
            message=message,
            now=self._clock(),
            corpus=corpus,
            memory=Memory(welcomed=True),
            known=(),
            language=_language(message, Memory()),
        )
        decision = route(message, ConversationState(), corpus)
        if isinstance(decision, Urgent):
            return (replies.urgent_card(corpus.content, decision, moment.language, None, None),)
        needs_nothing = isinstance(decision, Answer | Clarification) or (
            # What a command changes, or says of the citizen's own questions, is not known now.
            isinstance(decision, Command)
            and decision.act in _STATELESS
            and (decision.act is Act.TOPICS or decision.argument is None)
        )
        if needs_nothing:
            return self._carry_out(moment, decision).replies
        raise cause

    def _again(self, message: IncomingMessage, memory: Memory) -> tuple[Reply, ...]:
        first = tuple(
            turn.reply for turn in memory.turns if turn.reply is not None and turn.message_id == message.id
        )
        if first or any(turn.message_id == message.id for turn in memory.turns):
            return first
        language = _language(message, memory)
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

    # --- from a decision to its outcome

    def _carry_out(self, moment: _Moment, decision: Decision) -> _Outcome:
        match decision:
            case Answer():
                return self._answered(moment, decision)
            case Clarification():
                return self._clarified(moment, decision)
            case Handoff():
                return self._handed_off(moment, decision)
            case Urgent():
                return self._urgent(moment, decision)
            case Continue():
                return self._continued(moment, decision)
            case AddOrNew():
                return self._asked_where(moment, decision)
            case Command():
                return self._commanded(moment, decision)

    def _answered(self, moment: _Moment, decision: Answer) -> _Outcome:
        content, language = moment.content, moment.language
        options: tuple[Option, ...] = ()
        if _recent(moment) and moment.memory.opened is not None and moment.find(moment.memory.opened):
            # The message before this one went to a person; with this answer it may not be needed any more.
            options = (replies.about(content, "solved", moment.memory.opened, language),)
        asked = moment.message.text if moment.message.option is None else moment.memory.question
        return _Outcome(
            name="answered_" + decision.target.partition(":")[0],
            target=decision.target,
            replies=(replies.answer(content, decision, language, *options),),
            memory=replace(_settled(moment.memory, question=asked), waiting=moment.memory.waiting),
        )

    def _clarified(self, moment: _Moment, decision: Clarification) -> _Outcome:
        return _Outcome(
            name="clarified",
            replies=(replies.clarification(moment.content, decision, moment.language),),
            memory=replace(
                _settled(moment.memory, question=_joined(moment)),
                waiting=moment.memory.waiting,
                clarified=True,
                unanswered_at=moment.now,
            ),
        )

    def _handed_off(self, moment: _Moment, decision: Handoff) -> _Outcome:
        if decision.earlier:
            # What already opened an inquiry is with a person; asking again must not file it twice.
            filed = moment.memory.opened is not None
            asked = _together(moment.memory.waiting, None if filed else moment.memory.question)
            if asked is None:
                return self._person_wanted(moment)
        elif decision.target is not None and moment.message.option is not None:
            asked = moment.memory.question or moment.content.title(decision.target, moment.language)
        elif decision.target is not None:
            asked = _joined(moment)
        else:
            asked = _together(moment.memory.waiting, _joined(moment)) or ""
        spoken = moment.content.answer(decision.target, moment.language) if decision.target else ""
        filing, reply = self._file(
            moment, asked, decision.candidates, decision.target, soft=decision.soft, before=spoken
        )
        return _Outcome(
            name=f"handed_off_{decision.reason.value}",
            target=decision.target,
            replies=(reply,),
            filing=filing,
            memory=replace(
                _settled(moment.memory, question=asked),
                waiting=moment.memory.waiting if decision.target is not None else None,
                unanswered_at=moment.now,
                opened=reply.reference,
            ),
        )

    def _person_wanted(self, moment: _Moment) -> _Outcome:
        content, language = moment.content, moment.language
        waiting = [known for known in moment.known if known.inquiry.status is InquiryStatus.OPEN]
        if waiting:
            reference = waiting[-1].inquiry.reference
            option = replies.new_question(content, language)
            reply = replies.notice(content, "already_waiting", language, option, reference=reference)
            return _Outcome(name="command_human", replies=(reply,), memory=moment.memory)
        return _Outcome(
            name="command_human",
            replies=(replies.notice(content, "ask_question", language),),
            memory=replace(moment.memory, wants_person=True),
        )

    def _urgent(self, moment: _Moment, decision: Urgent) -> _Outcome:
        content, language = moment.content, moment.language
        memory = replace(_settled(moment.memory, question=None), waiting=moment.memory.waiting)
        for known in reversed(moment.known):
            if (
                known.situation is not None
                and known.situation.urgent
                and moment.find(known.inquiry.reference)
            ):
                reply = replies.urgent_followup(content, language, known.inquiry.reference)
                return _Outcome(
                    name=f"urgent_{decision.kind.value}",
                    replies=(reply,),
                    addition=self._addition(moment, known, moment.message.text, reply),
                    memory=memory,
                )
        duty = replies.duty_now(content, moment.now.astimezone(self._timezone))
        reply = replies.urgent_card(content, decision, language, duty, new_reference())
        filing, reply = self._file(
            moment, _joined(moment), decision.candidates, None, urgent=decision.kind, reply=reply
        )
        return _Outcome(name=f"urgent_{decision.kind.value}", replies=(reply,), filing=filing, memory=memory)

    def _continued(self, moment: _Moment, decision: Continue) -> _Outcome:
        known = moment.find(decision.reference)
        if known is None:
            return self._handed_off(
                moment, Handoff(reason=HandoffReason.NO_MATCH, candidates=decision.candidates)
            )
        urgent = known.situation is not None and known.situation.urgent is not None
        reply = replies.notice(
            moment.content,
            "added_urgent" if urgent else "added",
            moment.language,
            replies.about(moment.content, "take-back", decision.reference, moment.language),
            kind="receipt",
            reference=decision.reference,
        )
        return _Outcome(
            name="held" if decision.silent else "added",
            replies=()
            if decision.silent
            else (replies.with_soft_line(moment.content, decision.soft, reply),),
            addition=self._addition(moment, known, moment.message.text, None),
            memory=replace(moment.memory, unanswered_at=moment.now if _recent(moment) else None),
        )

    def _asked_where(self, moment: _Moment, decision: AddOrNew) -> _Outcome:
        content, language = moment.content, moment.language
        reference = decision.references[0]
        known = moment.find(reference)
        answered = known is not None and known.inquiry.status is InquiryStatus.ANSWERED
        options = [replies.about(content, "add", each, language) for each in decision.references]
        reply = replies.notice(
            content,
            "add_or_new_answered" if answered else "add_or_new",
            language,
            *options,
            replies.new_question(content, language),
            kind="clarification",
            reference=reference,
        )
        return _Outcome(
            name="asked_where",
            replies=(replies.with_soft_line(content, decision.soft, reply),),
            memory=replace(
                _settled(moment.memory, question=None),
                waiting=_together(moment.memory.waiting, _joined(moment)),
                clarified=moment.memory.clarified,
            ),
        )

    def _commanded(self, moment: _Moment, decision: Command) -> _Outcome:
        match decision.act:
            case Act.STATUS:
                said = self._status(moment)
            case Act.LANGUAGE:
                return self._language_chosen(moment, decision.argument)
            case Act.WITHDRAW | Act.SOLVED | Act.ADD:
                return self._about_inquiry(moment, decision)
            case Act.NEW:
                return self._asked_anew(moment)
            case _:
                said = replies.command(moment.content, decision.act, moment.language, decision.argument)
        return _Outcome(name=f"command_{decision.act.value}", replies=(said,), memory=moment.memory)

    def _status(self, moment: _Moment) -> Reply:
        content, language = moment.content, moment.language
        lines, options = [], []
        for known in moment.known:
            inquiry = known.inquiry
            if inquiry.status is InquiryStatus.CLOSED:
                continue
            answered = inquiry.status is InquiryStatus.ANSWERED
            asked_at = replies.spoken_time(inquiry.opened_at.astimezone(self._timezone), language)
            lines.append(
                content.say(
                    "status_answered" if answered else "status_open",
                    language,
                    reference=inquiry.reference,
                    asked_at=asked_at,
                )
            )
            options.append(
                replies.about(content, "solved" if answered else "take-back", inquiry.reference, language)
            )
        person = replies.human(content, language)
        if not lines:
            return replies.command(content, Act.STATUS, language)
        return Reply(
            id=replies.new_id(),
            kind="notice",
            text="\n".join(lines),
            language=language,
            # With several inquiries a bare "take it back" would not say which one.
            options=(*(options if len(options) == 1 else ()), person),
        )

    def _language_chosen(self, moment: _Moment, argument: str | None) -> _Outcome:
        content = moment.content
        chosen = next((code for code in LANGUAGES if (argument or "").casefold() == code.casefold()), None)
        if chosen is None:
            reply = replies.command(content, Act.LANGUAGE, moment.language)
            return _Outcome(name="command_language", replies=(reply,), memory=moment.memory)
        reply = replies.notice(
            content,
            "language_set",
            chosen,
            *replies.topics(content, chosen)[:3],
            replies.human(content, chosen),
        )
        return _Outcome(
            name="command_language", replies=(reply,), memory=replace(moment.memory, language=chosen)
        )

    def _about_inquiry(self, moment: _Moment, decision: Command) -> _Outcome:
        content, language, memory = moment.content, moment.language, moment.memory
        person = replies.human(content, language)
        known = moment.find(decision.argument)
        if known is None:
            reply = replies.notice(content, "inquiry_gone", language, person)
            return _Outcome(name=f"command_{decision.act.value}", replies=(reply,), memory=memory)
        inquiry = known.inquiry
        if decision.act is Act.ADD:
            if memory.waiting is None:
                reply = replies.notice(content, "nothing_to_add", language, person)
                return _Outcome(name="command_add", replies=(reply,), memory=memory)
            reply = replies.notice(
                content, "added", language, person, kind="receipt", reference=inquiry.reference
            )
            return _Outcome(
                name="added",
                replies=(reply,),
                addition=self._addition(moment, known, memory.waiting, None),
                memory=replace(memory, waiting=None),
            )
        forgotten = replace(memory, question=None, opened=None, unanswered_at=None, clarified=False)
        if decision.act is Act.SOLVED:
            reply = replies.notice(content, "solved", language, person, reference=inquiry.reference)
            return _Outcome(name="solved", replies=(reply,), memory=forgotten, solved=inquiry.id)
        key = "withdrawn_seen" if inquiry.seen_by_staff else "withdrawn"
        reply = replies.notice(content, key, language, person, reference=inquiry.reference)
        return _Outcome(name="withdrawn", replies=(reply,), memory=forgotten, withdrawn=inquiry.id)

    def _asked_anew(self, moment: _Moment) -> _Outcome:
        """Route the waiting message as if nothing were open."""
        waiting = moment.memory.waiting
        if waiting is None:
            reply = replies.notice(moment.content, "new_question", moment.language)
            return _Outcome(
                name="command_new", replies=(reply,), memory=_settled(moment.memory, question=None)
            )
        fresh = replace(
            moment,
            message=replace(moment.message, text=waiting, option=None),
            memory=_settled(moment.memory, question=None),
            language=_language(replace(moment.message, text=waiting), moment.memory),
        )
        state = ConversationState(clarified=moment.memory.clarified)
        return self._carry_out(fresh, route(fresh.message, state, fresh.corpus))

    # --- filing

    def _file(
        self,
        moment: _Moment,
        asked: str,
        candidates: tuple[Candidate, ...],
        target: str | None,
        *,
        soft: UrgentKind | None = None,
        before: str = "",
        urgent: UrgentKind | None = None,
        reply: Reply | None = None,
    ) -> tuple[Filing, Reply]:
        """Open an inquiry and a situation, and owe the receipt."""
        content, now = moment.content, moment.now
        if not candidates:
            found = moment.corpus.matcher.rank(asked, limit=1).candidates
            candidates = tuple(Candidate(target=each.key, confidence=each.confidence) for each in found)
        nearest = target or (candidates[0].target if candidates else None)
        if reply is None:
            duty = replies.duty_now(content, now.astimezone(self._timezone))
            reply = replies.receipt(content, new_reference(), moment.language, duty, soft=soft, before=before)
        assert reply.reference is not None  # noqa: S101 (a receipt always carries one)
        inquiry_id, situation_id = replies.new_id(), replies.new_id()
        words = [Words(who="citizen", at=now, text=asked)]
        said = _said_before(moment)
        if said:
            words.append(Words(who="desk", at=now, text=said))
        inquiry = Inquiry(
            id=inquiry_id,
            reference=reply.reference,
            situation_id=situation_id,
            status=InquiryStatus.OPEN,
            channel=moment.message.address.channel,
            address=self._vault.seal("address", to_json(moment.message.address)),
            words=tuple(self._vault.seal("words", to_json(each)) for each in words),
            language=moment.language,
            urgent=urgent,
            opened_at=now,
            updated_at=now,
        )
        situation = Situation(
            id=situation_id,
            status=SituationStatus.OPEN,
            lane="urgent" if urgent else content.lane(nearest),
            nearest=nearest,
            urgent=urgent,
            languages=(moment.language,),
            references=(reply.reference,),
            opened_at=now,
            updated_at=now,
        )
        receipt = owe(self._vault, inquiry_id, reply, now)
        return Filing(inquiry=inquiry, situation=situation, receipt=receipt), reply

    def _addition(self, moment: _Moment, known: _Known, text: str, reply: Reply | None) -> Addition:
        return Addition(
            inquiry_id=known.inquiry.id,
            words=self._vault.seal("words", to_json(Words(who="citizen", at=moment.now, text=text))),
            at=moment.now,
            receipt=None if reply is None else owe(self._vault, known.inquiry.id, reply, moment.now),
        )


def _state(moment: _Moment) -> ConversationState:
    """Return what the router needs to know of the conversation."""
    memory = moment.memory
    takeover = dt.timedelta(minutes=moment.content.desk.takeover_minutes)
    inquiries = []
    for known in moment.known:
        if known.inquiry.status is InquiryStatus.CLOSED:
            continue
        situation = known.situation
        held = (
            situation is not None
            and situation.claimed_by is not None
            and situation.claimed_until is not None
            and situation.claimed_until > moment.now
            and situation.staff_wrote_at is not None
            and moment.now - situation.staff_wrote_at < takeover
        )
        inquiries.append(
            OpenInquiry(
                reference=known.inquiry.reference,
                urgent=situation is not None and situation.urgent is not None,
                held=held,
                answered=known.inquiry.status is InquiryStatus.ANSWERED,
            )
        )
    recent = _recent(moment)
    continues = memory.opened if recent and moment.find(memory.opened) is not None else None
    return ConversationState(
        inquiries=tuple(inquiries),
        previous=memory.question if recent else None,
        continues=continues,
        clarified=memory.clarified,
        wants_person=memory.wants_person,
    )


def _recent(moment: _Moment) -> bool:
    unanswered = moment.memory.unanswered_at
    return unanswered is not None and moment.now - unanswered <= READ_TOGETHER


def _joined(moment: _Moment) -> str:
    """Return the message with the unanswered one before it, so that nothing said is left behind."""
    memory, text = moment.memory, moment.message.text
    if memory.clarified and memory.question:
        return f"{memory.question}\n{text}"
    return text


def _together(*texts: str | None) -> str | None:
    return "\n".join(text for text in texts if text) or None


def _said_before(moment: _Moment) -> str:
    """Return what the desk had answered or offered, for staff to see; empty when it had said nothing yet."""
    for turn in reversed(moment.memory.turns):
        if turn.who == "citizen":
            return ""
        # "Add it, or a new question?" names another inquiry, which must leave no trace in this one.
        if (
            turn.reply is not None
            and turn.reply.kind in ("answer", "clarification")
            and not turn.reply.reference
        ):
            titles = " · ".join(option.title for option in turn.reply.options)
            return turn.reply.text if turn.reply.kind == "answer" else f"{turn.reply.text} [{titles}]"
    return ""


def _settled(memory: Memory, *, question: str | None) -> Memory:
    return replace(
        memory,
        question=question,
        waiting=None,
        unanswered_at=None,
        opened=None,
        clarified=False,
        wants_person=False,
    )


def _writable(text: str) -> str:
    """Return the text without halves of characters, which no store and no channel can write."""
    return text.encode("utf-8", "replace").decode()


def _tapped(moment: _Moment, option: str) -> str:
    """Return what the button said: one of an earlier reply, or of the menu that a page shows beside the exchange."""
    offered = [
        each
        for turn in reversed(moment.memory.turns)
        if turn.reply is not None
        for each in turn.reply.options
    ]
    menu = (*replies.topics(moment.content, moment.language), replies.human(moment.content, moment.language))
    return next((each.title for each in (*offered, *menu) if each.id == option), "")


def _language(message: IncomingMessage, memory: Memory) -> Language:
    """Return the language to speak: the chosen one, else the message's own, else what was last spoken."""
    if memory.language is not None:
        return memory.language
    hint = message.language or memory.spoken
    # Every citizen writes /commands in Latin letters; they tell nothing.
    said = " ".join(word for word in message.text.split() if not word.startswith("/"))
    found = language_of(said) if message.option is None else None
    if found is None:
        return hint or "zh-Hans"
    # Most short Chinese messages are written alike in both scripts; what the citizen's client says decides then.
    return "zh-Hant" if found == "zh-Hans" and hint == "zh-Hant" else found


async def _quietly(work: Awaitable[None]) -> None:
    try:
        await work
    except (DeskError, OSError):
        log.exception("Work that followed a message failed")
