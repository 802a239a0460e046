"""Why a question gets what it gets: candidates, what speaks for each, the thresholds, and the step that decided.

Pure: the same corpus and text give the same explanation on the command line and in the console.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.corpus import Corpus
from bot.models import Address, Decision, IncomingMessage, Language
from bot.router import STEPS, ConversationState, Step, route

CANDIDATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One candidate and what speaks for it."""

    target: str
    title: str
    confidence: float
    evidence: Mapping[str, float]
    """Shares from 0 to 1 by name; what a name means is said by `why.evidence.<name>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the router thinks of one question, asked in a conversation of its own."""

    step: str
    """Name of the step of the router that decided; `by_nobody` when none did and a person does."""
    candidates: tuple[Reason, ...]
    exact: bool
    """The question is, but for typing, an example of the first candidate."""
    listed: float
    """Probability that one of the first three candidates is right."""
    answer_threshold: float
    """Confidence of the first candidate from which on it is the answer."""
    offer_threshold: float
    """`listed` from which on titles are offered."""
    outside: float | None
    """Likeness to the nearest question that belongs to staff; None where there is none to compare with."""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "step": self.step,
            "answer_threshold": self.answer_threshold,
            "offer_threshold": self.offer_threshold,
            "listed": self.listed,
            "exact": self.exact,
            "outside": self.outside,
            "candidates": [
                {
                    "target": reason.target,
                    "title": reason.title,
                    "confidence": reason.confidence,
                    "evidence": dict(reason.evidence),
                }
                for reason in self.candidates
            ],
        }


def explain(corpus: Corpus, text: str, language: Language, now: dt.datetime) -> Explanation:
    """Return why `text` gets what it gets; titles are in `language`."""
    message = IncomingMessage(
        id="explain", address=Address(channel="console", chat="explain"), text=text, received_at=now
    )
    step = _step(message, corpus)
    matcher = corpus.matcher
    ranking = matcher.rank(text, limit=CANDIDATES)
    why = matcher.evidence(text, [found.key for found in ranking.candidates])
    return Explanation(
        step=step,
        candidates=tuple(
            Reason(
                target=found.key,
                title=corpus.content.title(found.key, language),
                confidence=found.confidence,
                evidence=why.of.get(found.key, {}),
            )
            for found in ranking.candidates
        ),
        exact=ranking.exact,
        listed=ranking.listed,
        answer_threshold=matcher.answer_threshold,
        offer_threshold=matcher.offer_threshold,
        outside=why.outside,
    )


def _step(message: IncomingMessage, corpus: Corpus) -> str:
    """Return the name of the step that decides."""
    spoke: list[str] = []

    def noted(step: Step) -> Step:
        def note(question: Any) -> Decision | None:
            decision = step(question)
            if decision is not None:
                spoke.append(step.__name__)
            return decision

        return note

    route(message, ConversationState(), corpus, [noted(step) for step in STEPS])
    return spoke[0] if spoke else "by_nobody"


def lines(explanation: Explanation, say: Mapping[str, str]) -> tuple[str, ...]:
    """Return the explanation as sentences of the catalogue `say`: the decision first, then one line a candidate."""
    said = [say[f"why.step.{explanation.step}"]]
    if explanation.candidates:
        said.append(
            say["why.thresholds"].format(
                answer=_percent(explanation.answer_threshold),
                offer=_percent(explanation.offer_threshold),
                listed=_percent(explanation.listed),
            )
        )
    if explanation.exact:
        said.append(say["why.exact"])
    if explanation.outside is not None:
        said.append(say["why.outside"].format(likeness=_percent(explanation.outside)))
    for number, reason in enumerate(explanation.candidates, start=1):
        evidence = [
            say[f"why.evidence.{name}"].format(share=_percent(share))
            for name, share in reason.evidence.items()
        ]
        said.append(
            say["why.candidate"].format(
                number=number,
                title=reason.title,
                target=reason.target,
                confidence=_percent(reason.confidence),
                evidence=say["why.between"].join(evidence) or say["why.no_evidence"],
            )
        )
    return tuple(said)


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
