"""Accounts, invitations and sessions of staff."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import InviteSpent, NameTaken, NotFound
from bot.models import Role
from bot.store.base import Store
from tests.store.builders import NOW, account, at, hire, invite, session


async def test_an_invitation_becomes_an_account(store: Store) -> None:
    await store.save_invite(invite())
    await store.accept_invite("v-1", account(), NOW)
    assert await store.account("ada") == account()
    assert await store.staff() == [account()]


async def test_an_account_has_the_role_of_its_invitation(store: Store) -> None:
    await store.save_invite(invite("low", role=Role.STAFF))
    await store.save_invite(invite("high", role=Role.ADMINISTRATOR))
    made = await store.accept_invite("low", account("ada", role=Role.ADMINISTRATOR), NOW)
    assert made == account("ada", role=Role.STAFF)
    made = await store.accept_invite("high", account("bob"), NOW)
    assert made == account("bob", role=Role.ADMINISTRATOR)
    assert await store.staff() == [account("ada"), account("bob", role=Role.ADMINISTRATOR)]


async def test_an_invitation_is_spent_once(store: Store) -> None:
    await store.save_invite(invite())
    tries = [store.accept_invite("v-1", account(f"person {number}"), NOW) for number in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, InviteSpent) for result in results) == 19
    assert len(await store.staff()) == 1


@pytest.mark.parametrize("minutes", [60, 61])
async def test_an_invitation_that_ran_out_makes_no_account(store: Store, minutes: float) -> None:
    await store.save_invite(invite(expires_at=at(60)))
    with pytest.raises(InviteSpent):
        await store.accept_invite("v-1", account(), at(minutes))
    assert await store.staff() == []


async def test_an_unknown_invitation_makes_no_account(store: Store) -> None:
    with pytest.raises(InviteSpent):
        await store.accept_invite("v-1", account(), NOW)
    assert await store.staff() == []


async def test_a_name_that_is_taken_leaves_the_invitation_unspent(store: Store) -> None:
    await hire(store, "ada")
    await store.save_invite(invite("v-2"))
    with pytest.raises(NameTaken):
        await store.accept_invite("v-2", account("ada", password_hash="another"), NOW)
    assert await store.account("ada") == account("ada")
    await store.accept_invite("v-2", account("bob"), NOW)


async def test_an_older_invitation_stays_valid(store: Store) -> None:
    await store.save_invite(invite("v-1", role=Role.ADMINISTRATOR))
    await store.save_invite(invite("v-2", role=Role.ADMINISTRATOR))
    await store.accept_invite("v-1", account("ada"), NOW)
    await store.accept_invite("v-2", account("bob"), NOW)


async def test_accounts_come_by_name(store: Store) -> None:
    await hire(store, "cleo", "ada", "bob")
    assert [one.name for one in await store.staff()] == ["ada", "bob", "cleo"]
    assert await store.account("dora") is None


async def test_an_account_can_be_changed(store: Store) -> None:
    await hire(store, "ada")
    changed = account("ada", language="zh-Hans", role=Role.ADMINISTRATOR)
    await store.save_account(changed)
    assert await store.account("ada") == changed


async def test_an_unknown_account_cannot_be_changed(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.save_account(account("ada"))
    assert await store.staff() == []


async def test_a_session_is_kept_until_it_is_ended(store: Store) -> None:
    await hire(store, "ada")
    await store.save_session(session())
    assert await store.session("t-1") == session()
    await store.end_session("t-1")
    assert await store.session("t-1") is None
    await store.end_session("t-1")


async def test_a_session_that_is_used_again_is_kept_anew(store: Store) -> None:
    await hire(store, "ada")
    await store.save_session(session())
    await store.save_session(session(used_at=at(5)))
    assert await store.session("t-1") == session(used_at=at(5))


async def test_a_session_that_was_ended_stays_ended(store: Store) -> None:
    await hire(store, "ada")
    await store.save_session(session())
    await store.end_session("t-1")
    await store.save_session(session(used_at=at(5)))
    assert await store.session("t-1") is None


@pytest.mark.parametrize("change", [{"disabled": True}, {"password_hash": "new"}])
async def test_a_disabled_account_and_a_new_password_end_all_sessions(
    store: Store, change: dict[str, object]
) -> None:
    await hire(store, "ada", "bob")
    for digest, name in (("t-1", "ada"), ("t-2", "ada"), ("t-3", "bob")):
        await store.save_session(session(digest, name))
    await store.save_account(replace(account("ada"), **change))
    assert await store.session("t-1") is None
    assert await store.session("t-2") is None
    assert await store.session("t-3") == session("t-3", "bob")


async def test_other_changes_of_an_account_leave_its_sessions(store: Store) -> None:
    await hire(store, "ada")
    await store.save_session(session())
    await store.save_account(account("ada", language="zh-Hans"))
    assert await store.session("t-1") == session()


async def test_nobody_without_an_account_has_a_session(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.save_session(session())
    await hire(store, "ada")
    await store.save_account(account("ada", disabled=True))
    with pytest.raises(NotFound):
        await store.save_session(session())
    assert await store.session("t-1") is None
