"""Past answers as files give them: one JSON object a line, or a YAML list."""

import datetime as dt
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bot.errors import Fault
from bot.intents.catalog import ID, content_files, read_date, read_url, unknown_keys
from bot.intents.located import Document, Step, read_yaml, shown
from bot.models import EntryStatus, KnowledgeEntry, Language
from bot.text import language_of

_KEYS = {
    "id", "question", "answer", "date", "url", "source", "source_url", "language", "status", "approver",
    "review_by", "valid_until",
}  # fmt: skip
_LANGUAGES: dict[str, Language] = {
    "zh": "zh-Hans", "zh-hans": "zh-Hans", "zh-cn": "zh-Hans", "zh-hant": "zh-Hant", "zh-tw": "zh-Hant",
    "zh-hk": "zh-Hant", "en": "en",
}  # fmt: skip
_UNREAD = object()
"""Stands for a line that could not be read, so that the others keep their numbers."""
MAX_WARNINGS = 20
"""A foreign file may warn on every line; a person reads the first ones."""


def knowledge_files(path: Path) -> tuple[Path, ...]:
    """Return the knowledge files under a folder, or the file itself."""
    return content_files(path, (".jsonl", ".yaml", ".yml", ".json"))


def read_knowledge(paths: Sequence[Path]) -> tuple[tuple[KnowledgeEntry, ...], tuple[Fault, ...]]:
    """Read knowledge files; every fault is returned beside what could be read."""
    entries: dict[str, KnowledgeEntry] = {}
    places: dict[str, tuple[Document, int]] = {}
    faults: list[Fault] = []
    for path in paths:
        lines = _Lines(path=path) if path.suffix == ".jsonl" else None
        document = lines or _read_list(path)
        for index, row in enumerate(_rows(document) if lines is None else lines.read()):
            if row is _UNREAD:
                continue
            entry = _read_entry(document, row, index)
            if entry is None:
                continue
            if entry.id in entries:
                other, place = places[entry.id]
                document.fault(f"the id {entry.id!r} is taken by {other.where(place)}; choose another", index)
            else:
                entries[entry.id] = entry
                places[entry.id] = document, index
        faults.extend(fault for fault in document.faults if not fault.warning)
        warnings = [fault for fault in document.faults if fault.warning]
        faults.extend(warnings[:MAX_WARNINGS])
        if len(warnings) > MAX_WARNINGS:
            faults.append(
                Fault(
                    where=document.where(),
                    sentence=f"{len(warnings) - MAX_WARNINGS} more warnings",
                    warning=True,
                )
            )
    return tuple(entries.values()), tuple(faults)


@dataclass
class _Lines(Document):
    """A file of one object a line, read line by line: there may be a million."""

    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    """The line of each row."""

    def where(self, *steps: Step) -> str:
        """See `Document`."""
        if steps and isinstance(steps[0], int) and steps[:1] not in self.places:
            return f"{shown(self.path)}:{self.numbers[steps[0]]}:1"
        return super().where(*steps)

    def read(self) -> Iterator[Any]:
        """Yield the rows; what cannot be read is a fault."""
        try:
            with self.path.open("rb") as file:
                # Lines end at a line feed only: a line separator inside a JSON text is part of the text.
                yield from self._objects(enumerate(file, start=1))
        except OSError as exc:
            self.fault(f"cannot be read ({exc.strerror}); check its name and rights")

    def _objects(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[Any]:
        for number, line in lines:
            row = line.removeprefix(b"\xef\xbb\xbf").strip(b"\n")
            if not row.strip():
                continue
            self.numbers.append(number)
            try:
                yield orjson.loads(row)
            except orjson.JSONDecodeError as exc:
                self.places[(len(self.numbers) - 1,)] = (number, exc.colno)
                self.fault(
                    f"is not JSON ({exc.msg}); each line must be one whole object", len(self.numbers) - 1
                )
                yield _UNREAD


def _rows(document: Document) -> list[Any]:
    return document.data if isinstance(document.data, list) else []


def _read_list(path: Path) -> Document:
    document = read_yaml(path)
    data = document.data
    if isinstance(data, Mapping) and isinstance(data.get("knowledge"), list):
        # `knowledge:` above the list is accepted; positions move up one step.
        document.places = {
            steps[1:]: place for steps, place in document.places.items() if steps[:1] == ("knowledge",)
        }
        document.data = data["knowledge"]
    elif data is not None and not isinstance(data, list):
        document.fault("must be a list of entries; begin each with `- id: …`")
        document.data = None
    return document


def _read_entry(document: Document, row: Any, index: int) -> KnowledgeEntry | None:
    before = len(document.faults)
    if not isinstance(row, Mapping):
        document.fault("must be an object with id, question and answer", index)
        return None
    unknown_keys(document, row, _KEYS, index)
    question, answer = (_words(document, row, key, index) for key in ("question", "answer"))
    entry_id = row.get("id")
    if isinstance(entry_id, int) and not isinstance(entry_id, bool):
        entry_id = str(entry_id)
    if not isinstance(entry_id, str) or not ID.match(entry_id):
        document.fault(
            "needs an id" if entry_id is None else f"has the id {entry_id!r}; use small letters, digits, _ and -, at most 64",
            index, "id",
        )  # fmt: skip
    status = str(row.get("status") or EntryStatus.PUBLISHED)
    if status not in tuple(EntryStatus):
        document.fault(f"has the status {status!r}; use draft, published or withdrawn", index, "status")
        status = EntryStatus.DRAFT
    # `source` may name a body instead of an address; only an address becomes a link.
    source = row.get("source")
    link = row.get("url") or row.get("source_url")
    if link is None and isinstance(source, str) and re.match(r"https?://", source):
        link = source
    entry = KnowledgeEntry(
        id=str(entry_id),
        question=question,
        answer=answer,
        language=_language(document, row.get("language"), question + answer, index),
        status=EntryStatus(status),
        date=read_date(document, row.get("date"), index, "date") or dt.date.min,
        source=read_url(document, link, index, "url"),
        approver=None if row.get("approver") is None else str(row["approver"]),
        review_by=read_date(document, row.get("review_by"), index, "review_by"),
        valid_until=read_date(document, row.get("valid_until"), index, "valid_until"),
    )
    return entry if all(fault.warning for fault in document.faults[before:]) else None


def _words(document: Document, row: Mapping[str, Any], key: str, index: int) -> str:
    value = row.get(key)
    if isinstance(value, str) and value.strip():
        return value.strip()
    document.fault(f"has no {key}; write it" if value in (None, "") else f"{key} must be a text", index, key)
    return ""


def _language(document: Document, value: Any, words: str, index: int) -> Language | None:
    if value is None:
        return language_of(words)
    known = _LANGUAGES.get(str(value).casefold().replace("_", "-"))
    if known is None:
        document.warn(f"has the language {value!r}; the desk speaks zh, zh-Hant and en", index, "language")
    return known or language_of(words)
