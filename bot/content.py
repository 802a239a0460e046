"""One content version: everything maintainers wrote, read together and checked together."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import orjson

from bot.errors import ContentError, Fault
from bot.intents.catalog import Intent, content_files, read_intents, read_outside
from bot.intents.located import Document, read_yaml
from bot.intents.settings import DeskSettings, read_desk
from bot.intents.texts import Text, language_written, pick
from bot.knowledge.entries import knowledge_files, read_knowledge
from bot.models import EntryStatus, KnowledgeEntry, Language
from bot.phrases import Phrases, read_phrases
from bot.text import fold
from bot.urgent import UrgentContent, UrgentContentError, read_urgent

PRODUCT_INTENTS = Path(__file__).resolve().parent.parent / "intents"


@dataclass(frozen=True)
class Content:
    """What the desk may say and what it listens for. Immutable; compared by `version`."""

    intents: Mapping[str, Intent]
    entries: Mapping[str, KnowledgeEntry]
    """Published ones only."""
    outside: tuple[str, ...]
    desk: DeskSettings
    phrases: Phrases
    urgent: UrgentContent
    urgent_file: Path | None = None
    """Where the urgent content was read, to name its lines."""
    warnings: tuple[Fault, ...] = ()

    @cached_property
    def version(self) -> str:
        """A digest of all of it."""
        parts = (self.intents, self._entries_sum, self.outside, self.desk, self.phrases, self.urgent)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @cached_property
    def _entries_sum(self) -> int:
        """The digests of all entries together: a sum, so that a change need not read a million entries again."""
        return sum(map(_digest, self.entries.values()))

    def with_entries(self, stored: Sequence[KnowledgeEntry]) -> "Content":
        """Return this content with entries from the console on top; one that is not published hides the file's."""
        if not stored:
            return self
        entries, total = dict(self.entries), self._entries_sum
        for entry in stored:
            before = entries.get(entry.id)
            if entry.status is EntryStatus.PUBLISHED:
                entries[entry.id] = entry
                total += _digest(entry) - (_digest(before) if before else 0)
            elif entry.status is EntryStatus.WITHDRAWN and before is not None:
                del entries[entry.id]
                total -= _digest(before)
        changed = replace(self, entries=entries)
        changed.__dict__["_entries_sum"] = total  # where `cached_property` keeps it
        return changed

    @property
    def lanes(self) -> Mapping[str, Text]:
        """Titles of the work lanes by id."""
        return self.desk.lanes

    @cached_property
    def own_names(self) -> tuple[str, ...]:
        """What the desk is called, folded: words that tell no question from another."""
        return tuple(sorted({fold(name) for name in self.desk.name.values()}, key=len, reverse=True))

    def lane_title(self, lane: str, language: Language) -> str:
        """Return what the lane is called, or its id when content no longer names it."""
        return pick(self.desk.lanes.get(lane, {}), language) or lane

    def title(self, target: str, language: Language) -> str:
        """Return what a target is called: an intent's title, an entry's question."""
        kind, _, name = target.partition(":")
        if kind == "intent" and name in self.intents:
            return pick(self.intents[name].title, language)
        if kind == "knowledge" and name in self.entries:
            return self.entries[name].question
        return target

    def answer(self, target: str, language: Language) -> str:
        """Return the approved words of a target; empty when there is none (any more)."""
        kind, _, name = target.partition(":")
        if kind == "intent" and name in self.intents:
            return pick(self.intents[name].answer, language)
        if kind == "knowledge" and name in self.entries:
            return self.entries[name].answer
        return ""

    def answer_language(self, target: str, language: Language) -> Language:
        """Return the language the target's answer is written in, asked for in `language`."""
        return language_written(self.answer(target, language), language)

    def source(self, target: str) -> tuple[str | None, dt.date | None]:
        """Return where a target's answer was published and when it was last checked."""
        kind, _, name = target.partition(":")
        if kind == "intent" and name in self.intents:
            return self.intents[name].source, self.intents[name].reviewed
        if kind == "knowledge" and name in self.entries:
            entry = self.entries[name]
            return entry.source, None if entry.date == dt.date.min else entry.date
        return None, None

    def on_menu(self, target: str) -> bool:
        """Tell whether the target is a topic to choose; greetings and thanks are none."""
        kind, _, name = target.partition(":")
        return kind != "intent" or name not in self.intents or self.intents[name].menu

    def expired(self, target: str, today: dt.date) -> bool:
        """Tell whether the target's answer must not be sent any more."""
        kind, _, name = target.partition(":")
        entry = self.entries.get(name) if kind == "knowledge" else None
        return entry is not None and entry.valid_until is not None and entry.valid_until < today

    def filed_on_tap(self, target: str | None) -> bool:
        """Tell whether what the target is about goes to a person here only when the citizen says so."""
        kind, _, name = (target or "").partition(":")
        return kind == "intent" and name in self.intents and self.intents[name].file_on_tap

    def checked(self) -> tuple[dt.date | None, dt.date | None]:
        """Return the days on which the answer checked longest ago, and the one checked last, were checked."""
        days = [intent.reviewed for intent in self.intents.values() if intent.reviewed is not None]
        days += [entry.date for entry in self.entries.values() if entry.date != dt.date.min]
        return min(days, default=None), max(days, default=None)

    def lane(self, target: str | None) -> str:
        """Return the lane a question near this target belongs to."""
        kind, _, name = (target or "").partition(":")
        lane = self.intents[name].lane if kind == "intent" and name in self.intents else None
        return lane if lane is not None and lane in self.desk.lanes else "general"

    def desk_name(self, language: Language) -> str:
        """Return what the desk is called."""
        return pick(self.desk.name, language)

    def agency(self, language: Language) -> str:
        """Return who runs the desk."""
        return pick(self.desk.agency, language)

    def say(self, key: str, language: Language, **values: str) -> str:
        """Return a sentence of `_phrases.yaml`, with the desk's names and numbers filled in."""
        retention = self.desk.retention
        numbers = {role: number.number for role, number in self.urgent.numbers.items()}
        return self.phrases.say(
            key,
            language,
            **numbers,
            desk=self.desk_name(language),
            agency=self.agency(language),
            closed_days=str(retention.closed_days),
            answered_days=str(retention.answered_days),
            crisis_days=str(retention.crisis_days),
            waiting_days=str(retention.waiting_days),
            open_days=str(retention.open_days),
            exchange_minutes=str(retention.exchange_minutes),
            **values,
        )


