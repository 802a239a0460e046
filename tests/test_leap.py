"""Whether the clock is believed."""

import datetime as dt

import pytest

from bot.leap import Belief, leapt
from tests.parts import NOON, UNANSWERED, Office

YEAR = dt.timedelta(days=365)


class Running:
    """Seconds of running, as a test says."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def running() -> Running:
    return Running()


@pytest.fixture
def belief(office: Office, running: Running) -> Belief:
    return Belief(office.store, running)


async def test_a_clock_is_believed_at_first_and_as_it_goes(office: Office, belief: Belief) -> None:
    for hours in range(0, 100, 20):
        assert await belief.holds(NOON + dt.timedelta(hours=hours))


async def test_a_clock_that_leapt_is_not_believed_until_a_day_of_running_has_passed(
    office: Office, belief: Belief, running: Running
) -> None:
    assert await belief.holds(NOON)
    assert not await belief.holds(NOON + YEAR)
    assert await leapt(office.store, NOON + YEAR)
    running.seconds += 23 * 3600
    assert not await belief.holds(NOON + YEAR)
    running.seconds += 3600
    assert await belief.holds(NOON + YEAR)
    assert not await leapt(office.store, NOON + YEAR)
    assert await belief.holds(NOON + YEAR)


async def test_a_new_start_does_not_believe_what_the_one_before_did_not(
    office: Office, belief: Belief
) -> None:
    assert await belief.holds(NOON)
    assert not await belief.holds(NOON + YEAR)
    assert not await Belief(office.store).holds(NOON + YEAR)


async def test_a_clock_that_is_set_right_again_is_believed_at_once(office: Office, belief: Belief) -> None:
    assert await belief.holds(NOON)
    assert not await belief.holds(NOON + YEAR)
    assert await belief.holds(NOON + dt.timedelta(minutes=1))


async def test_a_clock_that_was_set_back_is_believed(office: Office, belief: Belief) -> None:
    assert await belief.holds(NOON)
    assert await belief.holds(NOON - YEAR)
    assert not await belief.holds(NOON), "which of the two is right cannot be told"


async def test_a_clock_that_leaps_a_year_closes_and_deletes_nothing(office: Office) -> None:
    reference = await office.hand_over(UNANSWERED)
    await office.clockwork.look()
    office.clock.forward(days=365)
    await office.clockwork.look()
    office.clock.forward(days=-365)
    await office.clockwork.look()
    assert reference in await office.references()


async def test_a_claim_made_by_a_clock_that_was_hours_ahead_ends_when_it_is_set_back(office: Office) -> None:
    situation = await office.situation_of(await office.hand_over())
    await office.clockwork.look()
    office.clock.forward(hours=5)
    await office.desk.claim(situation, "ada")
    office.clock.forward(hours=-5)
    await office.clockwork.look()
    assert (await office.desk.claim(situation, "ben")).claimed_by == "ben"
