"""One reading of any text: normalised, folded to simplified characters, and the language it is written in."""

import re
import unicodedata
from functools import cache
from typing import Literal

import opencc

Language = Literal["zh-Hans", "zh-Hant", "en"]

_HAN_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))
_INVISIBLE = (
    (0x034F, 0x0350),  # combining grapheme joiner
    (0x115F, 0x1161),  # Hangul fillers
    (0x17B4, 0x17B6),  # Khmer inherent vowels
    (0x180B, 0x1810),  # Mongolian selectors
    (0x3164, 0x3165),  # Hangul filler
    (0xFE00, 0xFE10),  # variation selectors
    (0xFFA0, 0xFFA1),  # half-width Hangul filler
    (0xE0100, 0xE01F0),  # variation selectors supplement
)
_WHITESPACE = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")
_LONGEST_MARK_RUN = 8
_TRADITIONAL_TAGS = frozenset({"hant", "tw", "hk", "mo"})
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ebef\U00030000-\U000323af]")
_PLAIN_CHINESE = re.compile(r"[ -~\u4e00-\u9fff。、《》“”，？！：；（）]*")
"""Text that normalising changes in nothing but width of punctuation, case and spaces."""
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def normalise(text: str) -> str:
    """Return `text` in NFKC, case-folded, without characters that cannot be seen, spaces collapsed.

    Total and idempotent: any string gives one, in time linear in its length.
    """
    if text.isascii() and text.isprintable():  # the common case, and exact: nothing to decompose or remove
        return " ".join(text.lower().split())
    text = _without_invisible(_with_short_mark_runs(text))
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_without_invisible(text).split())


def fold(text: str) -> str:
    """Return `text` normalised and, for matching, in simplified characters, one for one."""
    if not text.isascii() and _PLAIN_CHINESE.fullmatch(text):  # a tenth of the time, for most of Chinese
        return " ".join(text.translate(_simplified_and_narrow()).lower().split())
    text = normalise(text)
    return text if text.isascii() else text.translate(_simplified())


def language_of(text: str) -> Language | None:
    """Return the language `text` is written in, or None where it holds no letters of one we serve.

    One Chinese character weighs as much as a word of English, so "办visa" is Chinese and "visit 北京 on a
    student visa" is English. Chinese is traditional when more of its characters exist only there than exist
    only in simplified writing.
    """
    text = unicodedata.normalize("NFKC", _with_short_mark_runs(text))
    han = _HAN.findall(text)
    words = [word for word in re.split(r"[\W\d_]+", _HAN.sub(" ", text)) if _LATIN.search(word)]
    if not han:
        return "en" if words else None
    if len(words) > len(han):
        return "en"
    traditional = sum(character in _traditional_only() for character in han)
    simplified = sum(character in _simplified_only() for character in han)
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def read_language(tag: str) -> Language | None:
    """Return the desk's language for a tag such as `zh-HK` or `en_GB`; None for one it does not serve."""
    main, *rest = tag.strip().lower().replace("_", "-").split("-")
    if main == "en":
        return "en"
    if main != "zh":
        return None
    if "hans" in rest:
        return "zh-Hans"
    return "zh-Hant" if _TRADITIONAL_TAGS.intersection(rest) else "zh-Hans"


def _with_short_mark_runs(text: str) -> str:
    """Cut runs of combining marks: sorting a long one would take quadratic time, and no writing needs it."""
    if text.isascii() or not any(map(unicodedata.combining, text)):
        return text
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _LONGEST_MARK_RUN:
            kept.append(character)
    return "".join(kept)


def _without_invisible(text: str) -> str:
    return text.translate(_SEEN)


class _Seen(dict[int, str]):
    """What a reader sees of each character: itself, a space, or nothing; worked out when it first occurs."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in _WHITESPACE:
            seen = " "
        elif unicodedata.category(character) in {"Cc", "Cf", "Cs"}:
            seen = ""
        else:
            seen = character
        self[code] = seen
        return seen


_SEEN = _Seen({code: "" for start, end in _INVISIBLE for code in range(start, end)})


@cache
def _han_characters() -> list[str]:
    return [chr(code) for start, end in _HAN_BLOCKS for code in range(start, end)]


@cache
def _conversion(name: str) -> dict[str, str]:
    """Return OpenCC's character table `name`, read one character a line so that no phrase rule applies."""
    characters = _han_characters()
    converted = opencc.OpenCC(name).convert("\n".join(characters)).split("\n")
    return {old: new for old, new in zip(characters, converted, strict=True) if old != new and len(new) == 1}


@cache
def _simplified() -> dict[int, str]:
    table = {ord(old): new for old, new in _conversion("t2s").items()}
    table[ord("著")] = "着"  # one word in simplified writing, two in traditional; folded together
    # A few characters convert in two steps; folding twice must change nothing.
    return {old: table.get(ord(new), new) for old, new in table.items()}


@cache
def _simplified_and_narrow() -> dict[int, str]:
    return _simplified() | {ord(wide): unicodedata.normalize("NFKC", wide) for wide in "，？！：；（）"}


@cache
def _traditional_only() -> frozenset[str]:
    return frozenset(old for old in _conversion("t2s") if not _encodable(old, "gb2312"))


@cache
def _simplified_only() -> frozenset[str]:
    return frozenset(old for old in _conversion("s2t") if not _encodable(old, "big5"))


def _encodable(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
