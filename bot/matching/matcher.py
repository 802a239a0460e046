"""Fitting a matcher to content, and ranking a message with it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz, process

from bot.matching.calibration import answer_threshold, offer_threshold, row_weights, shift_of, sigmoid
from bot.matching.evidence import Content, Floats, Space, read
from bot.matching.analysis import Analysis
from bot.matching.fusion import Weights, first_example, fuse, shipped
from bot.matching.held_out import HeldOut, held_out
from bot.matching.records import Candidate, Item, MatchPolicy, Ranking
from bot.text import fold

LONGEST_MESSAGE = 2000
"""Characters of a message that are read at all; see also `analysis.LONGEST_TEXT`."""
OPTIONS = 3
_NEAR = 94.0
"""Likeness, of 100, from which on two phrases are taken for the same one."""
_SHORTEST_NEAR = 8
_SURE = 0.995
_OUTSIDE_PULL = 3.0
_LEAST = 0.01
"""A candidate less likely than this is none."""


def fit(items: Sequence[Item], outside: Sequence[str], policy: MatchPolicy) -> Matcher:
    """Fit a matcher to `items`; `outside` are examples of what belongs to staff, and may be empty.

    Nothing but the content is needed: thresholds come from its own examples, held out in turn.
    """
    content = read(items)
    weights = shipped()
    space = Space(content)
    aside = _Outside(space, outside)
    tried = held_out(content, weights)
    return Matcher(content, space, weights, aside, tried, policy)


class Matcher:
    """Ranks messages against fitted content."""

    def __init__(
        self,
        content: Content,
        space: Space,
        weights: Weights,
        aside: _Outside,
        tried: HeldOut,
        policy: MatchPolicy,
    ) -> None:
        self.policy = policy
        self._content, self._space, self._weights, self._aside = content, space, weights, aside
        share = row_weights(tried.outside, policy.outside_share)
        self._shifts = [
            slope * shift_of(logits, right, share) + constant if len(share) else 0.0
            for (slope, constant), logits, right in zip(
                weights.shift, (tried.first, tried.three), (tried.right, tried.listed), strict=True
            )
        ]
        self.answer_threshold: float = answer_threshold(sigmoid(tried.first + self._shifts[0]), share, policy)
        """Confidence from which on the first candidate is sent."""
        self.offer_threshold: float = offer_threshold(policy)
        """Probability that the right one is listed, from which on options are offered."""
        self._phrases = _Phrases(content, space)

    def rank(self, text: str, limit: int = 5) -> Ranking:
        """Return the targets `text` may mean, best first, and what to do with them."""
        analysis = self._space.read(text[:LONGEST_MESSAGE])
        if self._space.size == 0 or not any(analysis.bags.values()):
            return Ranking((), False, False, 0)
        fused = fuse(self._space, [analysis], self._weights)
        pull = self._aside.pull(analysis, fused.evidence[0])
        first = float(sigmoid(fused.first + self._shifts[0] - pull)[0])
        listed = float(sigmoid(fused.three + self._shifts[1] - pull)[0])
        order = [int(target) for target in fused.order[0]]
        odds = fused.scores[0] / fused.scores[0, 0]
        same = self._phrases.same(text)
        if self._aside.holds(text):
            first, listed = min(first, _LEAST), min(listed, _LEAST)
        elif same:
            # An example said again is that example's target; said by several, the citizen chooses.
            order = [
                *sorted(same, key=lambda t: order.index(t) if t in order else len(order)),
                *(t for t in order if t not in same),
            ]
            first = max(first, _SURE) if len(same) == 1 else 1 / len(same)
            listed = _SURE
            odds = np.concatenate([np.ones(len(same)), np.full(len(order), 0.01)])
        if not fused.informative[0] and not same:
            return Ranking((), False, False, 0)
        candidates = tuple(
            Candidate(self._content.keys[target], float(np.clip(first * odds[place], 0, 1)))
            for place, target in enumerate(order[: max(limit, OPTIONS)])
            if place == 0 or first * odds[place] > 0
        )
        answer = first >= self.answer_threshold and len(same) <= 1
        offer = 0 if answer or listed < self.offer_threshold else min(OPTIONS, len(candidates))
        return Ranking(
            candidates[:limit], bool(same) and not self._aside.holds(text), answer, min(offer, limit)
        )


class _Phrases:
    """Every example as a phrase without spaces and punctuation, to find one that is said again."""

    def __init__(self, content: Content, space: Space) -> None:
        self._owners: dict[str, set[int]] = {}
        for row in space.examples:
            self._owners.setdefault(bare(content.analyses[row].text), set()).add(int(content.owners[row]))
        self._owners.pop("", None)
        self._all = list(self._owners)

    def same(self, text: str) -> set[int]:
        """Return the targets that have `text` among their examples, but for typing."""
        phrase = bare(fold(text[:LONGEST_MESSAGE]))
        found = self._owners.get(phrase)
        if found or len(phrase) < _SHORTEST_NEAR or len(phrase) > 200:
            return found or set()
        near = process.extract(phrase, self._all, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=3)
        near = [other for other, _, _ in near if _numbers(other) == _numbers(phrase)]
        return set.union(*(self._owners[other] for other in near)) if near else set()


class _Outside:
    """Examples of what belongs to staff: a message nearer to one of them than to the content is less sure."""

    def __init__(self, space: Space, texts: Sequence[str]) -> None:
        self._phrases = {phrase for text in texts if (phrase := bare(fold(text[:LONGEST_MESSAGE])))}
        self._vectors = space.vectors([space.read(text) for text in texts]) if texts and space.size else None
        self._space = space

    def holds(self, text: str) -> bool:
        """Say whether `text` is one of the examples."""
        return bool(self._phrases) and bare(fold(text[:LONGEST_MESSAGE])) in self._phrases

    def pull(self, analysis: Analysis, evidence: Floats) -> float:
        """Return what to take off the logits of a message."""
        if self._vectors is None:
            return 0.0
        nearest = self._space.likeness(analysis, self._vectors)
        return _OUTSIDE_PULL * max(0.0, nearest - first_example(evidence))


def bare(text: str) -> str:
    """Return `text` without spaces and punctuation."""
    return re.sub(r"[\W_]+", "", text)


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)
