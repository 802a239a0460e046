"""Measuring a matcher on labelled questions. Pure: it reads no file, prints nothing, and changes nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.matching import Candidate, Matcher, Ranking

HANDOFF = "handoff"
Outcome = Literal["answer", "clarify", "handoff", "crisis", "danger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One labelled question."""

    text: str
    expect: str
    """An item's key, or `handoff` where a person must answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the matcher did with one question."""

    text: str
    expect: str
    decision: Outcome
    target: str | None
    """What was answered."""
    best: str | None
    """The first candidate, also when it was not answered."""
    options: tuple[str, ...]
    """What was offered; empty unless the decision is `clarify`."""
    confidence: float

    @property
    def outside(self) -> bool:
        """A person must answer."""
        return self.expect == HANDOFF


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFigures:
    """How one target fared."""

    questions: int
    answered: int
    """Direct answers with it."""
    precision: float | None
    """Share of those that were right; None without any."""
    recall: float | None
    """Share of its questions answered with it; None without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds per message, one at a time."""

    mean: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures of one run. A share is None where there was nothing to take it of."""

    questions: int
    in_scope: int
    outside: int
    in_scope_accuracy: float | None
    """First candidate right, nothing rejected, of the questions that have an answer."""
    in_scope_answered_correctly: float | None
    handoff_recall: float | None
    """Share of what belongs to a person that was not answered."""
    joint: float | None
    """Share of all questions answered rightly or rightly not answered."""
    answered_precision: float | None
    auroc: float | None
    """Confidence of questions that have an answer against those that have none."""
    coverage_at_precision: dict[str, float]
    """Share of all questions that could be answered at 0.90, 0.95 and 0.98 precision, at the best threshold."""
    helped: float | None
    """Answered rightly, or the right one among the options, of the questions that have an answer."""
    wrong: float | None
    """Answered with something else, of all questions."""
    asked: float | None
    """Share of all questions that were clarified."""
    asked_outside: float | None
    """Share of what belongs to a person that was offered options."""
    latency_ms: Latency
    per_target: dict[str, TargetFigures]
    confusions: tuple[tuple[str, str, int], ...]
    """(expected, answered instead, times), worst first, at most twenty."""
    predictions: tuple[Prediction, ...]


def evaluate(
    matcher: Matcher, questions: Sequence[Question], clock: Callable[[], float] = time.perf_counter
) -> Report:
    """Return how `matcher` does on `questions`, asked one at a time in their order."""
    predictions: list[Prediction] = []
    times: list[float] = []
    for question in questions:
        start = clock()
        ranking = matcher.rank(question.text)
        times.append((clock() - start) * 1000)
        predictions.append(predict(question, ranking))
    return report(predictions, times)


def predict(question: Question, ranking: Ranking) -> Prediction:
    """Return the prediction that a ranking amounts to when no other step of the router speaks."""
    first: Candidate | None = ranking.candidates[0] if ranking.candidates else None
    answer = ranking.answer and first is not None
    offered = () if answer else tuple(c.key for c in ranking.candidates[: ranking.offer])
    return Prediction(
        text=question.text,
        expect=question.expect,
        decision="answer" if answer else "clarify" if offered else "handoff",
        target=first.key if answer and first else None,
        best=first.key if first else None,
        options=offered,
        confidence=first.confidence if first else 0.0,
    )


def report(predictions: Sequence[Prediction], times: Sequence[float]) -> Report:
    """Return the figures of predictions; `times` are milliseconds per message."""
    inside = [p for p in predictions if not p.outside]
    beyond = [p for p in predictions if p.outside]
    answered = [p for p in predictions if p.decision == "answer"]
    right = [p for p in answered if p.target == p.expect]
    listed = [p for p in inside if p.decision == "clarify" and p.expect in p.options]
    quiet = [p for p in beyond if p.decision != "answer"]
    asked = [p for p in predictions if p.decision == "clarify"]
    return Report(
        questions=len(predictions),
        in_scope=len(inside),
        outside=len(beyond),
        in_scope_accuracy=_share(sum(p.best == p.expect for p in inside), len(inside)),
        in_scope_answered_correctly=_share(len(right), len(inside)),
        handoff_recall=_share(len(quiet), len(beyond)),
        joint=_share(len(right) + len(quiet), len(predictions)),
        answered_precision=_share(len(right), len(answered)),
        auroc=area([p.confidence for p in inside], [p.confidence for p in beyond]),
        coverage_at_precision={f"{goal:.2f}": _coverage(predictions, goal) for goal in (0.90, 0.95, 0.98)},
        helped=_share(len(right) + len(listed), len(inside)),
        wrong=_share(len(answered) - len(right), len(predictions)),
        asked=_share(len(asked), len(predictions)),
        asked_outside=_share(sum(p.outside for p in asked), len(beyond)),
        latency_ms=latency(times),
        per_target=_per_target(predictions),
        confusions=tuple(
            (expected, got, times)
            for (expected, got), times in Counter(
                (p.expect, p.target) for p in answered if p.target and p.target != p.expect
            ).most_common(20)
        ),
        predictions=tuple(predictions),
    )


def area(inside: Sequence[float], outside: Sequence[float]) -> float | None:
    """Return the chance that one of `inside` exceeds one of `outside`, ties counting half; None without both."""
    if not inside or not outside:
        return None
    ranked = sorted([(value, 1) for value in inside] + [(value, 0) for value in outside])
    total, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        total += sum(kind for _, kind in ranked[at:end]) * (at + end + 1) / 2
        at = end
    return (total - len(inside) * (len(inside) + 1) / 2) / (len(inside) * len(outside))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _coverage(predictions: Sequence[Prediction], goal: float) -> float:
    """Return the largest share of the stream answerable with at least `goal` of the answers right."""
    ordered = sorted((p for p in predictions if p.best), key=lambda p: -p.confidence)
    best = good = 0
    for count, prediction in enumerate(ordered, 1):
        good += prediction.best == prediction.expect
        following = ordered[count].confidence if count < len(ordered) else -1.0
        if following != prediction.confidence and good >= goal * count:
            best = count
    return best / len(predictions) if predictions else 0.0


def latency(times: Sequence[float]) -> Latency:
    """Return the mean, the middle and the slowest but one in a hundred of `times`, in milliseconds."""
    if not times:
        return Latency(mean=0.0, p50=0.0, p99=0.0)
    ordered = sorted(times)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Latency(mean=sum(ordered) / len(ordered), p50=at(0.5), p99=at(0.99))


def _per_target(predictions: Sequence[Prediction]) -> dict[str, TargetFigures]:
    wanted = Counter(p.expect for p in predictions if not p.outside)
    given = Counter(p.target for p in predictions if p.target)
    right = Counter(p.target for p in predictions if p.target and p.target == p.expect)
    return {
        key: TargetFigures(
            questions=wanted[key],
            answered=given[key],
            precision=_share(right[key], given[key]),
            recall=_share(right[key], wanted[key]),
        )
        for key in sorted({*wanted, *given})
    }
