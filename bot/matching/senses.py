"""A linear classifier over an encoder's vectors, beside the one over n-grams, for content rich in examples.

The two are added, and the gate sees both: words tell apart what means nearly the same, vectors know paraphrases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from bot.matching.meaning import Floats, Halves
from bot.matching.nearness import Ints
from bot.matching.softmax import softmax

if TYPE_CHECKING:
    from bot.matching.gate import Scored

_SHARE = 0.4
"""What a logit of meaning counts beside a decision value of words."""
_NEAR_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Sensed:
    """What words and meaning say together of one message."""

    classes: Ints
    """Numbers of targets, best first."""
    scores: Floats
    figures: list[float]
    """What the gate sees besides the figures of words."""


class Senses:
    """A fitted classifier, with the vectors it was fitted on."""

    def __init__(self, vectors: Floats, labels: Ints) -> None:
        """Fit on vectors, row by row of the targets `labels`; below zero stands what belongs to none."""
        order = np.argsort(labels, kind="stable")
        vectors, labels = vectors[order], labels[order]
        self.classes, places = np.unique(labels, return_inverse=True)
        self._weights = softmax(vectors, places, len(self.classes))
        self._vectors: Halves = vectors.astype(np.float16)
        self._bounds = [*np.searchsorted(labels, self.classes).tolist(), len(labels)]
        self._base = int(len(self.classes) > 0 and self.classes[0] < 0)

    def judge(self, scored: Scored, vector: Floats) -> Sensed:
        """Return the targets in the order that words (`scored`) and the message's vector give together."""
        logits = vector @ self._weights[:-1] + self._weights[-1]
        inside, outside = logits[self._base :], float(logits[0]) if self._base else 0.0
        words = np.empty(len(inside), np.float32)
        words[np.searchsorted(self.classes[self._base :], scored.classes)] = scored.scores
        both = words + _SHARE * inside
        order = np.argsort(-both, kind="stable")
        first = int(order[0])
        return Sensed(
            self.classes[self._base :][order],
            both[order],
            [
                float(both[first]),
                float(both[first]) - 0.5 * (scored.figures[2] + _SHARE * outside),
                _lead(both, first),
                float(words[first]),
                _lead(words, first),
                float(inside[first]),
                _lead(inside, first),
                float(inside[first]) - outside,
                float(np.log(np.exp(inside - inside.max()).sum()) + inside.max()),
                float(scored.classes[0] == self.classes[self._base + first]),
                *self._near(vector, order[:_NEAR_CLASSES]),
            ],
        )

    def _near(self, vector: Floats, places: Ints) -> list[float]:
        """Return likeness to the nearest examples: of the first class, of the first few, and of what is outside."""
        cosines = [self._cosines(vector, self._base + int(place)) for place in places]
        own = np.sort(cosines[0])[-3:]
        best = max(float(each.max()) for each in cosines)
        outside = float(self._cosines(vector, 0).max()) if self._base else 0.0
        return [float(own[-1]), float(own[-1]) - best, float(own.mean()), float(own[-1]) - outside]

    def _cosines(self, vector: Floats, label: int) -> Floats:
        rows = self._vectors[self._bounds[label] : self._bounds[label + 1]]
        return cast(Floats, rows.astype(np.float32) @ vector)


def _lead(scores: Floats, place: int) -> float:
    others = np.delete(scores, place)
    return float(scores[place] - others.max()) if len(others) else float(scores[place])
