"""The record of reads at the console: a row before every word, and what those who supervise see."""

import re

from bot.desk import WORDINGS
from bot.models import AuditAct, CallReason, Role, Situation
from tests.staff.world import Page, Person, World

CANARY = "umbrella-canary-7741"


async def acts(world: World) -> list[tuple[str, str]]:
    rows = await world.store.audit_rows(limit=1000)
    return [(row.account, row.act.value) for row in reversed(rows)]


async def look(person: Person, situation: Situation) -> Page:
    return await person.get(f"/situations/{situation.id}")


async def test_opening_writes_one_row_and_each_further_page_of_words_another(
    world: World, lin: Person
) -> None:
    situation = await world.file(f"where is my {CANARY}")
    await look(lin, situation)
    assert await acts(world) == []
    assert CANARY in (await lin.open(situation)).text
    assert await acts(world) == [("Lin", "opened")]
    assert CANARY in (await look(lin, situation)).text
    assert await acts(world) == [("Lin", "opened"), ("Lin", "opened_more")]
    page = await lin.post(f"/situations/{situation.id}/preview", {"text": "At the depot."})
    assert CANARY in page.text
    assert len(await acts(world)) == 3
    (newest, *_) = await world.store.audit_rows(limit=1)
    assert newest.references == situation.references
    assert newest.role is Role.STAFF


async def test_what_shows_no_words_writes_no_row(world: World, lin: Person) -> None:
    situation = await world.file(f"where is my {CANARY}")
    await lin.open(situation)
    for path in ("/state", "/deliveries"):
        page = await lin.get(f"/situations/{situation.id}{path}")
        assert page.status == 200
        assert CANARY not in page.text
    for act in ("claim", "draft", "release"):
        await lin.post(f"/situations/{situation.id}/{act}", {"text": "begun"})
    await lin.post(f"/situations/{situation.id}/answer", {"text": "At the depot.", "seen": "1"})
    assert await acts(world) == [("Lin", "opened")]


async def test_many_inquiries_are_read_page_by_page_and_each_page_is_a_row(world: World, lin: Person) -> None:
    situation = await world.file("umbrella number 0")
    for number in range(1, WORDINGS + 3):
        world.clock.pass_(seconds=1)
        situation = await world.file(f"umbrella number {number}", joins=situation)
    first = await lin.open(situation)
    assert "umbrella number 0" in first.text
    assert f"umbrella number {WORDINGS}" not in first.text
    assert f"Send to all {WORDINGS + 3}" in first.words
    second = await lin.get(f"/situations/{situation.id}?from={WORDINGS}")
    assert f"umbrella number {WORDINGS + 2}" in second.text
    rows = await world.store.audit_rows(limit=10)
    assert [(row.act, len(row.references)) for row in rows] == [
        (AuditAct.OPENED_MORE, 3),
        (AuditAct.OPENED, WORDINGS),
    ]
    for odd in ("-1", "x", "99999999999999999999", "1²"):
        assert (await lin.get(f"/situations/{situation.id}?from={odd}")).status == 200


async def test_a_call_to_emergency_services_is_recorded_and_told(
    world: World, lin: Person, wei: Person
) -> None:
    situation = await world.file(f"where is my {CANARY}")
    await lin.open(situation)
    path = f"/situations/{situation.id}/called"
    done = await lin.post(path, {"reason": "life_at_risk", "second": "Wei", "tell": "yes"})
    assert done.status == 303
    (row, *_) = await world.store.audit_rows(limit=1)
    assert (row.act, row.reason, row.second) == (AuditAct.CALLED_EMERGENCY, CallReason.LIFE_AT_RISK, "Wei")
    (inquiry,) = await world.store.inquiries_in(situation.id)
    assert len(await world.store.deliveries_of(inquiry.id)) == 2
    page = await look(lin, situation)
    assert "Lin called emergency services" in page.words
    assert "with Wei" in page.words
    await lin.post(path, {"reason": "violence"})
    assert len(await world.store.deliveries_of(inquiry.id)) == 2, "not told where telling raises danger"


async def test_a_call_without_reason_or_with_oneself_is_not_recorded(world: World, lin: Person) -> None:
    situation = await world.file()
    await lin.open(situation)
    for sent in ({"reason": ""}, {"reason": "boredom"}, {"reason": "attempt", "second": "Lin"}, {"reason": "attempt", "second": "Eve"}):  # fmt: skip
        page = await lin.post(f"/situations/{situation.id}/called", sent)
        assert page.status == 400
    assert ("Lin", "called_emergency") not in await acts(world)


