"""The trays work is sorted into: a closed list of labels, which two people agree to."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from bot.intents.catalog import ID, unknown_keys
from bot.intents.located import Document
from bot.intents.texts import Text, read_text

ALWAYS: Mapping[str, Text] = {
    "general": {"en": "General", "zh": "综合", "zh-Hant": "綜合"},
    "urgent": {"en": "Urgent", "zh": "紧急", "zh-Hant": "緊急"},
}
"""Lanes there are whatever the agency names, with their titles where it names none."""
OPEN_TO_ALL = frozenset(ALWAYS)
"""Lanes that cannot be restricted: whoever is on duty must see what nobody sorted, and what cannot wait."""


def read_lanes(document: Document, value: Any) -> dict[str, Text]:
    """Return the titles of the lanes by id; faults are noted in the document."""
    if value is None:
        return {}
    lanes: dict[str, Text] = {}
    if not isinstance(value, list):
        document.fault("must be a list of lanes, each with id and title", "lanes")
        return {}
    for index, item in enumerate(value):
        if not isinstance(item, Mapping) or not ID.match(str(item.get("id"))):
            document.fault("must have an id (small letters, digits, _ and -) and a title", "lanes", index)
            continue
        unknown_keys(document, item, {"id", "title", "restricted", "personal"}, "lanes", index)
        lanes[str(item["id"])] = read_text(document, item.get("title"), "lanes", index, "title")
    # Everything a person must decide has a place to go, whatever lanes the agency names.
    for key, title in ALWAYS.items():
        lanes.setdefault(key, title)
    return lanes


def read_restricted(document: Document, value: Any) -> frozenset[str]:
    """Return the ids of lanes that only accounts named for them may see anything of."""
    found = set()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        restricted = item.get("restricted", False) if isinstance(item, Mapping) else False
        if not isinstance(restricted, bool):
            document.fault(f"is {restricted!r}; write true or false", "lanes", index, "restricted")
        elif restricted and item.get("id") in OPEN_TO_ALL:
            document.fault(
                f"cannot be true for {item['id']!r}: everybody on duty must see what is in it; take the line out",
                "lanes",
                index,
                "restricted",
            )
        elif restricted:
            found.add(str(item.get("id")))
    return frozenset(found)


def read_personal(document: Document, value: Any) -> frozenset[str]:
    """Return the ids of lanes for people's own affairs, where no inquiry joins another by itself."""
    found = set()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        personal = item.get("personal", False) if isinstance(item, Mapping) else False
        if not isinstance(personal, bool):
            document.fault(f"is {personal!r}; write true or false", "lanes", index, "personal")
        elif personal:
            found.add(str(item.get("id")))
    return frozenset(found)


def lanes_digest(lanes: Mapping[str, Text], restricted: Collection[str]) -> str:
    """Return what a list of lanes is agreed to by: the same for the same ids, titles and restrictions."""
    said = [(key, sorted(title.items()), key in restricted) for key, title in sorted(lanes.items())]
    # The letters keep YAML from reading it as a number.
    return "lanes-" + hashlib.sha256(repr(said).encode()).hexdigest()[:12]


def read_agreement(document: Document, value: Any, digest: str) -> tuple[str, ...]:
    """Return who agreed to the lanes of that digest.

    An agreement to other lanes is a fault: no label is added by one person alone, once two have agreed.
    """
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        document.fault(f"must be a map such as {{as: {digest}, by: [one, another]}}", "lanes_agreed")
        return ()
    unknown_keys(document, value, {"as", "by"}, "lanes_agreed")
    if str(value.get("as")) != digest:
        document.fault(
            f"is not what these lanes are: they changed since; let two people read them and write {digest}",
            "lanes_agreed",
            "as",
        )
    names = value.get("by")
    people = [str(name).strip() for name in names if name] if isinstance(names, list) else []
    if len({name.casefold() for name in people}) < 2:
        document.fault(
            "must name the two people who agreed, such as [Lin Yue, Wei Min]", "lanes_agreed", "by"
        )
        return ()
    return tuple(people)
