"""Small deployments with real-looking traffic: `python -m tests.benchmarks real --data PATH`.

Each set of public rows is cut into deployments of 300 to 600 uneven examples, and asked validation rows as people would
write them, most of which belong to nobody (see traffic.py). The matcher sees the content alone. Beside it, in the same
run: a plain TF-IDF linear SVC and the nearest example by words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC

from bot.evaluate import HANDOFF, evaluate
from bot.evaluate import Question as Asked
from bot.matching import MatchPolicy, fit
from tests.benchmarks.contents import Content
from tests.benchmarks.traffic import SETS, deployment

DEPLOYMENTS = 3
"""Of each set."""
FLOOR = 0.8
"""Share of the answers that must be right, in P80."""
TARGETS = (0.8, 0.9)

Guess = tuple[Sequence[str | None], np.ndarray]
"""For each message the first choice, and how sure it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How a matcher did on one deployment."""

    accuracy: float
    """First choice right, of the messages that belong to something; nothing rejected."""
    auroc: float
    answerable: float
    """P80: right answers, of the messages that belong to something, at the best threshold that keeps the floor."""


def main(data: Path | None = None) -> None:
    """Print the tables; `data` is the folder of the benchmark data."""
    if data is None:
        raise SystemExit("The benchmark data is not there; name its folder with --data PATH.")
    matchers: dict[str, Callable[[Content], Guess]] = {
        "TF-IDF linear SVC": by_svc,
        "nearest example": by_nearest,
        "the router": by_router,
    }
    print("| first choice right / AUROC / P80 | messages | " + " | ".join(matchers) + " |")
    print("|---" * (len(matchers) + 2) + "|")
    every: dict[str, list[Found]] = {title: [] for title in matchers}
    contents = [deployment(name, seed) for name in SETS for seed in range(DEPLOYMENTS)]
    for content in contents:
        for title, matcher in matchers.items():
            every[title].append(found(content, *matcher(content)))
        inside = sum(question.expect is not None for question in content.questions)
        cells = " | ".join(_cell([figures[-1]]) for figures in every.values())
        examples = sum(len(item.examples) for item in content.items)
        print(
            f"| {content.name}, {len(content.items)} intents, {examples} examples "
            f"| {inside} + {len(content.questions) - inside} | {cells} |",
            flush=True,
        )
    print("| mean | | " + " | ".join(_cell(figures) for figures in every.values()) + " |")
    print(
        "\n| at its own thresholds | answered rightly | helped | wrong, of all | not answered, of outside | right, of answers |"
    )
    print("|---" * 6 + "|")
    for target in TARGETS:
        print(_at_target(contents, target), flush=True)


def found(content: Content, first: Sequence[str | None], confidence: np.ndarray) -> Found:
    """Return accuracy, AUROC and P80 of a matcher's first choices."""
    inside = np.array([question.expect is not None for question in content.questions])
    right = inside & np.array([a == q.expect for a, q in zip(first, content.questions, strict=True)])
    return Found(
        accuracy=float(right[inside].mean()),
        auroc=float(roc_auc_score(inside, confidence)),
        answerable=answerable(confidence, right, FLOOR) / float(inside.sum()),
    )


def answerable(confidence: np.ndarray, right: np.ndarray, floor: float) -> float:
    """Return how many right answers the best threshold gives whose answers are right at a share of `floor`."""
    order = np.argsort(-confidence, kind="stable")
    good = np.cumsum(right[order])
    last = np.append(np.diff(confidence[order]) != 0, True)  # equally sure messages are answered together
    kept = last & (good / np.arange(1, len(order) + 1) >= floor)
    return float(good[kept].max(initial=0))


def by_svc(content: Content) -> Guess:
    """Answer with a plain classifier, words and pairs of words."""
    reader = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    texts, owners = _rows(content)
    model = LinearSVC().fit(reader.fit_transform(texts), owners)
    values = model.decision_function(reader.transform([q.text for q in content.questions]))
    return model.classes_[values.argmax(axis=1)].tolist(), values.max(axis=1)


def by_nearest(content: Content) -> Guess:
    """Answer as the nearest example by words."""
    reader = TfidfVectorizer()
    texts, owners = _rows(content)
    examples = reader.fit_transform(texts)
    likeness = (reader.transform([q.text for q in content.questions]) @ examples.T).toarray()
    return [owners[at] for at in likeness.argmax(axis=1)], likeness.max(axis=1)


def by_router(content: Content) -> Guess:
    """Answer as the product would."""
    matcher = fit(content.items, content.outside, MatchPolicy())
    ranked = [matcher.rank(question.text).candidates for question in content.questions]
    return (
        [candidates[0].key if candidates else None for candidates in ranked],
        np.array([candidates[0].confidence if candidates else 0.0 for candidates in ranked]),
    )


def _rows(content: Content) -> tuple[list[str], list[str]]:
    pairs = [(text, item.key) for item in content.items for text in item.examples]
    return [text for text, _ in pairs], [key for _, key in pairs]


def _cell(figures: Sequence[Found]) -> str:
    return " / ".join(
        f"{np.mean([getattr(each, name) for each in figures]):.3f}"
        for name in ("accuracy", "auroc", "answerable")
    )


def _at_target(contents: Sequence[Content], target: float) -> str:
    """Return a row of means over the deployments; each is told what share of its messages lies outside, as policy."""
    shares = []
    for content in contents:
        outside = float(np.mean([question.expect is None for question in content.questions]))
        policy = MatchPolicy(target_precision=target, outside_share=round(outside, 1))
        report = evaluate(
            fit(content.items, content.outside, policy),
            [Asked(text=q.text, expect=q.expect or HANDOFF) for q in content.questions],
        )
        shares.append(
            (
                report.in_scope_answered_correctly,
                report.helped,
                report.wrong,
                report.handoff_recall,
                report.answered_precision,
            )
        )
    means = np.nanmean(np.array(shares, float), axis=0)
    return f"| target {target:g} | " + " | ".join(f"{share:.3f}" for share in means) + " |"
