"""Requirement 3: the same verdict in traditional characters, other widths and spacings, disguised, and amid other talk."""

from collections.abc import Callable, Mapping, Sequence

import opencc
import pytest

from bot.urgent import Detector, Tier

Rows = Mapping[tuple[str, str], tuple[str, ...]]
URGENT = ("explicit", "implicit", "third_person", "danger")
CHANGED = {("en", "second"): 2, ("en", "last_line"): 2}
"""Of 233 that are caught: two-word sentences, which are not judged alone. Elsewhere nothing changes."""
CHANGED_DISGUISED = {("想死", "想4"): 1, ("suicide", "s u i c i d e"): 1}
_TO_TRADITIONAL = opencc.OpenCC("s2t")


def _is_english(text: str) -> bool:
    return text.isascii() or sum(c.isascii() for c in text) > len(text) / 2


WRITTEN: dict[str, Callable[[str], str]] = {
    "traditional": lambda text: str(_TO_TRADITIONAL.convert(text)),
    "full_width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "zero_width": "\u200b".join,
    "emoji": lambda text: f"😭{text}💔💔",
    "upper_case": str.upper,
    "spaced": lambda text: "  ".join(text.split()) if _is_english(text) else " ".join(text),
    "second": lambda text: (
        f"How do I renew my residence permit? {text}" if _is_english(text) else f"请问居住证怎么续签？{text}"
    ),
    "last_line": lambda text: f"Hello there.\n{text}" if _is_english(text) else f"你好。\n{text}",
    "first": lambda text: f"{text}. Thank you." if _is_english(text) else f"{text}。谢谢。",
}
HOMOPHONES = (
    ("自杀", "紫砂"),
    ("自杀", "自sha"),
    ("自杀", "zi sha"),
    ("自杀", "自鲨"),
    ("想死", "想4"),
    ("不想活", "不想火"),
    ("suicide", "s u i c i d e"),
    ("suicide", "sewerslide"),
    ("kill myself", "k1ll myself"),
    ("kill myself", "unalive myself"),
    ("kill myself", "kms"),
    ("die", "d.i.e"),
)


def _changed(detector: Detector, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the first of each pair whose verdict is another than that of the second."""
    return [plain for plain, written in pairs if _told(detector, plain) != _told(detector, written)]


def _told(detector: Detector, text: str) -> tuple[str, Tier] | None:
    verdict = detector.judge(text)
    return None if verdict is None else (verdict.kind, verdict.tier)


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_r03_the_verdict_survives_every_way_of_writing(
    detector: Detector, other_hand: Rows, language: str, way: str
) -> None:
    texts = [text for kind in URGENT for text in other_hand[kind, language] if detector.judge(text)]
    changed = _changed(detector, [(text, WRITTEN[way](text)) for text in texts])
    assert len(changed) <= CHANGED.get((language, way), 0), changed


@pytest.mark.parametrize(("word", "disguise"), HOMOPHONES)
def test_r03_a_word_written_to_slip_past_is_read_all_the_same(
    detector: Detector, other_hand: Rows, word: str, disguise: str
) -> None:
    texts = [text for texts in other_hand.values() for text in texts if word in text]
    assert texts
    changed = _changed(detector, [(text, text.replace(word, disguise)) for text in texts])
    assert len(changed) <= CHANGED_DISGUISED.get((word, disguise), 0), changed