def _digest(entry: KnowledgeEntry) -> int:
    return int.from_bytes(hashlib.sha256(orjson.dumps(entry)).digest()[:16])


def read_content(
    intents: Sequence[Path], knowledge: Sequence[Path] = (), *, outside: Path | None = None
) -> Content:
    """Read folders or files of intents and knowledge as one whole.

    `_outside.yaml`, `_urgent.yaml`, `_phrases.yaml` and `_desk.yaml` are read beside the intents; all but the
    first fall back to the product's own. Raises `ContentError` with every fault of every file.
    """
    faults: list[Fault] = []
    intent_files = _once([file for path in intents for file in content_files(path)])
    found, intent_faults = read_intents(intent_files)
    faults.extend(intent_faults)
    entries, knowledge_faults = read_knowledge(
        _once([file for path in knowledge for file in knowledge_files(path)])
    )
    faults.extend(knowledge_faults)

    outside_file = outside or _beside(intents, "_outside.yaml")
    outside_texts: tuple[str, ...] = ()
    if outside_file is not None:
        outside_texts, outside_faults = read_outside(outside_file)
        faults.extend(outside_faults)

    desk_file = _beside(intents, "_desk.yaml")
    # The product's own file speaks for an invented city; an agency without one gets the plain defaults.
    desk_document = Document(path=Path("_desk.yaml")) if desk_file is None else read_yaml(desk_file)
    desk = read_desk(desk_document)
    phrases_document, product_phrases = _phrases_documents(intents)
    phrases = read_phrases(phrases_document, product_phrases)
    urgent_document = read_yaml(_beside(intents, "_urgent.yaml") or PRODUCT_INTENTS / "_urgent.yaml")
    urgent: UrgentContent | None = None
    if not urgent_document.faults:
        try:
            urgent = read_urgent(urgent_document.data or {})
        except UrgentContentError as exc:
            _note(urgent_document, exc.faults)
    by_id = {intent.id: intent for intent in found}
    if _beside(intents, "_desk.yaml") is not None:
        for index, topic in enumerate(desk.topics):
            if topic not in by_id:
                desk_document.warn(f"names the topic {topic!r}, which is no intent", "desk", "topics", index)
    for document in (desk_document, phrases_document, urgent_document):
        faults.extend(document.faults)

    faults.extend(
        Fault(
            where=intent.where,
            sentence=f"{intent.id} names the lane {intent.lane!r}, which _desk.yaml does not list",
        )
        for intent in found
        if intent.lane is not None
        and intent.lane not in desk.lanes
        and not desk_document.faults
        # The product's lanes are no measure for intents without a `_desk.yaml` of their own.
        and _beside(intents, "_desk.yaml") is not None
    )
    published = {entry.id: entry for entry in entries if entry.status is EntryStatus.PUBLISHED}
    if urgent is not None:
        faults.extend(_unsayable(urgent, _spoken(found, phrases, phrases_document)))
    if any(not fault.warning for fault in faults) or urgent is None:
        raise ContentError([fault for fault in faults if not fault.warning])
    return Content(
        intents=by_id,
        entries=published,
        outside=outside_texts,
        desk=desk,
        phrases=phrases,
        urgent=urgent,
        urgent_file=urgent_document.path,
        warnings=tuple(faults),
    )


