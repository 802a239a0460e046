"""Records that only the engines know: what they keep beside the desk's own, the same in each."""

from dataclasses import dataclass
from datetime import datetime

from bot.errors import Fault
from bot.models import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """The wrapped key of one record."""

    owner: str
    """The id of an inquiry or a situation, or the digest of a conversation."""
    wrapped: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """A message whose effect is recorded."""

    digest: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """How often something happened; nothing tells to whom."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFiles:
    """The archive of a content version, apart from it: it is let go of sooner."""

    number: int
    body: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a process learned from content, sealed by the desk's key; with another key it is learned anew."""

    name: str
    order: int
    """The higher, the newer."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFaults:
    """What is wrong with the newest files, where they are watched."""

    name: str
    faults: tuple[Fault, ...]


WATCHED = "watched"
"""The name of the one row there is of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCount:
    """How many situations were ever opened in a pool."""

    name: str
    opened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """When something that is done again and again was last done."""

    name: str
    at: datetime
