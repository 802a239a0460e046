"""How Python runs a desk: what it does by default is meant for programs that come to an end."""

import ctypes
import gc
import sys
from contextlib import suppress

SHARE = 0.0005
"""Seconds after which a thread that computes lets others on. The store's thread asks ten times for each write, and every
message of that moment waits for it; Python's own 5 ms made a tenth of a second of that."""
YOUNG = 20_000
"""New objects after which garbage is looked for; by default 700, which is several times for one message."""


def share_often() -> None:
    """Let no thread wait long for another that computes."""
    sys.setswitchinterval(SHARE)


def set_aside() -> None:
    """Look no more at what is there now, once the desk has started: the content and what was learned of it stay.

    Going through them takes a tenth of a second in which nobody is answered, and finds nothing. What is replaced later
    goes all the same: it holds no circles, which alone need looking for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
    _give_back()


def _give_back() -> None:
    """Give the system what reading and learning took and let go of: the allocator keeps it for a next time that is far."""
    with suppress(OSError, AttributeError):  # an allocator of another kind has ways of its own
        ctypes.CDLL(None).malloc_trim(0)
