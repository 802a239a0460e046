"""The console served by two processes of one desk, and a balancer that sends each request to another one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.corpus import Corpus
from bot.models import AuditAct
from tests.staff.world import Person, World, a_world

CANARY = "umbrella-canary-7741"


@pytest.fixture
async def other(world: World, console_corpus: Corpus, tmp_path: Path) -> AsyncIterator[World]:
    """Another process of the same desk."""
    async with a_world(console_corpus, tmp_path, world) as made:
        yield made


def elsewhere(person: Person, world: World) -> Person:
    """Return the same browser, sent to another process."""
    there = Person(world, person.name, None)
    there.cookies = person.cookies
    return there


async def test_a_session_begun_at_one_process_is_good_at_the_other(lin: Person, other: World) -> None:
    assert (await elsewhere(lin, other).get("/account")).status == 200
    await lin.post("/sign-out")
    assert (await elsewhere(lin, other).get("/account")).status == 303


async def test_what_was_opened_through_one_process_is_shown_by_the_other_and_recorded(
    world: World, lin: Person, other: World
) -> None:
    situation = await world.file(f"where is my {CANARY}")
    there = elsewhere(lin, other)
    world.clock.pass_(minutes=1)
    assert CANARY not in (await there.get(f"/situations/{situation.id}")).text
    await lin.post(f"/situations/{situation.id}/open")
    assert CANARY in (await there.get(f"/situations/{situation.id}")).text
    acts = [row.act for row in await world.store.audit_rows(situation_id=situation.id, limit=10)]
    assert acts == [AuditAct.OPENED_MORE, AuditAct.OPENED], (
        "shown by another than opened it: a row of its own"
    )


async def test_what_joined_since_is_asked_for_at_the_other_process_too(
    world: World, lin: Person, other: World
) -> None:
    situation = await world.file("where is my umbrella")
    there = elsewhere(lin, other)
    world.clock.pass_(minutes=1)
    await lin.open(situation)
    await world.file(f"and my {CANARY}", joins=situation)
    page = await there.get(f"/situations/{situation.id}")
    assert "umbrella" in page.text
    assert CANARY not in page.text
    await there.post(f"/situations/{situation.id}/open")
    assert CANARY in (await lin.get(f"/situations/{situation.id}")).text


async def test_a_session_begun_later_opens_for_itself(world: World, lin: Person, other: World) -> None:
    situation = await world.file(f"where is my {CANARY}")
    world.clock.pass_(minutes=1)
    await lin.open(situation)
    world.clock.pass_(minutes=1)
    later = Person(other, "Lin", await other.accounts.begin_session("Lin"))
    assert CANARY not in (await later.get(f"/situations/{situation.id}")).text


async def test_an_answer_written_at_one_process_and_sent_through_the_other(
    world: World, lin: Person, other: World
) -> None:
    situation = await world.file("where is my umbrella")
    world.clock.pass_(minutes=1)
    await lin.open(situation)
    there = elsewhere(lin, other)
    assert (await there.post(f"/situations/{situation.id}/draft", {"text": "at the"})).status == 303
    page = await lin.get(f"/situations/{situation.id}")
    assert "at the" in page.text
    sent = await there.post(
        f"/situations/{situation.id}/answer", {"text": "at the office", "seen": page.field("seen")}
    )
    assert sent.status == 303
    assert "notice=answered" in sent.location


async def test_what_was_found_of_the_record_at_one_process_is_said_by_the_page_of_the_other(
    world: World, lin: Person, ada: Person, other: World
) -> None:
    await lin.open(await world.file())
    there = elsewhere(ada, other)
    assert "Whole as of" in (await there.get("/audit")).words
    rows = world.store._tables.audit.table._rows  # type: ignore[attr-defined] # as who writes behind the desk
    rows["1"] = {**rows["1"], "account": "Wei"}
    world.clock.pass_(minutes=5)
    sent = await ada.post("/audit/verify")
    assert "Row 1 was altered." in (await there.get(sent.location.removeprefix("/staff"))).words
