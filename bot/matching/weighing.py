"""Evidence for a few past answers among very many, weighed as in a content of a sample of them.

The figures are those of `evidence.Space`; only the few are read, when a message asks for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, log1p

import numpy as np
from rapidfuzz import fuzz

from bot.matching.analysis import KINDS, Analysis, Kind
from bot.matching.evidence import (
    COMMON,
    FIGURES,
    FUZZY,
    MANY,
    NAMES,
    VECTOR_KINDS,
    Floats,
    Ints,
    finished,
)

_AT = {name: place for place, name in enumerate(FIGURES)}
_ROUGH = [
    _AT[name]
    for name in ("phrases best example", "ideas best example", "words covered by all", "ideas covered by all")
]


@dataclass(frozen=True, slots=True)
class Texts:
    """What an entry says, analysed."""

    question: Analysis | None
    """None where the entry is tried without it."""
    answer: Analysis


class Weights:
    """How rare each unit is, learned from a sample of the entries; one that the sample lacks is as rare as can be."""

    def __init__(self, sample: Sequence[Texts], least: int = 2) -> None:
        """Units of fewer than `least` entries of the sample are not kept."""
        frequency: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
        self.total = max(1, len(sample))
        for texts in sample:
            for kind in KINDS:
                frequency[kind].update({unit for bag in _whole(texts, kind) for unit in bag})
        most = COMMON * self.total if self.total > MANY else self.total
        self.dropped = {
            kind: frozenset(unit for unit, count in counts.items() if count > most)
            for kind, counts in frequency.items()
        }
        self.frequency = {
            kind: {unit: count for unit, count in counts.items() if count >= least}
            for kind, counts in frequency.items()
        }
        self.length = {
            kind: self._mean_length(sample, kind) for kind in KINDS if kind not in VECTOR_KINDS[:2]
        }
        self.unknown_idf = log(1 + (self.total + 0.5) / 0.5)
        self.unknown_weight = log(1 + self.total) + 1
        self._idf = [self._idf_of(count) for count in range(self.total + 1)]
        self._weight = [log((1 + self.total) / (1 + count)) + 1 for count in range(self.total + 1)]

    def _mean_length(self, sample: Sequence[Texts], kind: Kind) -> float:
        lengths = [self.length_of(kind, bag) for texts in sample for bag in _whole(texts, kind)]
        return float(np.mean([length for length in lengths if length] or [1]))

    def length_of(self, kind: Kind, bag: Counter[str]) -> int:
        """Return how many units a text has, without those that tell nothing apart."""
        dropped = self.dropped[kind]
        return sum(count for unit, count in bag.items() if unit not in dropped)

    def _idf_of(self, count: int) -> float:
        return log(1 + (self.total - count + 0.5) / (count + 0.5))

    def idf(self, kind: Kind, unit: str) -> float:
        """Return the weight of a unit in counts of what is covered."""
        return self._idf[self.frequency[kind].get(unit, 1)]

    def vector(self, kind: Kind, bag: Counter[str], *, drop: bool) -> tuple[dict[str, float], float]:
        """Return a text's units with their weights, and the vector's length."""
        frequency, weight, dropped = self.frequency[kind], self._weight, self.dropped[kind]
        found = {
            unit: (1 + log(count) if count > 1 else 1.0) * weight[frequency.get(unit, 1)]
            for unit, count in bag.items()
            if not (drop and unit in dropped)
        }
        return found, sum(value * value for value in found.values()) ** 0.5


def _whole(texts: Texts, kind: Kind) -> list[Counter[str]]:
    """Return an entry's units as one bag a language: Chinese, and any other."""
    if texts.question is None:
        return [texts.answer.bags[kind]]
    if texts.question.chinese == texts.answer.chinese:
        whole = texts.question.bags[kind].copy()
        for unit, count in texts.answer.bags[kind].items():
            whole[unit] += count
        return [whole]
    return [texts.question.bags[kind], texts.answer.bags[kind]]


