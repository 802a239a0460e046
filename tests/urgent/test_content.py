"""Bad content is reported whole, each fault with its place and remedy."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from bot.urgent import UrgentContentError, read_urgent, unverified_numbers
from bot.urgent.phrases import expand, faults_in
from tests.urgent.conftest import load

SAMPLE = load()


def _faults(change: Any) -> dict[str, str]:
    data: Any = deepcopy(SAMPLE)
    change(data)
    with pytest.raises(UrgentContentError) as caught:
        read_urgent(data)
    assert isinstance(caught.value, ValueError)
    return {fault.where: fault.sentence for fault in caught.value.faults}


def test_every_fault_is_reported_together() -> None:
    def spoil(data: Any) -> None:
        data["surprise"] = 1
        data["numbers"][0]["number"] = 110
        del data["cards"]["crisis"]["en"]
        data["soft"]["crisis"]["zh-Hant"] = "{who} {support}"
        data["phrases"]["idiom"]["zh"][0] = "笑死(我|人了"
        data["phrases"]["news"]["en"] = []
        data["phrases"]["protest"] = {"zh": ["抗议"]}
        data["cards"]["danger"]["en"] = data["cards"]["danger"]["en"].replace("{call}", "")

    faults = _faults(spoil)
    assert set(faults) == {
        "surprise",
        "numbers[0].number",
        "cards.crisis.en",
        "soft.crisis.zh-Hant",
        "phrases.idiom.zh[0]",
        "phrases.news.en",
        "phrases.protest",
        "cards.danger.en",
    }
    assert "in quotes" in faults["numbers[0].number"]
    assert "not a kind of phrase" in faults["phrases.protest"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("{disclosure} Call 911 now. {duty}", "spells out the number 911"),
        ("{disclosure} Help is on the way. {duty}", "forbidden phrase 'on the way'"),
        ("{disclosure} Call {police}! {duty}", "exclamation mark"),
        ("{disclosure} " + "word " * 120 + "{duty}", "shorten it to 120"),
    ],
)
def test_a_card_is_held_to_the_rules_of_wording(words: str, part: str) -> None:
    def spoil(data: Any) -> None:
        data["cards"]["crisis"]["en"] = words

    assert part in _faults(spoil)["cards.crisis.en"]


def test_a_card_that_does_not_begin_with_the_disclosure_is_refused() -> None:
    def spoil(data: Any) -> None:
        data["cards"]["crisis"]["en"] = "Hello. {disclosure} {duty}"

    assert "does not begin with {disclosure}" in _faults(spoil)["cards.crisis.en"]


@pytest.mark.parametrize(
    "data", [{}, {"numbers": "110"}, {"phrases": []}, {"cards": {"crisis": 3}}, {"lists": {"a": 1}}]
)
def test_anything_but_content_is_refused_without_a_crash(data: dict[str, object]) -> None:
    with pytest.raises(UrgentContentError):
        read_urgent(data)


def test_numbers_nobody_verified_lately_are_named() -> None:
    data: Any = deepcopy(SAMPLE)
    for number in data["numbers"]:
        number["verified_on"], number["verified_by"] = date(2026, 3, 1), "duty officer"
    data["numbers"][1]["verified_on"], data["numbers"][1]["verified_by"] = None, None
    content = read_urgent(data)
    assert [number.role for number in unverified_numbers(content, date(2026, 3, 2))] == ["fire"]
    assert len(unverified_numbers(content, date(2026, 6, 1))) == len(content.numbers)


def test_alternatives_expand_the_same_way_each_time_and_use_each_option() -> None:
    line = "我(真的|是|)不想(活|活着)了，<who>"
    lists = {"who": ("救救我", "帮帮我")}
    found = expand(line, lists, 6)
    assert found == expand(line, lists, 6)
    assert len(found) == len(set(found)) == 6
    assert all(any(word in text for text in found) for word in ("真的", "我是", "活着", "救救我", "帮帮我"))
    assert sorted(expand("(a|b) (c|d)", {}, 9)) == ["a c", "a d", "b c", "b d"]
    assert set(expand("(x|<who>)", lists, 9)) == {"x", "救救我", "帮帮我"}


def test_a_slip_in_the_notation_is_explained() -> None:
    assert "does not exist" in faults_in("near <nowhere>", {})[0]
    assert "outside a group" in faults_in("a (b|c", {})[0]
    assert faults_in("a (b|c) <d>", {"d": ("x",)}) == []
