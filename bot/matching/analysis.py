"""What is read of a text: words, character n-grams, sounds, and the ideas it names, each as a bag of units."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

from pypinyin.constants import PINYIN_DICT

from bot.matching.english import STOP, stem, written_out
from bot.text import fold

LONGEST_TEXT = 600
"""Characters read of one text; the rest of a longer one is not looked at."""

Kind = Literal["phrases", "spelling", "words", "ideas"]
KINDS: tuple[Kind, ...] = ("phrases", "spelling", "words", "ideas")

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_TOKEN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:['’][^\W_{_HAN}]+)*")
_IS_HAN = re.compile(rf"[{_HAN}]")
_CHINESE_FUNCTION = frozenset(
    "的了吗呢啊吧么是在有和与就都也还要会能可我你他她它们这那个一不怎样什请问想把被到给让去来得着过"
)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Analysis:
    """One text as bags of units."""

    text: str
    """Folded and cut to the length that is read."""

    words: tuple[str, ...]
    """Its English words, as written (after correction), in order."""

    bags: dict[Kind, Counter[str]]

    chinese: bool


def analyse(text: str, correct: Callable[[str], str] | None = None) -> Analysis:
    """Return the units of `text`; `correct` maps an English word to the one that was probably meant."""
    text = fold(text[: LONGEST_TEXT * 4])[:LONGEST_TEXT]
    tokens = [written_out(token) for token in _TOKEN.findall(text)]
    if correct is not None:
        tokens = [token if _IS_HAN.match(token) else correct(token) for token in tokens]
    words = [token for token in tokens if not _IS_HAN.match(token)]
    runs = [token for token in tokens if _IS_HAN.match(token)]
    bags: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
    if words:
        _add_english([_plain(word) for word in words], bags)
    if runs:
        _add_chinese("".join(runs), runs, bags)
    return Analysis(text, tuple(words), bags, sum(map(len, runs)) >= len(words) and bool(runs))


def _plain(word: str) -> str:
    word = word.replace("’", "'")
    return word[:-2] if word.endswith("'s") else word.replace("'", "")


def _add_english(words: list[str], bags: dict[Kind, Counter[str]]) -> None:
    stems = [_stem(word) for word in words]
    telling = [root for word, root in zip(words, stems, strict=True) if word not in STOP]
    bags["words"].update(telling)
    bags["phrases"].update(telling)
    bags["phrases"].update(f"{a} {b}" for a, b in pairwise(stems))
    bags["phrases"].update(f"{a} {b} {c}" for a, b, c in zip(stems, stems[1:], stems[2:], strict=False))
    spelling = bags["spelling"]
    for word in words:
        spelling.update(character_grams(word))
    bags["ideas"].update(_english_ideas_in(words, stems))


def _add_chinese(text: str, runs: list[str], bags: dict[Kind, Counter[str]]) -> None:
    phrases, words, spelling, ideas = (bags[kind] for kind in ("phrases", "words", "spelling", "ideas"))
    for size in range(1, 5):
        phrases.update(text[i : i + size] for i in range(len(text) - size + 1))
    for run in runs:
        words.update(c for c in run if c not in _CHINESE_FUNCTION)
        words.update(
            a + b for a, b in pairwise(run) if not (a in _CHINESE_FUNCTION and b in _CHINESE_FUNCTION)
        )
    sounds = [sound(c) for c in text]
    for size in range(1, 5):
        spelling.update("·" + " ".join(sounds[i : i + size]) for i in range(len(sounds) - size + 1))
    for run in runs:
        ideas.update(_chinese_ideas_in(run))


def ideas_of(words: Sequence[str], chinese: str) -> list[str]:
    """Return the ideas of a text, given its tokens and its Chinese characters in one run."""
    plain = [_plain(word) for word in words if word[0].isalnum() and not _IS_HAN.match(word)]
    return _english_ideas_in(plain, [_stem(word) for word in plain]) + _chinese_ideas_in(chinese)


def _english_ideas_in(words: Sequence[str], stems: Sequence[str]) -> list[str]:
    """Return the ideas that English words name, longest terms first, and the stems that name none."""
    terms, longest = english_ideas(), _longest_by_first_stem()
    ideas: list[str] = []
    covered = [False] * len(stems)
    for start, root in enumerate(stems):
        for size in range(min(longest.get(root, 0), len(stems) - start), 0, -1):
            found = terms.get(tuple(stems[start : start + size]))
            if found and not (size == 1 and covered[start]):
                ideas.extend(found)
                covered[start : start + size] = [True] * size
                break
    ideas.extend(
        root
        for word, root, known in zip(words, stems, covered, strict=True)
        if not known and word not in STOP
    )
    return ideas


def _chinese_ideas_in(run: str) -> list[str]:
    """Return the ideas that a run of Chinese characters names, and what is left of it."""
    terms, starts = chinese_ideas(), _chinese_starts()
    ideas: list[str] = []
    covered = [False] * len(run)
    for start, character in enumerate(run):
        for size in range(min(starts.get(character, 0), len(run) - start), 0, -1):
            if all(covered[start : start + size]):
                break
            found = terms.get(run[start : start + size])
            if found:
                ideas.extend(found)
                covered[start : start + size] = [True] * size
                break
    rest = "".join(" " if known else c for c, known in zip(run, covered, strict=True))
    for piece in rest.split():
        left = "".join(c for c in piece if c not in _CHINESE_FUNCTION)
        ideas.extend(left)
        ideas.extend(a + b for a, b in pairwise(left))
    return ideas


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return stem(word)


@lru_cache(maxsize=50_000)
def character_grams(word: str) -> tuple[str, ...]:
    """Return runs of two to five characters of a word and the spaces around it."""
    padded = f" {word} "
    return tuple(padded[i : i + size] for size in range(2, 6) for i in range(len(padded) - size + 1))


@lru_cache(maxsize=30_000)
def sound(character: str) -> str:
    """Return the toneless pinyin of one character, sounds that are often confused written alike."""
    reading = PINYIN_DICT.get(ord(character), "").split(",")[0]
    reading = "".join(c for c in unicodedata.normalize("NFD", reading) if not unicodedata.combining(c))
    if not reading:
        return character
    for careful, loose in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if reading.startswith(careful):
            reading = loose + reading[2:]
    return reading[:-1] if reading.endswith("ng") else reading


@cache
def _groups() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    lines = files("bot.matching").joinpath("thesaurus.txt").read_text(encoding="utf-8").splitlines()
    groups = []
    for line in lines:
        if line and not line.startswith("#"):
            english, chinese = line.split("|")
            groups.append(
                tuple(
                    tuple(term.strip() for term in half.split(";") if term.strip())
                    for half in (english, chinese)
                )
            )
    return tuple((group[0], group[1]) for group in groups)


@cache
def english_ideas() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return stems of each English term of the thesaurus, with the ideas it stands for."""
    found: dict[tuple[str, ...], list[str]] = {}
    for number, (english, chinese) in enumerate(_groups()):
        for term in (*english, *(t for t in chinese if t.isascii())):
            stems = tuple(_stem(_plain(word)) for word in _TOKEN.findall(fold(term)))
            idea = f"#{number}"
            if idea not in found.setdefault(stems, []):
                found[stems].append(idea)
    return {stems: tuple(ideas) for stems, ideas in found.items()}


@cache
def chinese_ideas() -> dict[str, tuple[str, ...]]:
    """Return each Chinese term of the thesaurus with the ideas it stands for."""
    found: dict[str, list[str]] = {}
    for number, (_, chinese) in enumerate(_groups()):
        for term in chinese:
            idea = f"#{number}"
            if idea not in found.setdefault(fold(term), []):
                found[fold(term)].append(idea)
    return {term: tuple(ideas) for term, ideas in found.items()}


@cache
def _longest_by_first_stem() -> dict[str, int]:
    longest: dict[str, int] = {}
    for stems in english_ideas():
        longest[stems[0]] = max(longest.get(stems[0], 0), len(stems))
    return longest


@cache
def _chinese_starts() -> dict[str, int]:
    longest: dict[str, int] = {}
    for term in chinese_ideas():
        longest[term[0]] = max(longest.get(term[0], 0), len(term))
    return longest


@cache
def known_english() -> frozenset[str]:
    """Return the English words of the thesaurus, so that a right word is not taken for a misspelled one."""
    return frozenset(
        word for english, _ in _groups() for term in english for word in _TOKEN.findall(fold(term))
    )
