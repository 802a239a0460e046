"""What did not get through, and the next one of the queue."""

import pytest

from bot.models import DeliveryStatus, UrgentKind
from tests.staff.world import Person, World

CANARY = "umbrella-canary-7741"


async def given_up(world: World, **other: str) -> tuple[str, str]:
    """File a question whose receipt was given up; return its reference and the delivery's id."""
    situation = await world.file(f"where is my {CANARY}", **other)
    (inquiry,) = await world.store.inquiries_in(situation.id)
    (receipt,) = await world.store.deliveries_of(inquiry.id)
    await world.store.settle_delivery(receipt.id, DeliveryStatus.FAILED, attempts=0, problem="unreachable")
    return inquiry.reference, receipt.id


async def test_the_queue_says_that_replies_were_given_up_and_leads_to_them(world: World, lin: Person) -> None:
    assert "could not be delivered" not in (await lin.get("")).words
    reference, _ = await given_up(world)
    queue = await lin.get("")
    assert "1 reply could not be delivered." in queue.words
    assert "/staff/undelivered" in queue.text
    page = await lin.get("/undelivered")
    assert reference in page.text
    assert "The citizen has blocked the desk or deleted the chat." in page.words
    assert CANARY not in page.text, "by reference, and without a word of it"


async def test_what_is_tried_again_by_itself_is_listed_apart(world: World, lin: Person) -> None:
    situation = await world.file()
    (inquiry,) = await world.store.inquiries_in(situation.id)
    (receipt,) = await world.store.deliveries_of(inquiry.id)
    later = world.clock()
    await world.store.settle_delivery(receipt.id, DeliveryStatus.OWED, attempts=0, due_at=later, problem="x")
    page = await lin.get("/undelivered")
    assert "1 is being tried again" in page.words
    assert "not through yet; tried once" in page.words
    assert "Try again" not in page.words
    assert "could not be delivered" not in (await lin.get("")).words


async def test_what_was_given_up_can_be_tried_again(world: World, lin: Person, wei: Person) -> None:
    _, delivery_id = await given_up(world)
    for person in (lin, wei):  # the second is a moment late, which does no harm
        page = await person.post("/undelivered/again", {"delivery": delivery_id})
        assert (page.status, page.location) == (303, "/staff/undelivered?notice=again")
    owed = await world.store.delivery(delivery_id)
    assert owed is not None
    assert (owed.delivery.status, owed.delivery.due_at) == (DeliveryStatus.OWED, world.clock())


async def test_the_next_one_is_taken_and_shown(world: World, lin: Person, wei: Person) -> None:
    first = await world.file()
    world.clock.pass_(minutes=1)
    danger = await world.file(urgent=UrgentKind.DANGER)
    taken = [(await person.post("/next")).location for person in (lin, wei)]
    assert taken == [f"/staff/situations/{each.id}" for each in (danger, first)]
    assert (await world.desk.peek(danger.id, "Lin")).claimed_by == "Lin"
    page = await lin.post("/next")
    assert page.location == "/staff?notice=nothing_free"
    assert "Nothing is waiting that nobody holds." in (await lin.get("?notice=nothing_free")).words


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
async def test_the_button_for_the_next_one_speaks_every_language(
    world: World, lin: Person, language: str
) -> None:
    await lin.post("/account/language", {"language": language})
    words = {"zh-Hans": "认领下一件", "zh-Hant": "認領下一件", "en": "Take the next one"}
    assert words[language] in (await lin.get("")).words
