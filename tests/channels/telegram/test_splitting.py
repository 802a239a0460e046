"""Long texts are cut where a reader would pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.splitting import AIM, LONGEST, split, units


def test_a_text_that_fits_is_left_alone() -> None:
    assert split("x" * LONGEST) == ["x" * LONGEST]


@pytest.mark.parametrize("text", ["", "  \n\n ", "\n"])
def test_nothing_gives_no_part(text: str) -> None:
    assert split(text) == []


def test_a_paragraph_is_the_first_choice() -> None:
    first, second = "第一段。" * 500, "第二段。" * 700
    assert split(f"{first}\n\n{second}") == [first, second]


def test_a_line_is_the_second_choice() -> None:
    first, second = "a. " * 800 + "end", "b. " * 1000 + "end"
    assert split(f"{first}\n{second}") == [first, second]


@pytest.mark.parametrize("sentence", ["这是一句话。", "This is a sentence. ", "真的吗？", "他说：“好。”"])
def test_a_sentence_is_the_third_choice(sentence: str) -> None:
    parts = split(sentence * 2000)
    assert len(parts) > 1
    assert all(part.endswith(sentence.strip()) for part in parts)


def test_a_number_is_not_cut_at_its_point() -> None:
    parts = split("3.14 " * 2000)
    assert all(part.endswith("3.14") for part in parts)


def test_a_wall_of_text_is_cut_all_the_same() -> None:
    assert [len(part) for part in split("x" * 8000)] == [AIM, AIM, 1000]


@pytest.mark.parametrize("sign", ["👨‍👩‍👧", "é", "👍🏽", "𠮷"])
def test_what_is_seen_as_one_character_stays_together(sign: str) -> None:
    parts = split(sign * 4000)
    assert "".join(parts) == sign * 4000
    assert all(part.startswith(sign) and part.endswith(sign) for part in parts)


@given(
    st.text(alphabet=st.sampled_from("ab 。.\n😀\u0301\u200d，"), min_size=0, max_size=200),
    st.integers(1, 60),
)
def test_every_part_fits_and_nothing_is_lost(text: str, times: int) -> None:
    whole = text * times
    parts = split(whole)
    assert all(0 < units(part) <= LONGEST for part in parts)
    assert "".join("".join(parts).split()) == "".join(whole.split())