class Few:
    """A few entries beside one message; what `fusion` asks of a space."""

    def __init__(self, rows: Sequence[int], texts: Sequence[Texts], weights: Weights) -> None:
        """`rows` name the entries whose texts are `texts`."""
        self.targets: Ints = np.array(rows, np.int64)
        self._texts, self._weights = texts, weights
        self._documents = {kind: [_whole(each, kind) for each in texts] for kind in KINDS}

    def unknown_share(self, analysis: Analysis, kind: Kind) -> float:
        """Return the share of a message's units of one kind that neither the sample nor these entries know."""
        bag = analysis.bags[kind]
        return sum(not self._known(kind, unit) for unit in bag) / max(1, len(bag))

    def _known(self, kind: Kind, unit: str) -> bool:
        return unit in self._weights.frequency[kind] or any(
            unit in bag for bags in self._documents[kind] for bag in bags
        )

    def evidence(self, analyses: Sequence[Analysis]) -> tuple[Ints, Floats]:
        """Return columns (1 × entries) and evidence (1 × entries × figures) of the one message."""
        (analysis,) = analyses
        raw = np.zeros((1, len(self._texts), len(FIGURES)), np.float32)
        for kind in KINDS:
            known = {unit: self._known(kind, unit) for unit in analysis.bags[kind]}
            if kind in VECTOR_KINDS:
                self._add_cosines(analysis, kind, known, raw[0])
            if kind != "phrases":
                self._add_covered(kind, known, raw[0])
        rough = raw[0][:, _ROUGH].sum(axis=1)
        for place in np.argsort(-rough, kind="stable")[:FUZZY].tolist():
            question = self._texts[place].question
            if question is not None:
                raw[0, place, _AT["same letters"]] = fuzz.ratio(analysis.text, question.text) / 100
                raw[0, place, _AT["same words"]] = fuzz.partial_ratio(analysis.text, question.text) / 100
        entry = np.ones((1, len(self._texts)), np.float32)
        return np.arange(len(self._texts))[None], finished(raw, entry)

    def _add_cosines(self, analysis: Analysis, kind: Kind, known: dict[str, bool], raw: Floats) -> None:
        weights = self._weights
        bag = Counter({unit: count for unit, count in analysis.bags[kind].items() if known[unit]})
        own, length = weights.vector(kind, bag, drop=False)
        length = (length**2 + (len(known) - len(bag)) * weights.unknown_weight**2) ** 0.5

        def cosine(other: Counter[str]) -> float:
            vector, size = weights.vector(kind, other, drop=True)
            product = sum(value * vector[unit] for unit, value in own.items() if unit in vector)
            return float(product / max(length * size, 1e-6))

        for place, texts in enumerate(self._texts):
            if texts.question is not None:
                nearest = cosine(texts.question.bags[kind])
                raw[place, _AT[f"{kind} best example"]] = nearest
                raw[place, _AT[f"{kind} mean of three"]] = nearest
            raw[place, _AT[f"{kind} answer"]] = cosine(texts.answer.bags[kind])
            raw[place, _AT[f"{kind} all text"]] = max(map(cosine, self._documents[kind][place]))

    def _add_covered(self, kind: Kind, known: dict[str, bool], raw: Floats) -> None:
        weights, dropped = self._weights, self._weights.dropped[kind]
        idf = {unit: weights.idf(kind, unit) for unit, is_known in known.items() if is_known}
        total = max(sum(idf.values()) + (len(known) - len(idf)) * weights.unknown_idf, 1e-6)
        kept = {unit: value for unit, value in idf.items() if unit not in dropped}

        def covered(bag: Counter[str]) -> float:
            return sum(value for unit, value in kept.items() if unit in bag) / total

        for place, texts in enumerate(self._texts):
            whole = self._documents[kind][place]
            raw[place, _AT[f"{kind} covered by all"]] = max(map(covered, whole))
            if kind == "spelling":
                continue
            if texts.question is not None:
                raw[place, _AT[f"{kind} covered by examples"]] = covered(texts.question.bags[kind])
            raw[place, _AT[f"{kind} covered by answer"]] = covered(texts.answer.bags[kind])
            hit = [[value for unit, value in kept.items() if unit in bag] for bag in whole]
            heaviest = max(max(values, default=0.0) for values in hit) / weights.unknown_idf
            raw[place, _AT["heaviest word" if kind == "words" else "heaviest idea"]] = heaviest
            if kind == "words":
                raw[place, _AT["words hit"]] = log1p(max(map(len, hit)))
            raw[place, _AT[f"{kind} bm25"]] = log1p(max(self._bm25(kind, kept, bag) for bag in whole))

    def _bm25(self, kind: Kind, kept: dict[str, float], bag: Counter[str]) -> float:
        k = 1.2 * (0.25 + 0.75 * self._weights.length_of(kind, bag) / self._weights.length[kind])
        return sum(
            value * (count := bag[unit]) * 2.2 / (count + k) for unit, value in kept.items() if unit in bag
        )


__all__ = ["NAMES", "Few", "Texts", "Weights"]
