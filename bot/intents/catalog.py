"""What intent files say: meanings with their examples, their approved answers and their own tests."""

import contextlib
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.errors import Fault
from bot.intents.located import Document, Step, read_yaml, shown
from bot.intents.texts import Text, read_text, read_texts

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_INTENT_KEYS = {
    "id", "title", "lane", "examples", "answer", "source", "reviewed", "handoff", "file_on_tap", "confirm", "menu",
    "tests",
}  # fmt: skip
_TEST_KEYS = {"matches", "rejects"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A meaning that maintainers describe, phrases that express it, and what is said back."""

    id: str
    title: Text
    examples: Mapping[str, tuple[str, ...]]
    answer: Text
    source: str | None
    reviewed: dt.date | None
    handoff: bool
    """A person must answer; `answer` is what is said while handing over."""
    file_on_tap: bool
    """`answer` names somebody outside; a person here has the message only when the citizen says so."""
    menu: bool
    """Listed among the topics."""
    confirm: bool
    """Always offered as an option, never sent straight."""
    lane: str | None
    matches: tuple[str, ...]
    rejects: tuple[str, ...]
    where: str = field(compare=False, repr=False)
    """Where it is written, which is no part of what it says."""

    @property
    def key(self) -> str:
        """The intent as a target."""
        return f"intent:{self.id}"

    def phrases(self) -> tuple[str, ...]:
        """Return the examples of every language."""
        return tuple(phrase for phrases in self.examples.values() for phrase in phrases)


def content_files(path: Path, suffixes: Sequence[str] = (".yaml", ".yml", ".json")) -> tuple[Path, ...]:
    """Return the content files under a folder (each once, in order of name), or the file itself.

    Files whose name begins with `_` hold settings, and are left to those who ask for them by name.
    """
    if path.is_file():
        return (path,)
    found = {
        candidate.resolve(): candidate
        for candidate in sorted(path.rglob("*"))
        if candidate.suffix in suffixes and not candidate.name.startswith(("_", ".")) and candidate.is_file()
    }
    return tuple(found.values())


def read_intents(paths: Sequence[Path]) -> tuple[tuple[Intent, ...], tuple[Fault, ...]]:
    """Read intent files; every fault of every file is returned beside what could be read."""
    intents: dict[str, Intent] = {}
    faults: list[Fault] = []
    for path in paths:
        document = read_yaml(path)
        for intent in _read_file(document):
            if intent.id in intents:
                faults.append(
                    Fault(
                        where=intent.where,
                        sentence=f"the id {intent.id!r} is taken by {intents[intent.id].where}; choose another",
                    )
                )
            else:
                intents[intent.id] = intent
        faults.extend(document.faults)
    return tuple(intents.values()), tuple(faults)


def read_outside(path: Path) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Read the questions that belong to staff (`outside:`), in every language."""
    document = read_yaml(path)
    if not isinstance(document.data, Mapping) or "outside" not in document.data:
        if not document.faults:
            document.fault("has no list `outside:`; begin the file with `outside:` and lists by language")
        return (), tuple(document.faults)
    unknown_keys(document, document.data, {"outside"})
    by_language = read_texts(document, document.data["outside"], "outside")
    return tuple(text for texts in by_language.values() for text in texts), tuple(document.faults)


def unknown_keys(document: Document, data: Mapping[str, Any], known: set[str], *steps: Step) -> None:
    """Warn of keys nobody reads, with the nearest right one."""
    for key in data:
        if key not in known:
            near = get_close_matches(key, sorted(known), n=1, cutoff=0.7)
            document.warn(
                f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "; nothing reads it"),
                *steps,
                key,
            )


def read_date(document: Document, value: Any, *steps: Step) -> dt.date | None:
    """Read a day such as 2026-03-01; anything else is a fault."""
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        document.fault(f"is {value!r}; write a day such as 2026-03-01", *steps)
        return None


