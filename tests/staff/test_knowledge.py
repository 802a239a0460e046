"""Drafting, publishing and withdrawing entries."""

import pytest

from bot.models import ContentVersion, EntryStatus, Role
from tests.staff.world import Person, World

DRAFT = {
    "question": "Where are lost umbrellas kept?", "answer": "At the depot.", "language": "en",
    "source": "https://lanting.example/lost", "review_by": "2027-03-01",
}  # fmt: skip


@pytest.fixture
async def lin(world: World) -> Person:
    return await world.join("Lin", Role.STAFF)


@pytest.fixture
async def wei(world: World) -> Person:
    return await world.join("Wei", Role.STAFF)


async def _new(person: Person, **other: str) -> str:
    done = await person.post("/knowledge/new", {**DRAFT, **other})
    assert done.status == 303, done.words
    return done.location.removeprefix("/staff").partition("?")[0]


async def test_a_draft_is_saved_edited_and_keeps_its_versions(world: World, lin: Person, wei: Person) -> None:
    path = await _new(lin)
    await wei.post(path, {**DRAFT, "answer": "At the harbour.", "version": "1"})
    page = await lin.get(path)
    assert "Version 2" in page.words
    assert "At the depot." in page.text
    assert "At the harbour." in page.text
    assert 'value="2027-03-01"' in page.text


async def test_one_person_publishes_alone_where_content_says_so(world: World, lin: Person) -> None:
    assert "One person may publish alone" in (await lin.get("/knowledge")).words
    path = await _new(lin)
    done = await lin.post(f"{path}/publish", {"version": "1"})
    assert done.location.endswith("?notice=published")
    assert (await world.desk.entries())[0].entry.status is EntryStatus.PUBLISHED


async def test_where_two_are_needed_the_author_alone_cannot_publish(
    world: World, lin: Person, wei: Person
) -> None:
    world.live.set_publish_needs(2)
    assert "One person may publish alone" not in (await lin.get("/knowledge")).words
    path = await _new(lin)
    page = await lin.get(path)
    assert "2 people must agree" in page.words
    assert "Somebody else must approve it" in page.words
    refused = await lin.post(f"{path}/publish", {"version": "1"})
    assert refused.status == 409
    assert (await world.desk.entries())[0].entry.status is EntryStatus.DRAFT
    done = await wei.post(f"{path}/publish", {"version": "1"})
    assert done.location.endswith("?notice=published")
    assert "Approved by Wei" in (await lin.get(path)).words


async def test_where_three_are_needed_each_approval_is_noted(
    world: World, lin: Person, wei: Person, ada: Person
) -> None:
    world.live.set_publish_needs(3)
    path = await _new(lin)
    done = await wei.post(f"{path}/publish", {"version": "1"})
    assert done.location.endswith("?notice=approved")
    assert "1 approval is missing" in (await ada.get(path)).words
    done = await ada.post(f"{path}/publish", {"version": "2"})
    assert done.location.endswith("?notice=published")


async def test_a_newer_version_is_never_overwritten_and_what_was_typed_is_kept(
    world: World, lin: Person, wei: Person
) -> None:
    path = await _new(lin)
    await wei.post(path, {**DRAFT, "answer": "Wei was first.", "version": "1"})
    page = await lin.post(path, {**DRAFT, "answer": "Lin was slower.", "version": "1"})
    assert page.status == 409
    assert "Wei saved a newer version meanwhile" in page.words
    assert "Lin was slower." in page.text
    assert "Wei was first." in page.text
    await lin.post(path, {**DRAFT, "answer": "Lin was slower.", "version": page.field("version")})
    assert (await world.desk.entries())[0].entry.answer == "Lin was slower."


async def test_a_version_that_nobody_read_is_not_published(world: World, lin: Person, wei: Person) -> None:
    path = await _new(lin)
    await wei.post(path, {**DRAFT, "answer": "Changed.", "version": "1"})
    page = await lin.post(f"{path}/publish", {"version": "1"})
    assert page.status == 409
    assert "What you asked for was not done" in page.words
    assert (await world.desk.entries())[0].entry.status is EntryStatus.DRAFT


