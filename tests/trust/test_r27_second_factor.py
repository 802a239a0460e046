"""A second factor beside the password: set up, asked for, used once, lost, reset, required."""

import datetime as dt
import html
import re

import pyotp
import pytest

from bot.models import Role
from bot.staff.second_factor import (
    FAILURES,
    CodeRefused,
    TicketOver,
    matching_step,
    new_recovery_codes,
    plain,
)
from bot.throttle import Throttled
from tests.staff.world import PASSWORD, Page, Person, World


def code_of(secret: str, world: World) -> str:
    """Return what the telephone shows now."""
    return pyotp.TOTP(secret).at(world.clock.now)


async def set_up(person: Person) -> tuple[str, list[str]]:
    """Switch the second factor on by the page; return its secret and the recovery codes."""
    page = await person.get("/account/second-factor")
    found = re.search(r'<p class="secret"><code>([A-Z2-7 ]+)</code>', page.text)
    assert found
    secret = found[1].replace(" ", "")
    done = await person.post(
        "/account/second-factor",
        {"ticket": page.field("ticket"), "code": code_of(secret, person.world), "password": PASSWORD},
    )
    assert done.status == 200, done.words
    codes = re.search(r'<textarea id="codes"[^>]*>\n(.*?)</textarea>', done.text, re.S)
    assert codes
    return secret, codes[1].split("\n")


async def begin(world: World, name: str = "Lin", **more: str) -> tuple[Person, Page]:
    """Sign in with the password alone, in a new browser; return what comes next."""
    person = Person(world, name, None)
    page = await person.get("/sign-in")
    data = {"form_token": page.field("form_token"), "name": name, "password": PASSWORD, **more}
    return person, await person.send("POST", "/sign-in", data=data)


async def finish(person: Person, page: Page, **given: str) -> Page:
    """Send the second step of signing in."""
    data = {"form_token": page.field("form_token"), "ticket": page.field("ticket"), **given}
    if 'name="next"' in page.text:
        data["next"] = page.field("next")
    return await person.send("POST", "/sign-in/code", data=data)


async def test_r27_a_code_is_asked_for_beside_the_password(world: World, lin: Person) -> None:
    secret, _ = await set_up(lin)
    world.clock.pass_(seconds=30)
    person, page = await begin(world, next="/staff/knowledge")
    assert page.status == 200
    assert "desk_staff" not in person.cookies
    assert (await person.get("")).status == 303, "the password alone opens nothing"
    wrong = await finish(person, page, code="000000")
    assert wrong.status == 403
    assert "does not fit" in wrong.words
    done = await finish(person, wrong, code=code_of(secret, world))
    assert done.location == "/staff/knowledge"
    assert (await person.get("/knowledge")).status == 200


async def test_r27_a_code_works_once_though_it_is_sent_again_at_once(world: World, lin: Person) -> None:
    secret, _ = await set_up(lin)
    code = code_of(secret, world)
    person, page = await begin(world)
    assert (await finish(person, page, code=code)).status == 403, "it confirmed the set-up"
    world.clock.pass_(seconds=30)
    code = code_of(secret, world)
    other, other_page = await begin(world)
    assert (await finish(person, page, code=code)).status == 303
    assert (await finish(other, other_page, code=code)).status == 403
    assert (await finish(person, page, code=code)).status == 403, "the ticket opens nothing by itself"


async def test_r27_a_used_code_stays_used_after_a_restart(world: World, lin: Person) -> None:
    secret, _ = await set_up(lin)
    account = await world.store.account("Lin")
    assert account is not None
    assert account.second_factor is not None
    assert account.second_factor.used_step == pyotp.TOTP(secret).timecode(world.clock.now)
    assert secret.encode() not in bytes(account.second_factor.secret), "sealed"


async def test_r27_each_recovery_code_works_once(world: World, lin: Person) -> None:
    _, codes = await set_up(lin)
    assert len(set(codes)) == 10
    account = await world.store.account("Lin")
    assert account is not None
    assert not {plain(code) for code in codes} & set(account.second_factor.recovery)
    person, page = await begin(world)
    assert (await finish(person, page, recovery=codes[3].lower().replace("-", " "))).status == 303
    assert "9 recovery codes are left" in (await person.get("/account")).words
    other, page = await begin(world)
    assert (await finish(other, page, recovery=codes[3])).status == 403
    assert (await finish(other, page, recovery=codes[4])).status == 303


