"""How far to trust the linear classifier: a logistic gate learned from the content's own held-out examples."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Any, cast

import numpy as np
from rapidfuzz import fuzz

from bot.matching.calibration import sigmoid
from bot.matching.correction import Corrector
from bot.matching.evidence import Floats, Ints
from bot.matching.linear import Trained, Vocabulary, features, pruned, tokens, train
from bot.matching.senses import Senses

_NEAR_CLASSES = 5
_NEAREST = 20
_FOLDS = 3
_PASSES = 8
"""Over the texts, to fit what is served."""
_ROUGH_PASSES = 5
"""To fit what leaves texts out."""
_GROUPS = 5
"""In each fold one group of classes in five is left out, to play what lies outside."""
_ROWS = 3000
"""In-scope rows a gate learns from; more change nothing."""
_PSEUDO_ROWS = 400
"""Rows of left-out classes per fold."""
_OUTSIDE_WEIGHT = 0.2
_FREEDOM = 0.3
"""What the gate's fit weighs against the squares of its weights."""
_MOST_STEPS = 100
_EXACT = 1e-7
_MOST_CORRECTIONS = 4
"""Words of a message that are put right: a message with more is not a slip of the pen."""
_QUICK = 11
"""Figures that need no neighbours."""
OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class Scored:
    """What the classifier says of one message; the figures of its neighbours are worked out when asked for."""

    classes: Ints
    """Numbers of targets, best first."""
    scores: Floats
    """Their decision values."""
    figures: list[float]
    """What the quick gate sees."""
    near: Callable[[], list[float]]
    """Returns what the full gate sees besides."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts that were read, and the targets they belong to."""

    words: list[list[str]]
    documents: list[tuple[list[str], ...]]
    labels: Ints
    """Numbers of targets; `OUTSIDE` for texts that belong to none."""

    @classmethod
    def of(cls, texts: Sequence[str], owners: Ints, outside: Sequence[str]) -> Rows:
        """Read texts of the targets `owners`, and texts outside, which come last."""
        words = [tokens(text) for text in (*texts, *outside)]
        labels = np.concatenate([owners, np.full(len(outside), OUTSIDE)]).astype(np.int64)
        return cls(words, [features(w) for w in words], labels)

    def at(self, places: Ints) -> Rows:
        """Return some of them, in that order."""
        return Rows([self.words[i] for i in places], [self.documents[i] for i in places], self.labels[places])

    def digest(self) -> int:
        """Return a number that names these texts and their targets."""
        told = hashlib.sha256(self.labels.tobytes())
        for words in self.words:
            told.update(" ".join(words).encode(errors="surrogatepass") + b"\n")
        return int.from_bytes(told.digest()[:8], "big", signed=True)


