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
from bot.matching.fusion import (
    Fused,
    Weights,
    first_example,
    fuse,
    fuse_meanings,
    nearest_in_meaning,
)
from bot.matching.gate import Gate, Gates, Linear, Rows, learn_gates
from bot.matching.held_out import HeldOut, held_out
from bot.matching.linear import Trained
from bot.matching.meaning import Meanings
from bot.matching.nearness import BEST
from bot.matching.records import Item
from bot.matching.senses import Senses

OUTSIDE_PULL = 3.0
"""Logits taken off for each unit of cosine by which a message is nearer to an outside example."""
_ENOUGH_ROWS = 40
"""Held-out rows below which a content tells too little of itself to be sure of anything."""
MOST_OUTSIDE = 0.9
SURE = 0.98
"""A classifier this sure is not questioned: no neighbours are compared, no entries asked."""
_CLEAR = 0.1
"""Lead in decision value without which it is questioned all the same: two classes claim the message alike."""
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

    def beside(self, other: Trial) -> Trial:
        """Return the messages of both."""
        pairs = ((self.first, other.first), (self.outside, other.outside), (self.real, other.real))
        return Trial(*map(np.concatenate, pairs))


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
        meanings: Meanings | None = None,
        plain: Fusion | None = None,
    ) -> None:
        """Fit on `items`, whose numbers in the whole content are `numbers`: `covers` is their share of it.

        What was `tried` of the same content, or nearly the same, is taken over instead of trying anew. With
        `meanings` of the items and of `outside`, `weights` are those for an encoder's evidence, and `plain` is a
        fusion of the same without it, which judges what the encoder does not read.
        """
        content = read(items, meanings)
        self._numbers, self._weights, self._covers = list(numbers), weights, covers
        self._meanings, self.plain = meanings, plain
        self._unread = content.meanings is not None and not content.meanings.any(axis=1).all()
        self._meant_outside = meanings.rows(outside) if meanings is not None and outside else None
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
        if self.plain is not None and self._unread:
            self.trial = self.trial.beside(self.plain.trial)

    def at_share(self, outside_share: float) -> Fusion:
        """See `Part`."""
        part = copy(self)
        part.plain = None if self.plain is None else self.plain.at_share(outside_share)
        part._calibrate(outside_share)
        return part

    def judge(self, text: str) -> Judged | None:
        """See `Part`."""
        meaning = None if self._meanings is None else self._meanings.of(text)
        if self.plain is not None and (meaning is None or not len(self.tried.first)):
            return self.plain.judge(text)
        analysis = self._space.read(text)
        if self._space.size == 0 or not any(analysis.bags.values()):
            return None
        if meaning is None:
            fused = fuse(self._space, [analysis], self._weights)
        else:
            fused = fuse_meanings(self._space, [analysis], meaning[None], self._weights)
        if not fused.informative[0]:
            return None
        pull = self._pull(analysis, meaning, fused)
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
        meaning = None if self._meanings is None else self._meanings.of(text)
        if meaning is not None and self._space.nearness is not None:
            near = self._space.nearness.figures(meaning)[columns[0], BEST]
            for target, share in zip(self._space.targets[columns[0]].tolist(), near.tolist(), strict=True):
                found[self._numbers[target]]["meaning"] = share
        outside = None if self._outside is None else self._space.likeness(analysis, self._outside)
        return {number: found[number] for number in numbers if number in found}, outside

    def _pull(self, analysis: Analysis, meaning: Floats | None, fused: Fused) -> float:
        """Return the logits to take off, since a message is nearer to an outside example than to its first target."""
        if self._outside is None:
            return 0.0
        figures = fused.evidence[0]
        nearer = self._space.likeness(analysis, self._outside) - first_example(figures)
        if meaning is not None and self._meant_outside is not None:
            nearer_in_meaning = float((self._meant_outside @ meaning).max()) - nearest_in_meaning(figures)
            nearer = (nearer + nearer_in_meaning) / 2
        return OUTSIDE_PULL * max(0.0, nearer)


def told_by_key(item: Item) -> str:
    """Return the words of an item's own name."""
    return item.key.split(":", 1)[-1].replace("_", " ").replace("-", " ")


