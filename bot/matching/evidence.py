"""How much each target's words speak for a message: some sixty figures per message and target.

Every figure is a share, a cosine or a count that means the same in any language and for content of any size,
so that weights learned on one deployment's questions hold on another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz
from scipy import sparse

from bot.matching.analysis import KINDS, Analysis, Kind, analyse
from bot.matching.correction import Corrector
from bot.matching.meaning import Meanings
from bot.matching.nearness import BEST, Nearness, beside
from bot.matching.records import Item

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

EXAMPLE, TITLE, ANSWER = 0, 1, 2
VECTOR_KINDS: tuple[Kind, ...] = ("phrases", "spelling", "ideas")
_COVERED: tuple[Kind, ...] = ("words", "ideas", "spelling")
SHORTLIST = 64
"""Targets weighed by all the evidence; further ones are ruled out by a rough sum."""
FUZZY = 12
"""Targets compared letter by letter."""
_BATCHED = 256
"""Targets up to which messages are weighed many at a time."""
MANY = 2000
COMMON = 0.03
"""Among many targets, units that more than this share of them use tell nothing apart and cost the most time."""
_CELLS = 8_000_000
"""Figures held in memory at a time."""
_RIDGE = 0.5
_MOST_RIDGE_ROWS = 3000

_PER_KIND = ("best example", "mean of three", "answer", "title", "all text")
FIGURES = (
    *(f"{kind} {name}" for kind in VECTOR_KINDS for name in _PER_KIND),
    *(f"{kind} covered by {name}" for kind in ("words", "ideas") for name in ("all", "examples", "answer")),
    "spelling covered by all",
    "words hit",
    "heaviest word",
    "heaviest idea",
    "words bm25",
    "ideas bm25",
    "classified by examples",
    "classified by all text",
    "same letters",
    "same words",
)
NAMES = (
    *FIGURES,
    *(f"{name}, of the best" for name in FIGURES),
    "entry",
    "entry, best example",
    "entry, covered",
    "entry, answer",
)


@dataclass(frozen=True, slots=True)
class Content:
    """All texts of the items as counts of units, read once and then cut into fits."""

    keys: tuple[str, ...]
    analyses: tuple[Analysis, ...]
    owners: Ints
    fields: Ints
    chinese: npt.NDArray[np.bool_]
    vocabulary: dict[Kind, dict[str, int]]
    counts: dict[Kind, Any]
    """Per kind a sparse matrix, texts × units."""
    entries: npt.NDArray[np.bool_]
    meanings: Floats | None = None
    """Where there is an encoder: its vectors, texts × numbers."""


_analysed: WeakValueDictionary[str, Analysis] = WeakValueDictionary()
"""Analyses of content (never of messages) that is still in use: the next version shares most of its texts."""


def read(items: Sequence[Item], meanings: Meanings | None = None) -> Content:
    """Return the content of `items`, every text analysed, and with its vector where `meanings` has them."""
    rows: list[tuple[int, int, Analysis]] = []
    read_texts: list[str] = []
    for owner, item in enumerate(items):
        for field, texts in ((EXAMPLE, item.examples), (TITLE, item.titles), (ANSWER, item.answers)):
            for text in texts:
                known_text = _analysed.get(text)
                if known_text is None:
                    known_text = _analysed[text] = analyse(text)
                rows.append((owner, field, known_text))
                read_texts.append(text)
    analyses = tuple(analysis for _, _, analysis in rows)
    vocabulary: dict[Kind, dict[str, int]] = {}
    counts: dict[Kind, Any] = {}
    for kind in KINDS:
        units = dict.fromkeys(chain.from_iterable(analysis.bags[kind] for analysis in analyses))
        known = vocabulary[kind] = {unit: at for at, unit in enumerate(units)}
        counts[kind] = _counted(analyses, kind, known)[0]
    return Content(
        keys=tuple(item.key for item in items),
        analyses=analyses,
        owners=np.array([owner for owner, _, _ in rows], np.int64),
        fields=np.array([field for _, field, _ in rows], np.int64),
        chinese=np.array([analysis.chinese for analysis in analyses], bool),
        vocabulary=vocabulary,
        counts=counts,
        entries=np.array([item.key.startswith("knowledge:") for item in items], bool),
        meanings=None if meanings is None else meanings.rows(read_texts),
    )


def _counted(analyses: Iterable[Analysis], kind: Kind, known: dict[str, int]) -> tuple[Any, Floats]:
    """Return counts of known units, texts × units, and the number of unknown ones per text."""
    indices: list[int] = []
    data: list[int] = []
    starts = [0]
    unknown: list[int] = []
    for analysis in analyses:
        bag = analysis.bags[kind]
        places = list(map(known.get, bag))
        if None in places:
            found = [(at, count) for at, count in zip(places, bag.values(), strict=True) if at is not None]
            indices += [at for at, _ in found]
            data += [count for _, count in found]
        else:
            indices += cast(list[int], places)
            data += bag.values()
        starts.append(len(indices))
        unknown.append(starts[-2] + len(bag) - starts[-1])
    shape = (len(starts) - 1, max(1, len(known)))
    matrix = sparse.csr_matrix(
        (np.array(data, np.float32), np.array(indices, np.int64), np.array(starts)), shape=shape
    )
    return matrix, np.array(unknown, np.float32)


class _Kind:
    """One kind of unit over one fit: weights of units, and the rows of the content in that weighting."""

    def __init__(
        self, counts: Any, groups: Sequence[Any], examples: Any, targets: Any, vectors: bool
    ) -> None:
        frequency = np.asarray((targets @ counts > 0).sum(axis=0)).ravel().astype(np.float32)
        total = max(1, targets.shape[0])
        if total > MANY:
            counts = (counts @ sparse.diags((frequency <= COMMON * total).astype(np.float32))).tocsr()
            counts.eliminate_zeros()
        documents = [group @ counts for group in groups]  # titles, answers, all, examples together
        self.idf = np.log(1 + (total - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        self.unknown_idf = float(np.log(1 + (total + 0.5) / 0.5))
        self.known = frequency > 0
        self.idf[~self.known] = self.unknown_idf
        self.weight = np.where(
            self.known, np.log((1 + total) / (1 + frequency)) + 1, np.log(1 + total) + 1
        ).astype(np.float32)
        self.unknown_weight = float(np.log(1 + total) + 1)
        self.rows = None
        if vectors:
            titles, answers, everything, _ = documents
            self.rows = (
                sparse.vstack([self.vectors(m) for m in (examples @ counts, titles, answers, everything)])
                .tocsr()
                .T.tocsr()
            )
        _, answers, everything, together = documents
        self.present = sparse.vstack([_binary(m) for m in (everything, together, answers)]).tocsr().T.tocsr()
        self.everything = _binary(everything).T.tocsr()
        self.bm25 = self._bm25(everything).T.tocsr()

    def vectors(self, counts: Any, unknown: Floats | None = None) -> Any:
        """Return unit vectors of `counts`, term frequencies damped; unknown units take their share of the length."""
        scaled = sparse.csr_matrix(counts, copy=True).astype(np.float32)
        scaled.data = 1 + np.log(scaled.data)
        scaled = (scaled @ sparse.diags(self.weight)).tocsr()
        squares = np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel()
        if unknown is not None:
            squares = squares + unknown * self.unknown_weight**2
        return sparse.diags(1 / np.sqrt(np.maximum(squares, 1e-12))).astype(np.float32) @ scaled

    def _bm25(self, documents: Any) -> Any:
        lengths = np.asarray(documents.sum(axis=1)).ravel()
        mean = lengths[lengths > 0].mean() if (lengths > 0).any() else 1.0
        matrix = sparse.csr_matrix(documents, copy=True).astype(np.float32)
        row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        k = 1.2 * (0.25 + 0.75 * lengths[row] / mean)
        matrix.data = (matrix.data * 2.2 / (matrix.data + k)).astype(np.float32)
        return (matrix @ sparse.diags(self.idf)).tocsr()


def _sums(matrix: Any, ids: Ints, weights: Floats) -> Floats:
    """Return the weighted sum of the rows `ids` of a sparse matrix: the product for one message, without ceremony."""
    cells, sizes = _cells(matrix, ids)
    values = matrix.data[cells] * np.repeat(weights, sizes)
    return np.bincount(matrix.indices[cells], weights=values, minlength=matrix.shape[1]).astype(np.float32)


def _cells(matrix: Any, ids: Ints) -> tuple[Ints, Ints]:
    """Return where the cells of the rows `ids` stand in a sparse matrix, and how many each row has."""
    starts = matrix.indptr[ids].astype(np.int64)
    sizes = matrix.indptr[ids + 1] - starts
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + sizes, sizes), sizes


def _binary(matrix: Any) -> Any:
    matrix = sparse.csr_matrix(matrix, copy=True).astype(np.float32)
    matrix.data[:] = 1
    return matrix


class Space:
    """Content, or the part of it named by `kept` texts, ready to be asked for evidence."""

    def __init__(self, content: Content, kept: npt.NDArray[np.bool_] | None = None) -> None:
        self.content = content
        kept = np.ones(len(content.owners), bool) if kept is None else kept
        texts = np.flatnonzero(kept)
        self.targets = np.unique(content.owners[texts])
        """Numbers of the targets that have any text, ascending; evidence columns follow them."""
        place = np.full(len(content.keys), -1)
        place[self.targets] = np.arange(len(self.targets))
        owners, fields = place[content.owners[texts]], content.fields[texts]
        order = np.argsort(owners, kind="stable")
        texts, owners, fields = texts[order], owners[order], fields[order]
        self.examples = texts[fields == EXAMPLE]
        self.example_owners = owners[fields == EXAMPLE]
        self.size = len(self.targets)
        self.entry = content.entries[self.targets]
        total = len(content.owners)
        chinese = content.chinese[texts].astype(int)
        documents = owners * 2 + chinese
        titles = fields != EXAMPLE
        groups = [
            _selector(documents[mask], texts[mask], 2 * self.size, total)
            for mask in (fields == TITLE, titles, np.ones(len(texts), bool), fields == EXAMPLE)
        ]
        examples = _selector(np.arange(len(self.examples)), self.examples, len(self.examples), total)
        targets = _selector(owners, texts, self.size, total)
        self.kinds = {
            kind: _Kind(content.counts[kind], groups, examples, targets, kind in VECTOR_KINDS)
            for kind in KINDS
        }
        self.gather, self.gather_sizes = _padded(self.example_owners, self.size)
        self._shown = np.flatnonzero(self.gather_sizes)
        self._first_examples = np.ascontiguousarray(self.gather[self._shown, 0])
        words = {word for text in texts for word in content.analyses[text].words}
        self.corrector = Corrector(words)
        self._fit_classifiers()
        self.nearness = (
            None if content.meanings is None else Nearness(content.meanings[texts], owners, fields, self.size)
        )

    def _fit_classifiers(self) -> None:
        count = len(self.examples)
        self.ridge: tuple[Any, Any] | None = None
        if not 0 < count <= _MOST_RIDGE_ROWS or count + 4 * self.size > 2 * _MOST_RIDGE_ROWS:
            return
        # Only small contents need it, and it takes memory for as long as the desk runs.
        from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415

        blocks = [cast(Any, self.kinds[kind].rows)[:, :count] for kind in VECTOR_KINDS]
        documents = [
            cast(Any, self.kinds[kind].rows)[:, count + 2 * self.size : count + 4 * self.size]
            for kind in VECTOR_KINDS
        ]
        everything = [sparse.hstack([a, b]).tocsr() for a, b in zip(blocks, documents, strict=True)]
        owners = np.concatenate([self.example_owners, np.repeat(np.arange(self.size), 2)])
        kernel = np.asarray(sum((m.T @ m).toarray() for m in everything), np.float64) / len(VECTOR_KINDS)
        labels = np.zeros((len(owners), self.size))
        labels[np.arange(len(owners)), owners] = 1
        kernel[np.diag_indices_from(kernel)] += _RIDGE
        self.ridge = (
            cho_solve(cho_factor(kernel[:count, :count]), labels[:count]).astype(np.float32),
            cho_solve(cho_factor(kernel), labels).astype(np.float32),
        )

    def read(self, text: str) -> Analysis:
        """Return the analysis of a message, its English spelling corrected to this content's words."""
        return self.corrected(analyse(text))

    def corrected(self, analysis: Analysis) -> Analysis:
        """Return an analysis with its English spelling corrected to this content's words."""
        if all(map(self.corrector.knows, analysis.words)):
            return analysis
        return analyse(analysis.text, self.corrector.correct)

    def vectors(self, analyses: Sequence[Analysis]) -> dict[Kind, Any]:
        """Return unit vectors of texts in this content's weighting, one sparse matrix a kind: units × texts."""
        found = {}
        for kind in VECTOR_KINDS:
            counts, unknown = _counted(analyses, kind, self.content.vocabulary[kind])
            found[kind] = self.kinds[kind].vectors(counts, unknown).T.tocsr()
        return found

    def likeness(self, analysis: Analysis, vectors: dict[Kind, Any]) -> float:
        """Return the highest mean cosine of a text to one of `vectors`."""
        cosines = [
            _sums(vectors[kind], *self._vector(self._bag(analysis, kind), kind)) for kind in VECTOR_KINDS
        ]
        return float(np.sum(cosines, axis=0).max()) / len(VECTOR_KINDS)

    def unknown_share(self, analysis: Analysis, kind: Kind) -> float:
        """Return the share of a message's units of one kind that this content does not know."""
        bag, vocabulary, known = analysis.bags[kind], self.content.vocabulary[kind], self.kinds[kind].known
        missing = sum((at := vocabulary.get(unit)) is None or not known[at] for unit in bag)
        return missing / max(1, len(bag))

    def evidence(self, analyses: Sequence[Analysis], meanings: Floats | None = None) -> tuple[Ints, Floats]:
        """Return, per message, shortlisted columns (messages × S) and their evidence (messages × S × figures).

        With vectors of the messages (`meanings`), figures of meaning come after the others.
        """
        felt = None
        if meanings is not None and self.nearness is not None:
            felt = np.stack([self.nearness.figures(vector) for vector in meanings])
        columns, found = self._evidences(analyses, None if felt is None else 2 * felt[:, :, BEST])
        if felt is None:
            return columns, found
        own = np.take_along_axis(felt, columns[:, :, None], axis=1)
        return columns, np.concatenate([found, beside(own)], axis=2)

    def _evidences(self, analyses: Sequence[Analysis], near: Floats | None) -> tuple[Ints, Floats]:
        """Return shortlists and evidence; `near`, messages × targets, helps to choose the shortlists."""
        if len(analyses) == 1 or self.size > _BATCHED:
            parts = [
                self._one(analysis, None if near is None else near[place])
                for place, analysis in enumerate(analyses)
            ]
            return np.concatenate([columns for columns, _ in parts]), np.concatenate(
                [found for _, found in parts]
            )
        chunk = max(1, _CELLS // max(1, self.size * max(len(FIGURES), self.gather.shape[1])))
        parts = [
            self._evidence(analyses[at : at + chunk], None if near is None else near[at : at + chunk])
            for at in range(0, len(analyses), chunk)
        ]
        if not parts:
            return np.zeros((0, self.size), np.int64), np.zeros((0, self.size, len(NAMES)), np.float32)
        return np.concatenate([columns for columns, _ in parts]), np.concatenate(
            [found for _, found in parts]
        )

    def _evidence(self, analyses: Sequence[Analysis], near: Floats | None) -> tuple[Ints, Floats]:
        raw, similar = self._linear(analyses)
        count, size = len(analyses), self.size
        rough = (
            raw[:, :, FIGURES.index("phrases best example")] + raw[:, :, FIGURES.index("ideas best example")]
        )
        rough = (
            rough
            + raw[:, :, FIGURES.index("words covered by all")]
            + raw[:, :, FIGURES.index("ideas covered by all")]
        )
        if near is not None:
            rough = rough + near
        if size > SHORTLIST:
            columns = np.argsort(-rough, axis=1, kind="stable")[:, :SHORTLIST]
            columns.sort(axis=1)
            raw = np.take_along_axis(raw, columns[:, :, None], axis=1)
            rough = np.take_along_axis(rough, columns, axis=1)
        else:
            columns = np.tile(np.arange(size), (count, 1))
        self._add_fuzzy(analyses, raw, columns, rough, similar)
        return columns, finished(raw, self.entry[columns])

    def _one(self, analysis: Analysis, near: Floats | None) -> tuple[Ints, Floats]:
        """Return shortlist and evidence of one message: the same figures as `_evidence`, without sparse algebra."""
        size, examples = self.size, len(self.examples)
        bags = {kind: self._bag(analysis, kind) for kind in KINDS}
        cosines: list[Floats] = []
        for kind in VECTOR_KINDS:
            cosines.append(_sums(self.kinds[kind].rows, *self._vector(bags[kind], kind)))
        covered: dict[str, Floats] = {}
        for kind in _COVERED:
            fitted = self.kinds[kind]
            ids, _, unknown = bags[kind]
            total = float(fitted.idf[ids].sum()) + unknown * fitted.unknown_idf
            matrix = fitted.everything if kind == "spelling" else fitted.present
            covered[kind] = _sums(matrix, ids, fitted.idf[ids]) / max(total, 1e-6)
        best = [self._best(c[:examples]) for c in cosines]
        rough = best[0] + best[2] + _better(covered["words"][: 2 * size])
        rough += _better(covered["ideas"][: 2 * size])
        if near is not None:
            rough += near
        columns = _highest(rough, SHORTLIST)
        raw = np.zeros((1, len(columns), len(FIGURES)), np.float32)
        table = raw[0]
        gather = self.gather[columns]
        at = 0
        for kind_best, cosine in zip(best, cosines, strict=True):
            table[:, at] = kind_best[columns]
            table[:, at + 1] = self._mean(cosine[:examples], gather, self.gather_sizes[columns])
            for field, name in ((1, "answer"), (0, "title"), (2, "all text")):
                table[:, at + _PER_KIND.index(name)] = _of(cosine[examples + 2 * field * size :], columns)
            at += len(_PER_KIND)
        for kind in _COVERED[:2]:
            for field in range(3):
                table[:, at] = _of(covered[kind][2 * field * size :], columns)
                at += 1
        table[:, at] = _of(covered["spelling"], columns)
        for kind in _COVERED[:2]:
            self._add_hits(bags[kind][0], kind, columns, table)
        if self.ridge is not None:
            whole = np.concatenate([c[:examples] for c in cosines]).reshape(len(cosines), -1).sum(axis=0)
            texts = np.stack([c[examples + 2 * size : examples + 4 * size] for c in cosines]).sum(axis=0)
            kernel = np.concatenate([whole, texts]) / len(cosines)
            table[:, FIGURES.index("classified by examples")] = (kernel[:examples] @ self.ridge[0])[columns]
            table[:, FIGURES.index("classified by all text")] = (kernel @ self.ridge[1])[columns]
        similar = cosines[0][:examples] + cosines[1][:examples] + cosines[2][:examples]
        self._add_fuzzy([analysis], raw, columns[None], rough[columns][None], similar[None])
        return columns[None], finished(raw, self.entry[columns[None]])

    def _bag(self, analysis: Analysis, kind: Kind) -> tuple[Ints, Floats, int]:
        known, bag = self.content.vocabulary[kind], analysis.bags[kind]
        pairs = [(at, count) for unit, count in bag.items() if (at := known.get(unit)) is not None]
        ids = np.array([at for at, _ in pairs], np.int64)
        return ids, np.array([count for _, count in pairs], np.float32), len(bag) - len(pairs)

    def _vector(self, bag: tuple[Ints, Floats, int], kind: Kind) -> tuple[Ints, Floats]:
        """Return the units of a message and their weights in its unit vector."""
        ids, counts, unknown = bag
        fitted = self.kinds[kind]
        weights = (1 + np.log(counts)) * fitted.weight[ids]
        length = (float(weights @ weights) + unknown * fitted.unknown_weight**2) ** 0.5
        return ids, weights / max(length, 1e-6)

    def _best(self, cosines: Floats) -> Floats:
        """Return each target's highest cosine over its examples."""
        if len(cosines) == self.size == len(self._shown):  # one each, as past answers have
            return cosines
        found = np.zeros(self.size, np.float32)
        if len(self._shown):
            found[self._shown] = np.maximum.reduceat(cosines, self._first_examples)
        return found

    def _mean(self, cosines: Floats, gather: Ints, sizes: Ints) -> Floats:
        """Return the mean of each target's three highest cosines over its examples."""
        padded = np.append(cosines, np.float32(0))[gather]
        if padded.shape[1] > 3:
            padded = np.partition(padded, padded.shape[1] - 3, axis=1)[:, -3:]
        return cast(Floats, padded.sum(axis=1) / np.minimum(3, np.maximum(1, sizes)))

    def _add_hits(self, ids: Ints, kind: Kind, columns: Ints, table: Floats) -> None:
        """Add BM25, the heaviest unit found and, of words, how many are found."""
        fitted = self.kinds[kind]
        ids = ids[np.argsort(fitted.idf[ids], kind="stable")]
        table[:, FIGURES.index(f"{kind} bm25")] = np.log1p(
            _of(_sums(fitted.bm25, ids, np.ones(len(ids), np.float32)), columns)
        )
        self._add_heaviest(ids, fitted, kind, columns, table)

    def _add_heaviest(self, ids: Ints, fitted: _Kind, kind: str, columns: Ints, table: Floats) -> None:
        cells, sizes = _cells(fitted.everything, ids)
        documents = fitted.everything.indices[cells]
        heaviest = np.zeros(2 * self.size, np.float32)
        heaviest[documents] = np.repeat(
            fitted.idf[ids] / fitted.unknown_idf, sizes
        )  # ascending: the last one stays
        table[:, FIGURES.index("heaviest word" if kind == "words" else "heaviest idea")] = _of(
            heaviest, columns
        )
        if kind == "words":
            hits = np.bincount(documents, minlength=2 * self.size).astype(np.float32)
            table[:, FIGURES.index("words hit")] = np.log1p(_of(hits, columns))

    def _linear(self, analyses: Sequence[Analysis]) -> tuple[Floats, Floats]:
        """Return all figures but the letter by letter ones, for every target; and cosines to every example."""
        count, size, examples = len(analyses), self.size, len(self.examples)
        raw = np.zeros((count, size, len(FIGURES)), np.float32)
        kernel = np.zeros((count, examples + 2 * size), np.float32)
        similar = np.zeros((count, examples), np.float32)
        at = 0
        bags = {kind: _counted(analyses, kind, self.content.vocabulary[kind]) for kind in KINDS}
        for kind in VECTOR_KINDS:
            fitted = self.kinds[kind]
            counts, unknown = bags[kind]
            cosines = (fitted.vectors(counts, unknown) @ fitted.rows).toarray()
            kernel += np.concatenate(
                [cosines[:, :examples], cosines[:, examples + 2 * size : examples + 4 * size]], axis=1
            )
            similar += cosines[:, :examples]
            raw[:, :, at], raw[:, :, at + 1] = self._best_and_mean(cosines[:, :examples])
            for field, name in ((1, "answer"), (0, "title"), (2, "all text")):
                part = cosines[:, examples + 2 * field * size : examples + 2 * (field + 1) * size]
                raw[:, :, at + _PER_KIND.index(name)] = _per_target(part)
            at += len(_PER_KIND)
        for kind in _COVERED:
            fitted = self.kinds[kind]
            counts, unknown = bags[kind]
            weighed = (_binary(counts) @ sparse.diags(fitted.idf)).tocsr()
            total = np.asarray(weighed.sum(axis=1)).ravel() + unknown * fitted.unknown_idf
            hits = (weighed @ fitted.present).toarray() / np.maximum(total, 1e-6)[:, None]
            if kind == "spelling":
                raw[:, :, at] = _per_target(hits[:, : 2 * size])
                at += 1
                continue
            for field in range(3):
                raw[:, :, at] = _per_target(hits[:, 2 * field * size : 2 * (field + 1) * size])
                at += 1
        for kind in _COVERED[:2]:
            fitted = self.kinds[kind]
            counts = _binary(bags[kind][0])
            raw[:, :, FIGURES.index(f"{kind} bm25")] = np.log1p(_per_target((counts @ fitted.bm25).toarray()))
            self._heaviest(counts, fitted, raw, kind)
        if self.ridge is not None:
            kernel /= len(VECTOR_KINDS)
            raw[:, :, FIGURES.index("classified by examples")] = kernel[:, :examples] @ self.ridge[0]
            raw[:, :, FIGURES.index("classified by all text")] = kernel @ self.ridge[1]
        return raw, similar

    def _heaviest(self, counts: Any, fitted: _Kind, raw: Floats, kind: str) -> None:
        every = np.arange(self.size)
        for message in range(counts.shape[0]):
            units = counts.indices[counts.indptr[message] : counts.indptr[message + 1]]
            units = units[np.argsort(fitted.idf[units], kind="stable")]
            self._add_heaviest(units, fitted, kind, every, raw[message])

    def _best_and_mean(self, cosines: Floats) -> tuple[Floats, Floats]:
        if not cosines.shape[1]:
            zero = np.zeros((len(cosines), self.size), np.float32)
            return zero, zero
        padded = np.concatenate([cosines, np.zeros((len(cosines), 1), np.float32)], axis=1)[:, self.gather]
        if padded.shape[2] > 3:
            padded = np.partition(padded, padded.shape[2] - 3, axis=2)[:, :, -3:]
        return padded.max(axis=2), padded.sum(axis=2) / np.minimum(3, np.maximum(1, self.gather_sizes))

    def _add_fuzzy(
        self, analyses: Sequence[Analysis], raw: Floats, columns: Ints, rough: Floats, similar: Floats
    ) -> None:
        letters, words = FIGURES.index("same letters"), FIGURES.index("same words")
        for message, analysis in enumerate(analyses):
            for place in np.argsort(-rough[message], kind="stable")[:FUZZY]:
                rows = self.gather[columns[message, place]][: self.gather_sizes[columns[message, place]]]
                if not len(rows):
                    continue
                nearest = self.content.analyses[self.examples[rows[similar[message, rows].argmax()]]].text
                raw[message, place, letters] = fuzz.ratio(analysis.text, nearest) / 100
                raw[message, place, words] = fuzz.partial_ratio(analysis.text, nearest) / 100


def finished(raw: Floats, is_entry: npt.NDArray[Any]) -> Floats:
    """Return all evidence, messages × targets × figures, given each figure by itself and which targets are entries."""
    best = raw.max(axis=1, keepdims=True)
    relative = raw / np.maximum(best, 1e-6)
    for name in ("classified by examples", "classified by all text"):
        at = FIGURES.index(name)
        spread = raw[:, :, at].std(axis=1, keepdims=True)
        relative[:, :, at] = (raw[:, :, at] - raw[:, :, at].mean(axis=1, keepdims=True)) / np.maximum(
            spread, 1e-3
        )
    entry = is_entry.astype(np.float32)
    products = [
        entry * raw[:, :, FIGURES.index(name)]
        for name in ("phrases best example", "words covered by all", "phrases answer")
    ]
    return np.concatenate([raw, relative, entry[:, :, None], *(p[:, :, None] for p in products)], axis=2)


def _selector(rows: Ints, columns: Ints, height: int, width: int) -> Any:
    return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(height, width))


