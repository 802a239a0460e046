"""Learn the weights that ship in `bot/matching/weights.json`.

    python -m tests.benchmarks.learn_weights [--without NAME] [--encoder DIR]

It fits on the civic sets, on this project's own small contents and on deployments drawn from training rows of public
sets, among them many intents of ten examples, and uneven ones with traffic as it really comes (see traffic.py);
`--without` leaves one set out, to measure on it. With an encoder, which must know English, it fits on the English ones
with its evidence and writes `weights_encoder.json`. Needs the benchmark data (see contents.py).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bot.encoder import open_encoder
from bot.matching.calibration import row_weights, shift_of
from bot.matching.evidence import NAMES, Floats, Ints, Space, read
from bot.matching.fusion import (
    ENCODED_GATE_FIGURES,
    GATE_FIGURES,
    Weights,
    gate_inputs,
    rank_scores,
    shipped,
)
from bot.matching.held_out import held_out
from bot.matching.matcher import named
from bot.matching.meaning import Meanings
from bot.matching.nearness import MEANING_NAMES
from bot.text import language_of
from tests.benchmarks.contents import Content, civic, draw, middling, own, part
from tests.benchmarks.traffic import SETS, deployment

ATTRIBUTION = (
    "Numbers fitted on questions of CLINC150 (Larson et al. 2019, CC BY 3.0), BANKING77 (Casanueva et al. 2020, CC BY "
    "4.0) and HWU64 (Liu et al. 2019, CC BY 4.0) and on civic sets written for this project. No text of them is here."
)
RANKER_L2 = 100.0
GATE_C = 0.01
CAUTION = 1.0
"""Standard deviations by which the gate "the first is right" is kept below what is expected: a wrong answer costs more."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The evidence of one content's questions."""

    content: Content
    space: Space
    analyses: list
    columns: Ints
    evidence: Floats
    right: Ints
    """Place of the right target in the shortlist, -1 where there is none."""


def rows_of(content: Content, meanings: Meanings | None = None) -> Rows:
    """Return the evidence for every question of `content`; `meanings` covers its texts and its questions."""
    space = Space(read(content.items, meanings))
    numbers = {item.key: number for number, item in enumerate(content.items)}
    analyses = [space.read(q.text) for q in content.questions]
    vectors = None if meanings is None else meanings.rows(q.text for q in content.questions)
    columns, evidence = space.evidence(analyses, vectors)
    right = np.full(len(analyses), -1)
    for at, question in enumerate(content.questions):
        if question.expect is not None:
            found = np.flatnonzero(space.targets[columns[at]] == numbers[question.expect])
            right[at] = found[0] if len(found) else -1
    return Rows(content, space, analyses, columns, evidence, right)


def learn_ranker(data: Sequence[Rows], scale: Floats, l2: float = RANKER_L2) -> Floats:
    """Return the conditional logit's weights."""
    blocks = [(r.evidence[r.right >= 0] / scale, r.right[r.right >= 0], r.content.weight) for r in data]
    blocks = [b for b in blocks if len(b[1])]

    def loss(w):
        total, grad = l2 / 2 * w @ w, l2 * w
        for evidence, right, weight in blocks:
            scores = evidence @ w
            scores -= scores.max(axis=1, keepdims=True)
            odds = np.exp(scores)
            odds /= odds.sum(axis=1, keepdims=True)
            rows = np.arange(len(right))
            total -= weight * np.log(np.maximum(odds[rows, right], 1e-12)).sum()
            odds[rows, right] -= 1
            grad = grad + weight * np.tensordot(odds, evidence, ((0, 1), (0, 1)))
        return total, grad

    start = np.zeros(len(scale))
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 150}).x.astype(np.float32)


def source(content: Content) -> str:
    """Return the set a content is cut from: parts of one set never stand on both sides of a split."""
    return content.name.split("/")[0].split("-")[0]


