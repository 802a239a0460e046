"""Messages a content can be tried on without anybody's questions: its own examples, held out in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bot.matching.evidence import EXAMPLE, Content, Floats, Ints, Space
from bot.matching.fusion import Fused, Weights, fuse, fuse_meanings

FOLDS = 4
MOST_ROWS = 900
"""Held-out messages judged per partition; larger contents are sampled."""


MANY_TARGETS = 256
MANY_EXAMPLES = 1000
"""Targets, or examples, from which on one partition tells enough."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Gate logits of held-out examples: of targets that were still there, and of targets that were not."""

    first: Floats
    three: Floats
    outside: np.ndarray
    right: np.ndarray
    """The first target was the right one; False for outside rows."""
    listed: np.ndarray
    """The right one was among the first three."""


def nothing_held_out() -> HeldOut:
    """Return what there is to say of a content too small to be tried."""
    logits, known = np.zeros(0, np.float32), np.zeros(0, bool)
    return HeldOut(first=logits, three=logits, outside=known, right=known, listed=known)


def held_out(content: Content, weights: Weights, partitions: int = 2, seed: int = 0) -> HeldOut:
    """Try every example on fits that leave out a quarter of the examples and a quarter of the targets.

    An example of a target left out is a question nothing answers; one left out alone should find its target.
    """
    if len(content.keys) > MANY_TARGETS or int((content.fields == EXAMPLE).sum()) > MANY_EXAMPLES:
        partitions = 1
    parts = [part for number in range(partitions) for part in _partition(content, weights, seed + number)]
    if not parts:
        return nothing_held_out()
    return HeldOut(
        first=np.concatenate([fused.first for fused, _, _ in parts]),
        three=np.concatenate([fused.three for fused, _, _ in parts]),
        outside=np.concatenate([out for _, _, out in parts]),
        right=np.concatenate([(f.order[:, 0] == o) & ~out for f, o, out in parts]),
        listed=np.concatenate([(f.order[:, :3] == o[:, None]).any(axis=1) & ~out for f, o, out in parts]),
    )


def _partition(content: Content, weights: Weights, seed: int) -> Iterator[tuple[Fused, Ints, np.ndarray]]:
    rng = np.random.default_rng(seed)
    examples = np.flatnonzero(content.fields == EXAMPLE)
    if len(content.keys) < 3 or len(examples) < 4:
        return
    example_fold = np.zeros(len(content.owners), np.int64)
    for start in range(len(content.keys)):  # spread every target's examples evenly over the folds
        own = examples[content.owners[examples] == start]
        example_fold[own] = (rng.permutation(len(own)) + rng.integers(FOLDS)) % FOLDS
    target_fold = rng.permutation(len(content.keys)) % FOLDS
    share = min(
        1.0, (MOST_ROWS if len(content.keys) <= MANY_TARGETS else MOST_ROWS // 2) / (2 * len(examples))
    )
    for fold in range(FOLDS):
        gone = target_fold[content.owners] == fold
        held = (content.fields == EXAMPLE) & (example_fold == fold)
        space = Space(content, ~gone & ~held)
        if space.size == 0:
            continue
        rows = np.flatnonzero(held | (gone & (content.fields == EXAMPLE)))
        # a target whose only example is held out and that has no other text cannot be found at all
        rows = rows[gone[rows] | np.isin(content.owners[rows], space.targets)]
        if share < 1:
            rows = rows[rng.random(len(rows)) < share]
        if content.meanings is not None:  # what an encoder does not read is judged without one
            rows = rows[content.meanings[rows].any(axis=1)]
        if not len(rows):
            continue
        analyses = [space.corrected(content.analyses[row]) for row in rows]
        if content.meanings is None:
            fused = fuse(space, analyses, weights)
        else:
            fused = fuse_meanings(space, analyses, content.meanings[rows], weights)
        yield fused, content.owners[rows], gone[rows]
