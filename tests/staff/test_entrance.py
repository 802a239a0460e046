"""The pages for signing in, joining, and one's account."""

from pathlib import Path

import pytest

from bot.corpus import Corpus
from bot.models import Role
from tests.staff.world import PASSWORD, Person, World, a_world


async def _sign_in(person: Person, name: str = "Lin", password: str = PASSWORD, **more: str):
    token = (await person.get(f"/join/{await person.world.accounts.invite(Role.STAFF)}")).field("form_token")
    data = {"form_token": token, "name": name, "password": password, **more}
    return await person.send("POST", "/sign-in", data=data)


async def test_signing_in_leads_back_to_where_one_was(world: World, lin: Person, nobody: Person) -> None:
    page = await nobody.get("/knowledge?status=draft")
    assert page.location == "/staff/sign-in?next=%2Fstaff%2Fknowledge%3Fstatus%3Ddraft"
    where = (await nobody.get("/sign-in?next=%2Fstaff%2Fknowledge%3Fstatus%3Ddraft")).field("next")
    done = await _sign_in(nobody, next=where)
    assert (done.status, done.location) == (303, "/staff/knowledge?status=draft")
    assert (await nobody.get("/knowledge?status=draft")).status == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/staff\\@evil",
        "javascript:alert(1)",
        "/",
        "/staffx",
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(
    world: World, lin: Person, nobody: Person, elsewhere: str
) -> None:
    done = await _sign_in(nobody, next=elsewhere)
    assert (done.status, done.location) == (303, "/staff")


async def test_the_session_cookie_is_out_of_reach(world: World, lin: Person, nobody: Person) -> None:
    done = await _sign_in(nobody)
    cookie = next(c for c in done.headers.getall("Set-Cookie") if c.startswith("desk_staff="))
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert {"HttpOnly", "SameSite=Strict", "Path=/staff"} <= parts
    assert "Secure" not in parts  # this test speaks plain http


async def test_behind_https_the_cookie_is_secure_and_hsts_is_sent(corpus: Corpus, tmp_path: Path) -> None:
    async with a_world(corpus, tmp_path, TRUSTED_PROXIES="127.0.0.0/8") as world:
        await world.join("Lin")
        person = Person(world, "Lin", None)
        https = {"X-Forwarded-Proto": "https"}
        page = await person.send("GET", "/sign-in", headers=https)
        assert page.headers["Strict-Transport-Security"]
        data = {"form_token": page.field("form_token"), "name": "Lin", "password": PASSWORD}
        done = await person.send("POST", "/sign-in", data=data, headers=https)
        assert all("; Secure" in cookie for cookie in done.headers.getall("Set-Cookie"))


