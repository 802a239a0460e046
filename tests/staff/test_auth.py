"""Accounts, passwords, sessions."""

import asyncio
from typing import Literal

import pytest
from argon2 import PasswordHasher

from bot.errors import InviteSpent, NameTaken
from bot.models import Role
from bot.staff.auth import Accounts, SignInRefused, Unsuitable
from bot.throttle import Throttled
from tests.staff.world import PASSWORD, QUICK, Person, World


async def test_the_first_administrator_is_needed_until_one_can_sign_in(world: World) -> None:
    accounts = world.accounts
    assert await accounts.needs_first_administrator()
    await accounts.accept(await accounts.invite(Role.STAFF), "Lin", PASSWORD, "en")
    assert await accounts.needs_first_administrator()
    await accounts.accept(await accounts.invite(Role.ADMINISTRATOR), "Ada", PASSWORD, "en")
    assert not await accounts.needs_first_administrator()
    await accounts.set_disabled("Ada", True)
    assert await accounts.needs_first_administrator()


async def test_an_invitation_works_once_and_for_a_day(world: World) -> None:
    accounts = world.accounts
    token = await accounts.invite(Role.STAFF)
    await accounts.accept(token, "Lin", PASSWORD, "en")
    with pytest.raises(InviteSpent):
        await accounts.accept(token, "Wei", PASSWORD, "en")
    late = await accounts.invite(Role.STAFF)
    world.clock.pass_(hours=24)
    with pytest.raises(InviteSpent):
        await accounts.accept(late, "Wei", PASSWORD, "en")


async def test_the_role_is_the_invitations(world: World, lin: Person, ada: Person) -> None:
    roles = {account.name: account.role for account in await world.accounts.people()}
    assert roles == {"Ada": Role.ADMINISTRATOR, "Lin": Role.STAFF}


async def test_only_a_good_invitation_learns_which_names_are_taken(world: World, lin: Person) -> None:
    for name in ("Lin", "LIN", "Wei"):
        with pytest.raises(InviteSpent):
            await world.accounts.accept("no such invitation", name, PASSWORD, "en")


async def test_names_differ_by_more_than_case(world: World, lin: Person) -> None:
    with pytest.raises(NameTaken):
        await world.accounts.accept(await world.accounts.invite(Role.STAFF), "LIN", PASSWORD, "en")


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("x", PASSWORD, "name_length"),
        ("a" * 41, PASSWORD, "name_length"),
        ("Lin\u202eWei", PASSWORD, "name_characters"),
        ("<b>Lin</b>", PASSWORD, "name_characters"),
        ("Wei", "eleven char", "password_short"),
        ("Wei", "x" * 257, "password_long"),
        ("Wei", "abababababababab", "password_plain"),
        ("Ching", "hello-Ching-2026", "password_name"),
    ],
)
async def test_unsuitable_names_and_passwords_are_refused(
    world: World, name: str, password: str, reason: str
) -> None:
    with pytest.raises(Unsuitable) as refused:
        await world.accounts.accept(await world.accounts.invite(Role.STAFF), name, password, "en")
    assert refused.value.reason == reason


