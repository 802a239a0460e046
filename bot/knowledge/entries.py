"""Past answers as files give them: one JSON object a line, or a YAML list."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from bot.errors import Fault
from bot.intents.catalog import ID, content_files, read_date, read_url, unknown_keys
from bot.intents.located import Document, read_yaml
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
    entries: dict[str, tuple[KnowledgeEntry, str]] = {}
    faults: list[Fault] = []
    for path in paths:
        document = _read_lines(path) if path.suffix == ".jsonl" else _read_list(path)
        rows = document.data if isinstance(document.data, list) else []
        for index, row in enumerate(rows):
            if row is _UNREAD:
                continue
            entry = _read_entry(document, row, index)
            if entry is None:
                continue
            if entry.id in entries:
                document.fault(
                    f"the id {entry.id!r} is taken by {entries[entry.id][1]}; choose another", index
                )
            else:
                entries[entry.id] = (entry, document.where(index))
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
    return tuple(entry for entry, _ in entries.values()), tuple(faults)


def _read_lines(path: Path) -> Document:
    document = Document(path=path, data=[])
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as exc:
        document.fault(f"cannot be read ({exc.strerror}); check its name and rights")
        return document
    for number, line in enumerate(lines, start=1):
        # `split` rather than `splitlines`: a line separator inside a JSON text is part of the text.
        line = line.removeprefix(b"\xef\xbb\xbf")  # noqa: PLW2901
        if not line.strip():
            continue
        document.places[(len(document.data),)] = (number, 1)
        try:
            document.data.append(orjson.loads(line))
        except orjson.JSONDecodeError as exc:
            document.places[(len(document.data),)] = (number, exc.colno)
            document.data.append(_UNREAD)
            document.fault(
                f"is not JSON ({exc.msg}); each line must be one whole object", len(document.data) - 1
            )
    return document


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
    before = sum(not fault.warning for fault in document.faults)
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
    return entry if sum(not fault.warning for fault in document.faults) == before else None


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
