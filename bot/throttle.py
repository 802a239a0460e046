"""Slowing down guesses and floods, in memory only: nothing about who asked reaches a disk.

What is counted stands under a digest with a random key that dies with the process, and within it every day: the table
names nobody, and tomorrow's does not fit today's.
"""

import hashlib
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Generic, TypeVar

from bot.errors import DeskError

T = TypeVar("T")

KEY_LASTS = 24 * 60 * 60.0
"""Seconds until the key is another one and all counts begin anew."""
MOST_NAMES = 50_000


class Throttled(DeskError):
    """Too many attempts; `seconds` says how long to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many attempts; try again in {seconds:.0f} s.")
        self.seconds = max(1, round(seconds))


class Counts(Generic[T]):
    """What is counted for each name, without the names; when there is no more room, the one used longest ago goes."""

    def __init__(self, most_names: int = MOST_NAMES) -> None:
        self._most_names = most_names
        self._key = token_bytes(32)
        self._made_at: float | None = None
        self._kept: OrderedDict[bytes, T] = OrderedDict()

    def get(self, name: str, now: float) -> T | None:
        """Return what is counted for the name."""
        self._renew_key(now)
        return self._kept.get(self._digest(name))

    def put(self, name: str, count: T, now: float) -> None:
        """Keep what is counted for the name."""
        self._renew_key(now)
        digest = self._digest(name)
        self._kept[digest] = count
        self._kept.move_to_end(digest)
        if len(self._kept) > self._most_names:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)

    def _renew_key(self, now: float) -> None:
        if self._made_at is None:
            self._made_at = now
        if now - self._made_at >= KEY_LASTS:
            self._key, self._made_at = token_bytes(32), now
            self._kept.clear()

    def _digest(self, name: str) -> bytes:
        return hashlib.blake2b(name.encode("utf-8", "replace"), key=self._key, digest_size=16).digest()


class Failures:
    """Allows `limit` failures for each name within `window`."""

    def __init__(self, limit: int, window: timedelta, most_names: int = MOST_NAMES) -> None:
        self._limit = limit
        self._window = window.total_seconds()
        self._counts: Counts[deque[float]] = Counts(most_names)

    def mind(self, name: str, now: datetime) -> None:
        """Raise `Throttled` when the name has failed too often."""
        at = now.timestamp()
        failures = self._counts.get(name, at)
        if failures is None:
            return
        while failures and failures[0] + self._window <= at:
            failures.popleft()
        if len(failures) >= self._limit:
            raise Throttled(failures[-self._limit] + self._window - at)

    def fail(self, name: str, now: datetime) -> None:
        """Note a failure of the name."""
        at = now.timestamp()
        failures = self._counts.get(name, at) or deque(maxlen=self._limit)
        failures.append(at)
        self._counts.put(name, failures, at)


class Bucket:
    """A bucket of `burst` requests for each name, refilled with `per_second`."""

    def __init__(
        self,
        *,
        burst: int,
        per_second: float,
        monotonic: Callable[[], float] = time.monotonic,
        most_names: int = MOST_NAMES,
    ) -> None:
        self._burst = burst
        self._per_second = per_second
        self._monotonic = monotonic
        # Asked longest ago means the fullest bucket, which is like none: what is let go changes nothing.
        self._counts: Counts[tuple[float, float]] = Counts(most_names)

    def take(self, name: str) -> int:
        """Take one request from the name's bucket. Return 0, or the whole seconds to wait when it is empty."""
        now = self._monotonic()
        level, at = self._counts.get(name, now) or (float(self._burst), now)
        level = min(self._burst, level + (now - at) * self._per_second)
        allowed = level >= 1
        self._counts.put(name, (level - 1 if allowed else level, now), now)
        return 0 if allowed else math.ceil((1 - level) / self._per_second)
