"""How long to wait before the next attempt."""

import random


class Backoff:
    """Doubles the wait from `first` up to `longest` seconds, until there is success."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def wait(self) -> float:
        """Return how many seconds to wait now; spread, so that many who failed together come back apart."""
        seconds = self._next * random.uniform(0.75, 1.25)  # noqa: S311 (no secret)
        self._next = min(self._longest, self._next * 2)
        return seconds

    def succeed(self) -> None:
        """Begin anew."""
        self._next = self._first
