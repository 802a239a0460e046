"""Urgent situations at the console: above every page until one person takes note."""

from dataclasses import replace

import pytest

from bot.intents.settings import Paging
from bot.models import Role, Situation, UrgentKind
from tests.staff.world import Page, Person, World

CANARY = "canary-5530 I am on the roof"
PAGES = ("", "/knowledge", "/knowledge/new", "/account")


async def danger(world: World) -> Situation:
    return await world.file(CANARY, urgent=UrgentKind.CRISIS, lane="urgent", nearest=None)


def sounds(page: Page) -> bool:
    return "data-sound" in page.text


async def test_it_stands_above_every_page_without_a_word_until_somebody_takes_note(
    world: World, lin: Person, wei: Person
) -> None:
    calm = await world.file()
    situation = await danger(world)
    for path in (*PAGES, f"/situations/{calm.id}", "/alarms"):
        page = await lin.get(path)
        assert "Nobody has taken note yet" in page.words
        assert situation.references[0] in page.words
        assert "canary" not in page.text
    done = await lin.post(f"/situations/{situation.id}/acknowledge")
    assert done.location == f"/staff/situations/{situation.id}"
    for person in (lin, wei):
        assert "Nobody has taken note" not in (await person.get("")).words


async def test_who_took_note_first_is_said_on_the_page(world: World, lin: Person, wei: Person) -> None:
    situation = await danger(world)
    await lin.post(f"/situations/{situation.id}/acknowledge")
    await wei.post(f"/situations/{situation.id}/acknowledge")
    page = await wei.open(situation)
    assert "Lin took note" in page.words
    assert "Wei took note" not in page.words


@pytest.mark.parametrize("act", ["claim", "open"])
async def test_claiming_or_opening_takes_note(world: World, lin: Person, act: str) -> None:
    situation = await danger(world)
    await lin.post(f"/situations/{situation.id}/{act}")
    assert "Nobody has taken note" not in (await lin.get("")).words


async def test_the_page_of_a_script_is_answered_shortly(world: World, lin: Person) -> None:
    situation = await danger(world)
    assert (await lin.post(f"/situations/{situation.id}/acknowledge", **{"X-Console": "live"})).status == 204


async def test_it_sounds_for_those_on_duty_first_and_for_more_later(
    world: World, lin: Person, wei: Person, ada: Person
) -> None:
    content = world.live.corpus.content
    desk = replace(content.desk, paging=Paging(on_duty=("Lin",)))
    world.live.corpus = replace(world.live.corpus, content=replace(content, desk=desk))
    situation = await danger(world)
    assert [sounds(await person.get("")) for person in (lin, wei, ada)] == [True, False, False]
    assert "Told: those on duty." in (await wei.get("")).words
    await world.store.advance_alarm(situation.id, 3, None)
    assert [sounds(await person.get("")) for person in (lin, wei, ada)] == [True, False, True]
    await world.store.advance_alarm(situation.id, 4, None)
    assert sounds(await wei.get(""))
    assert "Told: everybody." in (await wei.get("")).words


async def test_somebody_alone_at_the_desk_hears_it_at_once(world: World) -> None:
    ada = await world.join("Ada", Role.ADMINISTRATOR)
    await danger(world)
    assert sounds(await ada.get(""))


async def test_an_ordinary_situation_alarms_nobody(world: World, lin: Person) -> None:
    situation = await world.file()
    assert "Nobody has taken note" not in (await lin.get("")).words
    assert (await lin.post(f"/situations/{situation.id}/acknowledge")).status == 404


async def test_a_maintainer_hears_of_no_alarm(world: World) -> None:
    situation = await danger(world)
    mei = await world.join("Mei", Role.MAINTAINER)
    page = await mei.get("/knowledge")
    assert situation.references[0] not in page.text
    assert "data-alarms" not in page.text
    assert (await mei.get("/alarms")).status == 403


async def test_supervisors_are_told_after_those_on_duty(world: World, lin: Person) -> None:
    sue = await world.join("Sue", Role.SUPERVISOR)
    situation = await danger(world)
    assert [sounds(await person.get("")) for person in (lin, sue)] == [True, False]
    await world.store.advance_alarm(situation.id, 2, None)
    assert sounds(await sue.get(""))


async def test_the_alarm_of_a_restricted_lane_goes_to_the_named_alone(world: World, lin: Person) -> None:
    content = world.live.corpus.content
    desk = replace(content.desk, restricted_lanes=frozenset({"urgent"}))
    world.live.corpus = replace(world.live.corpus, content=replace(content, desk=desk))
    situation = await danger(world)
    assert "Nobody has taken note" not in (await lin.get("")).words
    assert (await lin.post(f"/situations/{situation.id}/acknowledge")).status == 404
    assert len(await world.store.alarms()) == 1