def read_url(document: Document, value: Any, *steps: Step) -> str | None:
    """Read a web address (http or https); anything else is a fault."""
    if value is None:
        return None
    with contextlib.suppress(ValueError):  # brackets that hold no address
        parts = urlsplit(str(value))
        if parts.scheme in ("http", "https") and parts.hostname:
            return str(value)
    document.fault(f"is {value!r}; write a whole address such as https://city.example/page", *steps)
    return None


def _read_file(document: Document) -> list[Intent]:
    data = document.data
    if data is None:
        if not document.faults:
            document.warn("is empty; add `intents:` or remove the file")
        return []
    if not isinstance(data, Mapping) or "intents" not in data:
        document.fault("has no list `intents:`; begin the file with `intents:` and one `- id: …` for each")
        return []
    unknown_keys(document, data, {"intents"})
    if not isinstance(data["intents"], list):
        document.fault("`intents:` must be a list; begin each intent with `- id: …`", "intents")
        return []
    found = []
    for index, item in enumerate(data["intents"]):
        if isinstance(item, Mapping):
            intent = _read_intent(document, item, "intents", index)
            if intent is not None:
                found.append(intent)
        else:
            document.fault("must be a map that begins with `id:`", "intents", index)
    return found


def _read_intent(document: Document, item: Mapping[str, Any], *at: Step) -> Intent | None:
    before = sum(not fault.warning for fault in document.faults)
    unknown_keys(document, item, _INTENT_KEYS, *at)
    intent_id = item.get("id")
    if not isinstance(intent_id, str) or not ID.match(intent_id):
        document.fault(
            "needs an id"
            if intent_id is None
            else f"has the id {intent_id!r}; use small letters, digits, _ and -, at most 64",
            *at,
            "id",
        )
    tests = item.get("tests") or {}
    if not isinstance(tests, Mapping):
        document.fault("`tests:` must be a map with `matches:` and `rejects:`", *at, "tests")
        tests = {}
    unknown_keys(document, tests, _TEST_KEYS, *at, "tests")
    examples = read_texts(document, item.get("examples"), *at, "examples")
    if not any(examples.values()):
        document.fault("has no examples; write at least a few ways people ask this", *at, "examples")
    lane = item.get("lane")
    if item.get("handoff") is True and item.get("file_on_tap") is True:
        document.fault(
            "has both `handoff:` and `file_on_tap:`; the first files at once, keep one", *at, "handoff"
        )
    if item.get("file_on_tap") is True and lane is None:
        document.fault("needs a lane, which `_desk.yaml` should mark `restricted: true`", *at, "file_on_tap")
    intent = Intent(
        id=str(intent_id),
        title=read_text(document, item.get("title"), *at, "title", required=False) or {"": str(intent_id)},
        examples=examples,
        answer=read_text(document, item.get("answer"), *at, "answer"),
        source=read_url(document, item.get("source"), *at, "source"),
        reviewed=read_date(document, item.get("reviewed"), *at, "reviewed"),
        handoff=_flag(document, item.get("handoff"), *at, "handoff"),
        file_on_tap=_flag(document, item.get("file_on_tap"), *at, "file_on_tap"),
        menu=item.get("menu") is None or _flag(document, item.get("menu"), *at, "menu"),
        confirm=_flag(document, item.get("confirm"), *at, "confirm"),
        lane=None if lane is None else str(lane),
        matches=_flat(read_texts(document, tests.get("matches"), *at, "tests", "matches")),
        rejects=_flat(read_texts(document, tests.get("rejects"), *at, "tests", "rejects")),
        where=document.where(*at),
    )
    return intent if sum(not fault.warning for fault in document.faults) == before else None


def _flat(by_language: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(text for texts in by_language.values() for text in texts)


def _flag(document: Document, value: Any, *steps: Step) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    document.fault(f"is {value!r}; write true or false", *steps)
    return False


__all__ = [
    "Intent", "content_files", "read_date", "read_intents", "read_outside", "read_url", "shown", "unknown_keys",
]  # fmt: skip