def learn(data: Sequence[Rows], l2: float = RANKER_L2, c: float = GATE_C, folds: int = 6) -> Weights:
    """Return ranker and gates; the gates see scores of rankers that did not learn on their rows."""
    stacked = np.concatenate([r.evidence.reshape(-1, r.evidence.shape[2]) for r in data])
    scale = np.maximum(stacked.std(axis=0), 1e-3).astype(np.float32)
    groups = sorted({source(r.content) for r in data})
    fold = {name: i % folds for i, name in enumerate(groups)}
    tables, first, three, weight = [], [], [], []
    for f in range(folds):
        rest = [r for r in data if fold[source(r.content)] != f]
        ranker = learn_ranker(rest, scale, l2)
        for r in data:
            if fold[source(r.content)] != f:
                continue
            scores = r.evidence @ (ranker / scale)
            order, _, table = gate_inputs(r.analyses, r.space, r.evidence, scores)
            tables.append(table)
            first.append(order[:, 0] == r.right)
            three.append((order[:, :3] == r.right[:, None]).any(axis=1))
            weight.append(np.full(len(table), r.content.weight))
    table, y1, y3, w = map(np.concatenate, (tables, first, three, weight))
    mean, spread = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-3)
    inputs = (table - mean) / spread

    def gate(y):
        model = LogisticRegression(C=c, max_iter=2000).fit(inputs, y, sample_weight=w)
        return np.concatenate([model.coef_[0], model.intercept_]).astype(np.float32)

    return Weights(
        scale,
        learn_ranker(data, scale, l2),
        mean.astype(np.float32),
        spread.astype(np.float32),
        gate(y1),
        gate(y3),
        np.array([[0.73, -0.16], [0.8, -0.17]], np.float32),
    )


def figures(r: Rows, weights: Weights) -> dict[str, float]:
    """Return accuracy, ranking of in from out, and what could be answered at fixed precisions."""
    order, _, table = gate_inputs(r.analyses, r.space, r.evidence, rank_scores(r.evidence, weights))
    logit = ((table - weights.gate_mean) / weights.gate_scale) @ weights.first[:-1] + weights.first[-1]
    inside = np.array([q.expect is not None for q in r.content.questions])
    right = (order[:, 0] == r.right) & inside
    at3 = (order[:, :3] == r.right[:, None]).any(axis=1) & inside
    auroc = roc_auc_score(inside, logit) if 0 < inside.mean() < 1 else float("nan")
    by = np.argsort(-logit)
    good = np.cumsum(right[by])
    precision = good / np.arange(1, len(by) + 1)
    entry = np.array([(q.expect or "").startswith("knowledge") for q in r.content.questions])
    p = 1 / (1 + np.exp(-logit))
    return {
        "acc": right[inside].mean(),
        "intent": right[inside & ~entry].mean(),
        "entry": right[inside & entry].mean() if (inside & entry).any() else float("nan"),
        "at3": at3[inside].mean(),
        "auroc": auroc,
        "aright": roc_auc_score(right, logit),
        **{f"P{int(t * 100)}": good[precision >= t].max(initial=0) / inside.sum() for t in (0.8, 0.85, 0.9)},
        "meanp": p.mean(),
        "right": right.mean(),
    }


def everything() -> list[Content]:
    """Return all contents there are to learn from."""
    sets = [civic("civic_zh"), civic("civic_en"), *own()]
    draws = [draw(name, seed) for name in SETS for seed in range(12)]
    middle = [middling(name, seed) for name in SETS for seed in range(2)]
    real = [deployment(name, 100 + seed, traffic="train") for name in SETS for seed in range(8)]
    return [served(c) for c in (*sets, *(part(c, s) for c in sets for s in range(4)), *draws, *middle, *real)]


def served(content: Content) -> Content:
    """Return `content` as the product reads it: an intent without a title has the words of its id for one."""
    items = tuple(replace(item, titles=item.titles or named(item.key)) for item in content.items)
    return replace(content, items=items)