class Classified:
    """A linear classifier and a gate learned from the content itself."""

    def __init__(
        self,
        items: Sequence[Item],
        numbers: Sequence[int],
        outside: Sequence[str],
        outside_share: float,
        gates: Gates | None = None,
        sensed_gates: Gates | None = None,
        trained: Trained | None = None,
        *,
        meanings: Meanings | None = None,
    ) -> None:
        """Fit on `items`, whose numbers in the whole content are `numbers`.

        `gates` learned from the same content, or nearly the same, are taken over instead of learning them anew; so is
        what was `trained` on the same content. With
        `meanings` of the items and of `outside`, meaning is judged beside words where words are not sure; of that
        `sensed_gates` were learned.
        """
        examples = [
            (number, text) for number, item in zip(numbers, items, strict=True) for text in item.examples
        ]
        told = [
            (number, text)
            for number, item in zip(numbers, items, strict=True)
            for text in dict.fromkeys((*item.titles, *item.answers, told_by_key(item)))
        ]
        texts = [text for _, text in (*examples, *told)]
        rows = Rows.of(texts, np.array([number for number, _ in (*examples, *told)], np.int64), outside)
        self._meanings = meanings
        vectors = None if meanings is None else meanings.rows((*texts, *outside))
        if gates is None or (vectors is not None and sensed_gates is None):
            tried = np.r_[: len(examples), len(texts) : len(rows.labels)]
            gates, sensed_gates = learn_gates(rows.at(tried), None if vectors is None else vectors[tried])
        self.gates: Gates = gates
        self.sensed_gates: Gates | None = None if vectors is None else sensed_gates
        self._model = Linear(rows, trained=trained)
        self._senses = None if vectors is None else Senses(vectors, rows.labels)
        self._unread = vectors is not None and not vectors.any(axis=1).all()
        self._calibrate(outside_share)

    def _calibrate(self, outside_share: float) -> None:
        self._shifts = _shifts(self.gates, outside_share)
        self.trial = _trial(self.gates, self._shifts)
        if self.sensed_gates is not None:
            self._sensed_shifts = _shifts(self.sensed_gates, outside_share)
            sensed = _trial(self.sensed_gates, self._sensed_shifts)
            self.trial = sensed.beside(self.trial) if self._unread else sensed

    @property
    def trained(self) -> Trained:
        """The weights of the classifier."""
        return self._model.trained

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
        classes, scores = scored.classes, scored.scores
        if quick >= SURE and (len(scores) < 2 or scores[0] - scores[1] >= _CLEAR):
            first = listed = quick
        else:
            figures = [*scored.figures, *scored.near()]
            gates, shifts = self.gates, self._shifts
            meaning = None if self._meanings is None else self._meanings.of(text)
            if meaning is not None and self._senses is not None and self.sensed_gates is not None:
                sensed = self._senses.judge(scored, meaning)
                classes, scores = sensed.classes, sensed.scores
                figures += sensed.figures
                gates, shifts = self.sensed_gates, self._sensed_shifts
            first = _probability(gates.first, shifts[1], figures)
            listed = max(first, _probability(gates.three, shifts[2], figures))
        return Judged(
            order=classes[:10].tolist(),
            odds=np.exp(_SHARPNESS * (scores[:10] - scores[0])).tolist(),
            first=first,
            listed=listed,
        )

    def evidence(self, text: str, numbers: Sequence[int]) -> tuple[Figures, float | None]:
        """See `Part`."""
        return self._model.evidence(self._model.read(text), numbers), None


def _shifts(gates: Gates, outside_share: float) -> list[float]:
    """Return what to add to the logits of the quick gate and of the two full ones, by what was tried."""
    tried = gates.tried
    share = row_weights(tried.outside, outside_share, tried.real)
    return [
        shift_of(logits, right, share)
        for logits, right in (
            (tried.quick, tried.right),
            (tried.first, tried.right),
            (tried.three, tried.listed),
        )
    ]


def _trial(gates: Gates, shifts: Sequence[float]) -> Trial:
    return Trial(sigmoid(gates.tried.first + shifts[1]), gates.tried.outside, gates.tried.real)


def _probability(gate: Gate, shift: float, figures: Sequence[float]) -> float:
    return float(sigmoid(np.array([gate.logit(figures) + shift]))[0])
