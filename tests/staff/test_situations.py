"""Opening, holding and answering a situation."""

from tests.staff.world import Person, World

CANARY = "umbrella-canary-7741"


async def test_no_page_before_opening_holds_a_citizens_word(world: World, lin: Person) -> None:
    situation = await world.file(f"where is my {CANARY}")
    reference = situation.references[0]
    for path in (
        "",
        "/queue",
        f"/find?reference={reference}",
        f"/situations/{situation.id}",
        f"/situations/{situation.id}/state",
        "/knowledge",
        "/account",
    ):
        page = await lin.get(path)
        assert page.status in (200, 303)
        assert CANARY not in page.text
    assert CANARY in (await lin.open(situation)).text


async def test_an_answer_settles_the_situation_and_is_owed(world: World, lin: Person) -> None:
    situation = await world.file()
    await lin.open(situation)
    done = await lin.post(f"/situations/{situation.id}/answer", {"text": "At the tram depot."})
    assert done.status == 303
    assert (await world.desk.peek(situation.id)).settled_by == "Lin"
    page = await lin.get(done.location.removeprefix("/staff"))
    assert "The answer is on its way" in page.text