def _padded(owners: Ints, size: int) -> tuple[Ints, Ints]:
    """Return per target the rows of its examples, padded with one row past the end, and how many they are."""
    sizes = np.bincount(owners, minlength=size) if len(owners) else np.zeros(size, np.int64)
    table = np.full((size, max(1, int(sizes.max(initial=0)))), len(owners))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    for target in range(size):
        table[target, : sizes[target]] = np.arange(starts[target], starts[target + 1])
    return table, sizes


def _highest(values: Floats, most: int) -> Ints:
    """Return the places of the `most` highest values, ascending; of equal ones the first."""
    if len(values) <= most:
        return np.arange(len(values))
    some = np.flatnonzero(values > 0)  # few are, and many equal ones are slow to part
    if len(some) < most:
        some = np.union1d(some, np.flatnonzero(values <= 0)[: most - len(some)])
    elif len(some) > most:
        found = values[some]
        some = some[found >= np.partition(found, len(some) - most)[len(some) - most]]
        some = np.sort(some[np.argsort(-values[some], kind="stable")[:most]])
    return some


def _better(documents: Floats) -> Floats:
    """Return the better of two documents for every target."""
    return cast(Floats, np.maximum(documents[::2], documents[1::2]))


def _of(documents: Floats, columns: Ints) -> Floats:
    """Return the better of two documents for the targets `columns` only."""
    return cast(Floats, np.maximum(documents[2 * columns], documents[2 * columns + 1]))


def _per_target(documents: Floats) -> Floats:
    """Return the better of each target's two documents, the Chinese and the other."""
    return cast(Floats, documents.reshape(len(documents), -1, 2).max(axis=2))