def in_english(contents: Sequence[Content]) -> list[Content]:
    """Return those of `contents` that are in English."""
    return [c for c in contents if language_of(c.questions[0].text) == "en"]


def texts_of(contents: Sequence[Content]) -> set[str]:
    """Return all texts of `contents`, and their questions."""
    items = [item for c in contents for item in c.items]
    asked = {q.text for c in contents for q in c.questions}
    return asked | {t for i in items for t in (*i.examples, *i.titles, *i.answers)}


def learn_shift(data: Sequence[Rows]) -> Floats:
    """Return how far held-out examples foretell the shift that questions need, per gate slope and constant.

    Every content is judged by weights that were learned without its source. Noisy traffic is left out: what it lacks
    hangs on its noise, which a content's own examples cannot foretell.
    """
    pairs: list[list[tuple[float, float]]] = [[], []]
    calm = [r for r in data if "-real-" not in r.content.name]
    for name in sorted({source(r.content) for r in data}):
        weights = learn([r for r in data if source(r.content) != name], folds=3)
        for r in calm:
            if source(r.content) != name:
                continue
            tried = held_out(r.space.content, weights)
            order, _, table = gate_inputs(r.analyses, r.space, r.evidence, rank_scores(r.evidence, weights))
            inputs = (table - weights.gate_mean) / weights.gate_scale
            outside = np.array([q.expect is None for q in r.content.questions])
            right = (order[:, 0] == r.right, (order[:, :3] == r.right[:, None]).any(axis=1) & (r.right >= 0))
            for gate, (w, logits, ok) in enumerate(
                ((weights.first, tried.first, tried.right), (weights.three, tried.three, tried.listed))
            ):
                told = shift_of(logits, ok, row_weights(tried.outside, 0.35))
                needed = shift_of(inputs @ w[:-1] + w[-1], right[gate], row_weights(outside, 0.35))
                pairs[gate].append((told, needed))
    lines = np.array([np.polyfit(*np.array(p).T, 1) for p in pairs], np.float32)
    told, needed = np.array(pairs[0]).T
    lines[0, 1] -= CAUTION * (needed - np.polyval(lines[0], told)).std()
    return lines


def main() -> None:
    """Learn from everything and write the weights beside the code that reads them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--without", default=None, help="leave out one source, to measure on it")
    parser.add_argument(
        "--encoder", type=Path, default=None, help="folder of a sentence encoder to learn with"
    )
    parser.add_argument("--out", type=Path, default=None, help="file to write, instead of the shipped one")
    parser.add_argument("--quick", action="store_true", help="keep the shipped shift")
    arguments = parser.parse_args()
    contents = [c for c in everything() if source(c) != arguments.without]
    meanings = None
    if arguments.encoder is not None:
        contents = in_english(contents)
        meanings = Meanings(open_encoder(arguments.encoder)).covering(texts_of(contents))
    data = [rows_of(c, meanings) for c in contents]
    weights = learn(data)
    shift = shipped().shift if arguments.quick else learn_shift(data)
    weights = replace(weights, shift=shift)
    values = {name: getattr(weights, name).round(5).tolist() for name in Weights.__slots__}
    sources = sorted({source(r.content) for r in data})
    encoded = meanings is not None
    about = {
        "learned_by": "tests/benchmarks/learn_weights.py" + (" --encoder" if encoded else ""),
        "learned_on": sources,
        "attribution": ATTRIBUTION,
        "figures": [*NAMES, *(MEANING_NAMES if encoded else ())],
        "gate_figures": list(ENCODED_GATE_FIGURES if encoded else GATE_FIGURES),
    }
    out = arguments.out or Path("bot/matching", "weights_encoder.json" if encoded else "weights.json")
    out.write_text(json.dumps({"about": about, **values}, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
