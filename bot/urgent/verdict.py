"""What the detector concludes about a message."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Service = Literal["police", "fire", "ambulance", "traffic"]


class Tier(StrEnum):
    """How sure the detector is, and so how much is done."""

    SURE = "sure"
    """The full card, and the top of the queue."""
    POSSIBLE = "possible"
    """One soft line before the ordinary answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A message that may be urgent."""

    kind: Literal["crisis", "danger"]
    """`crisis`: somebody's suicide or self-harm; `danger`: any other emergency happening now."""
    tier: Tier
    about_other: bool
    """The writer reports another person's need."""
    service: Service | None = None
    """In danger: which number leads, when that can be told."""
