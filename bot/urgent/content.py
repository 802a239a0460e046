"""The content of the urgent lane, checked whole: numbers, phrases, cards; every fault is reported with its remedy."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from bot.errors import ContentError, Fault
from bot.text import fold
from bot.urgent.phrases import faults_in

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
Role = Literal["police", "fire", "ambulance", "traffic", "support", "hotline", "complaints"]
ROLES: tuple[Role, ...] = ("police", "fire", "ambulance", "traffic", "support", "hotline", "complaints")
NEEDED: tuple[Role, ...] = ROLES[:5]
"""Roles that the cards cannot do without; a `hotline` for other matters and one for `complaints` may be left out."""
URGENT_KINDS = (
    "explicit",
    "implicit",
    "third_person",
    "danger_police",
    "danger_fire",
    "danger_ambulance",
    "danger_traffic",
    "danger_any",
)
HARMLESS_KINDS = ("idiom", "administrative", "news", "past", "ordinary")
CARDS = ("crisis", "crisis_other", "danger", "danger_other")
STALE_AFTER = timedelta(days=90)
_LONGEST_CARD = {"zh-Hans": 300, "zh-Hant": 300, "en": 120}
"""Characters in Chinese, words in English; with the longest call and duty lines."""
_SAMPLE = {"reference": "ABCD-EFGH-JKMN", "opens_at": "11-24 08:00"}
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
_DIGITS = re.compile(r"\d{3,}")
_DECORATION = re.compile("[!！\u2600-\u27bf\U0001f000-\U0001faff]")
_TOP = frozenset(
    {
        "numbers",
        "forbidden",
        "forbidden_everywhere",
        "disclosure",
        "cards",
        "calls",
        "duty",
        "soft",
        "followup",
        "lists",
        "phrases",
    }
)
_NUMBER_KEYS = frozenset({"role", "number", "label", "source", "verified_on", "verified_by"})

Texts = Mapping[str, str]
"""One text for each of LANGUAGES."""


class UrgentContentError(ContentError, ValueError):
    """The urgent content cannot be used as it stands; `faults` holds every reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A telephone number that cards may name."""

    role: Role
    number: str
    label: Texts
    source: str
    verified_on: date | None
    """The day a person last dialled or looked it up; None: nobody has yet."""
    verified_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentContent:
    """Everything the urgent lane says and learns from."""

    numbers: Mapping[str, Number]
    """By role."""
    forbidden: tuple[str, ...]
    """Folded phrases that no text here contains."""
    forbidden_everywhere: tuple[str, ...]
    """Those of them that no answer and no sentence of the desk may contain either."""
    disclosure: Texts
    cards: Mapping[str, Texts]
    calls: Mapping[str, Texts]
    """Whom to call in danger, by service, and `any`."""
    duty: Mapping[str, Texts]
    soft: Mapping[str, Texts]
    followup: Mapping[str, Texts]
    """`filed` names the reference; `unfiled` has none to name."""
    lists: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Compact lines by kind, then by `zh` or `en`."""

    def never_said(self, text: str) -> tuple[str, ...]:
        """Return the phrases in `text` that nothing the desk says may contain."""
        folded = fold(text)
        return tuple(phrase for phrase in self.forbidden_everywhere if phrase in folded)


def read_urgent(data: Mapping[str, object]) -> UrgentContent:
    """Return the content in `data`, a loaded `_urgent.yaml`; raise UrgentContentError with every fault in it."""
    reader = _Reader()
    root = reader.mapping("urgent", data)
    for key in sorted(set(root) - _TOP):
        reader.fault(
            key, f"is not a part of the urgent content; remove it or use one of {', '.join(sorted(_TOP))}"
        )
    lists = {
        str(name): reader.strings(f"lists.{name}", words)
        for name, words in reader.mapping("lists", root.get("lists", {})).items()
    }
    everywhere = reader.folded("forbidden_everywhere", root.get("forbidden_everywhere", {}))
    content = UrgentContent(
        numbers=reader.numbers(root.get("numbers")),
        forbidden=reader.folded("forbidden", root.get("forbidden")) + everywhere,
        forbidden_everywhere=everywhere,
        disclosure=reader.texts("disclosure", root.get("disclosure"), set()),
        cards=reader.group(
            "cards",
            root.get("cards"),
            {name: {"disclosure", "duty"} | ({"call"} if "danger" in name else set()) for name in CARDS},
        ),
        calls=reader.group("calls", root.get("calls"), {name: set() for name in (*NEEDED[:4], "any")}),
        duty=reader.group(
            "duty",
            root.get("duty"),
            {
                "on_duty": {"reference"},
                "off_duty": {"reference"},
                "off_duty_until": {"reference", "opens_at"},
                "not_filed": set(),
            },
        ),
        soft=reader.group("soft", root.get("soft"), {"crisis": set(), "danger": set()}),
        followup=reader.group(
            "followup",
            root.get("followup"),
            {"filed": {"disclosure", "reference"}, "unfiled": {"disclosure"}},
        ),
        lists=lists,
        phrases=reader.phrases(root.get("phrases"), lists),
    )
    if not reader.faults:
        reader.check_wording(content)
    if reader.faults:
        raise UrgentContentError(reader.faults)
    return content


