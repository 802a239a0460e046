"""What whoever administers the console should see to: shown above every page until it is done."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.staff.auth import Accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What is not as it should be."""

    without_factor: int
    """Accounts that sign in with a password alone."""
    unnamed: tuple[str, ...]
    """Restricted lanes that nobody may open: what lies in them waits for nobody."""
    clock_leapt: bool
    """Nothing is deleted by age, because the clock may be wrong."""


async def attention(accounts: Accounts, restricted: Collection[str], *, clock_leapt: bool) -> Attention:
    """Return what is not as it should be now; `restricted` are the lanes that are opened by name only."""
    people = [account for account in await accounts.people() if not account.disabled]
    named = {lane for account in people for lane in account.lanes}
    return Attention(
        without_factor=sum(1 for account in people if account.second_factor is None),
        clock_leapt=clock_leapt,
        unnamed=tuple(sorted(lane for lane in restricted if lane not in named)),
    )
