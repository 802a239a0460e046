"""A bounded memory of ids."""

from collections.abc import Iterable


class Recent:
    """The last ids that were added, up to `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ids: dict[str, None] = {}

    def update(self, ids: Iterable[str]) -> None:
        """Add ids, forgetting the oldest beyond `most`."""
        self._ids.update(dict.fromkeys(ids))
        while len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]

    def __contains__(self, one: str) -> bool:
        return one in self._ids
