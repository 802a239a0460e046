"""Misspelled English words, put right by the content's own words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from bot.matching.analysis import known_english
from bot.matching.english import COMMON, STOP, stem

_SHORTEST = 4
_SHORTEST_FOR_TWO = 7


@cache
def _always_known() -> frozenset[str]:
    return frozenset(stem(word) for word in COMMON | STOP | known_english())


class Corrector:
    """Knows the words of one content."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted({word for word in words if len(word) >= _SHORTEST - 1 and word.isalpha()})
        self._stems = _always_known().union(stem(word) for word in self._words)
        self._choices = sorted({*self._words, *(w for w in known_english() if len(w) >= _SHORTEST)})
        self._cache: dict[str, str] = {}

    def knows(self, word: str) -> bool:
        """Say whether `word` needs no correction: too short, not a word, or an inflection of a known one."""
        return len(word) < _SHORTEST or not word.isalpha() or stem(word) in self._stems

    def correct(self, word: str) -> str:
        """Return the known word that `word` is a slip away from, or `word` itself."""
        if self.knows(word) or len(word) > 30:
            return word
        found = self._cache.get(word)
        if found is None:
            limit = 2 if len(word) >= _SHORTEST_FOR_TWO else 1
            best = process.extractOne(
                word, self._choices, scorer=DamerauLevenshtein.distance, score_cutoff=limit
            )
            found = best[0] if best else word
            if len(self._cache) < 10_000:
                self._cache[word] = found
        return found
