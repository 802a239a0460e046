"""Requirement 2: charged words without danger seldom raise a full card, ordinary questions none and hardly a soft line.

The ceilings are what the detector did when it first met the list, which it never learns from.
"""

from collections.abc import Mapping

import pytest

from bot.urgent import Detector, Tier

Rows = Mapping[tuple[str, str], tuple[str, ...]]
CEILINGS = {
    # kind, language: any line or card, the full card
    ("idiom", "zh"): (6, 3),
    ("idiom", "en"): (3, 2),
    ("admin", "zh"): (0, 0),
    ("admin", "en"): (1, 0),
    ("news_past_denied", "zh"): (11, 5),
    ("news_past_denied", "en"): (12, 5),
    ("ordinary", "zh"): (1, 0),
    ("ordinary", "en"): (0, 0),
}


@pytest.mark.parametrize(("kind", "language"), CEILINGS)
def test_r02_everyday_words_seldom_raise_a_card(
    detector: Detector, other_hand: Rows, kind: str, language: str
) -> None:
    verdicts = [detector.judge(text) for text in other_hand[kind, language]]
    raised = [verdict for verdict in verdicts if verdict is not None]
    most, most_sure = CEILINGS[kind, language]
    assert len(raised) <= most
    assert sum(verdict.tier is Tier.SURE for verdict in raised) <= most_sure
