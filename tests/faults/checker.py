"""Compares what clients were told with what is stored and what was delivered."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.models import DeliveryStatus
from tests.faults.ledger import Answer, Ledger, Told, Who
from tests.faults.stored import Owed, Stored

WEB = "webchat"
WORD = re.compile("[a-z]+")
ARRIVED = (DeliveryStatus.SENT, DeliveryStatus.PLACED)
UNDER_WAY = (DeliveryStatus.OWED, DeliveryStatus.PLACED)


class Kind(StrEnum):
    """What must not be."""

    LOST = "lost"
    """Accepted, and not stored; or owed, and not delivered."""
    STORED_TWICE = "stored twice"
    SHOWN_TWICE = "shown twice"
    """On web chat; Telegram cannot tell, and is counted apart."""
    TWO_ANSWERS = "two answers"
    WRONG_ADDRESS = "wrong address"
    UNTOLD = "untold"
    """Refused, and kept all the same behind the back of whoever was refused."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must not be, and where."""

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at everything found."""

    findings: tuple[Finding, ...]
    again_on_telegram: int
    """Messages that Telegram was handed more than once."""


def check(ledger: Ledger, stored: Sequence[Stored], *, final: bool = True) -> Checked:
    """Return everything that is not as clients were told, once all have been shown what they waited for.

    Before the `final` look a reply may still be owed, or lie where its citizen has not looked since.
    """
    words = {answer.word: answer for answer in ledger.answers}
    again = _again_on_telegram(ledger, stored, words)
    found = (
        *_questions(ledger, stored),
        *_answers(ledger, stored, words),
        *_replies(ledger, stored, words, final=final),
    )
    return Checked(found, again)


def _questions(ledger: Ledger, stored: Sequence[Stored]) -> list[Finding]:
    """Accepted is stored, once, at the address it came from; refused is not kept in silence."""
    found = []
    places: dict[str, list[Stored]] = defaultdict(list)
    words = {question.word for question in ledger.questions}
    for inquiry in stored:
        for said in inquiry.said:
            if said.by == "citizen":
                for word in words & _split(said.text):
                    places[word].append(inquiry)
    for question in ledger.questions:
        where = places[question.word]
        kept = {each.reference for word in (question.word, *question.again) for each in places[word]}
        if question.told is Told.ACCEPTED and question.reference not in kept:
            found.append(Finding(Kind.LOST, f"question {question.word} of {question.reference}"))
        if len(where) > 1:
            found.append(Finding(Kind.STORED_TWICE, f"question {question.word}"))
        for inquiry in where:
            if inquiry.who != question.who:
                found.append(Finding(Kind.WRONG_ADDRESS, f"question {question.word} is {inquiry.reference}"))
            known = {shown.reference for shown in ledger.shown[question.who]}
            if question.told is Told.REFUSED and inquiry.reference not in known:
                found.append(Finding(Kind.UNTOLD, f"question {question.word} is {inquiry.reference}"))
    return found


def _answers(ledger: Ledger, stored: Sequence[Stored], words: Mapping[str, Answer]) -> list[Finding]:
    """A situation has one answer, which is the one that was accepted, and everybody in it is owed it once; one more for
    each time that a citizen wrote again, which may have been after an answer and opened it anew."""
    found = []
    given: dict[str, set[str]] = defaultdict(set)
    anew: Counter[str] = Counter()
    for inquiry in stored:
        texts = [said.text for said in inquiry.said if said.by == "staff"]
        texts += [reply.text for reply in inquiry.replies if reply.kind == "staff_answer"]
        for text in texts:
            given[inquiry.situation] |= words.keys() & _split(text)
        owed = [reply for reply in inquiry.replies if reply.kind == "staff_answer"]
        anew[inquiry.situation] += _written_again(inquiry)
        if len(owed) > 1 + _written_again(inquiry):
            found.append(Finding(Kind.TWO_ANSWERS, f"{inquiry.reference} is owed {len(owed)}"))
    for situation, each in given.items():
        if len(each) > 1 + anew[situation]:
            found.append(Finding(Kind.TWO_ANSWERS, f"situation {situation}: {', '.join(sorted(each))}"))
        for word in each:
            if words[word].situation != situation:
                found.append(Finding(Kind.WRONG_ADDRESS, f"answer {word} is in situation {situation}"))
            if words[word].told is Told.REFUSED:
                found.append(Finding(Kind.UNTOLD, f"answer {word} in situation {situation}"))
    for answer in ledger.answers:
        if answer.told is Told.ACCEPTED and answer.word not in given[answer.situation]:
            found.append(Finding(Kind.LOST, f"answer {answer.word} to situation {answer.situation}"))
    for inquiry in stored:
        if given[inquiry.situation] and not any(reply.kind == "staff_answer" for reply in inquiry.replies):
            found.append(Finding(Kind.LOST, f"{inquiry.reference} is not owed its situation's answer"))
    return found


def _replies(
    ledger: Ledger,
    stored: Sequence[Stored],
    words: Mapping[str, Answer],
    *,
    final: bool,
) -> list[Finding]:
    """Owed is delivered, to whom it is owed and to nobody else; a page shows it once."""
    found = []
    owner = {inquiry.reference: inquiry.who for inquiry in stored}
    inside: dict[str, set[Who]] = defaultdict(set)
    for inquiry in stored:
        inside[inquiry.situation].add(inquiry.who)
    for inquiry in stored:
        for reply in inquiry.replies:
            if not final and reply.status in UNDER_WAY:
                continue
            if reply.status not in ARRIVED or not _times_shown(ledger, inquiry, reply, words):
                found.append(Finding(Kind.LOST, f"{reply.kind} of {inquiry.reference} ({reply.status})"))
    for who, all_shown in ledger.shown.items():
        if who.channel == WEB:
            ids = Counter(shown.id for shown in all_shown)
            found += [Finding(Kind.SHOWN_TWICE, f"reply {id}") for id, times in ids.items() if times > 1]
            said = Counter(word for shown in all_shown for word in words.keys() & _split(shown.text))
            found += [
                Finding(Kind.SHOWN_TWICE, f"answer {word}") for word, times in said.items() if times > 1
            ]
        for shown in all_shown:
            if shown.reference is not None and owner.get(shown.reference, who) != who:
                found.append(Finding(Kind.WRONG_ADDRESS, f"{shown.reference} was shown to another"))
            for word in words.keys() & _split(shown.text):
                if who not in inside[words[word].situation]:
                    found.append(Finding(Kind.WRONG_ADDRESS, f"answer {word} was shown to another"))
    return found


def _times_shown(ledger: Ledger, inquiry: Stored, reply: Owed, words: Mapping[str, Answer]) -> int:
    """Return how often its citizen was shown the reply."""
    all_shown = ledger.shown[inquiry.who]
    if inquiry.who.channel == WEB:
        return sum(1 for shown in all_shown if shown.id == reply.id)
    # Telegram gives a text no id of the desk's: an answer is told by its word, a receipt by having none.
    telling = words.keys() & _split(reply.text) if reply.kind == "staff_answer" else set[str]()
    return sum(
        1
        for shown in all_shown
        if shown.reference == inquiry.reference and words.keys() & _split(shown.text) == telling
    )


def _written_again(inquiry: Stored) -> int:
    """Return how often its citizen wrote after the question. Whether that was after an answer cannot be told from the
    order here: an answer that is being made out reaches what was written meanwhile."""
    return sum(1 for said in inquiry.said if said.by == "citizen") - 1


def _again_on_telegram(ledger: Ledger, stored: Sequence[Stored], words: Mapping[str, Answer]) -> int:
    """Return how often something was shown on Telegram beyond the first time."""
    return sum(
        max(0, _times_shown(ledger, inquiry, reply, words) - 1)
        for inquiry in stored
        if inquiry.who.channel != WEB
        for reply in inquiry.replies
    )


def _split(text: str) -> set[str]:
    """Return the words in Latin letters."""
    return set(WORD.findall(text))