class CountingHasher(PasswordHasher):
    """Counts how often it was made to work."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified += 1
        return super().verify(hash, password)


async def test_every_wrong_sign_in_gets_one_sentence_after_the_same_work(world: World) -> None:
    hasher = CountingHasher()
    accounts = Accounts(world.store, world.vault, world.clock, hasher)
    for name in ("Lin", "Wei"):
        await accounts.accept(await accounts.invite(Role.STAFF), name, PASSWORD, "en")
    await accounts.set_disabled("Wei", True)
    said = set()
    for name, password in (
        ("Nobody", PASSWORD),
        ("Lin", "wrong"),
        ("Wei", PASSWORD),
        ("Lin", "x" * 100_000),
        ("", ""),
    ):
        before = hasher.verified
        with pytest.raises(SignInRefused) as refused:
            await accounts.sign_in(name, password)
        assert hasher.verified == before + 1
        said.add(str(refused.value))
    accounts.close()
    assert len(said) == 1


async def test_guesses_at_one_name_are_slowed_and_soon_forgotten(world: World, lin: Person) -> None:
    accounts = world.accounts
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await accounts.sign_in("lin", "wrong", client="192.0.2.1")
    with pytest.raises(Throttled):
        await accounts.sign_in("Lin", PASSWORD, client="192.0.2.2")
    world.clock.pass_(seconds=61)
    assert await accounts.sign_in("Lin", PASSWORD, client="192.0.2.2")


async def test_guesses_from_one_place_are_slowed(world: World, lin: Person) -> None:
    for number in range(60):
        with pytest.raises(SignInRefused):
            await world.accounts.sign_in(f"name {number}", "wrong", client="192.0.2.1")
    with pytest.raises(Throttled):
        await world.accounts.sign_in("Lin", PASSWORD, client="192.0.2.1")
    assert await world.accounts.sign_in("Lin", PASSWORD, client="192.0.2.9")


async def test_an_unknown_name_is_slowed_like_a_known_one(world: World) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await world.accounts.sign_in("Nobody", "wrong")
    with pytest.raises(Throttled):
        await world.accounts.sign_in("Nobody", "wrong")


async def test_a_session_ends_when_idle(world: World) -> None:
    token = await _lin(world)
    world.clock.pass_(minutes=119)
    assert await world.accounts.visitor(token)
    world.clock.pass_(minutes=120)
    assert await world.accounts.visitor(token) is None


async def test_what_a_page_fetches_by_itself_keeps_no_session_alive(world: World) -> None:
    token = await _lin(world)
    for _ in range(3):
        world.clock.pass_(minutes=40)
        await world.accounts.visitor(token, touch=False)
    assert await world.accounts.visitor(token) is None


async def test_a_session_ends_after_twelve_hours_of_work(world: World) -> None:
    token = await _lin(world)
    for _ in range(11):
        world.clock.pass_(hours=1)
        assert await world.accounts.visitor(token)
    world.clock.pass_(hours=1)
    assert await world.accounts.visitor(token) is None


async def test_sessions_end_with_sign_out_disabling_and_a_new_password(world: World) -> None:
    accounts = world.accounts
    token = await _lin(world)
    await accounts.sign_out(token)
    assert await accounts.visitor(token) is None
    token = await accounts.sign_in("Lin", PASSWORD)
    await accounts.set_disabled("Lin", True)
    assert await accounts.visitor(token) is None
    with pytest.raises(SignInRefused):
        await accounts.sign_in("Lin", PASSWORD)
    await accounts.set_disabled("Lin", False)
    assert await accounts.visitor(token) is None
    token = await accounts.sign_in("Lin", PASSWORD)
    new = await accounts.change_password("Lin", PASSWORD, "another horse battery")
    assert await accounts.visitor(token) is None
    assert await accounts.visitor(new)


async def test_a_forged_token_opens_nothing(world: World, lin: Person) -> None:
    stored = await world.store.session("0" * 64)
    assert stored is None
    for token in ("", "x", "0" * 64, "' or 1=1"):
        assert await world.accounts.visitor(token) is None


async def test_neither_token_nor_password_is_stored(world: World) -> None:
    token = await _lin(world)
    account = await world.store.account("Lin")
    assert account is not None
    assert account.password_hash.startswith("$argon2id$")
    assert PASSWORD not in account.password_hash
    assert await world.store.session(token) is None


async def test_too_many_hashes_at_once_are_turned_away(world: World, lin: Person) -> None:
    accounts = Accounts(world.store, world.vault, world.clock, QUICK)
    tries = [accounts.sign_in(f"n{n}", PASSWORD, client=str(n)) for n in range(60)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    accounts.close()
    assert {type(result) for result in results} == {SignInRefused, Throttled}


async def _lin(world: World) -> str:
    token = await world.accounts.invite(Role.STAFF)
    return await world.accounts.accept(token, "Lin", PASSWORD, "en")
