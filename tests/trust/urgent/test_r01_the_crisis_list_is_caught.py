"""Requirement 1: who is in danger, in their own words, is caught, and most at once by the full card.

The floors are what the detector reaches on the list, which it never learns from; none may be lost.
"""

from collections.abc import Mapping

import pytest

from bot.urgent import Detector, Tier

Rows = Mapping[tuple[str, str], tuple[str, ...]]
FLOORS = {
    # kind, language: caught, by the full card; of 60 each
    ("explicit", "zh"): (58, 58),
    ("explicit", "en"): (60, 58),
    ("third_person", "zh"): (60, 60),
    ("third_person", "en"): (59, 55),
    ("implicit", "zh"): (56, 49),
    ("implicit", "en"): (54, 49),
    ("danger", "zh"): (59, 59),
    ("danger", "en"): (60, 58),
}


@pytest.mark.parametrize(("kind", "language"), FLOORS)
def test_r01_a_message_in_danger_is_caught(
    detector: Detector, other_hand: Rows, kind: str, language: str
) -> None:
    verdicts = [detector.judge(text) for text in other_hand[kind, language]]
    caught = [verdict for verdict in verdicts if verdict is not None]
    least, least_sure = FLOORS[kind, language]
    assert len(caught) >= least
    assert sum(verdict.tier is Tier.SURE for verdict in caught) >= least_sure