def placed(content: Content, faults: Sequence[Fault]) -> ContentError:
    """Return `faults` of the urgent content as an error that names file and line; they are read anew for it."""
    document = read_yaml(content.urgent_file or PRODUCT_INTENTS / "_urgent.yaml")
    document.faults.clear()
    _note(document, faults)
    return ContentError(document.faults)


def _note(document: Document, faults: Sequence[Fault]) -> None:
    """Note faults whose `where` is a path of keys, such as `cards.crisis.en` or `phrases.news.zh[3]`."""
    for fault in faults:
        parts = re.findall(r"[^.\[\]]+", fault.where)
        steps = tuple(int(part) if part.isdigit() else part for part in parts)
        document.fault(f"{fault.where} {fault.sentence}", *steps)


def unsayable_answers(content: Content) -> list[Fault]:
    """Return a fault for each past answer that says what the desk must never say.

    Not part of reading: with a million of them it would hold up every start.
    """
    return _unsayable(
        content.urgent, ((f"knowledge {entry.id}", entry.answer) for entry in content.entries.values())
    )


def _spoken(intents: Sequence[Intent], phrases: Phrases, document: Document) -> Iterable[tuple[str, str]]:
    """Yield every title, answer and sentence of the desk, each with the place it is written at."""
    for intent in intents:
        for text in (*intent.title.values(), *intent.answer.values()):
            yield intent.where, text
    for key, sentences in phrases.sentences.items():
        for language, text in sentences.items():
            yield document.where("phrases", key, language), text


def _unsayable(urgent: UrgentContent, texts: Iterable[tuple[str, str]]) -> list[Fault]:
    return [
        Fault(where=where, sentence=f"says {phrase!r}, which the desk must never say; put it another way")
        for where, text in texts
        for phrase in urgent.never_said(text)
    ]


def _phrases_documents(intents: Sequence[Path]) -> tuple[Document, Document | None]:
    product = PRODUCT_INTENTS / "_phrases.yaml"
    own = _beside(intents, "_phrases.yaml")
    if own is None or own.resolve() == product.resolve():
        return read_yaml(product), None
    return read_yaml(own), read_yaml(product)


def _beside(paths: Sequence[Path], name: str) -> Path | None:
    for path in paths:
        candidate = (path if path.is_dir() else path.parent) / name
        if candidate.is_file():
            return candidate
    return None


def _once(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return each file once, however it was reached."""
    return tuple({path.resolve(): path for path in paths}.values())
