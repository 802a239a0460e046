"""How often one conversation or one address may ask; in memory, under a key that dies with the process."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address
from secrets import token_bytes


class Throttle:
    """A bucket of `burst` requests for each name, refilled with `per_second`."""

    def __init__(
        self,
        *,
        burst: int,
        per_second: float,
        monotonic: Callable[[], float] = time.monotonic,
        most_names: int = 50_000,
    ) -> None:
        self._burst = burst
        self._per_second = per_second
        self._monotonic = monotonic
        self._most_names = most_names
        self._key = token_bytes(32)
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> int:
        """Take one request from the name's bucket. Return 0, or the whole seconds to wait when it is empty."""
        digest = blake2b(name.encode("utf-8", "replace"), key=self._key, digest_size=16).digest()
        now = self._monotonic()
        level, at = self._buckets.pop(digest, (float(self._burst), now))
        level = min(self._burst, level + (now - at) * self._per_second)
        allowed = level >= 1
        self._buckets[digest] = (level - 1 if allowed else level, now)
        if len(self._buckets) > self._most_names:
            self._buckets.popitem(last=False)  # asked longest ago: the fullest bucket, which is like none
        return 0 if allowed else math.ceil((1 - level) / self._per_second)


def shared(address: IPv4Address | IPv6Address | None) -> bool:
    """Tell whether the address may stand for many people: this machine, a private network, an unnamed proxy.

    A limit on it would fall on everybody behind it, so none is set.
    """
    return address is None or not address.is_global
