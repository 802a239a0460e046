"""Requirement 15, as far as it concerns the urgent lane: criticism, petition, protest and press raise nothing."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.content import read_content
from bot.corpus import Corpus, build_corpus
from bot.errors import ContentError
from bot.urgent import Detector, criticism, read_urgent, watched_opinions
from bot.urgent.detector import build_detector
from tests.trust.urgent.conftest import ROOT


def test_r15_the_corpus_of_criticism_is_large_in_both_languages() -> None:
    for language in ("zh", "en"):
        sentences = criticism()[language]
        assert len(set(sentences)) >= 150


def test_r15_the_detector_is_not_trained_on_the_corpus(corpus: Corpus) -> None:
    lines = {
        line for kinds in corpus.content.urgent.phrases.values() for lines in kinds.values() for line in lines
    }
    assert not lines & {sentence for sentences in criticism().values() for sentence in sentences}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_r15_nothing_in_the_corpus_raises_even_the_soft_line(detector: Detector, language: str) -> None:
    assert [sentence for sentence in criticism()[language] if detector.judge(sentence) is not None] == []


def test_r15_content_that_watches_opinions_is_refused_with_the_line_of_the_phrase(
    tmp_path: Path, corpus: Corpus
) -> None:
    data: Any = yaml.load((ROOT / "intents" / "_urgent.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
    spoiled = deepcopy(data)
    spoiled["phrases"]["danger_police"]["zh"] += criticism()["zh"][50:70]
    places = len(data["phrases"]["danger_police"]["zh"])
    faults = watched_opinions(read_urgent(spoiled), build_detector(read_urgent(spoiled)))
    assert any(fault.where.startswith("phrases.danger_police.zh[") for fault in faults)
    assert any(int(fault.where.rpartition("[")[2][:-1]) >= places for fault in faults if "zh[" in fault.where)

    (tmp_path / "_urgent.yaml").write_text(yaml.safe_dump(spoiled, allow_unicode=True), "utf-8")
    (tmp_path / "hours.yaml").write_text(
        "intents:\n  - id: hours\n    title: {en: Hours, zh: 时间}\n"
        "    examples: {en: [when are you open, opening hours], zh: [几点开门, 上班时间]}\n"
        "    answer: {en: From nine., zh: 九点。}\n",
        "utf-8",
    )
    with pytest.raises(ContentError) as caught:
        build_corpus(read_content([tmp_path]))
    assert all(str(fault).count("_urgent.yaml:") for fault in caught.value.faults)
    assert "fire on criticism" in str(caught.value)
