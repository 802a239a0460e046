"""What the requirements on urgent messages share: the sample content, its detector, and another hand's list."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from bot.content import read_content
from bot.corpus import Corpus, build_corpus
from bot.urgent import Detector, UrgentContent

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return build_corpus(read_content([ROOT / "intents"], [ROOT / "knowledge"]))


@pytest.fixture(scope="session")
def urgent(corpus: Corpus) -> UrgentContent:
    return corpus.content.urgent


@pytest.fixture(scope="session")
def detector(corpus: Corpus) -> Detector:
    return corpus.urgent


@pytest.fixture(scope="session")
def other_hand() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """960 messages by kind and language, by a hand that knew neither the phrases nor the detector."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in (HERE / "other_hand.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found.setdefault((row["kind"], row["lang"]), []).append(row["text"])
    return {key: tuple(texts) for key, texts in found.items()}


@pytest.fixture(scope="session")
def lane_table() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Messages by the lane they belong to, then by language."""
    read = yaml.safe_load((HERE / "lanes.yaml").read_text(encoding="utf-8"))
    return {
        lane: {language: tuple(texts) for language, texts in members.items()}
        for lane, members in read.items()
    }