class Linear:
    """A fitted classifier with its neighbours."""

    def __init__(self, rows: Rows, passes: int = _PASSES, trained: Trained | None = None) -> None:
        """Fit on `rows`, in `passes` over them; what was `trained` on these very rows is taken over."""
        rows = rows.at(np.argsort(rows.labels, kind="stable"))
        documents, labels = rows.documents, rows.labels
        self.vocabulary = Vocabulary.of(documents)
        matrix = self.vocabulary.matrix(documents)
        self.classes = np.unique(labels)
        source = rows.digest()
        if trained is None or trained.source != source or len(trained.place) != matrix.shape[1]:
            weights, constants = train(matrix, labels, passes)
            trained = Trained(*pruned(weights), constants, source)
        self.trained = trained
        self.has_outside = bool(len(self.classes)) and self.classes[0] == OUTSIDE
        matrix = matrix.astype(np.float32)
        self.bounds = [*np.searchsorted(labels, self.classes, side="left").tolist(), len(labels)]
        self.texts = [" ".join(words) for words in rows.words]
        self.rows = [matrix[a:b] for a, b in pairwise(self.bounds)]
        self.known = [np.unique(of_class.indices) for of_class in self.rows]
        seen = Counter(word for words in rows.words for word in words)
        self._corrector = Corrector(word for word, count in seen.items() if count > 1)

    def scores(self, ids: Ints, values: Floats) -> Floats:
        """Return the decision value of every class."""
        rows = self.trained.place[ids]
        kept = rows >= 0
        return cast(
            Floats,
            values[kept] @ self.trained.weights[rows[kept]].astype(np.float32) + self.trained.constants,
        )

    def read(self, text: str) -> list[str]:
        """Return the tokens of a message, its misspelled words put right by words that occur more than once."""
        words = tokens(text)
        left = _MOST_CORRECTIONS
        for at, word in enumerate(words):
            if left and not self._corrector.knows(word):
                left -= 1
                words[at] = self._corrector.correct(word)
        return words

    def judge(self, words: list[str], document: Any | None = None) -> Scored | None:
        """Return the targets' order and the gate's figures; None where the message shares nothing."""
        document = features(words) if document is None else document
        numbers, row = self.vocabulary.vector(document)
        if not numbers:
            return None
        ids, values = np.array(numbers, np.int64), np.array(row, np.float32)
        decision = self.scores(ids, values)
        outside = float(decision[0]) if self.has_outside else -1.0
        inside = decision[1:] if self.has_outside else decision
        targets = self.classes[1:] if self.has_outside else self.classes
        order = np.argsort(-inside, kind="stable")
        ranked = inside[order]
        first, second = float(ranked[0]), float(ranked[1]) if len(ranked) > 1 else -1.0
        base = int(self.has_outside)
        figures = [
            first,
            first - outside,
            outside,
            first - second,
            float(np.log(np.exp(3 * (inside - first)).sum()) / 3 + first),
            float(ranked[:5].mean()),
            float((inside > -0.6).sum()),
            log(1 + len(words)),
            *self._known(document, ids, base + int(order[0])),
        ]
        nearest = [base + int(k) for k in order[:_NEAR_CLASSES]]
        return Scored(
            targets[order], ranked, figures, lambda: self._near(ids, values, nearest, " ".join(words))
        )

    def evidence(self, words: list[str], targets: Sequence[int]) -> dict[int, dict[str, float]]:
        """Return what speaks for those of `targets` that are classes: plain figures from 0 to 1 by name."""
        document = features(words)
        numbers, row = self.vocabulary.vector(document)
        ids, values = np.array(numbers, np.int64), np.array(row, np.float32)
        found = {}
        for target in targets:
            place = int(np.searchsorted(self.classes, target))
            if numbers and place < len(self.classes) and self.classes[place] == target:
                near = self._near(ids, values, [place], " ".join(words))
                found[target] = {
                    "nearest_example": near[0],
                    "words": self._known(document, ids, place)[1],
                    "letters": near[-1],
                }
        return found

    def _known(self, document: Any, ids: Ints, first: int) -> list[float]:
        """Return how much of the message is known at all, and to the first class."""
        words = list(dict.fromkeys(document[0]))
        vocabulary, idf = self.vocabulary.parts[0], self.vocabulary.idf
        numbers = [vocabulary.get(word, -1) for word in words]
        in_first = _among(self.known[first], numbers)
        most = log(1 + len(self.texts)) + 1
        whole = to_any = to_first = 0.0
        for word, number, hit in zip(words, numbers, in_first, strict=True):
            if " " not in word:
                weight = most if number < 0 else idf[number]
                whole += weight
                to_any += weight * (number >= 0)
                to_first += weight * hit
        return [to_any / (whole or 1.0), to_first / (whole or 1.0), sum(in_first) / max(1, len(words))]

    def _near(self, ids: Ints, values: Floats, classes: list[int], text: str) -> list[float]:
        """Return likeness to the nearest examples of the best classes, by n-grams and letter by letter."""
        dense = np.zeros(len(self.vocabulary.idf), np.float32)
        dense[ids] = values / (float(np.sqrt((values**2).sum())) or 1.0)
        cosines = [self.rows[label] @ dense for label in classes]
        rows = [np.arange(self.bounds[label], self.bounds[label + 1]) for label in classes]
        maxima = [float(c.max()) for c in cosines]
        means = [float(np.sort(c)[-3:].mean()) for c in cosines]
        every, place = np.concatenate(cosines), np.concatenate(rows)
        nearest = np.argsort(-every, kind="stable")[:_NEAREST]
        alike = [
            (fuzz.token_set_ratio(text, self.texts[place[i]]), fuzz.ratio(text, self.texts[place[i]]), i)
            for i in nearest
        ]
        own = [(a, b) for a, b, i in alike if i < len(cosines[0])]
        return [
            maxima[0],
            max(maxima),
            maxima[0] - max(maxima),
            means[0],
            max(means),
            float(maxima[0] >= max(maxima)),
            float(means[0] >= max(means)),
            max(a for a, _, _ in alike) / 100,
            max(b for _, b, _ in alike) / 100,
            max((a for a, _ in own), default=0.0) / 100,
            max((b for _, b in own), default=0.0) / 100,
        ]