async def test_r27_new_recovery_codes_void_the_old_ones_and_ask_for_password_and_code(
    world: World, lin: Person
) -> None:
    secret, old = await set_up(lin)
    world.clock.pass_(seconds=30)
    path = "/account/second-factor/codes"
    assert (await lin.post(path, {"password": PASSWORD, "code": "123456"})).status == 403
    assert (await lin.post(path, {"password": "wrong", "code": code_of(secret, world)})).status == 403
    done = await lin.post(path, {"password": PASSWORD, "code": code_of(secret, world)})
    assert done.status == 200
    assert old[0] not in done.text
    person, page = await begin(world)
    assert (await finish(person, page, recovery=old[0])).status == 403


async def test_r27_guessing_codes_is_slowed(world: World, lin: Person) -> None:
    secret, _ = await set_up(lin)
    world.clock.pass_(seconds=30)
    account = await world.store.account("Lin")
    assert account is not None
    for _ in range(FAILURES):
        with pytest.raises(CodeRefused):
            await world.accounts.factors.check(account, "000000")
    person, page = await begin(world)
    refused = await finish(person, page, code=code_of(secret, world))
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 600
    with pytest.raises(Throttled):
        await world.accounts.factors.check(account, code_of(secret, world))


async def test_r27_a_ticket_ends_with_time_with_a_new_password_and_with_disabling(
    world: World, lin: Person
) -> None:
    secret, _ = await set_up(lin)
    person, page = await begin(world)
    world.clock.pass_(minutes=10)
    late = await finish(person, page, code=code_of(secret, world))
    assert late.status == 403
    assert "Sign in again" in late.words
    person, page = await begin(world)
    await world.accounts.set_disabled("Lin", True)
    assert "Sign in again" in (await finish(person, page, code=code_of(secret, world))).words
    await world.accounts.set_disabled("Lin", False)
    await world.accounts.change_password("Lin", PASSWORD, "another horse battery")
    assert "Sign in again" in (await finish(person, page, code=code_of(secret, world))).words
    for forged in ("", "x", "AAAA", page.field("ticket")[:-4]):
        with pytest.raises(TicketOver):
            await world.accounts.factors.account_of(forged)


async def test_r27_switching_on_ends_every_other_session_and_asks_for_the_password(
    world: World, lin: Person
) -> None:
    elsewhere = Person(world, "Lin", await world.accounts.sign_in("Lin", PASSWORD))
    page = await lin.get("/account/second-factor")
    secret = re.sub(r"\s", "", re.search(r'class="secret"><code>([^<]+)', page.text)[1])
    data = {"ticket": page.field("ticket"), "code": code_of(secret, world)}
    refused = await lin.post("/account/second-factor", {**data, "password": "not it at all"})
    assert refused.status == 403
    assert page.field("ticket") == refused.field("ticket"), "the same picture stays"
    assert (await elsewhere.get("")).status == 200
    assert (await lin.post("/account/second-factor", {**data, "password": PASSWORD})).status == 200
    assert (await elsewhere.get("")).status == 303
    assert (await lin.get("")).status == 200
    again = await lin.post("/account/second-factor", {**data, "password": PASSWORD})
    assert again.location == "/staff/account/second-factor", "sent twice it is switched on once"


async def test_r27_somebody_elses_ticket_sets_up_nothing(world: World, lin: Person, wei: Person) -> None:
    page = await wei.get("/account/second-factor")
    secret = re.sub(r"\s", "", re.search(r'class="secret"><code>([^<]+)', page.text)[1])
    data = {"ticket": page.field("ticket"), "code": code_of(secret, world), "password": PASSWORD}
    assert (await lin.post("/account/second-factor", data)).status == 409


async def test_r27_the_secret_is_never_shown_again(world: World, lin: Person) -> None:
    secret, codes = await set_up(lin)
    for path in ("/account", "/account/second-factor"):
        text = (await lin.get(path)).text.replace(" ", "")
        assert secret not in text
        assert "<svg" not in text
        assert not any(code in text for code in codes)


