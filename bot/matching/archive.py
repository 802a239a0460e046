"""Past answers too many to fit: an index finds a few, and the same evidence and gates judge these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from bot.matching.analysis import Analysis, analyse
from bot.matching.calibration import sigmoid
from bot.matching.correction import Corrector
from bot.matching.evidence import VECTOR_KINDS
from bot.matching.fusion import Fused, first_example, fuse, shipped
from bot.matching.held_out import HeldOut
from bot.matching.index import LONGEST_QUESTION, Index, PastAnswer, bare
from bot.matching.parts import MOST_OUTSIDE, OUTSIDE_PULL, PLAIN, Figures, Judged, Trial, shifts_of
from bot.matching.weighing import Few, Texts, Weights
from bot.text import fold

_JUDGED = 10
"""Entries weighed by all the evidence."""
_SAMPLE = 2500
"""Entries that say how rare words are: enough of them for what is common to tell nothing (`evidence.MANY`)."""
_TRIED = 240
"""Questions tried, half of them with their entry gone."""
_ANSWER_READ = 240
"""Characters of an answer that are read."""
_REMEMBERED = 300
"""Entries whose texts stay analysed, since the same few are asked for again and again."""


class Archive:
    """The built index and what was learned of it. Immutable: see `Archived` for what has changed since."""

    def __init__(self, entries: Iterable[PastAnswer], seed: int = 0) -> None:
        """Read, index and try `entries`; a million of them take some ten seconds."""
        self.index = Index(entries)
        rng = np.random.default_rng(seed)
        count = len(self.index.entries)
        chosen = rng.permutation(count)[:_SAMPLE].tolist()
        sample = [_read(self.index.entries[row]) for row in chosen]
        self.weights = Weights(sample)
        self.texts = lru_cache(_REMEMBERED)(lambda row: _read(self.index.entries[row]))
        self._corrector = _Corrector(sample, self.index)
        with threadpool_limits(1):
            self.tried = self._tried(chosen[:_TRIED])

    def read(self, text: str) -> Analysis:
        """Return the analysis of a message, its English spelling corrected to words of the entries."""
        analysis = analyse(text)
        if all(map(self._corrector.knows, analysis.words)):
            return analysis
        return analyse(text, self._corrector.correct)

    def weigh(self, analysis: Analysis, rows: Sequence[int], texts: Sequence[Texts]) -> Fused:
        """Judge a message among a few entries."""
        return fuse(Few(rows, texts, self.weights), [analysis], shipped())

    def _tried(self, rows: Sequence[int]) -> HeldOut:
        """Try questions of the entries themselves: one half without the entry, one half without its question.

        What is found beside them is what a citizen's message would find, so that a near miss among very many
        entries counts as one.
        """
        found: list[tuple[Fused, int, bool]] = []
        for place, row in enumerate(rows):
            analysis = self.read(self.index.entries[row].question)
            gone = place % 2 == 0
            same = self.index.same(self.index.phrase(row))
            beside = [other for _, other in find(self.index, analysis, {row, *same})]
            texts = [self.texts(other) for other in beside]
            if not gone:
                beside[_JUDGED - 1 :] = [row]
                texts[_JUDGED - 1 :] = [Texts(None, self.texts(row).answer)]
            if beside:
                found.append((self.weigh(analysis, beside, texts), row, gone))
        outside = np.array([gone for _, _, gone in found], bool)
        orders = [fused.order[0].tolist() for fused, _, _ in found]
        owners = [row for _, row, _ in found]
        return HeldOut(
            first=np.array([fused.first[0] for fused, _, _ in found], np.float32),
            three=np.array([fused.three[0] for fused, _, _ in found], np.float32),
            outside=outside,
            right=np.array([o[0] == row for o, row in zip(orders, owners, strict=True)], bool) & ~outside,
            listed=np.array([row in o[:3] for o, row in zip(orders, owners, strict=True)], bool) & ~outside,
        )


class Archived:
    """An archive as a part of a matcher: without entries that have gone since it was built, and with those that came.

    Those that came are indexed by themselves, in a moment, and weighed beside the others.
    """

    def __init__(
        self,
        archive: Archive,
        start: int,
        gone: Collection[int],
        later: Iterable[PastAnswer],
        outside: Sequence[str],
        outside_share: float,
        *,
        covers: float = 1.0,
    ) -> None:
        """Rows are the matcher's targets from `start` on; `outside` are examples of what belongs to staff.

        `covers` is the entries' share of the whole content.
        """
        self.archive, self._start, self._gone = archive, start, frozenset(gone)
        self._later = Index(later)
        self._old = len(archive.index.entries)
        outside = [text for text in outside if not self.same(bare(fold(text)))]
        self._outside = _Outside([archive.read(text) for text in outside], archive.weights)
        self._covers = covers
        self._calibrate(outside_share)

    def _calibrate(self, outside_share: float) -> None:
        tried = self.archive.tried
        # To the entries, a message meant for one of the intents is a message from outside.
        outside_share = min(1 - (1 - outside_share) * self._covers, MOST_OUTSIDE)
        self._shifts = shifts_of(tried, outside_share, shipped())
        self.trial = Trial(
            sigmoid(tried.first + self._shifts[0]), tried.outside, np.zeros(len(tried.outside), bool)
        )

    def at_share(self, outside_share: float) -> Archived:
        """See `Part`."""
        part = copy(self)
        part._calibrate(outside_share)
        return part

    def judge(self, text: str) -> Judged | None:
        """See `Part`."""
        analysis = self.archive.read(text)
        rows = self._found(analysis)
        if not rows:
            return None
        fused = self.archive.weigh(analysis, rows, self._texts(rows))
        if not fused.informative[0]:
            return None
        pull = OUTSIDE_PULL * max(0.0, self._outside.nearest(analysis) - first_example(fused.evidence[0]))
        return Judged(
            order=[self._start + row for row in fused.order[0].tolist()],
            odds=(fused.scores[0] / fused.scores[0, 0]).tolist(),
            first=float(sigmoid(fused.first + self._shifts[0] - pull)[0]),
            listed=float(sigmoid(fused.three + self._shifts[1] - pull)[0]),
        )

    def evidence(self, text: str, numbers: Sequence[int]) -> tuple[Figures, float | None]:
        """See `Part`."""
        analysis = self.archive.read(text)
        rows = [number - self._start for number in numbers if number >= self._start]
        if not rows:
            return {}, None
        _, table = Few(rows, self._texts(rows), self.archive.weights).evidence([analysis])
        return {
            self._start + row: {name: float(figures[list(at)].mean()) for name, at in PLAIN.items()}
            for row, figures in zip(rows, table[0], strict=True)
        }, self._outside.nearest(analysis) if self._outside.count else None

    def numbers(self, text: str, keys: Collection[str]) -> list[int]:
        """Return the targets that a message finds, of those named by `keys`."""
        found = {self._start + row for row in self._found(self.archive.read(text))}
        return sorted(
            target for target in found | set(self.same(bare(fold(text)))) if self.key(target) in keys
        )

    def _found(self, analysis: Analysis) -> list[int]:
        found = find(self.archive.index, analysis, self._gone)
        found += [(score, self._old + row) for score, row in find(self._later, analysis)]
        return [row for _, row in sorted(found, key=lambda pair: (-pair[0], pair[1]))[:_JUDGED]]

    def _texts(self, rows: Sequence[int]) -> list[Texts]:
        return [self.archive.texts(row) if row < self._old else _read(self._entry(row)) for row in rows]

    def key(self, target: int) -> str:
        """Return the key of one of the matcher's targets."""
        return f"knowledge:{self._entry(target - self._start).id}"

    def same(self, phrase: str) -> list[int]:
        """Return the targets whose question is `phrase`, a folded text without spaces and punctuation."""
        old = [row for row in self.archive.index.same(phrase) if row not in self._gone]
        return [self._start + row for row in (*old, *(self._old + row for row in self._later.same(phrase)))]

    def phrase(self, target: int) -> str:
        """Return a target's question folded, without spaces and punctuation."""
        row = target - self._start
        return self.archive.index.phrase(row) if row < self._old else self._later.phrase(row - self._old)

    def _entry(self, row: int) -> PastAnswer:
        return self.archive.index.entries[row] if row < self._old else self._later.entries[row - self._old]


