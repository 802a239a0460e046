"""The message router: an ordered tuple of small steps; the first decision wins, and with none a person decides.

Pure: no input or output, no clock. Same message, state and corpus give the same decision.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bot import matching
from bot.corpus import Corpus
from bot.models import (
    Act,
    AddOrNew,
    Answer,
    Candidate,
    Clarification,
    Command,
    Continue,
    Decision,
    Handoff,
    HandoffReason,
    IncomingMessage,
    Option,
    Referral,
    Urgent,
    UrgentKind,
)
from bot.phrases import ASKED_FOR, command_word
from bot.text import normalise
from bot.urgent import Tier, Verdict

MAX_OPTIONS = 3
LEAST_ODDS = 0.03
"""A title this much less likely than the first is no help beside it."""
SURE_OF_ITSELF = 0.95
"""A short question this surely about something else does not lean on the one before it."""
LONGEST_FOLLOW_UP = 40
"""Characters of a question that may lean on the one before it."""
HUMAN = "human"
FILE = "file"
"""The button that files here, too, what was pointed outside."""
LEAST_DOUBT = 0.05
"""From this probability on, what nothing else answers may be what is filed only on the citizen's own tap."""
_SLASH = {
    "/start": Act.START, "/help": Act.HELP, "/topics": Act.TOPICS, "/status": Act.STATUS, "/privacy": Act.PRIVACY,
    "/language": Act.LANGUAGE, "/mydata": Act.MYDATA, "/erase": Act.ERASE, "/about": Act.ABOUT,
}  # fmt: skip
_OPTION_ACTS = {
    "topics": Act.TOPICS, "new": Act.NEW, "status": Act.STATUS, "help": Act.HELP, "privacy": Act.PRIVACY,
    "mydata": Act.MYDATA, "erase": Act.ERASE, "erase-now": Act.ERASE_NOW, "keep": Act.KEEP, "about": Act.ABOUT,
    FILE: Act.FILE,
}  # fmt: skip
_OPTION_ACTS_ON = {
    "add": Act.ADD,
    "take-back": Act.WITHDRAW,
    "unmask": Act.UNMASK,
    "solved": Act.SOLVED,
    "language": Act.LANGUAGE,
    "topics": Act.TOPICS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInquiry:
    """What the router needs to know of an inquiry that is not closed."""

    reference: str
    urgent: bool
    held: bool
    """Staff hold the claim and wrote within the last half hour."""
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationState:
    """What came before this message in its conversation."""

    inquiries: tuple[OpenInquiry, ...] = ()
    """Newest last."""
    previous: str | None = None
    """An unanswered message of the last seconds: the two are read together."""
    continues: str | None = None
    """The reference that the unanswered message opened."""
    clarified: bool = False
    """The last thing said was a clarification; another never follows."""
    wants_person: bool = False
    """The citizen asked for a person before asking anything."""
    wants_new: bool = False
    """The citizen asked for a new question, whatever is open."""
    offered: tuple[Option, ...] = ()
    """The buttons under the last thing said: typing one's title is tapping it."""
    answered: str | None = None
    """The target of the last answer, while it is fresh."""
    question: str | None = None
    """What that answer was given to."""
    referred: str | None = None
    """The target that the last thing said pointed outside with."""


@dataclass(frozen=True)
class _Question:
    """One message on its way through the steps; what is costly is worked out once, when first needed."""

    message: IncomingMessage
    state: ConversationState
    corpus: Corpus

    @cached_property
    def text(self) -> str:
        return normalise(self.message.text)

    @cached_property
    def has_words(self) -> bool:
        return any(character.isalnum() for character in self.text)

    @cached_property
    def slash(self) -> str | None:
        """The /command that the message begins with, if it is one of ours."""
        word = self.text.partition(" ")[0].partition("@")[0]
        return word if word in _SLASH or word == "/human" else None

    @cached_property
    def words(self) -> str:
        """What the citizen says beside the command."""
        return self.message.text if self.slash is None else "".join(self.message.text.split(None, 1)[1:])

    @cached_property
    def command(self) -> Decision | None:
        """What the whole message asks the desk to do, by a /command, a command word or a button's title."""
        if self.slash is not None and self.slash in _SLASH:
            return Command(act=_SLASH[self.slash], argument=self.words.strip() or None)
        if self.slash is not None:
            return Handoff(reason=HandoffReason.ASKED, earlier=not self.words.strip())
        word = command_word(self.message.text)
        for option in self.state.offered:
            if command_word(option.title) == word:
                return _option(self, option.id)
        name = self.corpus.content.phrases.words.get(word)
        if name is None:
            return None
        if name in ("withdraw", "solved") and any(
            inquiry.urgent and not inquiry.answered for inquiry in self.state.inquiries
        ):
            # "Never mind" after a cry for help closes nothing: it is added for the person who reads it.
            return None
        asked = ASKED_FOR[name]
        if asked is None:
            return Handoff(reason=HandoffReason.ASKED, earlier=True)
        return Command(act=asked[0], argument=asked[1])

    @cached_property
    def verdict(self) -> Verdict | None:
        # "/help" and a bare "help" are commands; what they say begins with whom to call in danger.
        if self.message.option is not None or not self.has_words:
            return None
        if self.command is not None and (self.slash is None or not self.words.strip()):
            return None
        alone = self.corpus.urgent.judge(self.words)
        if self.state.previous is None or (alone is not None and alone.tier is Tier.SURE):
            return alone
        together = self.corpus.urgent.judge(f"{self.state.previous}\n{self.words}")
        return together if together is not None and (alone is None or together.tier is Tier.SURE) else alone

    @cached_property
    def ranking(self) -> matching.Ranking:
        alone = self.corpus.matcher.rank(self.message.text)
        if self.state.previous is None or alone.answer:
            return alone
        together = self.corpus.matcher.rank(f"{self.state.previous} {self.message.text}")
        return together if together.answer or together.offer > alone.offer else alone

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        if self.message.option is not None or not self.has_words:
            return ()
        return tuple(
            Candidate(target=found.key, confidence=found.confidence) for found in self.ranking.candidates
        )

    @property
    def best_kind(self) -> str:
        return self.candidates[0].target.partition(":")[0] if self.candidates else ""


Step = Callable[[_Question], Decision | None]


def by_urgent(question: _Question) -> Decision | None:
    """Somebody may be in danger: before anything else."""
    return _urgent(question)


def by_command(question: _Question) -> Decision | None:
    """The citizen tapped a button, gave a /command, asked for a person, or sent nothing that can be read."""
    message = question.message
    if message.option is not None:
        return _option(question, message.option)
    if message.edited:
        return Command(act=Act.EDITED)
    if question.command is not None:
        return question.command
    if not question.has_words:
        return Command(act=Act.UNREADABLE if message.unreadable else Act.EMPTY)
    return None


def by_takeover(question: _Question) -> Decision | None:
    """A person holds the conversation, or the open inquiry is urgent: the automatic half adds and keeps still."""
    for inquiry in reversed(question.state.inquiries):
        if inquiry.held or (inquiry.urgent and not inquiry.answered and not question.state.wants_new):
            return Continue(reference=inquiry.reference, silent=inquiry.held, candidates=question.candidates)
    if question.state.wants_person:
        return Handoff(reason=HandoffReason.ASKED, candidates=question.candidates)
    return None


def by_intent(question: _Question) -> Decision | None:
    """The best candidate is an intent."""
    return _by_kind(question, "intent")


def by_knowledge(question: _Question) -> Decision | None:
    """The best candidate is a past answer."""
    return _by_kind(question, "knowledge")


def by_referral(question: _Question) -> Decision | None:
    """It may be for somebody outside, or goes on with what was: it must not be filed here unasked."""
    if question.state.continues is not None:
        return None
    if question.state.referred is not None:
        return Referral(target=question.state.referred, more=True, candidates=question.candidates)
    # Where somebody may need help, a person reads it at once unless a complaint is the likeliest of all.
    looked_at = MAX_OPTIONS if question.verdict is None else 1
    for near in question.candidates[:looked_at]:
        if near.confidence >= LEAST_DOUBT and question.corpus.content.filed_on_tap(near.target):
            return Referral(target=near.target, sure=False, candidates=question.candidates)
    return None


def by_open_inquiry(question: _Question) -> Decision | None:
    """Something is open already: continue it at once, or ask whether this belongs to it."""
    state = question.state
    if state.continues is not None:
        return Continue(reference=state.continues, silent=False, candidates=question.candidates)
    if state.inquiries and not state.wants_new:
        references = tuple(inquiry.reference for inquiry in reversed(state.inquiries))[:2]
        return AddOrNew(references=references, candidates=question.candidates)
    return None


STEPS: tuple[Step, ...] = (
    by_urgent, by_command, by_takeover, by_intent, by_knowledge, by_referral, by_open_inquiry,
)  # fmt: skip


def route(
    message: IncomingMessage, state: ConversationState, corpus: Corpus, steps: Sequence[Step] = STEPS
) -> Decision:
    """Return the first decision any step reaches; with none, a person decides."""
    question = _Question(message, state, corpus)
    for step in steps:
        decision = step(question)
        if decision is not None:
            return _with_soft_line(question, decision)
    return _with_soft_line(question, Handoff(reason=HandoffReason.NO_MATCH, candidates=question.candidates))


def urgent_alone(message: IncomingMessage, corpus: Corpus) -> Urgent | None:
    """Tell, from the message alone, whether somebody may be in danger: nothing else need be known for a card.

    The matcher is not asked, here or when the message is filed: neither waits for a ranking or dies of one.
    """
    return _urgent(_Question(message, ConversationState(), corpus))


def _urgent(question: _Question) -> Urgent | None:
    verdict = question.verdict
    if verdict is None or verdict.tier is not Tier.SURE:
        return None
    return Urgent(kind=UrgentKind(verdict.kind), about_other=verdict.about_other, service=verdict.service)


def option_id(target: str) -> str:
    """Return the opaque id of the button that chooses a target: the same everywhere, 18 bytes."""
    return "t." + hashlib.sha256(target.encode()).hexdigest()[:16]


def _option(question: _Question, option: str) -> Decision:
    if option == HUMAN:
        return Handoff(reason=HandoffReason.ASKED, earlier=True)
    if option in _OPTION_ACTS:
        return Command(act=_OPTION_ACTS[option])
    name, _, argument = option.partition(".")
    if name == "topics" and not argument.isdecimal():
        return Command(act=Act.EXPIRED)
    if name in _OPTION_ACTS_ON and argument:
        return Command(act=_OPTION_ACTS_ON[name], argument=argument)
    content = question.corpus.content
    for target in _targets(question, option):
        if option_id(target) == option and not content.expired(target, question.message.received_at.date()):
            return _chosen(question, target)
    return Command(act=Act.EXPIRED)


def _targets(question: _Question, option: str) -> Iterator[str]:
    """Yield every target that a button may stand for, likely ones first."""
    corpus = question.corpus
    if corpus.shelf is not None:
        # Naming a million entries takes a second; the title of the button leads to its own.
        for offered in question.state.offered:
            if offered.id == option:
                yield from (found.key for found in corpus.matcher.rank(offered.title, 10).candidates)
    yield from (f"intent:{name}" for name in corpus.content.intents)
    yield from (f"knowledge:{name}" for name in corpus.content.entries)


def _chosen(question: _Question, target: str) -> Decision:
    content = question.corpus.content
    candidates = (*question.candidates,)
    kind, _, name = target.partition(":")
    if kind == "intent" and content.intents[name].handoff:
        return Handoff(reason=HandoffReason.POLICY, target=target, candidates=candidates)
    if content.filed_on_tap(target):
        return Referral(target=target, candidates=candidates)
    return Answer(target=target, candidates=candidates or (Candidate(target=target, confidence=1.0),))


def _by_kind(question: _Question, kind: str) -> Decision | None:
    if question.best_kind != kind:
        return None
    ranking, candidates = question.ranking, question.candidates
    content = question.corpus.content
    best = candidates[0].target
    if content.expired(best, question.message.received_at.date()):
        return None
    confirm = kind == "intent" and content.intents[best.partition(":")[2]].confirm
    if ranking.answer and not confirm:
        return _leaning(question, best) or _chosen(question, best)
    # A sure answer is given even while an inquiry is open; anything less becomes "add to it, or a new question?".
    # What a first half of the question opened seconds ago does not count: the whole of it may be clear.
    open_now = any(
        not inquiry.answered and inquiry.reference != question.state.continues
        for inquiry in question.state.inquiries
    )
    if (
        question.state.clarified
        or question.state.referred is not None
        or (open_now and not question.state.wants_new)
    ):
        return None
    today = question.message.received_at.date()
    offered = tuple(
        candidate.target
        for candidate in candidates[: max(ranking.offer, 1 if ranking.answer else 0)]
        if not content.expired(candidate.target, today)
        and content.on_menu(candidate.target)
        and candidate.confidence >= candidates[0].confidence * LEAST_ODDS
    )[:MAX_OPTIONS]
    return Clarification(options=offered, candidates=candidates) if offered else _follow_up(question)


def _follow_up(question: _Question) -> Clarification | None:
    """Offer the last answer again to a short question that only makes sense after it ("how much is that?")."""
    answered = _leans_on(question)
    return Clarification(options=(answered,), candidates=question.candidates) if answered else None


def _leaning(question: _Question, best: str) -> Clarification | None:
    """Offer the last answer beside another one, when a short question may mean either."""
    if question.ranking.exact or question.candidates[0].confidence >= SURE_OF_ITSELF:
        return None
    answered = _leans_on(question)
    if answered is None or answered == best:
        return None
    return Clarification(options=(answered, best), candidates=question.candidates)


def _leans_on(question: _Question) -> str | None:
    """Return the target of the last answer if the message, read after what it answered, still leads there."""
    state = question.state
    if state.answered is None or state.question is None or len(question.text) > LONGEST_FOLLOW_UP:
        return None
    together = question.corpus.matcher.rank(f"{state.question} {question.message.text}")
    return state.answered if together.candidates and together.candidates[0].key == state.answered else None


def _with_soft_line(question: _Question, decision: Decision) -> Decision:
    verdict = question.verdict
    if verdict is None or isinstance(decision, Urgent | Command):
        return decision
    return replace(decision, soft=UrgentKind(verdict.kind))
