"""Requirement 24: every route, for everybody, on every object, has an expected answer; a route that is not listed fails."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.corpus import Corpus
from bot.models import DeliveryStatus, Role, Situation
from bot.staff.app import ROUTES
from tests.staff.world import Page, Person, World
from tests.trust.whole import the_whole

LANE = "complaint"
IN = "sign in first"
Answer = int | str

# --- routes of citizens: the same for everybody, whatever they are at the console ---------------------------------

CITIZENS: Mapping[tuple[str, str], int] = {
    ("GET", "/"): 200,
    ("GET", "/about"): 200,
    ("GET", "/widget.js"): 200,
    ("GET", "/static/{name}"): 200,
    ("GET", "/api/topics"): 200,
    ("GET", "/api/openapi.json"): 200,
    ("POST", "/chat"): 303,
    ("POST", "/api/messages"): 200,
    ("OPTIONS", "/api/messages"): 204,
    ("OPTIONS", "/api/topics"): 204,
    ("OPTIONS", "/api/openapi.json"): 204,
    ("OPTIONS", "/api/conversations/{conversation}"): 204,
    ("OPTIONS", "/api/conversations/{conversation}/data"): 204,
    ("OPTIONS", "/api/conversations/{conversation}/stream"): 204,
    ("GET", "/staff/static"): 403,
    ("POST", "/telegram/webhook"): 403,
    ("GET", "/healthz"): 200,
    ("GET", "/readyz"): 200,
    ("GET", "/metrics"): 200,  # for a program on this machine; tests/test_health.py has the others
}
"""Without an object."""

CONVERSATION: Mapping[tuple[str, str], tuple[int, int]] = {
    ("GET", "/c/{conversation}"): (200, 404),
    ("GET", "/api/conversations/{conversation}"): (200, 404),
    ("GET", "/api/conversations/{conversation}/data"): (200, 404),
    ("GET", "/api/conversations/{conversation}/stream"): (200, 404),
}
"""With a token: (a conversation's, nobody's). The token is all that counts: no role and no session opens more."""

# --- the console ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """What each is answered. A disabled account is answered as nobody is."""

    nobody: Answer
    staff: Answer
    supervisor: Answer
    maintainer: Answer
    administrator: Answer


def signed_in(answer: Answer, nobody: Answer) -> Row:
    return Row(nobody, answer, answer, answer, answer)


def only(answer: Answer, nobody: Answer, *roles: str) -> Row:
    names = ("staff", "supervisor", "maintainer", "administrator")
    return Row(nobody, *(answer if name in roles else 403 for name in names))


WORKERS = ("staff", "supervisor", "administrator")
CONSOLE: Mapping[tuple[str, str], Row] = {
    ("GET", "/sign-in"): signed_in(303, 200),
    ("POST", "/sign-in"): signed_in(403, 403),
    ("POST", "/sign-in/code"): signed_in(403, 403),
    ("GET", "/join/{token}"): signed_in(410, 410),
    ("POST", "/join/{token}"): signed_in(410, 410),
    ("POST", "/sign-out"): signed_in(303, 401),
    ("GET", "/account"): signed_in(200, IN),
    ("POST", "/account/password"): signed_in(403, 401),
    ("POST", "/account/language"): signed_in(303, 401),
    ("GET", "/account/second-factor"): signed_in(200, IN),
    ("POST", "/account/second-factor"): signed_in(409, 401),
    ("POST", "/account/second-factor/codes"): signed_in(403, 401),
    ("POST", "/account/second-factor/off"): signed_in(403, 401),
    ("GET", "/people"): only(200, IN, "administrator"),
    ("POST", "/people/invite"): only(200, 401, "administrator"),
    ("POST", "/people/access"): only(303, 401, "administrator"),
    ("POST", "/people/reset"): only(303, 401, "administrator"),
    ("POST", "/people/disable"): only(303, 401, "administrator"),
    ("POST", "/people/enable"): only(303, 401, "administrator"),
    ("GET", "/audit"): only(200, IN, "supervisor", "administrator"),
    ("POST", "/audit/verify"): only(303, 401, "supervisor", "administrator"),
    ("GET", ""): Row(IN, 200, 200, 303, 200),
    ("GET", "/"): signed_in(303, IN),
    ("GET", "/queue"): only(200, IN, *WORKERS),
    ("GET", "/banners"): signed_in(200, IN),
    ("GET", "/alarms"): only(200, IN, *WORKERS),
    ("POST", "/next"): only(303, 401, *WORKERS),
    ("GET", "/undelivered"): only(200, IN, *WORKERS),
    ("POST", "/undelivered/again"): only(404, 401, *WORKERS),  # it names no delivery
    ("GET", "/stream"): signed_in(200, 401),
    ("GET", "/knowledge"): signed_in(200, IN),
    ("GET", "/knowledge/new"): signed_in(200, IN),
    ("POST", "/knowledge/new"): signed_in(303, 401),
}
"""Without an object."""

ENTRY: Mapping[tuple[str, str], tuple[Row, int]] = {
    ("GET", "/knowledge/{id}"): (signed_in(200, IN), 404),
    ("POST", "/knowledge/{id}"): (signed_in(303, 401), 404),
    ("POST", "/knowledge/{id}/publish"): (signed_in(303, 401), 404),
    ("POST", "/knowledge/{id}/clear"): (only(303, 401, "supervisor", "administrator"), 404),
    ("GET", "/knowledge/{id}/withdraw"): (signed_in(200, IN), 404),
    ("POST", "/knowledge/{id}/withdraw"): (signed_in(303, 401), 404),
}
"""With an entry: (an entry's, none's, for whoever may)."""

SITUATION: Mapping[tuple[str, str], tuple[int, int, int, int]] = {
    # (free, held by oneself, held by somebody else, not there)
    ("GET", "/find"): (303, 303, 303, 404),
    ("GET", "/situations/{id}"): (200, 200, 200, 404),
    ("GET", "/situations/{id}/state"): (200, 200, 200, 404),
    ("GET", "/situations/{id}/deliveries"): (200, 200, 200, 404),
    ("POST", "/situations/{id}/acknowledge"): (404, 404, 404, 404),  # these are not urgent
    ("POST", "/situations/{id}/called"): (303, 303, 303, 404),
    ("POST", "/situations/{id}/open"): (303, 303, 303, 404),
    ("POST", "/situations/{id}/claim"): (303, 303, 409, 404),
    ("POST", "/situations/{id}/release"): (303, 303, 409, 404),
    ("POST", "/situations/{id}/draft"): (303, 303, 409, 404),
    ("POST", "/situations/{id}/preview"): (200, 200, 200, 404),
    ("POST", "/situations/{id}/answer"): (303, 303, 409, 404),
    ("POST", "/situations/{id}/close"): (303, 303, 409, 404),
}
"""With a situation, for those who may work at all. One in a restricted lane is *not there*, but for the named."""

SENT: Mapping[str, str] = {
    "text": "an answer", "question": "Q?", "answer": "A.", "language": "en", "version": "1", "role": "staff",
    "name": "Target", "password": "not the right one", "old_password": "not the right one",
    "new_password": "another horse battery", "reason": "life_at_risk", "code": "000000",
}  # fmt: skip
"""What every form is sent: enough for each to be done."""


@pytest.fixture
async def whole(tmp_path: Path, console_corpus: Corpus) -> AsyncIterator[World]:
    async with the_whole(tmp_path, console_corpus) as made:
        await made.join("Target")
        yield made


@pytest.fixture
async def people(whole: World) -> dict[str, Person]:
    """Somebody for each column, with a browser of their own."""
    made = {role.value: await whole.join(f"The {role.value}", role) for role in Role}
    made["named"] = await whole.join("The named")
    await whole.accounts.set_access("The named", Role.STAFF, [LANE], by="Ada")
    made["disabled"] = await whole.join("The disabled", Role.ADMINISTRATOR)
    await whole.accounts.set_disabled("The disabled", True)
    made["nobody"] = Person(whole, "nobody", None)
    return made


def served(world: World) -> set[tuple[str, str]]:
    """Return every route of the application."""
    app: web.Application = world.client.server.app  # type: ignore[union-attr]
    return {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


async def test_r24_every_route_of_the_application_stands_in_a_table(whole: World) -> None:
    console = {(method, f"/staff{path}") for table in (CONSOLE, ENTRY, SITUATION) for method, path in table}
    assert served(whole) == console | set(CITIZENS) | set(CONVERSATION)
    assert {(method, f"/staff{path}") for method, path, _, _ in ROUTES} == console


async def _citizen(world: World, method: str, path: str, session: str | None) -> int:
    headers = {"Cookie": f"desk_staff={session}"} if session else {}
    data: dict[str, object] = {}
    if path == "/chat":
        data = {"data": {"text": "where is the lost property office"}}
    if path == "/api/messages":
        data = {"json": {"text": "where is the lost property office"}}
    if path.startswith("/telegram"):
        headers["X-Telegram-Bot-Api-Secret-Token"] = "wrong"
        data = {"data": json.dumps({"update_id": 1})}
    async with world.client.request(method, path, headers=headers, allow_redirects=False, **data) as response:  # type: ignore[arg-type]
        return response.status


async def test_r24_routes_of_citizens_know_no_roles(whole: World, people: dict[str, Person]) -> None:
    async with whole.client.post("/api/messages", json={"text": "where is my umbrella"}) as response:
        token = (await response.json())["conversation"]
    wrong = []
    for name, person in people.items():
        session = person.cookies.get("desk_staff")
        for (method, path), expected in CITIZENS.items():
            url = path.replace("{name}", "chat.css").replace("{conversation}", token)
            status = await _citizen(whole, method, url, session)
            wrong += [(name, method, path, status)] * (status != expected)
        for (method, path), expected_of in CONVERSATION.items():
            for conversation, expected in zip((token, "x" * 43), expected_of, strict=True):
                status = await _citizen(whole, method, path.replace("{conversation}", conversation), session)
                wrong += [(name, method, path, status)] * (status != expected)
    assert wrong == []


async def test_r24_the_console_answers_each_role_as_the_tables_say(
    whole: World, people: dict[str, Person]
) -> None:
    wrong = []
    for name, person in people.items():
        column = {"named": "staff", "disabled": "nobody"}.get(name, name)
        for (method, path), row in CONSOLE.items():
            page = await _console(whole, person, method, path.replace("{token}", "no-such-token"))
            wrong += _unlike(page, getattr(row, column), (name, method, path))
        for (method, path), (row, missing) in ENTRY.items():
            for entry_id, found in ((await _entry(whole), True), ("no-such-entry", False)):
                expected = getattr(row, column)
                page = await _console(whole, person, method, path.replace("{id}", entry_id))
                if not found and expected not in (IN, 401, 403):
                    expected = missing
                wrong += _unlike(page, expected, (name, method, path, found))
    assert wrong == []


async def test_r24_every_situation_is_answered_by_lane_and_holder(
    whole: World, people: dict[str, Person]
) -> None:
    wrong = []
    for name, person in people.items():
        for (method, path), (free, own, other, missing) in SITUATION.items():
            objects = {
                "free": (await whole.file(), free),
                "own": (await _held(whole, person.name), own),
                "other": (await _held(whole, "Target"), other),
                "restricted": (await whole.file(lane=LANE), free if name == "named" else missing),
                "missing": (None, missing),
            }
            for kind, (situation, expected) in objects.items():
                answer: Answer = expected
                if name in ("nobody", "disabled"):
                    answer = IN if method == "GET" else 401
                elif name == "maintainer":
                    answer = 403
                page = await _console(whole, person, method, _address(path, situation))
                wrong += _unlike(page, answer, (name, method, path, kind))
    assert wrong == []


async def test_r24_a_restricted_situation_is_answered_word_for_word_like_none(
    whole: World, people: dict[str, Person]
) -> None:
    hidden = await whole.file("they pushed me", lane=LANE)
    admin = people["administrator"]
    await _renew(whole, admin)
    for path in ("/situations/{id}", "/situations/{id}/state", "/situations/{id}/deliveries"):
        there = await admin.get(_address(path, hidden))
        nowhere = await admin.get(_address(path, None))
        assert there.text.replace(hidden.id, "no-such-situation") == nowhere.text
    assert hidden.id not in (await admin.get("")).text


async def test_r24_what_did_not_get_through_in_a_restricted_lane_is_seen_by_the_named_alone(
    whole: World, people: dict[str, Person]
) -> None:
    hidden = await whole.file("they pushed me", lane=LANE)
    (inquiry,) = await whole.store.inquiries_in(hidden.id)
    (receipt,) = await whole.store.deliveries_of(inquiry.id)
    await whole.store.settle_delivery(receipt.id, DeliveryStatus.FAILED, attempts=0, problem="unreachable")
    for name, person in people.items():
        if name in ("nobody", "disabled", "maintainer"):
            continue
        await _renew(whole, person)
        sees = name == "named"
        assert (inquiry.reference in (await person.get("/undelivered")).text) is sees, name
        assert ("could not be delivered" in (await person.get("")).words) is sees, name
        status = (await person.post("/undelivered/again", {"delivery": receipt.id})).status
        assert status == (303 if sees else 404), name
        assert (await person.post("/next")).location == (
            f"/staff/situations/{hidden.id}" if sees else "/staff?notice=nothing_free"
        )


def _address(path: str, situation: Situation | None) -> str:
    if path == "/find":
        return f"/find?reference={situation.references[0] if situation else '7KQ2-M9XA'}"
    return path.replace("{id}", situation.id if situation else "no-such-situation")


def _unlike(page: Page, expected: Answer, where: tuple[object, ...]) -> list[tuple[object, ...]]:
    """Return the place when the page is not what was expected."""
    if expected == IN:
        ok = page.status == 303 and page.location.startswith("/staff/sign-in?next=")
    else:
        ok = page.status == expected and not (
            page.status == 303 and page.location.startswith("/staff/sign-in?")
        )
    return [] if ok else [(*where, page.status, expected)]


async def _console(world: World, person: Person, method: str, url: str) -> Page:
    await _renew(world, person)
    if url == "/stream" and "desk_staff" in person.cookies and person.name != "The disabled":
        headers = {"Cookie": f"desk_staff={person.cookies['desk_staff']}"}
        async with world.client.get("/staff/stream", headers=headers) as response:
            return Page(response.status, "", response.headers)
    if method == "GET":
        return await person.get(url)
    sent = dict(SENT)
    if url == "/sign-in":
        sent["name"] = person.name  # guesses at one name are slowed
    if url.startswith(("/sign-in", "/join")):
        stranger = Person(world, "stranger", None)
        sent["form_token"] = (await stranger.get("/sign-in")).field("form_token")
        person.cookies["desk_form"] = stranger.cookies["desk_form"]
    elif person.name not in ("nobody", "The disabled"):
        sent["csrf"] = await person.csrf()
    return await person.send("POST", url, data=sent)


async def _renew(world: World, person: Person) -> None:
    """Give a new session to whoever can have one: some routes end the one they came with."""
    if person.name not in ("nobody", "The disabled"):
        person.cookies = {"desk_staff": await world.accounts.begin_session(person.name)}


async def _held(world: World, name: str) -> Situation:
    situation = await world.file()
    return await world.desk.claim(situation.id, name)


async def _entry(world: World) -> str:
    """Keep a draft with something to clear, by somebody else."""
    entry = await world.desk.save_entry(
        None,
        "Target",
        question="Q?",
        answer="A.",
        language="en",
        source=None,
        review_by=None,
        base_version=0,
    )
    return entry.entry.id