async def test_r27_an_administrator_resets_it_and_the_owner_is_told(
    world: World, lin: Person, ada: Person
) -> None:
    await set_up(lin)
    assert (await ada.post("/people/reset", {"name": "Ada"})).status == 400
    done = await ada.post("/people/reset", {"name": "Lin"})
    assert done.location == "/staff/people?notice=factor_reset"
    assert (await lin.get("")).status == 303, "signed out everywhere"
    assert "reset the second factor of Lin" in (await ada.get("/audit")).words
    person, page = await begin(world)
    assert page.status == 303
    assert "Ada reset your second factor" in (await person.get("/account")).words
    await set_up(person)
    assert "reset your second factor" not in (await person.get("/account")).words


async def test_r27_switched_off_it_is_not_asked_for(world: World, lin: Person) -> None:
    secret, _ = await set_up(lin)
    world.clock.pass_(seconds=30)
    data = {"password": PASSWORD, "code": code_of(secret, world)}
    assert (await lin.post("/account/second-factor/off", data)).location.endswith("?notice=factor_off")
    _, page = await begin(world)
    assert page.status == 303


async def test_r27_where_it_is_required_nothing_else_opens_before_it_is_set_up(
    world: World, lin: Person
) -> None:
    world.live.set(second_factor="required")
    situation = await world.file("where is my umbrella")
    for path in ("", "/account", "/knowledge", f"/situations/{situation.id}", "/find?reference=x"):
        assert (await lin.get(path)).location == "/staff/account/second-factor"
    page = await lin.get("/account/second-factor")
    assert "asks everybody for a second factor" in page.words
    csrf = page.field("csrf")
    answer = {"csrf": csrf, "text": "kept words", "question": ""}
    refused = await lin.send("POST", f"/situations/{situation.id}/answer", data=answer)
    assert refused.status == 403
    assert "kept words" in refused.text
    assert (await lin.send("GET", "/stream")).status == 403
    assert (await world.store.situation(situation.id)) == situation
    lin.csrf = lambda: _same(csrf)  # type: ignore[method-assign]
    await set_up(lin)
    assert (await lin.get("")).status == 200


async def _same(csrf: str) -> str:
    return csrf


async def test_r27_administrators_see_how_many_accounts_have_none(
    world: World, lin: Person, ada: Person
) -> None:
    assert "2 accounts have no second factor" in (await ada.get("")).words
    assert "second factor" not in (await lin.get("")).words
    await set_up(lin)
    page = await ada.get("/people")
    assert "1 account has no second factor" in page.words
    assert "second factor on" in page.words


async def test_r27_what_was_being_sent_survives_both_steps(world: World, lin: Person) -> None:
    secret, _ = await set_up(lin)
    situation = await world.file()
    await lin.open(situation)
    csrf = await lin.csrf()
    world.clock.pass_(hours=3)
    page = await lin.send(
        "POST", f"/situations/{situation.id}/answer", data={"csrf": csrf, "text": "a long answer"}
    )
    data = {
        "form_token": page.field("form_token"), "name": "Lin", "password": PASSWORD, "next": page.field("next"),
        "held_path": page.field("held_path"), "held.text": page.field("held.text"),
    }  # fmt: skip
    step = await lin.send("POST", "/sign-in", data=data)
    data |= {"ticket": html.unescape(step.field("ticket")), "code": code_of(secret, world)}
    resumed = await lin.send("POST", "/sign-in/code", data=data)
    assert resumed.status == 200
    assert "a long answer" in resumed.text


def test_r27_codes_of_the_neighbouring_half_minutes_fit_and_no_others() -> None:
    secret = pyotp.random_base32()
    now = dt.datetime(2026, 11, 24, 2, 0, 5, tzinfo=dt.UTC)
    here = pyotp.TOTP(secret).timecode(now)
    fitting = {
        step for step in range(here - 5, here + 6)
        if matching_step(secret, pyotp.TOTP(secret).generate_otp(step), now) is not None
    }  # fmt: skip
    assert fitting == {here - 1, here, here + 1}
    for nothing in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        assert matching_step(secret, nothing, now) is None


def test_r27_recovery_codes_can_be_read_from_paper() -> None:
    code = new_recovery_codes()[0]
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert plain(f" {code.lower()} ") == code.replace("-", "")
    assert plain("O0-Il") == "0011"


async def test_r27_every_role_can_have_one(world: World) -> None:
    for role in Role:
        await set_up(await world.join(f"One {role}", role))
