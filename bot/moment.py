"""What one message is answered from: the message, its conversation, and the corpus of that moment."""

import datetime as dt
from dataclasses import dataclass, replace

from bot import replies
from bot.content import Content
from bot.corpus import Corpus
from bot.exchange import Memory
from bot.models import IncomingMessage, Inquiry, InquiryStatus, Language, Option, ReplyKind, Situation
from bot.router import FILE, ConversationState, OpenInquiry
from bot.text import language_of
from bot.withheld import NOTHING_WITHHELD, Withheld

FOLLOW_UP = dt.timedelta(minutes=10)
"""A short question this soon after an answer may lean on it."""
READ_TOGETHER = dt.timedelta(seconds=10)
"""A message that follows an unanswered one this soon is read together with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One of the conversation's inquiries as the store has it now."""

    inquiry: Inquiry
    situation: Situation | None

    @property
    def urgent(self) -> bool:
        """Whether somebody was in danger in it."""
        return self.situation is not None and self.situation.urgent is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Everything one message is answered from."""

    message: IncomingMessage
    now: dt.datetime
    corpus: Corpus
    memory: Memory
    known: tuple[Known, ...]
    language: Language
    withheld: Withheld = NOTHING_WITHHELD
    """What was masked in the conversation's inquiries, in full, while it is still here."""

    @property
    def content(self) -> Content:
        return self.corpus.content

    def find(self, reference: str | None) -> Known | None:
        """Return the conversation's own inquiry of that reference, if it is not closed."""
        return next(
            (
                known
                for known in self.known
                if known.inquiry.reference == reference and known.inquiry.status is not InquiryStatus.CLOSED
            ),
            None,
        )


def held_by_person(situation: Situation, now: dt.datetime, takeover: dt.timedelta) -> bool:
    """Tell whether somebody holds the situation and wrote in it within `takeover`: then nothing automatic is said."""
    return (
        situation.claimed_by is not None
        and situation.claimed_until is not None
        and situation.claimed_until > now
        and situation.staff_wrote_at is not None
        and now - situation.staff_wrote_at < takeover
    )


def state_of(moment: Moment) -> ConversationState:
    """Return what the router needs to know of the conversation."""
    memory = moment.memory
    takeover = dt.timedelta(minutes=moment.content.desk.takeover_minutes)
    inquiries = []
    for known in moment.known:
        if known.inquiry.status is InquiryStatus.CLOSED:
            continue
        held = known.situation is not None and held_by_person(known.situation, moment.now, takeover)
        inquiries.append(
            OpenInquiry(
                reference=known.inquiry.reference,
                urgent=known.urgent,
                held=held,
                answered=known.inquiry.status is InquiryStatus.ANSWERED,
            )
        )
    recent = recently_unanswered(moment)
    continues = memory.opened if recent and moment.find(memory.opened) is not None else None
    return ConversationState(
        inquiries=tuple(inquiries),
        previous=memory.question if recent else None,
        continues=continues,
        clarified=memory.clarified,
        wants_person=memory.wants_person,
        wants_new=memory.wants_new,
        offered=_offered(memory),
        answered=memory.answered if _fresh(moment) else None,
        question=memory.question,
        referred=memory.referred
        if FILE in {option.id for option in _offered(memory)} and _fresh(moment)
        else None,
    )


def _offered(memory: Memory) -> tuple[Option, ...]:
    """Return the buttons under what was said last."""
    offered: list[Option] = []
    for turn in reversed(memory.turns):
        if turn.who == "citizen":
            break
        if turn.reply is not None:
            offered.extend(turn.reply.options)
    return tuple(offered)


def _fresh(moment: Moment) -> bool:
    turns = moment.memory.turns
    return bool(turns) and moment.now - turns[-1].at <= FOLLOW_UP


def recently_unanswered(moment: Moment) -> bool:
    unanswered = moment.memory.unanswered_at
    return unanswered is not None and moment.now - unanswered <= READ_TOGETHER


def joined(moment: Moment) -> str:
    """Return the message with the unanswered one before it, so that nothing said is left behind."""
    memory, text = moment.memory, moment.message.text
    if memory.clarified and memory.question:
        return f"{memory.question}\n{text}"
    return text


def together(*texts: str | None) -> str | None:
    return "\n".join(text for text in texts if text) or None


def said_before(moment: Moment) -> str:
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


def last_kind(memory: Memory) -> ReplyKind | None:
    """Return the kind of the last thing that was said to the citizen."""
    return next((turn.reply.kind for turn in reversed(memory.turns) if turn.reply is not None), None)


def settled(memory: Memory, *, question: str | None) -> Memory:
    return replace(
        memory,
        question=question,
        waiting=None,
        unanswered_at=None,
        opened=None,
        clarified=False,
        wants_person=False,
        wants_new=False,
        answered=None,
    )


def tapped(moment: Moment, option: str) -> str:
    """Return what the button said: one of an earlier reply, or of the menu that a page shows beside the exchange."""
    offered = [
        each
        for turn in reversed(moment.memory.turns)
        if turn.reply is not None
        for each in turn.reply.options
    ]
    menu = (*replies.topics(moment.content, moment.language), replies.human(moment.content, moment.language))
    return next((each.title for each in (*offered, *menu) if each.id == option), "")


def language_spoken(message: IncomingMessage, memory: Memory) -> Language:
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