async def test_only_who_may_see_the_situation_can_have_agreed_to_a_call(
    world: World, lin: Person, wei: Person, mai: Person, ada: Person
) -> None:
    situation = await world.file(lane="complaint")
    for name in ("Lin", "Wei"):
        await world.accounts.set_access(name, Role.STAFF, ["complaint"], by="Ada")
    lin.cookies["desk_staff"] = await world.accounts.begin_session("Lin")
    page = await lin.open(situation)
    offered = page.text.partition('name="second"')[2].partition("</select>")[0]
    assert "Wei" in offered
    assert "Mai" not in offered, "whoever tends the content is asked about no citizen"
    assert "Ada" not in offered, "to her this situation does not exist"
    for name in ("Mai", "Ada"):
        sent = {"reason": "attempt", "second": name}
        assert (await lin.post(f"/situations/{situation.id}/called", sent)).status == 400


async def test_the_record_is_shown_to_administrators_without_a_word(
    world: World, lin: Person, ada: Person
) -> None:
    situation = await world.file(f"where is my {CANARY}")
    other = await world.file()
    await lin.open(situation)
    await ada.open(other)
    page = await ada.get("/audit")
    assert CANARY not in page.text
    assert situation.references[0] in page.words
    assert other.references[0] in page.words
    assert page.text.count("<tr>") == 3
    assert (await ada.get("/audit?account=Lin")).text.count("<tr>") == 2
    assert (await ada.get(f"/audit?reference={other.references[0]}")).text.count("<tr>") == 2
    assert "No rows." in (await ada.get("/audit?reference=nonsense")).words
    assert "Reads" not in (await lin.get("")).words


async def test_a_long_record_comes_in_pages(world: World, lin: Person, ada: Person) -> None:
    situation = await world.file()
    await lin.open(situation)
    for _ in range(104):
        await world.desk.open(situation.id, "Lin", more=True)
    first = await ada.get("/audit?account=Lin")
    older = re.search(r'href="/staff(/audit\?before=[^"]*)"', first.text)
    assert older is not None
    second = await ada.get(older[1].replace("&amp;", "&"))
    assert (first.text.count("<tr>"), second.text.count("<tr>")) == (101, 6)


async def test_whether_the_record_is_whole_is_said(world: World, lin: Person, ada: Person) -> None:
    situation = await world.file()
    await lin.open(situation)
    assert "Whole as of" in (await ada.get("/audit")).words
    assert (await ada.post("/audit/verify")).status == 303
    assert "Whole as of" in (await ada.get("/audit")).words
    assert "was altered" not in (await ada.get("")).words
    rows = world.store._tables.audit.table._rows  # type: ignore[attr-defined] # as who writes behind the desk
    rows["1"] = {**rows["1"], "account": "Wei"}
    await ada.post("/audit/verify")
    page = await ada.get("/audit")
    assert "Row 1 was altered." in page.words
    assert "The record of reads was altered" in (await ada.get("")).words
    assert "The record of reads was altered" not in (await lin.get("")).words


async def test_opening_many_and_leaving_them_shows_to_administrators(
    world: World, lin: Person, ada: Person
) -> None:
    situations = [await world.file() for _ in range(11)]
    for situation in situations[:10]:
        await lin.post(f"/situations/{situation.id}/open")
        world.clock.pass_(minutes=1)
    assert "opened and left" not in (await ada.get("")).words
    await lin.post(f"/situations/{situations[10].id}/open")
    page = await ada.get("")
    assert "Many situations were opened and left: Lin." in page.words
    assert "opened and left:" not in (await lin.get("")).words
    assert "Lin: 11 situations" in (await ada.get("/audit")).words
    await lin.post(f"/situations/{situations[0].id}/answer", {"text": "At the depot."})
    assert "opened and left:" not in (await ada.get("")).words, "answered, it was no browsing"


async def test_a_pattern_stays_in_sight_for_a_day_and_in_the_list_for_a_month(
    world: World, lin: Person, ada: Person
) -> None:
    for _ in range(11):
        await lin.post(f"/situations/{(await world.file()).id}/open")
    world.clock.pass_(hours=1.5)
    ada = await world.join("Eve", Role.ADMINISTRATOR)
    assert "opened and left: Lin" in (await ada.get("")).words
    world.clock.pass_(days=2)
    ada = await world.join("Zoe", Role.ADMINISTRATOR)
    assert "opened and left: Lin" not in (await ada.get("")).words
    assert "Lin: 11 situations" in (await ada.get("/audit")).words


async def test_opening_slowly_or_claiming_is_no_pattern(world: World, lin: Person, ada: Person) -> None:
    for number in range(14):
        situation = await world.file()
        await lin.post(f"/situations/{situation.id}/open", {"then": "claim"} if number % 2 else {})
        world.clock.pass_(minutes=1)
    assert "opened and left:" not in (await ada.get("")).words
