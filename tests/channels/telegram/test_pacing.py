"""What is owed goes out as fast as Telegram takes it, and answers wait for none of it."""

import asyncio

import pytest

from bot.channels.telegram.pacing import CHAT_BURST, FLOOR, PER_SECOND, Pace


class Time:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    return Pace(now=time, sleep=time.sleep)


async def test_what_thousands_are_owed_goes_out_at_the_limit(pace: Pace, time: Time) -> None:
    began = time.now
    for number in range(300):
        await pace.turn(f"chat {number}")
    assert 300 / PER_SECOND - 0.1 <= time.now - began <= 300 / PER_SECOND + 0.1


async def test_one_chat_gets_a_few_at_once_and_then_one_a_second(pace: Pace, time: Time) -> None:
    began = time.now
    for _ in range(CHAT_BURST):
        await pace.turn("7")
    assert time.now - began < 0.2
    for _ in range(5):
        await pace.turn("7")
    assert 4 <= time.now - began <= 5.2


async def test_answers_take_from_what_is_owed_and_leave_it_its_share(pace: Pace, time: Time) -> None:
    for number in range(3000):
        pace.count(f"asker {number}")
    began = time.now
    for number in range(50):
        await pace.turn(f"chat {number}")
    assert 50 / FLOOR - 0.3 <= time.now - began <= 50 / FLOOR + 0.1


async def test_a_chat_that_is_to_wait_holds_up_no_other(pace: Pace, time: Time) -> None:
    pace.asked_to_wait("7", 30)
    began = time.now
    await pace.turn("8")
    assert time.now - began < 0.1
    await pace.turn("7")
    assert 30 <= time.now - began < 31


async def test_when_several_chats_are_to_wait_all_do(pace: Pace, time: Time) -> None:
    pace.asked_to_wait("7", 30)
    pace.asked_to_wait("8", 20)
    began = time.now
    await pace.turn("9")
    assert 20 <= time.now - began < 21
