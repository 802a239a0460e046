"""What goes into a fit and what comes out of a ranking."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that can be answered."""

    key: str
    """`intent:<id>` or `knowledge:<id>`."""

    examples: tuple[str, ...]
    """Phrases that mean it; of a knowledge entry, its question or questions."""

    titles: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    """The answers' own words: evidence beside the examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPolicy:
    """What maintainers ask of the router; the thresholds follow from it and the content."""

    target_precision: float = 0.90
    """Share of direct answers that must be right."""

    offer_precision: float = 0.50
    """Share of option lists that must hold the right target."""

    outside_share: float = 0.35
    """Share of messages that belong to staff; precision means nothing without it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target a message may mean."""

    key: str
    confidence: float
    """Finite, 0 to 1, comparable across intents and knowledge."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What the content can say to one message."""

    candidates: tuple[Candidate, ...]
    """Best first; empty where there is no evidence at all."""

    exact: bool
    """The message is, but for typing, an example of the first candidate."""

    answer: bool
    """Sure enough to answer with the first candidate."""

    offer: int
    """How many of the first candidates to offer, 0 to 3, when not answering."""

    listed: float = 0.0
    """Probability that one of the first three is right."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for some targets, in the plainest of the figures that are weighed: shares from 0 to 1."""

    of: Mapping[str, Mapping[str, float]]
    """By target, then by the figure's name; a target the message shares nothing with may be missing."""

    outside: float | None
    """Likeness to the nearest example of what belongs to staff."""
