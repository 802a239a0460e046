"""`eval`: content and labelled questions in, figures out. Fits on the content alone, never on the questions."""

import datetime as dt
import pickle
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import orjson
from threadpoolctl import threadpool_limits

from bot.content import Content
from bot.corpus import Corpus, build_corpus
from bot.errors import ContentError, Fault
from bot.evaluate import HANDOFF, Outcome, Prediction, Question, Report, report
from bot.matching import Encoder
from bot.models import (
    Address,
    Answer,
    Candidate,
    Clarification,
    Command,
    Decision,
    IncomingMessage,
    Urgent,
)
from bot.router import ConversationState, by_intent, by_knowledge, by_urgent, route

STEPS = (by_urgent, by_intent, by_knowledge)
"""A labelled question is neither a command nor part of a conversation."""


OTHER_SHARES = (0.2, 0.6)
"""Shares of outside messages that figures are given for besides the policy's own: precision hangs on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtShare:
    """What the same questions get where thresholds are chosen for another share of outside messages."""

    answer_threshold: float
    in_scope_answered_correctly: float | None
    handoff_recall: float | None
    joint: float | None
    answered_precision: float | None
    helped: float | None
    wrong: float | None
    asked: float | None
    asked_outside: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A report, and what it took."""

    report: Report
    at_outside_share: dict[str, AtShare]
    """By the share, such as `0.20`; nothing is fitted anew for it."""
    fit_seconds: float
    model_bytes: int
    peak_rss_mb: float
    target_precision: float
    answer_threshold: float
    offer_threshold: float

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values, without the predictions."""
        figures = asdict(replace(self.report, predictions=()))
        del figures["predictions"]
        return {
            **figures,
            "at_outside_share": {share: asdict(found) for share, found in self.at_outside_share.items()},
            "target_precision": self.target_precision,
            "answer_threshold": self.answer_threshold,
            "offer_threshold": self.offer_threshold,
            "fit_seconds": self.fit_seconds,
            "model_bytes": self.model_bytes,
            "peak_rss_mb": self.peak_rss_mb,
        }


def read_questions(paths: Sequence[Path]) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """Read `{"text", "expect"}` lines; the second part says where each stood. A file named twice is read once.

    Raises `ContentError` with every line that cannot be read.
    """
    questions, places, faults = [], [], []
    for path in {path.resolve(): path for path in paths}.values():
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as exc:
            faults.append(Fault(where=str(path), sentence=f"cannot be read ({exc.strerror}); check its name"))
            continue
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                row = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
                text, expect = row["text"], row["expect"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                text = expect = None
            if not isinstance(text, str) or not isinstance(expect, str):
                faults.append(
                    Fault(
                        where=where,
                        sentence='is no object with text and expect; write {"text": "…", "expect": "…"}',
                    )
                )
                continue
            if expect != HANDOFF and not expect.startswith(("intent:", "knowledge:")):
                faults.append(
                    Fault(
                        where=where,
                        sentence=f"expects {expect!r}; write intent:<id>, knowledge:<id> or handoff",
                    )
                )
                continue
            questions.append(Question(text=text, expect=expect))
            places.append(where)
    if faults:
        raise ContentError(faults)
    return tuple(questions), tuple(places)


def doubts(content: Content, questions: Sequence[Question], places: Sequence[str]) -> list[Fault]:
    """Return what a person should know before trusting the figures."""
    found = list(content.warnings)
    known = {f"intent:{name}" for name in content.intents} | {f"knowledge:{name}" for name in content.entries}
    found += [
        Fault(
            where=where,
            sentence=f"expects {question.expect!r}, which the content does not have",
            warning=True,
        )
        for question, where in zip(questions, places, strict=True)
        if question.expect != HANDOFF and question.expect not in known
    ]
    if not content.intents:
        found.append(
            Fault(where="intents", sentence="there are none; every question goes by knowledge", warning=True)
        )
    if not questions:
        found.append(Fault(where="questions", sentence="there are none; the figures are empty", warning=True))
    owners: dict[str, str] = {}
    for intent in content.intents.values():
        phrases = intent.phrases()
        if len(phrases) == 1:
            found.append(
                Fault(where=intent.where, sentence=f"{intent.id} has one example; write more", warning=True)
            )
        for phrase in phrases:
            other = owners.setdefault(phrase.casefold(), intent.id)
            if other != intent.id:
                found.append(
                    Fault(
                        where=intent.where,
                        sentence=f"the example {phrase!r} of {intent.id} is an example of {other} too",
                        warning=True,
                    )
                )
    return found


def measure(
    content: Content,
    questions: Sequence[Question],
    target_precision: float | None = None,
    encoder: Encoder | None = None,
) -> Measured:
    """Fit on the content and ask the questions one at a time, each as a conversation of its own."""
    if target_precision is not None:
        policy = replace(content.desk.policy, target_precision=target_precision)
        content = replace(content, desk=replace(content.desk, policy=policy))
    start = time.perf_counter()
    corpus = build_corpus(content, encoder=encoder)
    fit_seconds = time.perf_counter() - start
    now = dt.datetime.now(dt.UTC)
    with threadpool_limits(1):
        measured = _asked(corpus, questions, now)
        others = {f"{share:.2f}": _at_share(corpus, questions, now, share) for share in OTHER_SHARES}
    # Before the model is written out whole, only to see how large it is.
    peak_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Measured(
        report=measured,
        at_outside_share=others,
        fit_seconds=fit_seconds,
        model_bytes=_size(corpus),
        peak_rss_mb=peak_rss / (1024 if sys.platform != "darwin" else 2**20),
        target_precision=content.desk.policy.target_precision,
        answer_threshold=corpus.matcher.answer_threshold,
        offer_threshold=corpus.matcher.offer_threshold,
    )


def _asked(corpus: Corpus, questions: Sequence[Question], now: dt.datetime) -> Report:
    predictions, times = [], []
    for question in questions:
        message = IncomingMessage(
            id="eval", address=Address(channel="console", chat="eval"), text=question.text, received_at=now
        )
        start = time.perf_counter()
        decision = route(message, ConversationState(), corpus, STEPS)
        times.append((time.perf_counter() - start) * 1000)
        predictions.append(_prediction(question, decision))
    return report(predictions, times)


def _at_share(corpus: Corpus, questions: Sequence[Question], now: dt.datetime, share: float) -> AtShare:
    matcher = corpus.matcher.at_share(share)
    found = _asked(replace(corpus, matcher=matcher), questions, now)
    return AtShare(
        answer_threshold=matcher.answer_threshold,
        **{each.name: getattr(found, each.name) for each in fields(AtShare) if hasattr(found, each.name)},
    )


def write_predictions(path: Path, predictions: Sequence[Prediction]) -> None:
    """Write one JSON line for each question, in order."""
    with path.open("wb") as file:
        for each in predictions:
            file.write(orjson.dumps(asdict(each)) + b"\n")


def _prediction(question: Question, decision: Decision) -> Prediction:
    candidates: tuple[Candidate, ...] = () if isinstance(decision, Command) else decision.candidates
    outcome: Outcome = "handoff"
    match decision:
        case Answer():
            outcome = "answer"
        case Clarification():
            outcome = "clarify"
        case Urgent():
            outcome = "crisis" if decision.kind == "crisis" else "danger"
    return Prediction(
        text=question.text,
        expect=question.expect,
        decision=outcome,
        target=decision.target if isinstance(decision, Answer) else None,
        best=candidates[0].target if candidates else None,
        options=decision.options if isinstance(decision, Clarification) else (),
        confidence=candidates[0].confidence if candidates else 0.0,
    )


def _size(corpus: Corpus) -> int:
    """Return how many bytes the fitted matcher takes when written out whole; an encoder's own file is not counted."""
    return len(pickle.dumps((corpus.fitted or corpus).matcher))
