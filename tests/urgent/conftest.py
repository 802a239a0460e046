from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
import yaml

from bot.urgent import Detector, UrgentContent, build_detector, read_urgent

CONTENT = Path(__file__).parents[2] / "intents" / "_urgent.yaml"


def load() -> dict[str, object]:
    return cast("dict[str, object]", yaml.load(CONTENT.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


@pytest.fixture(scope="session")
def content() -> UrgentContent:
    return read_urgent(cast(Mapping[str, object], load()))


@pytest.fixture(scope="session")
def detector(content: UrgentContent) -> Detector:
    return build_detector(content)
