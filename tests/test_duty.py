"""A duty that is kept while nobody can say whose it is."""

import pytest

from bot.duty import kept
from bot.errors import StoreStopped


class Election:
    """A store that says whose a duty is, as a test has it."""

    def __init__(self) -> None:
        self.mine = False
        self.away = False
        self.fails = False

    async def leads(self, duty: str) -> bool:
        if self.away and self.fails:
            raise StoreStopped("The disk is full.")
        return self.mine and not self.away

    async def check(self) -> None:
        if self.away:
            raise StoreStopped("The database does not answer.")


@pytest.fixture
def election() -> Election:
    return Election()


@pytest.mark.parametrize("fails", [True, False])
async def test_who_had_a_duty_keeps_it_while_the_store_is_away(election: Election, fails: bool) -> None:
    has = kept(election, "telegram")  # type: ignore[arg-type]
    election.mine, election.fails = True, fails
    assert await has()
    election.away = True
    assert await has()
    assert await has()


async def test_who_did_not_have_it_does_not_take_it_then(election: Election) -> None:
    has = kept(election, "telegram")  # type: ignore[arg-type]
    assert not await has()
    election.mine = election.away = election.fails = True
    assert not await has()


async def test_a_duty_that_another_has_taken_is_given_up(election: Election) -> None:
    has = kept(election, "telegram")  # type: ignore[arg-type]
    election.mine = True
    assert await has()
    election.mine = False
    assert not await has()
