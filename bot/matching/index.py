"""Finding, among very many past answers, the few whose question shares words with a message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
import tantivy
from rapidfuzz import fuzz

from bot.text import fold

LONGEST_QUESTION = 600
"""Characters of a question that are read."""
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_TOKEN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_NOT_SAID = re.compile(r"[\W_]+")
_ROUGHLY_FOUND = 50
_MOST_TERMS = 32
_MOST_POSTINGS = 400_000
"""Occurrences looked at for one message: common words give way to telling ones."""
_SURELY_LOOKED_AT = 2
_SHORTEST_GUESSED = 5
_MOST_GUESSES = 2
"""Words no question has, looked up as if one letter of them were wrong."""
_GUESSED = 8.0
"""What such a word counts: about as much as a rare one."""
_BUFFER = 96_000_000
"""Bytes the index writer holds before it writes a segment."""
_LEAST_BUFFER = 15_000_000
_FEW = 10_000


class PastAnswer(Protocol):
    """What the index reads of a knowledge entry."""

    @property
    def id(self) -> str: ...

    @property
    def question(self) -> str: ...

    @property
    def answer(self) -> str: ...


def bare(text: str) -> str:
    """Return `text` without spaces and punctuation."""
    return _NOT_SAID.sub("", text)


def terms(folded: str) -> str:
    """Return the units of a folded text, parted by spaces: words; of Chinese, characters and pairs of them."""
    if folded.isascii():
        return " ".join(_TOKEN.findall(folded))
    found: list[str] = []
    for token in _TOKEN.findall(folded):
        found.append(token)
        if token[0] > "\u2fff" and len(token) > 1:
            found[-1:] = token
            found.extend([a + b for a, b in pairwise(token)])
    return " ".join(found)


class Index:
    """Questions of past answers, by words and by the whole phrase. Immutable; held in memory."""

    def __init__(self, entries: Iterable[PastAnswer]) -> None:
        self.entries: Sequence[PastAnswer] = list(entries)
        """Rows are places in this list."""
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("words", tokenizer_name="words", index_option="freq")
        schema.add_integer_field("row", fast=True)
        self._schema = schema.build()
        self._analyser = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
            .filter(tantivy.Filter.stemmer("english"))
            .build()
        )
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer("words", self._analyser)
        writer = self._index.writer(_BUFFER if len(self.entries) > _FEW else _LEAST_BUFFER, 1)
        phrases = np.empty(len(self.entries), np.int64)
        for row, entry in enumerate(self.entries):
            folded = fold(entry.question[:LONGEST_QUESTION])
            writer.add_document(tantivy.Document(words=terms(folded), row=row))
            phrases[row] = hash(bare(folded))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()
        self._by_phrase = np.argsort(phrases, kind="stable").astype(np.int32)
        self._phrases = phrases[self._by_phrase]

    def same(self, phrase: str) -> list[int]:
        """Return the rows whose question is `phrase`, a folded text without spaces and punctuation."""
        if not phrase:
            return []
        key = hash(phrase)
        start, end = (int(np.searchsorted(self._phrases, key, side)) for side in ("left", "right"))
        return [row for row in self._by_phrase[start:end].tolist() if self.phrase(row) == phrase]

    def phrase(self, row: int) -> str:
        """Return a row's question folded, without spaces and punctuation."""
        return bare(fold(self.entries[row].question[:LONGEST_QUESTION]))

    def knows(self, word: str) -> bool:
        """Say whether any question has the English word, inflected in any way."""
        return any(self._searcher.doc_freq("words", term) > 0 for term in self._analyser.analyze(word))

    def search(self, folded: str, most: int) -> list[tuple[float, int]]:
        """Return how like a folded text up to `most` questions are, with their rows, the likest first."""
        queries = [(tantivy.Occur.Should, query) for query in self._queries(folded[:LONGEST_QUESTION])]
        if not queries:
            return []
        hits = self._searcher.search(tantivy.Query.boolean_query(queries), _ROUGHLY_FOUND, count=False).hits
        if not hits:
            return []
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        scored = [
            (score / hits[0][0] + self._alike(folded, int(row)), int(row))
            for (score, _), row in zip(hits, rows, strict=True)
            if row is not None
        ]
        scored.sort(key=lambda pair: (-pair[0], pair[1]))
        return scored[:most]

    def _alike(self, folded: str, row: int) -> float:
        question = fold(self.entries[row].question[:LONGEST_QUESTION])
        return float(fuzz.ratio(folded, question) + fuzz.token_set_ratio(folded, question)) / 100

    def _queries(self, folded: str) -> list[tantivy.Query]:
        """Return what to look up: the rarest terms of a text, as many as may be, and words like unknown ones."""
        counted = [
            (self._searcher.doc_freq("words", term), term)
            for term in dict.fromkeys(self._analyser.analyze(terms(folded)))
        ]
        queries: list[tantivy.Query] = []
        seen = 0
        for count, term in sorted(pair for pair in counted if pair[0])[:_MOST_TERMS]:
            seen += count
            if seen > _MOST_POSTINGS and len(queries) >= _SURELY_LOOKED_AT:
                break
            queries.append(tantivy.Query.term_query(self._schema, "words", term, index_option="freq"))
        unknown = [t for count, t in counted if not count and t.isascii() and len(t) >= _SHORTEST_GUESSED]
        queries += [
            tantivy.Query.boost_query(tantivy.Query.fuzzy_term_query(self._schema, "words", term), _GUESSED)
            for term in unknown[:_MOST_GUESSES]
        ]
        return queries
