"""From gate logits to honest probabilities and thresholds, by what the content says of itself."""

from __future__ import annotations

from typing import cast

import numpy as np

from bot.matching.evidence import Floats
from bot.matching.records import MatchPolicy

MOST_SHIFT = 2.0
_SLACK = 0.2
"""Part of the allowed wrong answers kept in hand: what holds on the content's own phrases must hold on new ones."""
_LOWEST = 0.35
"""Nothing less sure is ever answered directly."""
_MANY_EXAMPLES = 1000
_TRUSTED = 10
"""Outside examples from which on they weigh as much as held-out targets."""


def sigmoid(logits: Floats) -> Floats:
    """Return probabilities of logits, without overflow."""
    return cast(Floats, 1 / (1 + np.exp(-np.clip(logits, -30, 30))))


def row_weights(outside: np.ndarray, outside_share: float, real: np.ndarray | None = None) -> Floats:
    """Return weights that sum to one and give rows outside the content their stated share.

    Of those, examples that maintainers gave (`real`) count the more the more they are; held-out targets, which
    are nearer to the content than most of what belongs to staff, make up the rest.
    """
    outside = outside.astype(bool)
    real = np.zeros(len(outside), bool) if real is None else real
    groups = [(~outside, 1 - outside_share)]
    given, pseudo = outside & real, outside & ~real
    trust = given.sum() / (given.sum() + _TRUSTED) if pseudo.any() else 1.0
    groups += [(given, outside_share * trust), (pseudo, outside_share * (1 - trust if given.any() else 1.0))]
    weights = np.zeros(len(outside))
    for rows, part in groups:
        if rows.any():
            weights[rows] = part / rows.sum()
    return cast(Floats, weights / max(weights.sum(), 1e-12))


def shift_of(logits: Floats, right: np.ndarray, weights: Floats) -> float:
    """Return what must be added to `logits` so that their mean probability is the share that is right."""
    low, high = -MOST_SHIFT, MOST_SHIFT
    goal = float((weights * right).sum())
    for _ in range(40):
        middle = (low + high) / 2
        if float((weights * sigmoid(logits + middle)).sum()) < goal:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def answer_threshold(probabilities: Floats, weights: Floats, policy: MatchPolicy, examples: int) -> float:
    """Return the lowest probability to answer at, so that answers are right as often as the policy asks.

    The mean probability of what would be answered is the precision to expect. A part of the allowed wrong
    answers is kept in hand, less the more examples there are to judge by.
    """
    slack = _SLACK * float(np.clip((_MANY_EXAMPLES / max(1, examples)) ** 0.5 * 1.5 - 0.5, 0, 1))
    goal = policy.target_precision + (1 - policy.target_precision) * slack
    order = np.argsort(-probabilities, kind="stable")
    total = np.cumsum(weights[order])
    expected = np.cumsum((weights * probabilities)[order]) / np.maximum(total, 1e-12)
    enough = np.flatnonzero(expected >= goal)
    lowest = float(probabilities[order][enough[-1]]) if len(enough) else goal
    return float(np.clip(lowest, min(_LOWEST, policy.target_precision), 0.995))


def offer_threshold(policy: MatchPolicy) -> float:
    """Return the probability that the right target is listed, from which on a list is worth showing."""
    return float(np.clip(policy.offer_precision, 0.05, 0.995))
