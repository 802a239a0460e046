"""Every route, every role: what each is answered. A route that stands in no table fails."""

from collections.abc import Sequence

import pytest

from bot.models import Role
from bot.staff.app import ROUTES
from tests.staff.world import Person, World

IN = "goes to the sign-in page"
ANSWER: dict[tuple[str, str], tuple[int | str, int, int, int]] = {
    # (method, path): (nobody, staff, maintainer, administrator); a supervisor's answers are those of staff
    ("GET", "/sign-in"): (200, 303, 303, 303),
    ("POST", "/sign-in"): (403, 403, 403, 403),
    ("GET", "/join/{token}"): (410, 410, 410, 410),
    ("POST", "/join/{token}"): (400, 400, 400, 400),
    ("POST", "/sign-in/code"): (403, 403, 403, 403),
    ("POST", "/sign-out"): (401, 303, 303, 303),
    ("GET", "/account"): (IN, 200, 200, 200),
    ("POST", "/account/password"): (401, 400, 400, 400),
    ("POST", "/account/language"): (401, 400, 400, 400),
    ("GET", "/account/second-factor"): (IN, 200, 200, 200),
    ("POST", "/account/second-factor"): (401, 409, 409, 409),
    ("POST", "/account/second-factor/codes"): (401, 403, 403, 403),
    ("POST", "/account/second-factor/off"): (401, 403, 403, 403),
    ("GET", "/people"): (IN, 403, 403, 200),
    ("POST", "/people/invite"): (401, 403, 403, 400),
    ("POST", "/people/access"): (401, 403, 403, 400),
    ("POST", "/people/reset"): (401, 403, 403, 404),
    ("POST", "/people/disable"): (401, 403, 403, 404),
    ("POST", "/people/enable"): (401, 403, 403, 404),
    ("GET", "/audit"): (IN, 403, 403, 200),
    ("POST", "/audit/verify"): (401, 403, 403, 303),
    ("GET", ""): (IN, 200, 303, 200),
    ("GET", "/"): (IN, 303, 303, 303),
    ("GET", "/queue"): (IN, 200, 403, 200),
    ("GET", "/banners"): (IN, 200, 200, 200),
    ("GET", "/alarms"): (IN, 200, 403, 200),
    ("GET", "/find"): (IN, 303, 403, 303),
    ("POST", "/next"): (401, 303, 403, 303),
    ("GET", "/undelivered"): (IN, 200, 403, 200),
    ("POST", "/undelivered/again"): (401, 404, 403, 404),
    ("GET", "/stream"): (401, 200, 200, 200),
    ("GET", "/situations/{id}"): (IN, 200, 403, 200),
    ("GET", "/situations/{id}/state"): (IN, 200, 403, 200),
    ("GET", "/situations/{id}/deliveries"): (IN, 200, 403, 200),
    ("POST", "/situations/{id}/acknowledge"): (401, 404, 403, 404),
    ("POST", "/situations/{id}/called"): (401, 400, 403, 400),
    ("POST", "/situations/{id}/open"): (401, 303, 403, 303),
    ("POST", "/situations/{id}/claim"): (401, 303, 403, 303),
    ("POST", "/situations/{id}/release"): (401, 303, 403, 303),
    ("POST", "/situations/{id}/draft"): (401, 303, 403, 303),
    ("POST", "/situations/{id}/preview"): (401, 400, 403, 400),
    ("POST", "/situations/{id}/answer"): (401, 400, 403, 400),
    ("POST", "/situations/{id}/close"): (401, 303, 403, 303),
    ("GET", "/knowledge"): (IN, 200, 200, 200),
    ("GET", "/knowledge/new"): (IN, 200, 200, 200),
    ("POST", "/knowledge/new"): (401, 400, 400, 400),
    ("GET", "/knowledge/{id}"): (IN, 200, 200, 200),
    ("POST", "/knowledge/{id}"): (401, 400, 400, 400),
    ("POST", "/knowledge/{id}/publish"): (401, 409, 409, 409),
    ("POST", "/knowledge/{id}/clear"): (401, 403, 403, 409),
    ("GET", "/knowledge/{id}/withdraw"): (IN, 200, 200, 200),
    ("POST", "/knowledge/{id}/withdraw"): (401, 409, 409, 409),
}


