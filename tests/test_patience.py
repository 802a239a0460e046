"""How long the end may take."""

import asyncio
import time

import pytest

from bot import patience as module
from bot.patience import Patience


@pytest.fixture(autouse=True)
def short_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "A_MOMENT", 0.05)


async def test_a_step_that_is_done_in_time_is_waited_for() -> None:
    done = []

    async def work() -> None:
        await asyncio.sleep(0.02)
        done.append("yes")

    await Patience(5).within("work", work(), 5)
    assert done == ["yes"]


async def test_a_step_that_takes_too_long_is_broken_off_and_the_end_goes_on() -> None:
    began = time.monotonic()
    patience = Patience(5)
    patience.begin()
    await patience.within("work", asyncio.sleep(60), 0.05)
    assert time.monotonic() - began < 2


async def test_when_the_time_is_up_every_further_step_has_a_moment_only() -> None:
    patience = Patience(0.1)
    patience.begin()
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await patience.within("work", asyncio.sleep(60), 30)
    assert time.monotonic() - began < 2


async def test_somebody_in_a_hurry_ends_pauses_and_steps() -> None:
    patience = Patience(60)
    patience.begin()
    began = time.monotonic()
    waiting = asyncio.gather(patience.pause(30), patience.within("work", asyncio.sleep(60), 30))
    await asyncio.sleep(0.02)
    patience.hurry()
    await waiting
    assert time.monotonic() - began < 2


async def test_a_step_that_fails_does_not_end_the_end(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise OSError("no")

    await Patience(5).within("work", fail(), 5)
    assert "A step of the end failed" in caplog.text
