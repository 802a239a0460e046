"""The two ways to match: evidence fused by shipped weights, and a classifier where examples abound.

Both say the same thing of a message: targets best first, and how likely the first, or one of three, is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bot.matching.analysis import Analysis
from bot.matching.calibration import row_weights, shift_of, sigmoid
from bot.matching.evidence import Floats, Space, read
from bot.matching.fusion import Weights, first_example, fuse
from bot.matching.gate import Gate, Gates, Linear, learn_gates
from bot.matching.held_out import HeldOut, held_out
from bot.matching.records import Item

_OUTSIDE_PULL = 3.0
"""Logits taken off for each unit of cosine by which a message is nearer to an outside example."""
_ENOUGH_ROWS = 40
"""Held-out rows below which a content tells too little of itself to be sure of anything."""
SURE = 0.98
"""A classifier this sure is not questioned: no neighbours are compared, no entries asked."""
_SHARPNESS = 3.0
"""How far apart decision values put the odds of two classes."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a part says of one message."""

    order: list[int]
    """Numbers of items, best first."""
    odds: list[float]
    """Relative to the first, which is 1."""
    first: float
    """Probability that the first is right."""
    listed: float
    """Probability that one of the first three is right."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Held-out messages: how sure the part was, and what they were."""

    first: Floats
    outside: np.ndarray
    real: np.ndarray
    """Outside, and given as such by maintainers."""


class Part(Protocol):
    """One way to match some of the items."""

    trial: Trial

    def judge(self, text: str) -> Judged | None:
        """Return what this part says of a message; None where it shares nothing with the content."""


class Fusion:
    """Evidence of every kind, fused by weights that were learned elsewhere."""

    def __init__(
        self,
        items: Sequence[Item],
        numbers: Sequence[int],
        outside: Sequence[str],
        weights: Weights,
        outside_share: float,
        like: Fusion | None = None,
    ) -> None:
        """Fit on `items`, whose numbers in the whole content are `numbers`.

        What was tried of `like`, fitted to nearly the same content, is taken over instead of trying anew.
        """
        content = read(items)
        self._numbers, self._weights = list(numbers), weights
        self._space = Space(content)
        known = self._space.size > 0
        self._outside = (
            self._space.vectors([self._space.read(t) for t in outside]) if outside and known else None
        )
        self.tried: HeldOut = held_out(content, weights) if like is None else like.tried
        tried = self.tried
        share = row_weights(tried.outside, outside_share)
        doubt = max(0.0, 1 - len(share) / _ENOUGH_ROWS)
        self._shifts = [
            float(slope) * shift_of(logits, right, share) + float(constant) - doubt
            for (slope, constant), logits, right in zip(
                weights.shift, (tried.first, tried.three), (tried.right, tried.listed), strict=True
            )
        ]
        self.trial = Trial(
            sigmoid(tried.first + self._shifts[0]), tried.outside, np.zeros(len(tried.outside), bool)
        )

    def judge(self, text: str) -> Judged | None:
        """See `Part`."""
        analysis = self._space.read(text)
        if self._space.size == 0 or not any(analysis.bags.values()):
            return None
        fused = fuse(self._space, [analysis], self._weights)
        if not fused.informative[0]:
            return None
        pull = self._pull(analysis, fused.evidence[0])
        return Judged(
            order=[self._numbers[target] for target in fused.order[0].tolist()],
            odds=(fused.scores[0] / fused.scores[0, 0]).tolist(),
            first=float(sigmoid(fused.first + self._shifts[0] - pull)[0]),
            listed=float(sigmoid(fused.three + self._shifts[1] - pull)[0]),
        )

    def _pull(self, analysis: Analysis, figures: Floats) -> float:
        if self._outside is None:
            return 0.0
        nearest = self._space.likeness(analysis, self._outside)
        return _OUTSIDE_PULL * max(0.0, nearest - first_example(figures))


class Classified:
    """A linear classifier and a gate learned from the content itself."""

    def __init__(
        self,
        items: Sequence[Item],
        numbers: Sequence[int],
        outside: Sequence[str],
        outside_share: float,
        like: Classified | None = None,
    ) -> None:
        """Fit on `items`, whose numbers in the whole content are `numbers`.

        The gates of `like`, fitted to nearly the same content, are taken over instead of learning them anew.
        """
        examples = [
            (number, text) for number, item in zip(numbers, items, strict=True) for text in item.examples
        ]
        told = [
            (number, text)
            for number, item in zip(numbers, items, strict=True)
            for text in (
                *item.titles,
                *item.answers,
                item.key.split(":", 1)[-1].replace("_", " ").replace("-", " "),
            )
        ]
        owners = np.array([number for number, _ in examples], np.int64)
        self._gates: Gates = (
            learn_gates([text for _, text in examples], owners, outside) if like is None else like._gates
        )
        self._model = Linear(
            [text for _, text in (*examples, *told)],
            np.array([number for number, _ in (*examples, *told)], np.int64),
            outside,
        )
        tried = self._gates.tried
        share = row_weights(tried.outside, outside_share, tried.real)
        self._shifts = [
            shift_of(logits, right, share)
            for logits, right in (
                (tried.quick, tried.right),
                (tried.first, tried.right),
                (tried.three, tried.listed),
            )
        ]
        self.trial = Trial(sigmoid(tried.first + self._shifts[1]), tried.outside, tried.real)

    def judge(self, text: str) -> Judged | None:
        """See `Part`."""
        scored = self._model.judge(self._model.read(text))
        if scored is None:
            return None
        quick = _probability(self._gates.quick, self._shifts[0], scored.figures)
        if quick >= SURE:
            first = listed = quick
        else:
            figures = [*scored.figures, *scored.near()]
            first = _probability(self._gates.first, self._shifts[1], figures)
            listed = max(first, _probability(self._gates.three, self._shifts[2], figures))
        return Judged(
            order=scored.classes[:10].tolist(),
            odds=np.exp(_SHARPNESS * (scored.scores[:10] - scored.scores[0])).tolist(),
            first=first,
            listed=listed,
        )


def _probability(gate: Gate, shift: float, figures: Sequence[float]) -> float:
    return float(sigmoid(np.array([gate.logit(figures) + shift]))[0])