async def test_withdrawing_is_asked_first_and_then_done(world: World, lin: Person) -> None:
    path = await _new(lin)
    await lin.post(f"{path}/publish", {"version": "1"})
    page = await lin.get(f"{path}/withdraw")
    assert "Withdraw this entry?" in page.words
    done = await lin.post(f"{path}/withdraw", {"version": page.field("version")})
    assert done.location.endswith("?notice=withdrawn")
    assert "Where are lost umbrellas kept?" in (await lin.get("/knowledge?status=withdrawn")).text


async def test_mistakes_in_a_draft_are_explained_and_keep_the_rest(world: World, lin: Person) -> None:
    for wrong, sentence in (
        ({"question": " "}, "Write the question."),
        ({"answer": ""}, "Write the answer."),
        ({"source": "javascript:alert(1)"}, "The source is no web address"),
        ({"review_by": "next spring"}, "The date cannot be read"),
        ({"language": "fr"}, "Choose one of the languages"),
        ({"question": "x" * 501}, "501 characters long"),
    ):
        page = await lin.post("/knowledge/new", {**DRAFT, **wrong})
        assert page.status == 400
        assert sentence in page.words
        assert "At the depot." in page.text or "answer" in wrong
    assert await world.desk.entries() == []


async def test_hostile_text_in_an_entry_is_inert(world: World, lin: Person) -> None:
    path = await _new(lin, question="<script>alert(1)</script>?", answer="\u202eevil </textarea><img src=x>")
    for page in (await lin.get(path), await lin.get("/knowledge"), await lin.get(f"{path}/withdraw")):
        assert "<script>alert" not in page.text
        assert "<img" not in page.text


async def test_entries_of_the_content_files_can_be_read_changed_and_withdrawn(
    world: World, lin: Person
) -> None:
    page = await lin.get("/knowledge?status=published")
    assert "Is the old bridge open?" in page.text
    page = await lin.get("/knowledge/old-bridge")
    assert "from a file" in page.words
    gone = await lin.post("/knowledge/old-bridge/withdraw", {"version": "0"})
    assert gone.location == "/staff/knowledge/old-bridge?notice=withdrawn"
    assert (await world.desk.entry("old-bridge")).entry.status is EntryStatus.WITHDRAWN
    assert "Is the old bridge open?" not in (await lin.get("/knowledge?status=published")).text


async def test_entries_are_found_by_their_words(world: World, lin: Person) -> None:
    await _new(lin)
    await _new(lin, question="When is the fair?", answer="In May.")
    page = await lin.get("/knowledge?status=draft&words=FAIR+may")
    assert "When is the fair?" in page.text
    assert "umbrellas" not in page.text
    assert "Nothing fits these words" in (await lin.get("/knowledge?status=draft&words=nothing")).words


async def test_what_looks_like_personal_data_is_shown_and_cleared_by_a_second_person(
    world: World, lin: Person
) -> None:
    ada = await world.join("Ada", Role.ADMINISTRATOR)
    path = await _new(lin, answer="Ask Mr Brown on 13800138000 <b>now</b>.")
    page = await lin.get(path)
    assert '<mark title="A telephone number.">13800138000</mark>' in page.text
    assert '<mark title="A name.">Mr Brown</mark>' in page.text
    assert "&lt;b&gt;now" in page.text
    assert "A supervisor or an administrator who did not write it clears it." in page.words
    refused = await lin.post(f"{path}/publish", {"version": "1"})
    assert refused.status == 409
    assert "First a second person must clear" in refused.words
    done = await ada.post(f"{path}/clear", {"version": "1"})
    assert done.location.endswith("?notice=cleared")
    assert "Cleared by Ada." in (await lin.get(path)).words
    assert (await lin.post(f"{path}/publish", {"version": "2"})).location.endswith("?notice=published")


async def test_whoever_wrote_it_cannot_clear_it(world: World) -> None:
    ada = await world.join("Ada", Role.ADMINISTRATOR)
    path = await _new(ada, answer="Ask Mr Brown.")
    assert "You wrote this version." in (await ada.get(path)).words
    refused = await ada.post(f"{path}/clear", {"version": "1"})
    assert refused.status == 409
    assert (await ada.post(f"{path}/publish", {"version": "1"})).status == 409


async def test_the_list_tells_which_content_version_is_live(world: World, lin: Person) -> None:
    assert "content version" not in (await lin.get("/knowledge")).words
    world.live.version = ContentVersion(number=12, digest="d" * 64, author="wu@desk-1", at=world.clock())
    assert "content version 12 is live here (wu@desk-1, " in (await lin.get("/knowledge")).words