def unverified_numbers(content: UrgentContent, today: date) -> tuple[Number, ...]:
    """Return the numbers nobody has verified in the last 90 days; a release must have none."""
    return tuple(
        number
        for number in content.numbers.values()
        if number.verified_on is None or today - number.verified_on > STALE_AFTER
    )


def spoken(template: str, content: UrgentContent, values: Mapping[str, str]) -> str:
    """Return `template` with numbers and `values` in place; lines that come out empty are left out."""
    filled = _PLACEHOLDER.sub(
        lambda found: content.numbers[found[1]].number if found[1] in content.numbers else values[found[1]],
        template,
    )
    return "\n".join(line.strip() for line in filled.split("\n") if line.strip())


class _Reader:
    """Reads parts of the document and remembers what is wrong with each."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, where: str, sentence: str) -> None:
        self.faults.append(Fault(where=where, sentence=sentence))

    def mapping(self, where: str, data: object) -> Mapping[str, object]:
        if isinstance(data, Mapping):
            return data
        self.fault(where, "is missing or not a map; write `key: value` lines under it")
        return {}

    def strings(self, where: str, data: object) -> tuple[str, ...]:
        if not isinstance(data, Sequence) or isinstance(data, str):
            self.fault(where, "is not a list; write one `- text` line for each")
            return ()
        found = []
        for at, item in enumerate(data):
            if isinstance(item, str) and item.strip():
                found.append(item)
            else:
                self.fault(
                    f"{where}[{at}]",
                    f"is {item!r:.40}; write a text, in quotes if it looks like a number or yes/no",
                )
        return tuple(found)

    def folded(self, where: str, data: object) -> tuple[str, ...]:
        """Return the phrases of every language under `data`, folded for comparison."""
        return tuple(
            fold(phrase)
            for language, phrases in self.mapping(where, data).items()
            for phrase in self.strings(f"{where}.{language}", phrases)
        )

    def numbers(self, data: object) -> dict[str, Number]:
        if not isinstance(data, Sequence) or isinstance(data, str):
            self.fault(
                "numbers", "is missing or not a list; list each number with role, number, label, source"
            )
            return {}
        found: dict[str, Number] = {}
        for at, item in enumerate(data):
            number = self._number(f"numbers[{at}]", self.mapping(f"numbers[{at}]", item))
            if number and number.role in found:
                self.fault(f"numbers[{at}].role", f"{number.role} has a number already; keep one of the two")
            elif number:
                found[number.role] = number
        for role in NEEDED:
            if role not in found and not any(fault.where.startswith("numbers[") for fault in self.faults):
                self.fault("numbers", f"has no number for {role}; add one")
        return found

    def _number(self, where: str, data: Mapping[str, object]) -> Number | None:
        before = len(self.faults)
        for key in sorted(set(map(str, data)) - _NUMBER_KEYS):
            self.fault(f"{where}.{key}", f"is not a field of a number; use {', '.join(sorted(_NUMBER_KEYS))}")
        role = next((known for known in ROLES if known == data.get("role")), None)
        if role is None:
            self.fault(f"{where}.role", f"is {data.get('role')!r:.40}; write one of {', '.join(ROLES)}")
        digits = data.get("number")
        if not isinstance(digits, str) or not re.fullmatch(r"[0-9]{3,6}", digits):
            self.fault(f"{where}.number", f"is {digits!r:.40}; write three to six digits in quotes")
        source, day, by = data.get("source"), data.get("verified_on"), data.get("verified_by")
        if not isinstance(source, str) or not source.strip():
            self.fault(f"{where}.source", "is missing; say where the number is published")
        if day is not None and type(day) is not date:
            self.fault(f"{where}.verified_on", f"is {day!r:.40}; write a day such as 2026-03-01, or null")
        if by is not None and not isinstance(by, str):
            self.fault(f"{where}.verified_by", f"is {by!r:.40}; write who checked it, or null")
        if (day is None) != (by is None):
            self.fault(f"{where}.verified_by", "and verified_on go together; give both or neither")
        label = self.texts(f"{where}.label", data.get("label"), set())
        if role is None or len(self.faults) > before:
            return None
        return Number(
            role=role,
            number=str(digits),
            label=label,
            source=str(source),
            verified_on=day if isinstance(day, date) else None,
            verified_by=by if isinstance(by, str) else None,
        )

    def group(self, where: str, data: object, expected: Mapping[str, set[str]]) -> dict[str, Texts]:
        found = self.mapping(where, data)
        for key in sorted(set(map(str, found)) - set(expected)):
            self.fault(f"{where}.{key}", f"is unknown; use {', '.join(expected)}")
        return {
            name: self.texts(f"{where}.{name}", found.get(name), wanted) for name, wanted in expected.items()
        }

    def texts(self, where: str, data: object, wanted: set[str]) -> Texts:
        """Return the text in each language; each must hold the placeholders `wanted` and no other but numbers."""
        found = self.mapping(where, data)
        for key in sorted(set(map(str, found)) - set(LANGUAGES)):
            self.fault(f"{where}.{key}", f"is not a language served; use {', '.join(LANGUAGES)}")
        texts = {}
        for language in LANGUAGES:
            text = found.get(language)
            if not isinstance(text, str) or not text.strip():
                self.fault(f"{where}.{language}", "is missing; every text exists in every language")
                continue
            held = set(_PLACEHOLDER.findall(text))
            for name in sorted(held - wanted - set(ROLES)):
                self.fault(f"{where}.{language}", f"has the unknown placeholder {{{name}}}; remove it")
            for name in sorted(wanted - held):
                self.fault(f"{where}.{language}", f"lacks {{{name}}}; put it where it belongs")
            if "disclosure" in wanted and not text.startswith("{disclosure}"):
                self.fault(
                    f"{where}.{language}",
                    "does not begin with {disclosure}; say first that no person wrote it",
                )
            texts[language] = text
        return texts

    def phrases(
        self, data: object, lists: Mapping[str, Sequence[str]]
    ) -> dict[str, dict[str, tuple[str, ...]]]:
        found = self.mapping("phrases", data)
        kinds = (*URGENT_KINDS, *HARMLESS_KINDS)
        for kind in sorted(set(map(str, found)) - set(kinds)):
            self.fault(f"phrases.{kind}", f"is not a kind of phrase; use one of {', '.join(kinds)}")
        phrases: dict[str, dict[str, tuple[str, ...]]] = {}
        for kind in kinds:
            by_language = self.mapping(f"phrases.{kind}", found.get(kind))
            for language in sorted(set(map(str, by_language)) - {"zh", "en"}):
                self.fault(f"phrases.{kind}.{language}", "is not a language of phrases; use zh and en")
            phrases[kind] = {}
            for language in ("zh", "en"):
                where = f"phrases.{kind}.{language}"
                lines = self.strings(where, by_language.get(language, ()))
                if not lines:
                    self.fault(
                        where, "has no phrases; the detector needs some of every kind in both languages"
                    )
                for at, line in enumerate(lines):
                    for sentence in faults_in(line, lists):
                        self.fault(f"{where}[{at}]", sentence)
                phrases[kind][language] = lines
        return phrases

    def check_wording(self, content: UrgentContent) -> None:
        """Hold every text to the rules of a card: no number of its own, no forbidden phrase, not too long."""
        groups = {"cards": content.cards, "calls": content.calls, "duty": content.duty} | {
            "soft": content.soft,
            "followup": content.followup,
            "disclosure": {"": content.disclosure},
        }
        for group, members in groups.items():
            for name, texts in members.items():
                for language, text in texts.items():
                    self._check_text(f"{group}.{name}.{language}".replace("..", "."), text, content)
        if self.faults:
            return
        for name, texts in content.cards.items():
            for language, text in texts.items():
                longest = max(
                    _size(spoken(text, content, _filled(content, language, call, duty)), language)
                    for call in content.calls
                    for duty in content.duty
                )
                if longest > _LONGEST_CARD[language]:
                    unit = "words" if language == "en" else "characters"
                    self.fault(
                        f"cards.{name}.{language}",
                        f"comes to {longest} {unit}; shorten it to {_LONGEST_CARD[language]}, duty line included",
                    )

    def _check_text(self, where: str, text: str, content: UrgentContent) -> None:
        for digits in _DIGITS.findall(text):
            self.fault(
                where,
                f"spells out the number {digits}; list it under numbers and write its role, as in {{police}}",
            )
        for role in sorted(set(_PLACEHOLDER.findall(text)) & set(ROLES) - set(content.numbers)):
            self.fault(where, f"names {{{role}}}, which has no number; list one under numbers")
        if _DECORATION.search(text):
            self.fault(where, "has an exclamation mark or a picture; take it out")
        folded = fold(text)
        for phrase in content.forbidden:
            if phrase in folded:
                self.fault(where, f"contains the forbidden phrase {phrase!r}; say it another way")


def _filled(content: UrgentContent, language: str, call: str, duty: str) -> dict[str, str]:
    return {
        "disclosure": content.disclosure[language],
        "call": spoken(content.calls[call][language], content, {}),
        "duty": spoken(content.duty[duty][language], content, _SAMPLE),
    }


def _size(text: str, language: str) -> int:
    return len(text.split()) if language == "en" else len(text)
