"""From evidence to an order of targets and two probabilities, by weights that were learned once and shipped.

`weights.json` says what they were learned on. The ranker is a conditional logit over the targets; the two gates
are logistic: that the first target is right, and that the right one is among the first three.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from bot.matching.analysis import Analysis, Kind
from bot.matching.evidence import FIGURES, NAMES, VECTOR_KINDS, Floats, Ints, Space
from bot.matching.nearness import MEANINGS

GATE_FIGURES = (
    "probability",
    "margin",
    "entropy",
    "score",
    "score lead",
    "entry",
    "second entry",
    "agreeing",
    "length",
    "unknown words",
    "unknown ideas",
    "chinese",
    *(f"first: {name}" for name in FIGURES),
    *(f"lead: {name}" for name in FIGURES),
)
ENCODED_GATE_FIGURES = (
    *GATE_FIGURES[: -len(FIGURES)],
    *(f"first: {name}" for name in MEANINGS),
    *GATE_FIGURES[-len(FIGURES) :],
    *(f"lead: {name}" for name in MEANINGS),
)
"""What the gates see where there is an encoder."""
_RANKERS = tuple(
    FIGURES.index(name)
    for name in FIGURES
    if name.endswith(("best example", "mean of three", "all text", "by all", "bm25"))
    or name.startswith("classified")
)
_NEAREST = [GATE_FIGURES.index(f"first: {kind} best example") for kind in VECTOR_KINDS]
_NEAREST_IN_MEANING = ENCODED_GATE_FIGURES.index("first: meaning best example")
_NEAR_IN_MEANING = 0.4
"""Cosine in meaning from which on a message has to do with an example though they share no word."""
_TELLING = [GATE_FIGURES.index(f"first: {kind} covered by all") for kind in ("words", "ideas", "spelling")]


class Weighed(Protocol):
    """Targets that can be asked for evidence: a whole content, or a few entries of very many."""

    @property
    def targets(self) -> Ints:
        """Numbers of the targets; evidence columns follow them."""

    def evidence(self, analyses: Sequence[Analysis]) -> tuple[Ints, Floats]:
        """Return, per message, shortlisted columns and their evidence."""

    def unknown_share(self, analysis: Analysis, kind: Kind) -> float:
        """Return the share of a message's units of one kind that the targets do not know."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned: one number per figure."""

    scale: Floats
    ranker: Floats
    gate_mean: Floats
    gate_scale: Floats
    first: Floats
    """Weights of the gate "the first is right", the constant last."""
    three: Floats
    """Weights of the gate "one of the first three is right", the constant last."""
    shift: Floats
    """Per gate, slope and constant from what held-out examples say the logits lack to what questions lack."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Weights:
        return cls(**{name: np.array(values[name], np.float32) for name in cls.__slots__})


@cache
def shipped(*, encoder: bool = False) -> Weights:
    """Return the weights that ship with the package, for evidence without or with an encoder's."""
    name = "weights_encoder.json" if encoder else "weights.json"
    return Weights.of(json.loads(files("bot.matching").joinpath(name).read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Fused:
    """Per message the targets, best first (numbers of the content), with gate logits."""

    order: Ints
    """messages × S, numbers of targets in the content."""
    scores: Floats
    """messages × S, softmax of the ranker in the same order."""
    first: Floats
    three: Floats
    evidence: Floats
    """messages × gate figures."""
    informative: npt.NDArray[np.bool_]
    """The message shares anything at all with the first target."""


def rank_scores(evidence: Floats, weights: Weights) -> Floats:
    """Return the ranker's score of each target, messages × S."""
    return cast(Floats, (evidence / weights.scale) @ weights.ranker)


def gate_inputs(
    analyses: Sequence[Analysis], space: Weighed, evidence: Floats, scores: Floats
) -> tuple[Ints, Floats, Floats]:
    """Return the order of the targets, their softmax, and the figures the gates see."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=1)
    odds = np.exp(ordered - ordered[:, :1])
    odds /= odds.sum(axis=1, keepdims=True)
    count, size = scores.shape
    rows = np.arange(count)
    felt = evidence[:, :, len(NAMES) : len(NAMES) + len(MEANINGS)]
    raw = np.concatenate([evidence[:, :, : len(FIGURES)], felt], axis=2)
    first = raw[rows, order[:, 0]]
    others = raw.copy()
    others[rows, order[:, 0]] = -np.inf
    lead = first - (others.max(axis=1) if size > 1 else 0)
    agreeing = (raw[:, :, _RANKERS].argmax(axis=1) == order[:, :1]).mean(axis=1)
    entry = evidence[:, :, NAMES.index("entry")]
    second = order[:, min(1, size - 1)]
    table = np.column_stack(
        [
            odds[:, 0],
            odds[:, 0] - (odds[:, 1] if size > 1 else 0),
            -(odds * np.log(np.maximum(odds, 1e-9))).sum(axis=1),
            ordered[:, 0],
            ordered[:, 0] - (ordered[:, 1] if size > 1 else 0),
            entry[rows, order[:, 0]],
            entry[rows, second],
            agreeing,
            [np.log1p(sum(a.bags["words"].values())) for a in analyses],
            [space.unknown_share(a, "words") for a in analyses],
            [space.unknown_share(a, "ideas") for a in analyses],
            [float(a.chinese) for a in analyses],
            first,
            lead,
        ]
    ).astype(np.float32)
    return order, odds, table


def fuse(space: Weighed, analyses: Sequence[Analysis], weights: Weights) -> Fused:
    """Rank the space's targets for each message and judge how sure that is."""
    return _fused(space, analyses, weights, *space.evidence(analyses))


def fuse_meanings(space: Space, analyses: Sequence[Analysis], meanings: Floats, weights: Weights) -> Fused:
    """Do the same with an encoder's vectors of the messages, and weights that were learned with one."""
    return _fused(space, analyses, weights, *space.evidence(analyses, meanings))


def _fused(
    space: Weighed, analyses: Sequence[Analysis], weights: Weights, columns: Ints, evidence: Floats
) -> Fused:
    scores = rank_scores(evidence, weights)
    order, odds, table = gate_inputs(analyses, space, evidence, scores)
    inputs = (table - weights.gate_mean) / weights.gate_scale
    informative = table[:, _TELLING].max(axis=1) > 0
    if table.shape[1] == len(ENCODED_GATE_FIGURES):
        informative |= table[:, _NEAREST_IN_MEANING] >= _NEAR_IN_MEANING
    return Fused(
        order=space.targets[np.take_along_axis(columns, order, axis=1)],
        scores=odds,
        first=inputs @ weights.first[:-1] + weights.first[-1],
        three=inputs @ weights.three[:-1] + weights.three[-1],
        evidence=table,
        informative=informative,
    )


def nearest_in_meaning(figures: Floats) -> float:
    """Return the cosine in meaning of a message to the nearest example of its first target, from gate figures."""
    return float(figures[_NEAREST_IN_MEANING])


def first_example(figures: Floats) -> float:
    """Return the mean cosine of a message to the nearest example of its first target, from gate figures."""
    return float(figures[_NEAREST].mean())
