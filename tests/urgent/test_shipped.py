"""The detector that comes with the code, so that a first start need not train one."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.content import read_content
from bot.urgent import UrgentContent, arrays_of, build_detector, detector_of, shipped, watched_opinions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def content() -> UrgentContent:
    return read_content([ROOT / "intents"], [ROOT / "knowledge"]).urgent


def test_the_shipped_detector_is_of_the_shipped_phrases_and_code(content: UrgentContent) -> None:
    detector = shipped(content)
    assert detector is not None, "run: python -m tests.benchmarks.train_urgent"
    assert watched_opinions(content, detector) == ()


def test_it_judges_as_one_that_is_trained_here(content: UrgentContent) -> None:
    detector = shipped(content)
    assert detector is not None
    trained = build_detector(content)
    texts = [line for lines in content.phrases.values() for line in (*lines["zh"][::9], *lines["en"][::9])]
    assert [detector.judge(text) for text in texts] == [trained.judge(text) for text in texts]


def test_other_phrases_have_none(content: UrgentContent) -> None:
    phrases = {**content.phrases, "ordinary": {**content.phrases["ordinary"], "en": ("where is the office",)}}
    assert shipped(replace(content, phrases=phrases)) is None


def test_a_detector_judges_the_same_before_it_is_kept_and_after(content: UrgentContent) -> None:
    phrases = {
        kind: {language: lines[:20] for language, lines in both.items()}
        for kind, both in content.phrases.items()
    }
    trained = build_detector(replace(content, phrases=phrases))
    kept = detector_of(arrays_of(trained))
    assert (kept._model.weights == trained._model.weights).all()
    assert (kept._model.scale == trained._model.scale).all()
