"""Finds, among many groups of reports, the one that a new report belongs to."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from bot.matching.near import ALIKE, Gist, apart, likeness

LOOKED_AT = 32
"""Groups that are compared in full: those that have most in common with the report."""
TOO_COMMON = 300
"""What more groups than this have in common leads to none of them, unless nothing rarer does."""


class Groups:
    """Reports by group, found by what they name. Held in memory alone."""

    def __init__(self) -> None:
        self._members: dict[str, dict[str, Gist]] = {}
        self._by_unit: dict[str, dict[str, int]] = {}
        """For each thing named: the groups that have it, and how many of their reports do."""

    def __contains__(self, group: str) -> bool:
        return group in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def members(self, group: str) -> Mapping[str, Gist]:
        """Return the reports of a group by name; none for an unknown one."""
        return self._members.get(group, {})

    def put(self, group: str, members: Mapping[str, Gist]) -> None:
        """Let the group be these reports, whatever it was."""
        self.drop(group)
        if members:
            self._members[group] = {}
            for name, gist in members.items():
                self.add(group, name, gist)

    def add(self, group: str, name: str, gist: Gist) -> None:
        """Let the group have one more report."""
        members = self._members.setdefault(group, {})
        if name in members:
            return
        members[name] = gist
        for unit in _units(gist):
            groups = self._by_unit.setdefault(unit, {})
            groups[group] = groups.get(group, 0) + 1

    def drop(self, group: str) -> None:
        """Forget the group."""
        for gist in self._members.pop(group, {}).values():
            for unit in _units(gist):
                groups = self._by_unit[unit]
                groups[group] -= 1
                if not groups[group]:
                    del groups[group]
                    if not groups:
                        del self._by_unit[unit]

    def nearest(self, gist: Gist, allowed: Callable[[str], bool]) -> str | None:
        """Return the allowed group with the report most alike, if that is alike enough and none in it is apart."""
        best, most = None, ALIKE
        for group in self._candidates(gist):
            members = self._members[group].values()
            if not allowed(group) or any(apart(gist, member) for member in members):
                continue
            alike = max(likeness(gist, member) for member in members)
            if alike >= most and (best is None or alike > most):
                best, most = group, alike
        return best

    def _candidates(self, gist: Gist) -> list[str]:
        """Return the groups that have most in common with a report, the oldest of equals first."""
        postings = sorted((self._by_unit.get(unit, {}) for unit in _units(gist)), key=len)
        shared: Counter[str] = Counter()
        for groups in postings:
            if groups and (len(groups) <= TOO_COMMON or not shared):
                # The oldest of very many; only what nothing rarer tells apart comes here.
                shared.update(group for group, _ in zip(groups, range(TOO_COMMON), strict=False))
        return [group for group, _ in shared.most_common(LOOKED_AT)]


def _units(gist: Gist) -> frozenset[str]:
    # A kind that happens at many places at once leads nowhere without a name.
    kinds = {kind for kind in gist.kinds if not kind.startswith("@")}
    return gist.named | gist.about | gist.words | kinds
