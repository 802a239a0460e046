"""Accounts, invitations and sessions of staff."""

import asyncio

import pytest

from bot.errors import CodeSpent, InviteSpent, NameTaken, NotFound
from bot.models import AuditAct, AuditEntry, FactorReset, Role
from bot.store.base import AccountChange, Store
from tests.store.builders import NOW, account, at, factor, hire, invite, session


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
    change = AccountChange(language="zh-Hans", role=Role.ADMINISTRATOR, lanes=("complaint",))
    changed = account("ada", language="zh-Hans", role=Role.ADMINISTRATOR, lanes=("complaint",))
    assert await store.change_account("ada", change) == changed
    assert await store.account("ada") == changed


async def test_what_a_change_does_not_name_stays(store: Store) -> None:
    await hire(store, "ada")
    await store.change_account("ada", AccountChange(role=Role.SUPERVISOR, lanes=("complaint",)))
    await store.set_second_factor("ada", factor())
    await store.change_account("ada", AccountChange(language="zh-Hans"))
    await store.change_account("ada", AccountChange(lanes=()))
    assert await store.account("ada") == account(
        "ada", role=Role.SUPERVISOR, language="zh-Hans", second_factor=factor()
    )


async def test_an_unknown_account_cannot_be_changed(store: Store) -> None:
    for act in (
        store.change_account("ada", AccountChange(language="en")),
        store.set_second_factor("ada", factor()),
        store.remove_second_factor("ada", None),
        store.spend_code("ada", 1),
        store.spend_recovery_code("ada", "r-1"),
        store.renew_recovery_codes("ada", ("r-1",)),
    ):
        with pytest.raises(NotFound):
            await act
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


@pytest.mark.parametrize(
    "change",
    [
        AccountChange(disabled=True),
        AccountChange(password_hash="new"),
        AccountChange(role=Role.SUPERVISOR),
        AccountChange(lanes=("complaint",)),
    ],
)
async def test_a_change_of_what_an_account_may_do_ends_all_its_sessions(
    store: Store, change: AccountChange
) -> None:
    await _three_sessions(store)
    await store.change_account("ada", change)
    await _only_bob_is_in(store)


async def test_a_second_factor_that_comes_or_goes_ends_all_sessions(store: Store) -> None:
    await _three_sessions(store)
    await store.set_second_factor("ada", factor())
    await _only_bob_is_in(store)
    await store.save_session(session())
    await store.remove_second_factor("ada", None)
    await _only_bob_is_in(store)


async def test_other_changes_of_an_account_leave_its_sessions(store: Store) -> None:
    await hire(store, "ada")
    await store.save_session(session())
    await store.change_account("ada", AccountChange(language="zh-Hans"))
    await store.change_account("ada", AccountChange(role=Role.STAFF, lanes=(), disabled=False))
    assert await store.session("t-1") == session()


async def test_a_reset_is_remembered_until_there_is_a_second_factor_again(store: Store) -> None:
    await hire(store, "ada")
    await store.set_second_factor("ada", factor())
    reset = FactorReset(by="bob", at=NOW)
    await store.remove_second_factor("ada", reset)
    assert await store.account("ada") == account("ada", factor_reset=reset)
    await store.remove_second_factor("ada", reset)
    (row,) = await store.audit_rows(limit=10)
    assert (row.at, row.account, row.act, row.second) == (NOW, "bob", AuditAct.FACTOR_RESET, "ada")
    await store.set_second_factor("ada", factor())
    assert await store.account("ada") == account("ada", second_factor=factor())


async def test_a_code_is_spent_once_and_takes_the_older_ones_with_it(store: Store) -> None:
    await hire(store, "ada")
    await store.set_second_factor("ada", factor(used_step=10))
    for spent in (9, 10):
        with pytest.raises(CodeSpent):
            await store.spend_code("ada", spent)
    tries = await asyncio.gather(*(store.spend_code("ada", 12) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(tried, CodeSpent) for tried in tries) == 19
    with pytest.raises(CodeSpent):
        await store.spend_code("ada", 11)
    await store.spend_code("ada", 13)


async def test_a_recovery_code_is_spent_once(store: Store) -> None:
    await hire(store, "ada")
    await store.set_second_factor("ada", factor(recovery=("r-1", "r-2")))
    tries = await asyncio.gather(
        *(store.spend_recovery_code("ada", "r-1") for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(tried, CodeSpent) for tried in tries) == 19
    assert 1 in tries
    await store.renew_recovery_codes("ada", ("r-3",))
    for gone in ("r-1", "r-2", "never"):
        with pytest.raises(CodeSpent):
            await store.spend_recovery_code("ada", gone)
    assert await store.spend_recovery_code("ada", "r-3") == 0


async def test_nobody_without_an_account_has_a_session(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.save_session(session())
    await hire(store, "ada")
    await store.change_account("ada", AccountChange(disabled=True))
    with pytest.raises(NotFound):
        await store.save_session(session())
    assert await store.session("t-1") is None


async def _three_sessions(store: Store) -> None:
    await hire(store, "ada", "bob")
    for digest, name in (("t-1", "ada"), ("t-2", "ada"), ("t-3", "bob")):
        await store.save_session(session(digest, name))


async def _only_bob_is_in(store: Store) -> None:
    assert await store.session("t-1") is None
    assert await store.session("t-2") is None
    assert await store.session("t-3") == session("t-3", "bob")


async def test_a_change_of_access_is_recorded_with_it_and_none_is_not(store: Store) -> None:
    await hire(store, "ada", "bob")
    given = AuditEntry(at=NOW, account="bob", act=AuditAct.ACCESS_GIVEN, situation_id="", second="ada")
    change = AccountChange(lanes=("complaint",))
    await store.change_account("ada", change, given)
    await store.change_account("ada", change, given)
    with pytest.raises(NotFound):
        await store.change_account("nobody", change, given)
    (row,) = await store.audit_rows(limit=10)
    assert (row.account, row.act, row.second) == ("bob", AuditAct.ACCESS_GIVEN, "ada")
