"""The compact notation of urgent phrases: `我(真的|)不想活了`, `near the <place>`, expanded the same way every time."""

import re
import zlib
from collections.abc import Mapping, Sequence
from random import Random

_GROUP = re.compile(r"\(([^()]*)\)|<([a-z_]+)>")
_LIST = re.compile(r"<([a-z_]+)>")
_STRAY = re.compile(r"[()<>|]")


def faults_in(line: str, lists: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what is wrong with the notation of `line`, each as a sentence with its remedy."""
    faults = [
        f"names the list <{name}>, which does not exist; add it under `lists` or write the words out"
        for name in _LIST.findall(line)
        if name not in lists
    ]
    if _STRAY.search(_GROUP.sub("", line)) or any(
        alternative.count("<") > 1
        for group in _GROUP.finditer(line)
        for alternative in (group[1] or "").split("|")
    ):
        faults.append(
            "has a bracket or bar outside a group; write alternatives as (a|b), without nesting, and at most one <list> in each"
        )
    return faults


def _alternatives(group: str, lists: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the alternatives of a group; one that names a list stands for each of its words."""
    found: list[str] = []
    for alternative in group.split("|"):
        named = _LIST.search(alternative)
        words = lists[named[1]] if named else ("",)
        found += [
            alternative[: named.start()] + word + alternative[named.end() :] if named else alternative
            for word in words
        ]
    return found


def expand(line: str, lists: Mapping[str, Sequence[str]], limit: int) -> list[str]:
    """Return at most `limit` different wordings of `line`, always the same ones.

    Each alternative of each group is used, as far as `limit` allows; their combinations are a sample.
    """
    parts: list[Sequence[str]] = []
    end = 0
    for group in _GROUP.finditer(line):
        parts.append((line[end : group.start()],))
        parts.append(lists[group[2]] if group[2] else _alternatives(group[1], lists))
        end = group.end()
    parts.append((line[end:],))
    total = 1
    for part in parts:
        total *= len(part)
    wanted = min(limit, total)
    # Not secrecy but repeatability: one shuffle per line, so that a changed line leaves the others alone.
    random = Random(zlib.crc32(line.encode()))  # noqa: S311
    columns = []
    for part in parts:
        order = list(range(len(part)))
        column: list[int] = []
        while len(column) < wanted * 2:
            if len(order) > 1:
                random.shuffle(order)
            column += order if len(order) > 1 else order * (wanted * 2)
        columns.append(column)
    found: dict[str, None] = {}
    for chosen in zip(*(column[: wanted * 2] for column in columns), strict=True):
        found[" ".join("".join([part[at] for part, at in zip(parts, chosen, strict=True)]).split())] = None
        if len(found) == wanted:
            break
    return [text for text in found if text]
