"""Fitting a matcher to content, and ranking a message with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace

import numpy as np
from rapidfuzz import fuzz, process
from threadpoolctl import threadpool_limits

from bot.matching.analysis import LONGEST_TEXT, analyse
from bot.matching.archive import Archive, Archived
from bot.matching.calibration import answer_threshold, offer_threshold, row_weights
from bot.matching.fusion import shipped
from bot.matching.index import PastAnswer, bare
from bot.matching.learned import Learned
from bot.matching.meaning import Meanings
from bot.matching.parts import SURE, Classified, Fusion, Judged, Part, told_by_key
from bot.matching.records import Candidate, Evidence, Item, MatchPolicy, Ranking
from bot.text import fold

LONGEST_MESSAGE = 2000
"""Characters of a message, or of any text of the content, that are read at all."""
OPTIONS = 3
_NEAR = 94.0
"""Likeness, of 100, from which on two phrases are taken for the same one."""
_SHORTEST_NEAR = 8
_SURE = 0.995
_LEAST = 0.01
_RICH_EXAMPLES = 8
"""Examples an intent needs to be one class of a classifier."""
_RICH_TEXTS = 1500
"""Examples a content needs for a classifier to beat the fusion, when its answers tell little."""
_RICH_TEXTS_BESIDE_ANSWERS = 4000
_TELLING_WORDS = 4
_MOST_CELLS = 6_000_000
"""Intents times examples beyond which a classifier is not fitted: each class is weighed against every text, so that
five thousand intents would take gigabytes and an hour."""


def fit(
    items: Sequence[Item],
    outside: Sequence[str],
    policy: MatchPolicy,
    *,
    learned: Learned | None = None,
    meanings: Meanings | None = None,
) -> Matcher:
    """Fit a matcher to `items`; `outside` are examples of what belongs to staff, and may be empty.

    Nothing but the content is needed: thresholds come from its own examples, held out in turn. That is most of
    the work; what was `learned` from the same content gives the same matcher without it, and what was learned from
    nearly the same content one with nearly the right thresholds. With `meanings` an encoder's evidence joins the rest;
    vectors it knows are not worked out again.
    """
    # One thread of linear algebra: more of them win nothing here and take the other core from whoever serves.
    with threadpool_limits(1):
        cut = [text[:LONGEST_MESSAGE] for text in outside]
        return _fit([_cut(item) for item in items], cut, policy, learned or Learned(), meanings)


def _fit(
    items: list[Item],
    outside: list[str],
    policy: MatchPolicy,
    learned: Learned,
    meanings: Meanings | None,
) -> Matcher:
    if meanings is not None:
        meanings = meanings.covering(
            (*outside, *(t for i in items for t in (*i.examples, *i.titles, *i.answers, told_by_key(i))))
        )
    # An encoder that reads none of the examples has nothing to compare messages with.
    felt = meanings if meanings and meanings.rows(t for i in items for t in i.examples).any() else None
    rich = rich_items(items)
    share = policy.outside_share
    parts: list[Part] = []
    if rich:
        parts.append(
            Classified(
                [items[n] for n in rich],
                rich,
                outside,
                share,
                learned.classified,
                learned.sensed,
                learned.trained,
                meanings=felt,
            )
        )
    rest = sorted(set(range(len(items))) - set(rich))
    if rest or not rich:
        covers = len(rest) / max(1, len(items)) if rich else 1.0
        some = [items[n] for n in rest]
        plain = Fusion(some, rest, outside, shipped(), share, learned.fusion, covers=covers)
        parts.append(
            plain
            if felt is None
            else Fusion(
                some,
                rest,
                outside,
                shipped(encoder=True),
                share,
                learned.meant,
                covers=covers,
                meanings=felt,
                plain=plain,
            )
        )
    return Matcher(items, outside, parts, policy, meanings)


class Matcher:
    """Ranks messages against fitted content."""

    def __init__(
        self,
        items: Sequence[Item],
        outside: Sequence[str],
        parts: Sequence[Part],
        policy: MatchPolicy,
        meanings: Meanings | None = None,
    ) -> None:
        self.meanings = meanings
        """Vectors of the content's texts, where there is an encoder."""
        self._keys = [item.key for item in items]
        self._phrases = _Phrases(items)
        self._outside = tuple(outside)
        self._aside = {phrase for text in outside if (phrase := bare(fold(text)))}
        self._examples = sum(len(item.examples) for item in items)
        self._set(parts, policy)

    def _set(self, parts: Sequence[Part], policy: MatchPolicy) -> None:
        self.parts = tuple(parts)
        self._archived = next((part for part in parts if isinstance(part, Archived)), None)
        self.policy = policy
        trials = [part.trial for part in parts]
        beyond = np.concatenate([trial.outside for trial in trials])
        tried = np.concatenate([trial.first for trial in trials])
        weights = row_weights(beyond, policy.outside_share, np.concatenate([trial.real for trial in trials]))
        self.answer_threshold: float = answer_threshold(tried, weights, policy, self._examples)
        """Confidence from which on the first candidate is sent."""
        self.offer_threshold: float = offer_threshold(policy)
        """Probability that the right one is listed, from which on options are offered."""

    @property
    def learned(self) -> Learned:
        """What fitting found out by trying: with it, the same content is fitted in a fraction of the time."""
        fusion = next((part for part in self.parts if isinstance(part, Fusion)), None)
        return Learned(
            fusion=None if fusion is None else (fusion.plain or fusion).tried,
            meant=fusion.tried if fusion and fusion.plain else None,
            classified=next((part.gates for part in self.parts if isinstance(part, Classified)), None),
            sensed=next((part.sensed_gates for part in self.parts if isinstance(part, Classified)), None),
            trained=next((part.trained for part in self.parts if isinstance(part, Classified)), None),
        )

    def at_share(self, outside_share: float) -> Matcher:
        """Return this matcher as it would be for another share of outside messages: nothing is fitted anew."""
        matcher = copy(self)
        matcher._set(
            [part.at_share(outside_share) for part in self.parts],
            replace(self.policy, outside_share=outside_share),
        )
        return matcher

    def beside(
        self, archive: Archive, gone: Collection[int] = (), later: Iterable[PastAnswer] = ()
    ) -> Matcher:
        """Return this matcher with an archive of past answers beside it, but for its rows `gone`, and with `later`."""
        found, later = copy(self), list(later)
        there = len(archive.index.entries) - len(gone) + len(later)
        covers = there / max(1, there + len(self._keys))
        archived = Archived(
            archive, len(self._keys), gone, later, self._outside, self.policy.outside_share, covers=covers
        )
        # What an entry answers does not belong to staff.
        found._aside = {phrase for phrase in self._aside if not archived.same(phrase)}
        found._examples = self._examples + there
        found._set((*self.parts, archived), self.policy)
        return found

    def rank(self, text: str, limit: int = 5) -> Ranking:
        """Return the targets `text` may mean, best first, and what to do with them."""
        text = text[:LONGEST_MESSAGE]
        phrase = bare(fold(text))
        judged = self._judged(text)
        same = self._same(phrase) or self._near(phrase, judged.order[:OPTIONS] if judged else [])
        if phrase in self._aside:
            judged = judged and Judged(
                judged.order, judged.odds, min(judged.first, _LEAST), min(judged.listed, _LEAST)
            )
            same = []
        elif same:
            judged = _said_again(same, judged)
        if judged is None:
            return Ranking((), False, False, 0)
        candidates = tuple(
            Candidate(self._key(target), float(np.clip(judged.first * odds, 0, 1)))
            for target, odds in zip(judged.order[: max(limit, 0)], judged.odds, strict=False)
        )
        answer = bool(candidates) and judged.first >= self.answer_threshold and len(same) <= 1
        offer = 0 if answer or judged.listed < self.offer_threshold else min(OPTIONS, len(candidates))
        return Ranking(candidates, bool(same), answer, offer, judged.listed)

    def evidence(self, text: str, keys: Sequence[str]) -> Evidence:
        """Return what speaks for the targets `keys`."""
        text = text[:LONGEST_MESSAGE]
        found: dict[str, Mapping[str, float]] = {}
        outside: list[float] = []
        for part in self.parts:
            of, likeness = part.evidence(text, self._numbers(text, keys))
            found |= {self._key(number): figures for number, figures in of.items()}
            outside += [] if likeness is None else [likeness]
        return Evidence(found, max(outside, default=None))

    def _key(self, target: int) -> str:
        if self._archived is None or target < len(self._keys):
            return self._keys[target]
        return self._archived.key(target)

    def _numbers(self, text: str, keys: Sequence[str]) -> list[int]:
        numbers = [self._keys.index(key) for key in keys if self._archived is None or key in self._keys]
        return numbers + (self._archived.numbers(text, keys) if self._archived else [])

    def _same(self, phrase: str) -> list[int]:
        return self._phrases.same(phrase) + (self._archived.same(phrase) if self._archived else [])

    def _near(self, phrase: str, targets: Sequence[int]) -> list[int]:
        if self._archived is None:
            return self._phrases.near(phrase, targets)
        fitted = self._phrases.near(phrase, [target for target in targets if target < len(self._keys)])
        archived = [target for target in targets if target >= len(self._keys)]
        return fitted + [t for t in archived if _alike(phrase, [self._archived.phrase(t)])]

    def _judged(self, text: str) -> Judged | None:
        """Return what the parts say together."""
        found: list[Judged] = []
        for part in self.parts:
            judged = part.judge(text)
            if judged is not None:
                found.append(judged)
                if judged.first >= SURE:
                    break
        if len(found) < 2:
            return found[0] if found else None
        first = max(judged.first for judged in found)
        merged = sorted(
            (
                (judged.first * odds, target)
                for judged in found
                for target, odds in zip(judged.order, judged.odds, strict=False)
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )
        return Judged(
            order=[target for _, target in merged],
            odds=[value / max(first, 1e-9) for value, _ in merged],
            first=first,
            listed=max(judged.listed for judged in found),
        )


def _said_again(same: list[int], judged: Judged | None) -> Judged:
    """Return a sure judgement for a message that is an example; an example of several leaves the choice."""
    order = judged.order if judged else []
    front = sorted(same, key=lambda target: order.index(target) if target in order else len(order))
    rest = [target for target in order if target not in same]
    return Judged(
        order=front + rest,
        odds=[1.0] * len(front) + [_LEAST] * len(rest),
        first=_SURE if len(same) == 1 else 1 / len(same),
        listed=_SURE,
    )


class _Phrases:
    """Every example as a phrase without spaces and punctuation, to find one that is said again."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._of = [[bare(fold(text)) for text in item.examples] for item in items]
        self._owners: dict[str, list[int]] = {}
        for number, phrases in enumerate(self._of):
            for phrase in dict.fromkeys(phrases):
                self._owners.setdefault(phrase, []).append(number)

    def same(self, phrase: str) -> list[int]:
        """Return the items that have `phrase` among their examples."""
        return self._owners.get(phrase, []) if phrase else []

    def near(self, phrase: str, items: Sequence[int]) -> list[int]:
        """Return those of `items` that have `phrase` among their examples but for a slip of the pen."""
        return [item for item in items if _alike(phrase, self._of[item])]


def _alike(phrase: str, phrases: Sequence[str]) -> bool:
    """Say whether `phrase` is one of `phrases` but for a slip of the pen."""
    if not _SHORTEST_NEAR <= len(phrase) <= LONGEST_TEXT:
        return False
    found = process.extractOne(phrase, phrases, scorer=fuzz.ratio, score_cutoff=_NEAR)
    return found is not None and _numbers(found[0]) == _numbers(phrase)


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _cut(item: Item) -> Item:
    """Return `item` with texts cut to what is read of them, and without empty ones."""

    def cut(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(text[:LONGEST_MESSAGE] for text in texts if bare(fold(text[:LONGEST_MESSAGE])))

    titles = cut(item.titles) or named(item.key)
    return Item(key=item.key, examples=cut(item.examples), titles=titles, answers=cut(item.answers))


def named(key: str) -> tuple[str, ...]:
    """Return the words of an intent's id, which stand for a title where there is none; of an entry nothing."""
    kind, _, name = key.partition(":")
    words = re.sub(r"[\W_]+", " ", name).strip()
    return (words,) if kind == "intent" and words else ()


def rich_items(items: Sequence[Item]) -> list[int]:
    """Return the numbers of the items that a classifier serves better than the fusion does."""
    found = [n for n, item in enumerate(items) if len(item.examples) >= _RICH_EXAMPLES]
    texts = sum(len(items[n].examples) for n in found)
    if len(found) < 2 or texts < _RICH_TEXTS or len(found) * texts > _MOST_CELLS:
        return []
    words = [set(analyse(" ".join(items[n].answers)).bags["words"]) for n in found]
    shared = Counter(word for bag in words for word in bag)
    telling = [sum(shared[word] <= max(1, len(found) // 10) for word in bag) for bag in words]
    if np.mean(telling) >= _TELLING_WORDS and texts < _RICH_TEXTS_BESIDE_ANSWERS:
        return []
    return found