def find(index: Index, analysis: Analysis, without: Collection[int] = ()) -> list[tuple[float, int]]:
    """Return the rows worth weighing for a message, but for those in `without`, and how like it they are."""
    said = analysis.text
    if analysis.words:
        said += " " + " ".join(word for word in analysis.words if word not in said)
    found = index.search(said, _JUDGED + len(without))
    return [pair for pair in found if pair[1] not in without][:_JUDGED]


class _Outside:
    """Texts that belong to staff, as units that lead to them."""

    def __init__(self, analyses: Sequence[Analysis], weights: Weights) -> None:
        self._weights, self.count = weights, len(analyses)
        self._found: dict[tuple[str, str], list[tuple[int, float]]] = {}
        for number, analysis in enumerate(analyses):
            for kind in VECTOR_KINDS:
                vector, length = weights.vector(kind, analysis.bags[kind], drop=False)
                for unit, value in vector.items():
                    self._found.setdefault((kind, unit), []).append((number, value / length))

    def nearest(self, analysis: Analysis) -> float:
        """Return the highest mean cosine of a message to one of the texts."""
        if not self.count:
            return 0.0
        sums = [0.0] * self.count
        for kind in VECTOR_KINDS:
            vector, length = self._weights.vector(kind, analysis.bags[kind], drop=False)
            for unit, value in vector.items():
                for number, other in self._found.get((kind, unit), ()):
                    sums[number] += value * other / length
        return max(sums) / len(VECTOR_KINDS)


class _Corrector(Corrector):
    """Knows the words of a sample of the entries, and leaves every word alone that any question has."""

    def __init__(self, sample: Iterable[Texts], index: Index) -> None:
        counted = Counter(
            word
            for texts in sample
            for analysis in (texts.question, texts.answer)
            if analysis is not None
            for word in analysis.words
        )
        super().__init__(word for word, count in counted.items() if count > 1)
        self._index = index

    def knows(self, word: str) -> bool:
        """Say whether `word` needs no correction."""
        return super().knows(word) or self._index.knows(word)


def _read(entry: PastAnswer) -> Texts:
    return Texts(analyse(entry.question[:LONGEST_QUESTION]), analyse(entry.answer[:_ANSWER_READ]))