def test_every_route_stands_in_the_table(world: World) -> None:
    served = {
        (route.method, route.resource.canonical.removeprefix("/staff"))
        for route in world.client.server.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    served = {(method, path) for method, path in served if not path.startswith("/static")}
    assert served == set(ANSWER) == {(method, path) for method, path, _, _ in ROUTES}


def test_heads_are_answered_only_where_gets_are(world: World) -> None:
    routes = list(world.client.server.app.router.routes())
    heads = {route.resource.canonical for route in routes if route.method == "HEAD" and route.resource}
    gets = {route.resource.canonical for route in routes if route.method == "GET" and route.resource}
    assert heads <= gets


@pytest.mark.parametrize("method_and_path", ANSWER, ids=" ".join)
async def test_each_role_is_answered_as_the_table_says(
    world: World, nobody: Person, lin: Person, mai: Person, ada: Person, method_and_path: tuple[str, str]
) -> None:
    method, path = method_and_path
    expected = ANSWER[method_and_path]
    people: Sequence[Person] = (nobody, lin, mai, ada)
    for person, wanted in zip(people, expected, strict=True):
        entry = await world.desk.save_entry(
            None,
            "Lin",
            question="Q?",
            answer="A.",
            language="en",
            source=None,
            review_by=None,
            base_version=0,
        )
        situation = await world.file()
        object_id = entry.entry.id if path.startswith("/knowledge") else situation.id
        url = path.replace("{id}", object_id).replace("{token}", "no-such-token")
        if path == "/stream" and person is not nobody:
            async with world.client.get(
                f"/staff{url}", headers={"Cookie": f"desk_staff={person.cookies['desk_staff']}"}
            ) as response:
                assert response.status == wanted
            continue
        page = await _ask(person, method, url)
        if wanted == IN:
            assert page.status == 303, (person.name, page.status)
            assert page.location.startswith("/staff/sign-in?next=")
        else:
            assert page.status == wanted, (person.name, page.status, page.words[:300])


async def _ask(person: Person, method: str, url: str):
    if method == "GET":
        return await person.get(url)
    if url.startswith(("/sign-in", "/join")):
        token = (await person.get(f"/join/{await person.world.accounts.invite(Role.STAFF)}")).field(
            "form_token"
        )
        return await person.send("POST", url, data={"form_token": token, "name": "nobody here"})
    if "desk_staff" in person.cookies:
        return await person.post(url)
    return await person.send("POST", url)


@pytest.mark.parametrize(("method", "path", "_", "access"), ROUTES)
async def test_a_post_without_its_token_changes_nothing(
    world: World, lin: Person, ada: Person, method: str, path: str, _: object, access: object
) -> None:
    if method != "POST":
        return
    situation = await world.file()
    entry = await world.desk.save_entry(
        None, "Lin", question="Q?", answer="A.", language="en", source=None, review_by=None, base_version=0
    )
    before = await everything(world)
    object_id = entry.entry.id if path.startswith("/knowledge") else situation.id
    url = path.replace("{id}", object_id).replace("{token}", await world.accounts.invite(Role.STAFF))
    full = {
        "text": "an answer", "question": "Q2?", "answer": "A2.", "language": "en", "version": "1",
        "name": "Lin", "password": "correct horse battery", "role": "staff",
        "old_password": "correct horse battery", "new_password": "another horse battery",
    }  # fmt: skip
    for wrong in ({}, {"csrf": "x", "form_token": "x"}, {"csrf": await lin.csrf()}):
        page = await ada.send("POST", url, data={**full, **wrong})
        assert page.status == 403
        assert "This form is out of date" in page.text
        back = page.text.partition('<a class="button primary" href="/staff')[2].partition('"')[0]
        assert (await ada.get(back)).status in (200, 303, 410), "the way back leads somewhere"
        assert await everything(world) == before


async def test_a_form_sent_by_another_site_is_refused_even_with_its_token(world: World, lin: Person) -> None:
    situation = await world.file()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        page = await lin.send(
            "POST", f"/situations/{situation.id}/claim", data={"csrf": await lin.csrf()}, headers=headers
        )
        assert page.status == 403
    assert (await world.desk.peek(situation.id, "ada")).claimed_by is None


async def test_gets_change_nothing(world: World, lin: Person) -> None:
    situation = await world.file()
    await world.desk.save_entry(
        None, "Lin", question="Q?", answer="A.", language="en", source=None, review_by=None, base_version=0
    )
    before = await everything(world)
    for method, path, _, _ in ROUTES:
        if method == "GET" and path != "/stream":
            await lin.get(path.replace("{id}", situation.id).replace("{token}", "x"))
    assert await everything(world) == before
    assert not (await inquiries_seen(world))


async def everything(world: World) -> tuple[object, ...]:
    """Everything a form of the console could change."""
    return (
        await world.store.queue(),
        await inquiries_seen(world),
        await world.store.entries(),
        await world.store.staff(),
    )


async def inquiries_seen(world: World) -> list[str]:
    found = [await world.store.inquiry(f"i-{name}") for name in world.names]
    return [inquiry.id for inquiry in found if inquiry is not None and inquiry.seen_by_staff]
