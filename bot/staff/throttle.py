"""Slowing down guesses, in memory only: nothing about who tried reaches a disk."""

import hashlib
from collections import deque
from datetime import datetime, timedelta
from secrets import token_bytes

KEYS_AT_MOST = 20_000


class Throttle:
    """Allows `limit` failures per key within `window`."""

    def __init__(self, limit: int, window: timedelta) -> None:
        self._limit = limit
        self._window = window
        self._salt = token_bytes(16)
        self._failures: dict[bytes, deque[datetime]] = {}

    def wait(self, key: str, now: datetime) -> float:
        """Return the seconds until `key` may try again; 0 when it may try now."""
        failures = self._failures.get(self._digest(key))
        if failures is None:
            return 0.0
        self._forget(failures, now)
        if len(failures) < self._limit:
            return 0.0
        return (failures[-self._limit] + self._window - now).total_seconds()

    def fail(self, key: str, now: datetime) -> None:
        """Note a failure of `key`."""
        if len(self._failures) >= KEYS_AT_MOST:
            self._tidy(now)
        self._failures.setdefault(self._digest(key), deque(maxlen=self._limit)).append(now)

    def _digest(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode(), key=self._salt, digest_size=16).digest()

    def _forget(self, failures: deque[datetime], now: datetime) -> None:
        while failures and failures[0] + self._window <= now:
            failures.popleft()

    def _tidy(self, now: datetime) -> None:
        """Drop keys whose window has passed; if the table is still full, the ones noted first go."""
        for digest, failures in list(self._failures.items()):
            self._forget(failures, now)
            if not failures:
                del self._failures[digest]
        while len(self._failures) >= KEYS_AT_MOST:
            del self._failures[next(iter(self._failures))]
