"""Requirement 2: idioms and near topics never, denials and news seldom, ordinary questions hardly ever."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.urgent import Detector, Tier

Rows = Mapping[tuple[str, str], tuple[str, ...]]


def _full_cards(detector: Detector, texts: tuple[str, ...]) -> list[str]:
    verdicts = {text: detector.judge(text) for text in texts}
    return [text for text, verdict in verdicts.items() if verdict is not None and verdict.tier is Tier.SURE]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["idiom", "near_topic"])
def test_r02_idioms_and_near_topics_get_no_card(
    detector: Detector, crisis_list: Rows, kind: str, language: str
) -> None:
    assert _full_cards(detector, crisis_list[kind, language]) == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["negation", "news_question"])
def test_r02_denials_and_news_seldom_get_a_card(
    detector: Detector, crisis_list: Rows, kind: str, language: str
) -> None:
    texts = crisis_list[kind, language]
    assert len(_full_cards(detector, texts)) <= 0.1 * len(texts)


@pytest.mark.parametrize("name", ["clinc150/valid", "banking77/valid", "xstest/cases"])
def test_r02_ordinary_questions_are_left_alone(detector: Detector, data: Path, name: str) -> None:
    rows = [
        json.loads(line) for line in (data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()[::4]
    ]
    texts = tuple(row["text"] for row in rows if row.get("label") != "unsafe")
    alarms = [text for text in texts if detector.judge(text) is not None]
    assert len(_full_cards(detector, texts)) <= 0.01 * len(texts)
    assert len(alarms) <= 0.05 * len(texts)
