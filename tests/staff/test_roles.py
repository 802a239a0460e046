"""Roles, and lanes that are opened by name: by the object, whatever the page."""

import pytest

from bot.errors import NotFound
from bot.models import InquiryStatus, Role, StaffAnswer
from bot.permissions import PERMISSIONS, Permission
from tests.staff.test_stream import following, until
from tests.staff.world import PASSWORD, Person, World

LANE = "complaint"


def test_every_role_stands_in_the_table_and_no_citizens_word_is_a_maintainers() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert Permission.WORK not in PERMISSIONS[Role.MAINTAINER]
    assert Permission.AUDIT not in PERMISSIONS[Role.MAINTAINER]
    assert all(Permission.PUBLISH in PERMISSIONS[role] for role in Role), (
        "two of a small desk publish by four eyes"
    )
    assert PERMISSIONS[Role.STAFF] < PERMISSIONS[Role.SUPERVISOR]
    for role in (Role.STAFF, Role.SUPERVISOR, Role.MAINTAINER):
        assert Permission.PEOPLE not in PERMISSIONS[role]


@pytest.fixture
async def rui(world: World) -> Person:
    """Named for the restricted lane."""
    person = await world.join("Rui")
    await world.accounts.set_access("Rui", Role.STAFF, [LANE], by="Ada")
    person.cookies["desk_staff"] = await world.accounts.sign_in("Rui", PASSWORD)
    return person


async def test_only_the_named_see_anything_of_a_restricted_lane(
    world: World, lin: Person, ada: Person, rui: Person
) -> None:
    hidden = await world.file("they pushed me", lane=LANE, nearest=None)
    reference = hidden.references[0]
    for person in (lin, ada):
        assert hidden.id not in (await person.get("")).text
        assert "Nobody is waiting" in (await person.get("/queue")).words
        found = await person.get(f"/find?reference={reference}")
        missing = await person.get("/find?reference=0000-0000")
        assert found.status == missing.status == 404
        assert (await person.get(f"/situations/{hidden.id}")).status == 404
        for verb in ("open", "claim", "release", "draft", "close"):
            assert (await person.post(f"/situations/{hidden.id}/{verb}", {"text": "x"})).status == 404
        assert (await person.post(f"/situations/{hidden.id}/answer", {"text": "x"})).status == 404
    assert (await world.store.situation(hidden.id)) == hidden
    assert hidden.id in (await rui.get("")).text
    assert "they pushed me" in (await rui.open(hidden)).text
    done = await rui.post(f"/situations/{hidden.id}/answer", {"text": "We have passed it on."})
    assert done.location.startswith("/staff?notice=answered")


async def test_the_desk_itself_refuses_whoever_is_not_named(world: World, lin: Person, rui: Person) -> None:
    hidden = await world.file(lane=LANE)
    for act in (
        world.desk.peek(hidden.id, "Lin"),
        world.desk.open(hidden.id, "Lin"),
        world.desk.claim(hidden.id, "Lin"),
        world.desk.release(hidden.id, "Lin"),
        world.desk.save_draft(hidden.id, "Lin", "x"),
        world.desk.answer(StaffAnswer(situation_id=hidden.id, author="Lin", text="x")),
        world.desk.close(hidden.id, "Lin"),
        world.desk.peek(hidden.id, "nobody of that name"),
    ):
        with pytest.raises(NotFound):
            await act
    await world.accounts.set_disabled("Rui", True)
    with pytest.raises(NotFound):
        await world.desk.peek(hidden.id, "Rui")


async def test_an_administrator_names_people_and_everybody_who_administers_sees_whom(
    world: World, ada: Person, lin: Person
) -> None:
    assert "Nobody may open this restricted lane" in (await ada.get("")).words
    done = await ada.post("/people/access", {"name": "Lin", "role": "supervisor", f"lane.{LANE}": "yes"})
    assert done.location == "/staff/people?notice=access"
    assert (await lin.get("")).status == 303, "a change ends the sessions"
    page = await ada.get("/people")
    assert "Named for: Complaints" in page.words
    assert "Nobody may open" not in page.words
    assert "changed the role or lanes of Lin" in (await ada.get("/audit")).words
    account = await world.store.account("Lin")
    assert account is not None
    assert (account.role, account.lanes) == (Role.SUPERVISOR, (LANE,))


async def test_administrators_open_a_restricted_lane_only_when_they_are_named_too(
    world: World, ada: Person
) -> None:
    hidden = await world.file(lane=LANE)
    before = dict(ada.cookies)
    await ada.post("/people/access", {"name": "Ada", "role": "administrator", f"lane.{LANE}": "yes"})
    assert (await ada.get(f"/situations/{hidden.id}")).status == 200, "a session of its own takes over"
    ada.cookies = before
    assert (await ada.get("")).status == 303


async def test_a_lane_that_is_not_restricted_is_nobodys_to_give(
    world: World, ada: Person, lin: Person
) -> None:
    await ada.post("/people/access", {"name": "Lin", "role": "staff", "lane.documents": "yes"})
    account = await world.store.account("Lin")
    assert account is not None
    assert account.lanes == ()


async def test_whoever_administers_keeps_that_role(world: World, ada: Person) -> None:
    page = await ada.post("/people/access", {"name": "Ada", "role": "staff"})
    assert page.status == 400
    assert "cannot change your own role" in page.words


async def test_a_maintainer_starts_with_the_knowledge_base_and_is_shown_no_way_to_citizens(
    mai: Person, lin: Person
) -> None:
    assert (await mai.get("")).location == "/staff/knowledge"
    page = await mai.get("/knowledge")
    assert 'href="/staff"' not in page.text.split("</header>")[0].split("<nav")[1]
    assert 'name="reference"' not in page.text
    assert 'name="reference"' in (await lin.get("/knowledge")).text


async def test_an_open_page_hears_nothing_of_a_lane_that_is_closed_to_it(
    world: World, lin: Person, mai: Person, rui: Person
) -> None:
    async with following(lin) as of_lin, following(mai) as of_mai, following(rui) as of_rui:
        hidden = await world.file(lane=LANE)
        assert hidden.id in await until(of_rui, "change")
        await world.desk.answer(
            StaffAnswer(situation_id=hidden.id, author="Rui", text="We have passed it on.")
        )
        (inquiry,) = await world.store.inquiries_in(hidden.id)
        await world.store.close_inquiry(inquiry.id, world.clock(), was=InquiryStatus.ANSWERED)
        await world.store.purge_inquiry(inquiry.id)
        assert await world.store.situation(hidden.id) is None
        shown = await world.file()
        told = await until(of_lin, "change")
        assert shown.id in told, "the first she hears of: no delivery of the hidden one, nor that it went"
        entry = await world.desk.save_entry(
            None,
            "Mai",
            question="Q?",
            answer="A.",
            language="en",
            source=None,
            review_by=None,
            base_version=0,
        )
        assert entry.entry.id in await until(of_mai, "change"), "and a maintainer of neither"
