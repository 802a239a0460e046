"""The two ways to match: evidence fused by shipped weights, and a classifier where examples abound.

Both say the same thing of a message: targets best first, and how likely the first, or one of three, is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from bot.matching.analysis import Analysis
from bot.matching.calibration import row_weights, shift_of, sigmoid
from bot.matching.evidence import FIGURES, VECTOR_KINDS, Floats, Space, read
from bot.matching.fusion import Weights, first_example, fuse
from bot.matching.gate import Gate, Gates, Linear, learn_gates
from bot.matching.held_out import HeldOut, held_out
from bot.matching.records import Item

OUTSIDE_PULL = 3.0
"""Logits taken off for each unit of cosine by which a message is nearer to an outside example."""
_ENOUGH_ROWS = 40
"""Held-out rows below which a content tells too little of itself to be sure of anything."""
MOST_OUTSIDE = 0.9
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


Figures = dict[int, dict[str, float]]
"""By target, plain figures by name."""
PLAIN = {
    "nearest_example": tuple(FIGURES.index(f"{kind} best example") for kind in VECTOR_KINDS),
    "title": tuple(FIGURES.index(f"{kind} title") for kind in VECTOR_KINDS),
    "words": (FIGURES.index("words covered by all"),),
    "ideas": (FIGURES.index("ideas covered by all"),),
    "answer": (FIGURES.index("words covered by answer"),),
    "letters": (FIGURES.index("same letters"),),
}
"""What a person can check, of the figures of the fusion: the mean of each."""


class Part(Protocol):
    """One way to match some of the items."""

    trial: Trial

    def at_share(self, outside_share: float) -> Self:
        """Return this part as it would be had the share of outside messages been another: nothing is tried anew."""

    def judge(self, text: str) -> Judged | None:
        """Return what this part says of a message; None where it shares nothing with the content."""

    def evidence(self, text: str, numbers: Sequence[int]) -> tuple[Figures, float | None]:
        """Return what speaks for those of the targets that are this part's; and likeness to what is outside."""


def shifts_of(tried: HeldOut, outside_share: float, weights: Weights) -> list[float]:
    """Return what to add to the logits of both gates, by what was tried of a content."""
    share = row_weights(tried.outside, outside_share)
    doubt = max(0.0, 1 - len(share) / _ENOUGH_ROWS)
    return [
        float(slope) * shift_of(logits, right, share) + float(constant) - doubt
        for (slope, constant), logits, right in zip(
            weights.shift, (tried.first, tried.three), (tried.right, tried.listed), strict=True
        )
    ]


class Fusion:
    """Evidence of every kind, fused by weights that were learned elsewhere."""

    def __init__(
        self,
        items: Sequence[Item],
        numbers: Sequence[int],
        outside: Sequence[str],
        weights: Weights,
        outside_share: float,
        tried: HeldOut | None = None,
        *,
        covers: float = 1.0,
    ) -> None:
        """Fit on `items`, whose numbers in the whole content are `numbers`: `covers` is their share of it.

        What was `tried` of the same content, or nearly the same, is taken over instead of trying anew.
        """
        content = read(items)
        self._numbers, self._weights, self._covers = list(numbers), weights, covers
        self._space = Space(content)
        known = self._space.size > 0
        self._outside = (
            self._space.vectors([self._space.read(t) for t in outside]) if outside and known else None
        )
        self.tried: HeldOut = held_out(content, weights) if tried is None else tried
        self._calibrate(outside_share)

    def _calibrate(self, outside_share: float) -> None:
        tried = self.tried
        # To some of the targets, a message meant for one of the others is a message from outside.
        outside_share = min(1 - (1 - outside_share) * self._covers, MOST_OUTSIDE)
        self._shifts = shifts_of(tried, outside_share, self._weights)
        self.trial = Trial(
            sigmoid(tried.first + self._shifts[0]), tried.outside, np.zeros(len(tried.outside), bool)
        )

    def at_share(self, outside_share: float) -> Fusion:
        """See `Part`."""
        part = copy(self)
        part._calibrate(outside_share)
        return part

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

    def evidence(self, text: str, numbers: Sequence[int]) -> tuple[Figures, float | None]:
        """See `Part`."""
        analysis = self._space.read(text)
        if self._space.size == 0 or not any(analysis.bags.values()):
            return {}, None
        columns, table = self._space.evidence([analysis])
        found = {
            self._numbers[target]: {name: float(row[list(at)].mean()) for name, at in PLAIN.items()}
            for target, row in zip(self._space.targets[columns[0]].tolist(), table[0], strict=True)
        }
        outside = None if self._outside is None else self._space.likeness(analysis, self._outside)
        return {number: found[number] for number in numbers if number in found}, outside

    def _pull(self, analysis: Analysis, figures: Floats) -> float:
        if self._outside is None:
            return 0.0
        nearest = self._space.likeness(analysis, self._outside)
        return OUTSIDE_PULL * max(0.0, nearest - first_example(figures))


class Classified:
    """A linear classifier and a gate learned from the content itself."""

    def __init__(
        self,
        items: Sequence[Item],
        numbers: Sequence[int],
        outside: Sequence[str],
        outside_share: float,
        gates: Gates | None = None,
    ) -> None:
        """Fit on `items`, whose numbers in the whole content are `numbers`.

        `gates` learned from the same content, or nearly the same, are taken over instead of learning them anew.
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
        self.gates: Gates = (
            learn_gates([text for _, text in examples], owners, outside) if gates is None else gates
        )
        self._model = Linear(
            [text for _, text in (*examples, *told)],
            np.array([number for number, _ in (*examples, *told)], np.int64),
            outside,
        )
        self._calibrate(outside_share)

    def _calibrate(self, outside_share: float) -> None:
        tried = self.gates.tried
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

    def at_share(self, outside_share: float) -> Classified:
        """See `Part`."""
        part = copy(self)
        part._calibrate(outside_share)
        return part

    def judge(self, text: str) -> Judged | None:
        """See `Part`."""
        scored = self._model.judge(self._model.read(text))
        if scored is None:
            return None
        quick = _probability(self.gates.quick, self._shifts[0], scored.figures)
        if quick >= SURE:
            first = listed = quick
        else:
            figures = [*scored.figures, *scored.near()]
            first = _probability(self.gates.first, self._shifts[1], figures)
            listed = max(first, _probability(self.gates.three, self._shifts[2], figures))
        return Judged(
            order=scored.classes[:10].tolist(),
            odds=np.exp(_SHARPNESS * (scored.scores[:10] - scored.scores[0])).tolist(),
            first=first,
            listed=listed,
        )

    def evidence(self, text: str, numbers: Sequence[int]) -> tuple[Figures, float | None]:
        """See `Part`."""
        return self._model.evidence(self._model.read(text), numbers), None


def _probability(gate: Gate, shift: float, figures: Sequence[float]) -> float:
    return float(sigmoid(np.array([gate.logit(figures) + shift]))[0])
