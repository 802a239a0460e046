"""A sign-in of before opens nothing any more: after every event that should end it."""

from collections.abc import Awaitable, Callable

import pytest

from bot.models import Role
from bot.staff.second_factor import matching_step
from tests.staff.world import PASSWORD, Person, World
from tests.trust.test_r27_second_factor import set_up

End = Callable[[World, Person], Awaitable[object]]


async def sign_out(world: World, lin: Person) -> None:
    kept = dict(lin.cookies)
    await lin.post("/sign-out")
    lin.cookies = kept


async def idle(world: World, lin: Person) -> None:
    world.clock.pass_(hours=2)


async def old(world: World, lin: Person) -> None:
    for _ in range(12):
        world.clock.pass_(hours=1)
        await lin.get("/knowledge")


async def disabled(world: World, lin: Person) -> None:
    await world.accounts.set_disabled("Lin", True)


async def enabled_again(world: World, lin: Person) -> None:
    await world.accounts.set_disabled("Lin", True)
    await world.accounts.set_disabled("Lin", False)


async def new_password(world: World, lin: Person) -> None:
    await world.accounts.change_password("Lin", PASSWORD, "another horse battery")


async def another_role(world: World, lin: Person) -> None:
    await world.accounts.set_access("Lin", Role.SUPERVISOR, [], by="Ada")


async def named_for_a_lane(world: World, lin: Person) -> None:
    await world.accounts.set_access("Lin", Role.STAFF, ["complaint"], by="Ada")


async def not_named_any_more(world: World, lin: Person) -> None:
    await world.accounts.set_access("Lin", Role.STAFF, ["complaint"], by="Ada")
    lin.cookies["desk_staff"] = await world.accounts.begin_session("Lin")
    await world.accounts.set_access("Lin", Role.STAFF, [], by="Ada")


async def second_factor_set_up(world: World, lin: Person) -> None:
    kept = dict(lin.cookies)
    await set_up(lin)
    lin.cookies = kept


async def second_factor_reset(world: World, lin: Person) -> None:
    await set_up(lin)
    await world.accounts.factors.remove("Lin", by="Ada")


@pytest.mark.parametrize(
    "end",
    [
        sign_out, idle, old, disabled, enabled_again, new_password, another_role, named_for_a_lane,
        not_named_any_more, second_factor_set_up, second_factor_reset,
    ],
    ids=lambda end: end.__name__,
)  # fmt: skip
async def test_r27_an_old_sign_in_fails_after(world: World, lin: Person, end: End) -> None:
    situation = await world.file("where is my umbrella")
    assert "where is my umbrella" in (await lin.open(situation)).text
    await end(world, lin)
    for path in ("", "/account", f"/situations/{situation.id}", "/knowledge"):
        page = await lin.get(path)
        assert (page.status, page.text) == (303, "")
        assert page.location.startswith("/staff/sign-in?next=")
    assert (await lin.send("GET", "/stream")).status == 401
    assert (await lin.send("POST", f"/situations/{situation.id}/claim", data={})).status == 401


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "../../etc", "' or 1=1 --", "a" * 5000, "\u00e9\u00e9"])
async def test_r27_a_forged_session_opens_nothing(world: World, lin: Person, token: str) -> None:
    forged = Person(world, "forged", token)
    assert (await forged.get("")).location.startswith("/staff/sign-in")
    session = await world.store.session("0" * 64)
    assert session is None


async def test_r27_the_digest_that_the_store_keeps_is_no_session(world: World, lin: Person) -> None:
    (digest,) = [doc["digest"] for doc in world.store._tables.sessions.table]  # type: ignore[attr-defined]
    assert (await Person(world, "thief", digest).get("")).status == 303


def test_r27_a_code_of_another_secret_fits_nothing(world: World) -> None:
    assert matching_step("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "000000", world.clock.now) is None
