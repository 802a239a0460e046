"""Requirement 3: the same verdict in traditional characters, other widths and spacings, disguised, and amid other talk."""

from collections.abc import Callable, Mapping

import opencc
import pytest

from bot.urgent import Detector

Rows = Mapping[tuple[str, str], tuple[str, ...]]
URGENT = ("explicit", "implicit", "third_person")
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


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_r03_the_verdict_survives_every_way_of_writing(
    detector: Detector, crisis_list: Rows, language: str, way: str
) -> None:
    for kind in URGENT:
        for text in crisis_list[kind, language]:
            plain, written = detector.judge(text), detector.judge(WRITTEN[way](text))
            assert plain is not None, text
            assert written is not None, text
            assert (written.kind, written.tier) == (plain.kind, plain.tier), text


@pytest.mark.parametrize(("word", "disguise"), HOMOPHONES)
def test_r03_a_word_written_to_slip_past_is_read_all_the_same(
    detector: Detector, crisis_list: Rows, word: str, disguise: str
) -> None:
    texts = [text for texts in crisis_list.values() for text in texts if word in text]
    for text in (*texts, f"我{word}" if not word.isascii() else f"i want to {word} tonight"):
        plain, written = detector.judge(text), detector.judge(text.replace(word, disguise))
        assert (plain is None) == (written is None), text
        if plain is not None and written is not None:
            assert (written.kind, written.tier) == (plain.kind, plain.tier), text
