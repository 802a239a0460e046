"""How simulated traffic is made and judged; the measuring itself needs the data."""

import random

import numpy as np

from tests.benchmarks.real import answerable
from tests.benchmarks.traffic import chatty, short


def test_what_can_be_answered_counts_right_answers_at_the_best_threshold_that_keeps_the_floor() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, False, True, True])
    assert answerable(confidence, right, 0.8) == 4
    assert answerable(confidence, right, 0.9) == 2


def test_equally_sure_messages_are_answered_together() -> None:
    confidence = np.array([0.9, 0.9, 0.5])
    assert answerable(confidence, np.array([True, False, False]), 0.8) == 0


def test_a_wrong_answer_at_the_very_top_can_leave_nothing_to_answer() -> None:
    assert answerable(np.array([0.9, 0.8]), np.array([False, True]), 0.8) == 0


def test_a_chopped_message_keeps_telling_words_in_their_order() -> None:
    for seed in range(20):
        words = short("How do I renew my residence permit?", random.Random(seed)).split()
        assert words
        assert words == [word for word in ("renew", "residence", "permit") if word in words]


def test_the_same_seed_writes_the_same_message() -> None:
    assert chatty("what is the fee", random.Random(3)) == chatty("what is the fee", random.Random(3))