def _among(known: Ints, numbers: Sequence[int]) -> list[bool]:
    """Say of each of `numbers` whether it is in `known`, which ascends."""
    if not len(known):
        return [False] * len(numbers)
    wanted = np.array(numbers, known.dtype)
    at = np.minimum(known.searchsorted(wanted), len(known) - 1)
    return cast(list[bool], (known[at] == wanted).tolist())


@dataclass(frozen=True, slots=True)
class Gate:
    """Weights of the logistic gate."""

    mean: Floats
    scale: Floats
    weights: Floats
    constant: float

    def logit(self, figures: Sequence[float]) -> float:
        """Return the log odds that the first class is right."""
        return float(self.of((np.asarray(figures, np.float32) - self.mean) / self.scale))

    def of(self, inputs: Floats) -> Floats:
        """Return the log odds for figures already scaled."""
        return cast(Floats, inputs @ self.weights + self.constant)


@dataclass(frozen=True, slots=True)
class Tried:
    """Held-out rows the gate learned from."""

    quick: Floats
    first: Floats
    three: Floats
    right: np.ndarray
    outside: np.ndarray
    listed: np.ndarray
    real: np.ndarray
    """The row is an outside example that maintainers gave."""


@dataclass(frozen=True, slots=True)
class Gates:
    """How far to trust a classifier."""

    quick: Gate
    """The first class is right, judged without neighbours."""
    first: Gate
    """The first class is right."""
    three: Gate
    """One of the first three is."""
    tried: Tried


def learn_gates(rows: Rows, vectors: Floats | None = None, seed: int = 0) -> tuple[Gates, Gates | None]:
    """Learn how far to trust a classifier of these texts, by fits that leave some of them out.

    Each fit leaves out a third of the examples, a third of the outside texts, and a fifth of the classes. With an
    encoder's `vectors` of `rows`, gates for words and meaning together come second.
    """
    rng = np.random.default_rng(seed)
    labels = rows.labels
    owners = labels[labels != OUTSIDE]
    fold = rng.permutation(len(labels)) % _FOLDS
    classes = np.unique(owners)
    group = dict(zip(classes.tolist(), (rng.permutation(len(classes)) % _GROUPS).tolist(), strict=True))
    share = min(1.0, _ROWS / max(1, len(owners)))
    table: list[list[float]] = []
    right: list[bool] = []
    beyond: list[int] = []
    listed: list[bool] = []
    sensed_at: list[int] = []
    sensed_table: list[list[float]] = []
    sensed_right: list[bool] = []
    sensed_listed: list[bool] = []
    for number in range(_FOLDS):
        gone = np.array([label != OUTSIDE and group[int(label)] == number for label in labels])
        kept = np.flatnonzero((fold != number) & ~gone)
        if len(np.unique(labels[kept])) < 2:
            continue
        model = Linear(rows.at(kept), _ROUGH_PASSES)
        senses = None if vectors is None else Senses(vectors[kept], labels[kept])
        held = np.flatnonzero(
            (fold == number) & ~gone & ((labels == OUTSIDE) | (rng.random(len(labels)) < share))
        )
        pseudo = np.flatnonzero(gone)
        pseudo = pseudo[rng.permutation(len(pseudo))[:_PSEUDO_ROWS]]
        for tried, kind in ((held, 0), (pseudo, 2)):
            for row in tried:
                scored = model.judge(rows.words[row], rows.documents[row])
                if scored is None:
                    continue
                table.append([*scored.figures, *scored.near()])
                kind_of = 1 if labels[row] == OUTSIDE else kind
                beyond.append(kind_of)
                right.append(kind_of == 0 and scored.classes[0] == labels[row])
                listed.append(kind_of == 0 and labels[row] in scored.classes[:3])
                if senses is not None and vectors is not None and vectors[row].any():
                    sensed_at.append(len(table) - 1)
                    sensed = senses.judge(scored, vectors[row])
                    sensed_table.append(sensed.figures)
                    sensed_right.append(kind_of == 0 and sensed.classes[0] == labels[row])
                    sensed_listed.append(kind_of == 0 and labels[row] in sensed.classes[:3])
    figures, kinds = np.array(table, np.float32), np.array(beyond)
    gates = _gates(figures, kinds, np.array(right), np.array(listed))
    if not sensed_at:
        return gates, None
    figures = np.hstack([figures[sensed_at], np.array(sensed_table, np.float32)])
    return gates, _gates(figures, kinds[sensed_at], np.array(sensed_right), np.array(sensed_listed))


