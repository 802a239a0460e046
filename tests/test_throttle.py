"""Limits on guesses and floods: bounded, in memory, and under a key that does not last."""

import datetime as dt

import pytest

from bot.throttle import KEY_LASTS, Bucket, Counts, Failures, Throttled

NOW = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.UTC)


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_let_through_and_then_one_after_another() -> None:
    seconds = Seconds()
    bucket = Bucket(burst=3, per_second=0.5, monotonic=seconds)
    assert [bucket.take("a") for _ in range(5)] == [0, 0, 0, 2, 2]
    assert bucket.take("b") == 0
    seconds.now = 2.0
    assert [bucket.take("a") for _ in range(2)] == [0, 2]
    seconds.now = 1000.0
    assert [bucket.take("a") for _ in range(4)] == [0, 0, 0, 2]


def test_failures_are_forgotten_after_their_window() -> None:
    failures = Failures(2, dt.timedelta(minutes=1))
    failures.fail("a", NOW)
    failures.mind("a", NOW)
    failures.fail("a", NOW + dt.timedelta(seconds=30))
    with pytest.raises(Throttled) as refused:
        failures.mind("a", NOW + dt.timedelta(seconds=40))
    assert refused.value.seconds == 20
    failures.mind("b", NOW + dt.timedelta(seconds=40))
    failures.mind("a", NOW + dt.timedelta(seconds=60))


def test_a_flood_of_names_does_not_fill_the_memory_and_pushes_out_the_oldest() -> None:
    failures = Failures(1, dt.timedelta(minutes=1), most_names=100)
    for number in range(250):
        failures.fail(str(number), NOW)
    with pytest.raises(Throttled):
        failures.mind("249", NOW)
    failures.mind("0", NOW)


def test_r28_what_is_remembered_is_bounded_and_names_nobody() -> None:
    counts: Counts[int] = Counts(10)
    for number in range(1000):
        counts.put(f"203.0.113.{number}", number, 0.0)
    assert len(counts) == 10
    assert counts.get("203.0.113.999", 0.0) == 999
    assert "203" not in repr(vars(counts)).replace("\\x", "")


def test_r28_the_key_is_another_one_every_day_so_that_no_count_outlives_it() -> None:
    counts: Counts[int] = Counts()
    counts.put("203.0.113.7", 1, 0.0)
    (before,) = counts._kept
    assert counts.get("203.0.113.7", KEY_LASTS - 1) == 1
    assert counts.get("203.0.113.7", KEY_LASTS) is None
    counts.put("203.0.113.7", 1, KEY_LASTS)
    assert before not in counts._kept
