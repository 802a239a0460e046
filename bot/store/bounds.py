"""How much of what can be made again a store keeps: files of old content versions, and what was learned."""

from collections.abc import Sequence

CONTENT_KEPT = 20
"""Content versions whose files are kept."""
CONTENT_ROOM = 64 << 20
"""Bytes of their archives together."""
LEARNED_KEPT = 16
LEARNED_ROOM = 128 << 20


def old_content(sizes: Sequence[int]) -> Sequence[int]:
    """Return which archives to let go of, given how large each is, the newest first."""
    return _beyond(sizes, CONTENT_KEPT, CONTENT_ROOM)


def old_learned(sizes: Sequence[int]) -> Sequence[int]:
    """Return which of what was learned to let go of, given how large each is, the newest first."""
    return _beyond(sizes, LEARNED_KEPT, LEARNED_ROOM)


def _beyond(sizes: Sequence[int], most: int, room: int) -> Sequence[int]:
    """Return the places of those that are too many or have no room; the first always has."""
    found = []
    for place, size in enumerate(sizes):
        room -= size
        if place and (place >= most or room < 0):
            found.append(place)
    return found
