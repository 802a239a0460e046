"""A linear classifier over word and character n-grams, for content rich in examples.

Fitted with LIBLINEAR, scored by its own analyser and one gather of weights: a tenth of a millisecond a message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.matching.analysis import LONGEST_TEXT, character_grams, ideas_of
from bot.matching.evidence import Floats, Ints
from bot.text import fold

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:'[^\W_{_HAN}]+)?|[?!]")
_PARTS = (1.0, 0.5, 1.0, 0.5)
"""Weights of words, skipped pairs, characters and ideas; each part has length one before."""
_WEAKEST = 0.04
"""Features none of whose weights exceeds this are dropped: they move no decision, and most are such."""


def tokens(text: str) -> list[str]:
    """Return the tokens of a text: a Chinese character, a word, or a question or exclamation mark."""
    return cast(list[str], _TOKEN.findall(fold(text[: LONGEST_TEXT * 4])[:LONGEST_TEXT]))


def features(words: Sequence[str]) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return the units of each part, given the tokens of a text."""
    framed = ["<s>", *words, "</s>"]
    phrases = [
        *words,
        *[f"{a} {b}" for a, b in pairwise(framed)],
        *[f"{a} {b} {c}" for a, b, c in zip(framed, framed[1:], framed[2:], strict=False)],
    ]
    count = len(words)
    pairs = [f"{words[i]}_{words[j]}" for i in range(count) for j in range(i + 2, min(i + 5, count))]
    characters: list[str] = []
    chinese = [word for word in words if _is_han(word)]
    for word in words:
        if not _is_han(word):
            characters.extend(character_grams(word))
    text = "".join(chinese)
    characters.extend(text[i : i + size] for size in (2, 3, 4) for i in range(len(text) - size + 1))
    return phrases, pairs, characters, ideas_of(words, text)


def _is_han(word: str) -> bool:
    return "\u3400" <= word[0] <= "\u9fff" or "\uf900" <= word[0] <= "\ufaff"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Units of the four parts as numbers, with their inverse document frequency."""

    parts: tuple[dict[str, int], ...]
    idf: list[float]

    @classmethod
    def of(cls, documents: Sequence[tuple[list[str], ...]]) -> Vocabulary:
        frequency: list[Counter[str]] = [Counter() for _ in _PARTS]
        for document in documents:
            for part, units in enumerate(document):
                frequency[part].update(
                    dict.fromkeys(units).keys()
                )  # in their order: the same numbers in every process
        parts: list[dict[str, int]] = []
        idf: list[float] = []
        for counts in frequency:
            known = {}
            for unit, count in counts.items():
                known[unit] = len(idf)
                idf.append(log((1 + len(documents)) / (1 + count)) + 1)
            parts.append(known)
        return cls(tuple(parts), idf)

    def vector(self, document: tuple[list[str], ...]) -> tuple[list[int], list[float]]:
        """Return numbers and values of one text's known units, each part scaled to its weight."""
        ids: list[int] = []
        values: list[float] = []
        idf = self.idf
        for known, units, weight in zip(self.parts, document, _PARTS, strict=True):
            counts = cast("Counter[int]", Counter(map(known.get, units)))
            del counts[cast(int, None)]  # units that are not known; a Counter does not mind when all are
            if counts:
                row = [idf[i] * (1 + log(n)) if n > 1 else idf[i] for i, n in counts.items()]
                scale = weight / sqrt(sum(x * x for x in row))
                ids.extend(counts)
                values.extend([x * scale for x in row])
        return ids, values

    def matrix(self, documents: Sequence[tuple[list[str], ...]]) -> Any:
        """Return a sparse matrix, texts × units."""
        ids: list[int] = []
        values: list[float] = []
        starts = [0]
        for document in documents:
            row, scaled = self.vector(document)
            ids += row
            values += scaled
            starts.append(len(ids))
        shape = (len(documents), max(1, len(self.idf)))
        return sparse.csr_matrix((np.array(values), np.array(ids, np.int32), np.array(starts)), shape=shape)


def train(matrix: Any, labels: Ints, tolerance: float = 0.01, threads: int = 2) -> tuple[Floats, Floats]:
    """Return weights (units × classes) and constants of one-against-the-rest classifiers.

    Solved in the primal, which draws no random numbers: the same texts give the same weights. Classes are split
    over threads, for LIBLINEAR works outside the interpreter's lock.
    """
    classes = np.unique(labels)
    weights = np.zeros((matrix.shape[1], len(classes)), np.float32)
    constants = np.zeros(len(classes), np.float32)
    if len(classes) == 1:
        return weights, constants

    # Its import takes most of a second, and most contents need no classifier.
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    def group(part: int) -> None:
        own = classes[part::threads]
        if not len(own):
            return
        rest = int(classes[0]) - 1  # one label for whatever this thread does not learn
        model = LinearSVC(C=1.0, dual=False, tol=tolerance)
        model.fit(matrix, np.where(np.isin(labels, own), labels, rest))
        if len(model.classes_) == 2:  # one model, of the second class against the first
            places = {int(model.classes_[1]): (model.coef_[0], model.intercept_[0])}
            places[int(model.classes_[0])] = (-model.coef_[0], -model.intercept_[0])
        else:
            places = {
                int(label): (model.coef_[at], model.intercept_[at]) for at, label in enumerate(model.classes_)
            }
        for place, label in enumerate(classes):
            if label in own:
                weights[:, place], constants[place] = places[int(label)]

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(group, range(threads)))
    return weights, constants


def pruned(vocabulary: Vocabulary, weights: Floats) -> tuple[npt.NDArray[np.int32], Floats]:
    """Return the place of each unit in the kept rows (-1: dropped), and the kept rows of `weights`."""
    kept = np.abs(weights).max(axis=1) >= _WEAKEST
    place = np.full(len(kept), -1, np.int32)
    place[kept] = np.arange(int(kept.sum()))
    return place, np.ascontiguousarray(weights[kept])
