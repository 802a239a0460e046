"""A linear classifier over word and character n-grams, for content rich in examples.

Fitted and scored with numpy alone: by its own analyser and one gather of weights, a tenth of a millisecond a message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.matching.analysis import LONGEST_TEXT, character_grams, ideas_of
from bot.matching.english import written_out
from bot.matching.evidence import Floats, Ints
from bot.text import fold

Halves = npt.NDArray[np.float16]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:'[^\W_{_HAN}]+)?|[?!]")
_PARTS = (1.0, 0.5, 1.0, 0.5)
"""Weights of words, skipped pairs, characters and ideas; each part has length one before."""
_WEAKEST = 0.04
"""Features none of whose weights exceeds this are dropped: they move no decision, and most are such."""

_SOFTNESS = 0.5
"""1 / 2C of the squared hinge, at C = 1."""


def tokens(text: str) -> list[str]:
    """Return the tokens of a text: a Chinese character, a word, or a question or exclamation mark."""
    return [written_out(token) for token in _TOKEN.findall(fold(text[: LONGEST_TEXT * 4])[:LONGEST_TEXT])]


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


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights of a classifier as far as they move a decision, and which texts they were learned from."""

    place: npt.NDArray[np.int32]
    """By unit, its row of `weights`; -1 where it was dropped."""
    weights: Halves
    """Kept units × classes, in half precision: most of what a fitted content takes, and no decision hangs on the rest."""
    constants: Floats
    source: int
    """Names the texts and their targets: with the same ones there is nothing to learn."""


def train(matrix: Any, labels: Ints, passes: int) -> tuple[Floats, Floats]:
    """Return weights (units × classes) and constants of one-against-the-rest classifiers.

    Dual coordinate descent on the squared hinge (Hsieh et al. 2008), a text at a time and for all classes at once.
    The order of the texts is drawn by a fixed seed: the same texts give the same weights. After `passes` over them
    it has not converged; more passes change no decision.
    """
    classes = np.unique(labels)
    if len(classes) == 1:
        return np.zeros((matrix.shape[1], 1), np.float32), np.zeros(1, np.float32)
    count = matrix.shape[0]
    with_constant = sparse.hstack([matrix, np.ones((count, 1))], format="csr", dtype=np.float32)
    rows = [
        (with_constant.indices[a:b].astype(np.intp), with_constant.data[a:b, None])
        for a, b in pairwise(with_constant.indptr.tolist())
    ]
    steps = [1 / (float((values**2).sum()) + _SOFTNESS) for _, values in rows]
    weights = np.zeros((with_constant.shape[1], len(classes)), np.float32)
    duals = np.zeros((count, len(classes)), np.float32)
    owners = np.searchsorted(classes, labels).tolist()
    signs = np.full(len(classes), -1, np.float32)
    rng = np.random.default_rng(0)
    for _ in range(passes):
        for text in rng.permutation(count).tolist():
            (units, values), dual = rows[text], duals[text]
            signs[owners[text]] = 1
            there = weights.take(units, axis=0)
            slope = signs * (values.T @ there)[0] - 1 + _SOFTNESS * dual
            better = np.maximum(dual - steps[text] * slope, 0)
            there += values * ((better - dual) * signs)
            weights[units], dual[:] = there, better
            signs[owners[text]] = -1
    return weights[:-1], weights[-1].copy()


def pruned(weights: Floats) -> tuple[npt.NDArray[np.int32], Halves]:
    """Return the place of each unit in the kept rows (-1: dropped), and the kept rows of `weights`."""
    kept = np.maximum(weights.max(axis=1), -weights.min(axis=1)) >= _WEAKEST
    place = np.full(len(kept), -1, np.int32)
    place[kept] = np.arange(int(kept.sum()))
    return place, weights[kept].astype(np.float16)