async def test_a_stranger_cannot_claim_https(world: World, nobody: Person) -> None:
    page = await nobody.send("GET", "/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in page.headers


async def test_a_wrong_sign_in_keeps_the_name_and_not_the_password(
    world: World, lin: Person, nobody: Person
) -> None:
    page = await _sign_in(nobody, password="wrong-password-1")
    assert page.status == 403
    assert "Name or password is not right" in page.text
    assert 'value="Lin"' in page.text
    assert "wrong-password-1" not in page.text
    assert "desk_staff" not in nobody.cookies


async def test_too_many_wrong_sign_ins_say_how_long_to_wait(
    world: World, lin: Person, nobody: Person
) -> None:
    for _ in range(5):
        await _sign_in(nobody, password="wrong")
    page = await _sign_in(nobody)
    assert page.status == 429
    assert page.headers["Retry-After"] == "60"
    assert "Wait 60 seconds" in page.text


async def test_an_invited_person_makes_an_account_and_is_in(
    world: World, ada: Person, nobody: Person
) -> None:
    shown = await ada.post("/people/invite", {"role": "staff"})
    link = shown.text.partition("/staff/join/")[2].partition("<")[0]
    assert shown.status == 200
    assert len(link) > 40
    assert link not in (await ada.get("/people")).text
    page = await nobody.get(f"/join/{link}")
    data = {
        "form_token": page.field("form_token"),
        "name": " Wei  Ling ",
        "password": PASSWORD,
        "language": "zh-Hant",
    }
    done = await nobody.send("POST", f"/join/{link}", data=data)
    assert (done.status, done.location) == (303, "/staff")
    assert '<html lang="zh-Hant">' in (await nobody.get("")).text
    assert (await world.store.account("Wei Ling")) is not None
    again = await Person(world, "x", None).get(f"/join/{link}")
    other = Person(world, "x", None)
    fresh = await world.accounts.invite(Role.STAFF)
    token = (await other.get(f"/join/{fresh}")).field("form_token")
    data |= {"form_token": token, "name": "Other", "language": "en"}
    spent = await other.send("POST", f"/join/{link}", data=data)
    assert again.status == 410, "before anything is typed"
    assert spent.status == 410
    assert "This invitation has ended" in spent.text


async def test_a_bad_password_on_joining_is_explained_and_the_invitation_kept(
    world: World, nobody: Person
) -> None:
    token = await world.accounts.invite(Role.STAFF)
    form = (await nobody.get(f"/join/{token}")).field("form_token")
    data = {"form_token": form, "name": "Wei", "password": "short", "language": "en"}
    page = await nobody.send("POST", f"/join/{token}", data=data)
    assert page.status == 400
    assert "shorter than 12" in page.text
    done = await nobody.send("POST", f"/join/{token}", data={**data, "password": PASSWORD})
    assert done.status == 303


async def test_signing_in_again_ends_the_session_before(world: World, lin: Person) -> None:
    before = dict(lin.cookies)
    assert (await _sign_in(lin, next="")).status == 303
    after, lin.cookies = lin.cookies, before
    assert (await lin.get("")).status == 303
    lin.cookies = after
    assert (await lin.get("")).status == 200


async def test_signing_out_ends_the_session(world: World, lin: Person) -> None:
    kept = dict(lin.cookies)
    assert (await lin.post("/sign-out")).status == 303
    lin.cookies = kept
    assert (await lin.get("")).status == 303


async def test_a_new_password_works_and_the_old_one_does_not(
    world: World, lin: Person, nobody: Person
) -> None:
    data = {"old_password": PASSWORD, "new_password": "another horse battery"}
    done = await lin.post("/account/password", data)
    assert done.location == "/staff/account?notice=password"
    assert (await lin.get("")).status == 200
    assert (await _sign_in(nobody)).status == 403
    assert (await _sign_in(nobody, password="another horse battery")).status == 303


async def test_the_account_says_in_which_language_it_is_spoken_to(world: World, lin: Person) -> None:
    await lin.post("/account/language", {"language": "zh-Hans"})
    page = await lin.get("/account?notice=language")
    assert '<html lang="zh-Hans">' in page.text
    assert "工作台已改用简体中文" in page.text


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-TW,zh;q=0.9", "zh-Hant"), ("zh-CN", "zh-Hans"), ("en-GB;q=0.5, zh-HK;q=0.9", "zh-Hant"),
        ("fr, en;q=0.1", "en"), ("fr", "zh-Hans"), ("en;q=x,,;;;", "zh-Hans"), ("zh-Hans-HK", "zh-Hans"),
    ],
)  # fmt: skip
async def test_before_signing_in_the_browser_says_the_language(
    world: World, nobody: Person, header: str, language: str
) -> None:
    page = await nobody.send("GET", "/sign-in", headers={"Accept-Language": header})
    assert f'<html lang="{language}">' in page.text


async def test_an_administrator_shuts_people_out_at_once_but_never_themselves(
    world: World, ada: Person, lin: Person
) -> None:
    await ada.post("/people/disable", {"name": "Lin"})
    assert (await lin.get("")).status == 303
    page = await ada.post("/people/disable", {"name": "Ada"})
    assert page.status == 400
    assert "cannot disable your own" in page.text
    await ada.post("/people/enable", {"name": "Lin"})
    assert (await world.store.account("Lin")).disabled is False


async def test_a_link_from_elsewhere_gets_a_second_chance_to_bring_its_cookie(
    world: World, nobody: Person
) -> None:
    page = await nobody.send("GET", "/knowledge", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status == 200
    assert 'http-equiv="refresh"' in page.text


async def test_an_answer_written_while_the_session_ended_survives_signing_in(
    world: World, lin: Person
) -> None:
    situation = await world.file()
    await lin.open(situation)
    csrf = await lin.csrf()
    world.clock.pass_(hours=3)
    sent = {"csrf": csrf, "text": "A long answer\nin two lines", "publish": "yes", "question": "Where?"}
    page = await lin.send("POST", f"/situations/{situation.id}/answer", data=sent)
    assert page.status == 401
    assert "Your session had ended" in page.text
    data = {
        "form_token": page.field("form_token"), "name": "Lin", "password": PASSWORD, "next": page.field("next"),
        "held_path": page.field("held_path"), "held.text": page.field("held.text"),
        "held.publish": page.field("held.publish"), "held.question": page.field("held.question"),
    }  # fmt: skip
    resumed = await lin.send("POST", "/sign-in", data=data)
    assert resumed.status == 200
    assert "A long answer\nin two lines" in resumed.text
    assert (await world.desk.peek(situation.id, "ada")).settled_by is None
    sent["csrf"] = resumed.field("csrf")
    done = await lin.send("POST", f"/situations/{situation.id}/answer", data=sent)
    assert done.status == 303
    assert (await world.desk.entries())[0].entry.question == "Where?"
