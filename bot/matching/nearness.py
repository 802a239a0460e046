"""How near each target is to a message in meaning: figures beside those of `evidence.py`, where there is an encoder."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from bot.matching.softmax import softmax

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MEANINGS = (
    "meaning best example",
    "meaning mean of three",
    "meaning title",
    "meaning answer",
    "meaning middle",
    "classified by meaning",
)
BEST = MEANINGS.index("meaning best example")
MEANING_NAMES = (*MEANINGS, *(f"{name}, beside the others" for name in MEANINGS))
_STEPS = 20
"""Passes of the classifier: few, since a content is fitted several times over to try it."""
_LEAST_SPREAD = 0.02


class Nearness:
    """Vectors of the texts of a fit, ready to be asked."""

    def __init__(self, vectors: Floats, owners: Ints, kinds: Ints, size: int) -> None:
        """`vectors` are of texts sorted by the places of their targets, `owners`, below `size`.

        `kinds` say which are examples (0), titles (1) and answers (2).
        """
        read = vectors.any(axis=1)  # a text that the encoder does not read has no vector
        vectors, owners, kinds = vectors[read], owners[read], kinds[read]
        self._groups = [_Group(vectors[kinds == kind], owners[kinds == kind], size) for kind in range(3)]
        middle = np.zeros((size, vectors.shape[1]), np.float32)
        np.add.at(middle, owners, vectors)
        self._middle = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-6)
        self._classifier = softmax(vectors, owners, size, _STEPS)

    def figures(self, vector: Floats) -> Floats:
        """Return every target's figures for a message, targets × `MEANINGS`."""
        examples, titles, answers = self._groups
        best, mean = examples.best_and_mean(vector)
        return np.column_stack(
            [
                best,
                mean,
                titles.best_and_mean(vector)[0],
                answers.best_and_mean(vector)[0],
                self._middle @ vector,
                vector @ self._classifier[:-1] + self._classifier[-1],
            ]
        ).astype(np.float32)


class _Group:
    """Texts of one kind."""

    def __init__(self, vectors: Floats, owners: Ints, size: int) -> None:
        self._vectors, self._size = vectors, size
        self._some, self._starts, counts = np.unique(owners, return_index=True, return_counts=True)
        # Each target's texts in a row of their own, filled up with one past the end.
        place = np.arange(int(counts.max(initial=1)))
        self._table = np.where(place < counts[:, None], self._starts[:, None] + place, len(owners))
        self._counts = np.minimum(3, counts)

    def best_and_mean(self, vector: Floats) -> tuple[Floats, Floats]:
        """Return each target's highest cosine, and the mean of its three highest; zero where it has no text."""
        best, mean = np.zeros((2, self._size), np.float32)
        if len(self._some):
            cosines = np.append(self._vectors @ vector, np.float32(-1))[self._table]
            highest = np.sort(cosines, axis=1)[:, -3:]
            best[self._some] = highest[:, -1]
            mean[self._some] = np.where(highest > -1, highest, 0).sum(axis=1) / self._counts
        return best, mean


def beside(raw: Floats) -> Floats:
    """Return all figures of meaning, … × targets × `MEANING_NAMES`: by themselves, and against the other targets'."""
    spread = np.maximum(raw.std(axis=-2, keepdims=True), _LEAST_SPREAD)
    return cast(Floats, np.concatenate([raw, (raw - raw.mean(axis=-2, keepdims=True)) / spread], axis=-1))