def _gates(figures: Floats, kinds: Ints, right: np.ndarray, listed: np.ndarray) -> Gates:
    """Return gates learned from rows of figures; `kinds` are 0 in scope, 1 outside as given, 2 of a class left out."""
    mean, scale = figures.mean(axis=0), np.maximum(figures.std(axis=0), 1e-3)
    inputs = (figures - mean) / scale
    weights = np.ones(len(kinds))
    kinds_there = [k for k in (1, 2) if (kinds == k).any()]
    for kind in kinds_there:
        alike = kinds == kind
        weights[alike] = (
            _OUTSIDE_WEIGHT / (1 - _OUTSIDE_WEIGHT) * (kinds == 0).sum() / alike.sum() / len(kinds_there)
        )
    quick = _logistic(mean[:_QUICK], scale[:_QUICK], inputs[:, :_QUICK], right, weights)
    first = _logistic(mean, scale, inputs, right, weights)
    three = _logistic(mean, scale, inputs, listed, weights)
    found = Tried(
        quick=quick.of(inputs[:, :_QUICK]),
        first=first.of(inputs),
        three=three.of(inputs),
        right=right,
        outside=kinds > 0,
        listed=listed,
        real=kinds == 1,
    )
    return Gates(quick, first, three, found)


def _logistic(mean: Floats, scale: Floats, inputs: Floats, right: np.ndarray, weights: np.ndarray) -> Gate:
    if right.all() or not right.any():
        return Gate(mean, scale, np.zeros(inputs.shape[1], np.float32), 4.0 if right.all() else -4.0)
    design = np.column_stack([inputs, np.ones(len(inputs))]).astype(np.float64)
    penalty = np.append(np.full(inputs.shape[1], 1 / _FREEDOM), 1e-6)
    found = np.zeros(design.shape[1])

    def loss(values: np.ndarray) -> float:
        logits = design @ values
        return float(weights @ (np.logaddexp(0, logits) - right * logits) + penalty @ values**2 / 2)

    least = loss(found)
    for _ in range(_MOST_STEPS):  # Newton's, of which ten are enough
        odds = sigmoid(cast(Floats, design @ found))
        slope = design.T @ (weights * (odds - right)) + penalty * found
        curve = (design.T * (weights * odds * (1 - odds))) @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        while (now := loss(found - step)) > least and np.abs(step).max() > _EXACT:
            step /= 2
        found, least = found - step, min(now, least)
        if np.abs(step).max() <= _EXACT:
            break
    return Gate(mean, scale, found[:-1].astype(np.float32), float(found[-1]))
