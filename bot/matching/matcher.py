"""Fitting a matcher to content, and ranking a message with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.matching.records import Candidate, Item, MatchPolicy, Ranking
from bot.text import fold

LONGEST_MESSAGE = 1000


def fit(items: Sequence[Item], outside: Sequence[str], policy: MatchPolicy) -> Matcher:
    """Fit a matcher to `items`."""
    rows = [
        (index, fold(text)) for index, item in enumerate(items) for text in (*item.examples, *item.titles)
    ]
    rows = [(index, text) for index, text in rows if text]
    vectorizer: Any = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
    matrix = vectorizer.fit_transform([text for _, text in rows]) if rows else None
    return Matcher(
        tuple(item.key for item in items),
        policy,
        vectorizer,
        matrix,
        np.array([i for i, _ in rows], int),
        {t: i for i, t in reversed(rows)},
    )


class Matcher:
    """Ranks messages against fitted content."""

    def __init__(
        self,
        keys: tuple[str, ...],
        policy: MatchPolicy,
        vectorizer: Any,
        matrix: Any,
        owners: Any,
        exact: dict[str, int],
    ) -> None:
        self.keys, self.policy, self.vectorizer, self.matrix, self.owners, self.exact = (
            keys,
            policy,
            vectorizer,
            matrix,
            owners,
            exact,
        )
        self.answer_threshold, self.offer_threshold = 0.6, 0.3

    def rank(self, text: str, limit: int = 5) -> Ranking:
        """Return the targets `text` may mean, best first."""
        text = fold(text[:LONGEST_MESSAGE])
        if self.matrix is None or not text:
            return Ranking((), False, False, 0)
        cosines = (self.matrix @ self.vectorizer.transform([text]).T).toarray().ravel()
        best = np.zeros(len(self.keys))
        np.maximum.at(best, self.owners, cosines)
        exact = self.exact.get(text)
        if exact is not None:
            best[exact] = 1.0
        order = [int(i) for i in np.argsort(-best, kind="stable")[:limit] if best[i] > 0]
        found = tuple(Candidate(self.keys[i], min(1.0, float(best[i]))) for i in order)
        answer = bool(found) and found[0].confidence >= self.answer_threshold
        offer = 0 if not found or found[0].confidence < self.offer_threshold else min(3, len(found))
        return Ranking(found, exact is not None and order[0] == exact, answer, offer)
