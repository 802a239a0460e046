"""One reading of any text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text import fold, language_of, normalise

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


@settings(deadline=None)
@given(ANY_TEXT)
def test_any_text_is_read_and_reading_it_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(text)) == fold(text)
    assert language_of(text) in {"zh-Hans", "zh-Hant", "en", None}


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_a_channel_lets_through_are_read(data: bytes) -> None:
    for errors in ("replace", "surrogateescape", "ignore"):
        assert isinstance(fold(data.decode("utf-8", errors)), str)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("  How   MUCH\tis\nit? ", "how much is it?"),
        ("ＰＡＳＳＰＯＲＴ　１２０", "passport 120"),
        ("pass\u200bport", "passport"),
        ("\u202eabc\u202c", "abc"),
        ("a\x00b\ud800c", "abc"),
        ("Straße", "strasse"),
        ("护照\ufe0f丢了", "护照丢了"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_removed_and_width_and_case_make_no_difference(text: str, read: str) -> None:
    assert normalise(text) == read


def test_traditional_writing_folds_to_simplified() -> None:
    assert fold("身份證遺失後要去哪裡補辦？") == fold("身份证遗失后要去哪里补办？")
    assert fold("護照") == "护照"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("身份证丢了怎么办", "zh-Hans"),
        ("身份證遺失怎麼辦", "zh-Hant"),
        ("你好", "zh-Hans"),
        ("passport 丢了怎么办", "zh-Hans"),
        ("visit 北京 on a student visa", "en"),
        ("How do I pay?", "en"),
        ("😀 12345 !!", None),
        ("", None),
        ("皇后", "zh-Hans"),
    ],
)
def test_a_text_tells_its_language_or_that_there_is_nothing_to_tell(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_a_very_long_text_of_stacked_marks_is_read_in_linear_time() -> None:
    marks = "\u0301\u0316" * 100_000
    start = time.perf_counter()
    normalise("a" + marks)
    language_of("a" + marks)
    assert time.perf_counter() - start < 5  # sorting them as one run would take minutes


PLAIN_CHINESE = st.text(
    st.one_of(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.sampled_from(" aZ09-~。、《》“”，？！：；（）"),
    )
)


@settings(deadline=None)
@given(PLAIN_CHINESE)
def test_plain_chinese_is_folded_as_any_text_is(text: str) -> None:
    assert fold(text) == fold(text + "\u200b")  # an invisible character takes the long way
