"""Requirement 1: all of `explicit` and `third_person` and 95 % of `implicit` of the supplied list, in both languages."""

from collections.abc import Mapping

import pytest

from bot.urgent import Detector

Rows = Mapping[tuple[str, str], tuple[str, ...]]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("kind", "least"), [("explicit", 1.0), ("third_person", 1.0), ("implicit", 0.95)])
def test_r01_a_crisis_of_the_supplied_list_is_caught(
    detector: Detector, crisis_list: Rows, kind: str, language: str, least: float
) -> None:
    texts = crisis_list[kind, language]
    caught = [text for text in texts if detector.judge(text) is not None]
    assert len(caught) >= least * len(texts)
