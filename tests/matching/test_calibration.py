"""From logits to probabilities and thresholds."""

import numpy as np
import pytest

from bot.matching import MatchPolicy
from bot.matching.calibration import answer_threshold, offer_threshold, row_weights, shift_of, sigmoid


def test_rows_outside_get_their_stated_share_however_many_they_are() -> None:
    outside = np.array([True] * 2 + [False] * 18)
    weights = row_weights(outside, 0.35)
    assert weights.sum() == pytest.approx(1)
    assert weights[outside].sum() == pytest.approx(0.35)


def test_given_outside_examples_count_the_more_the_more_they_are() -> None:
    def share(given: int) -> float:
        outside = np.array([True] * (given + 100) + [False] * 50)
        real = np.arange(len(outside)) < given
        return float(row_weights(outside, 0.4, real)[real].sum())

    assert share(0) == 0
    assert share(10) == pytest.approx(0.2)
    assert share(200) > share(20)


def test_without_rows_of_one_kind_the_other_counts_whole() -> None:
    assert row_weights(np.zeros(4, bool), 0.35).sum() == pytest.approx(1)
    assert row_weights(np.ones(4, bool), 0.35).sum() == pytest.approx(1)
    assert len(row_weights(np.zeros(0, bool), 0.35)) == 0


def test_shifted_logits_are_right_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(0, 1.5, 4000)
    right = rng.random(4000) < sigmoid(truth)
    weights = np.full(4000, 1 / 4000)
    assert shift_of(truth + 0.8, right, weights) == pytest.approx(-0.8, abs=0.12)


def test_answers_above_the_threshold_are_right_as_often_as_asked() -> None:
    rng = np.random.default_rng(2)
    probabilities = rng.beta(1.2, 0.8, 20_000)
    right = rng.random(20_000) < probabilities
    weights = np.full(20_000, 1 / 20_000)
    for goal in (0.8, 0.9, 0.95):
        threshold = answer_threshold(probabilities, weights, MatchPolicy(target_precision=goal), 500)
        assert right[probabilities >= threshold].mean() >= goal


def test_without_rows_the_threshold_is_no_lower_than_the_precision_asked() -> None:
    nothing = np.zeros(0, np.float32)
    assert answer_threshold(nothing, nothing, MatchPolicy(target_precision=0.9), 0) >= 0.9


def test_a_stricter_offer_policy_offers_less() -> None:
    strict, loose = (offer_threshold(MatchPolicy(offer_precision=goal)) for goal in (0.8, 0.4))
    assert strict > loose
