"""Opening, holding and answering a situation."""

from typing import Any

import pytest

from bot.errors import StoreStopped
from bot.explain import explain, lines
from bot.locale import catalogue
from bot.models import DeliveryStatus, SituationStatus, UrgentKind
from tests.staff.world import Person, World

CANARY = "umbrella-canary-7741"
LIVE = {"X-Console": "live"}


async def test_no_page_before_opening_holds_a_citizens_word(world: World, lin: Person) -> None:
    situation = await world.file(f"where is my {CANARY}")
    await world.add(f"and my second {CANARY}")
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


async def test_what_one_session_opened_stays_closed_to_every_other(
    world: World, lin: Person, wei: Person
) -> None:
    situation = await world.file(f"where is my {CANARY}")
    await lin.open(situation)
    assert CANARY in (await lin.get(f"/situations/{situation.id}")).text
    assert CANARY not in (await wei.get(f"/situations/{situation.id}")).text


async def test_an_inquiry_that_joins_is_opened_by_itself(world: World, lin: Person) -> None:
    situation = await world.file(f"where is my {CANARY}")
    await lin.open(situation)
    world.clock.pass_(minutes=1)
    await world.file("a second citizen", joins=situation)
    page = await lin.get(f"/situations/{situation.id}")
    assert CANARY in page.text
    assert "a second citizen" not in page.text
    assert "1 more has joined since you opened this." in page.words
    page = await lin.open(situation)
    assert "a second citizen" in page.text
    assert "Send to all 2" in page.words
    assert "more has joined" not in page.words


async def test_who_joins_while_an_answer_is_written_does_not_hold_it_up(world: World, lin: Person) -> None:
    situation = await world.file("the power is out in Northbank")
    page = await lin.open(situation)
    seen, first, shown = (page.field(name) for name in ("seen", "first", "shown"))
    world.clock.pass_(minutes=1)
    await world.file("no power in Northbank", joins=situation)
    sent = {"text": "It is back at six.", "seen": seen, "first": first, "shown": shown}
    answered = await lin.post(f"/situations/{situation.id}/answer", sent)
    assert answered.status == 303
    settled = await world.store.situation(situation.id)
    assert settled is not None
    assert settled.status is SituationStatus.RESOLVED


async def test_the_queue_shows_most_urgent_and_oldest_first(world: World) -> None:
    old = await world.file(nearest="intent:noise_night", lane="public_order")
    world.clock.pass_(hours=3)
    new = await world.file(nearest=None, lane="general", language="zh-Hant")
    world.clock.pass_(minutes=5)
    urgent = await world.file(nearest=None, lane="urgent", urgent=UrgentKind.CRISIS)
    page = await (await world.join("Lin")).get("")
    places = [page.text.index(f'data-id="{s.id}"') for s in (urgent, old, new)]
    assert places == sorted(places)
    for shown in (
        "Crisis",
        "Noise at night",
        "Public order",
        "No near topic",
        old.references[0],
        "3 h",
        "5 min",
        "3 situations wait",
        "1 inquiry",
        "繁",
    ):
        assert shown in page.words


async def test_the_queue_says_who_holds_what_until_the_hold_runs_out(
    world: World, lin: Person, wei: Person
) -> None:
    situation = await world.file()
    await lin.post(f"/situations/{situation.id}/claim")
    assert "You hold it" in (await lin.get("")).words
    assert "Lin" in (await wei.get("/queue")).words
    world.clock.pass_(minutes=21)
    assert "Free" in (await wei.get("/queue")).words


async def test_an_empty_queue_says_so(lin: Person) -> None:
    assert "Nobody is waiting" in (await lin.get("")).words


async def test_a_long_queue_comes_in_pages(world: World, lin: Person) -> None:
    for _ in range(103):
        await world.file()
        world.clock.pass_(seconds=1)
    first, last = await lin.get(""), await lin.get("?from=100")
    assert first.text.count('<li class="row') == 100
    assert last.text.count('<li class="row') == 3
    assert "101–103 of 103" in last.words
    for odd in ("-1", "x", "99999999999999999999", "9" * 5000, "1²"):
        assert (await lin.get(f"?from={odd}")).status == 200


async def test_a_reference_finds_its_situation_and_opens_nothing(world: World, lin: Person) -> None:
    situation = await world.file(f"my {CANARY}")
    typed = situation.references[0].lower().replace("-", " ")
    found = await lin.get(f"/find?reference={typed}")
    assert found.location == f"/staff/situations/{situation.id}"
    for unknown in ("7KQ2-M9XA", "nonsense", "<script>"):
        page = await lin.get(f"/find?reference={unknown}")
        assert page.status == 404
        assert "There is no situation with the reference" in page.words
        assert "<script>" not in page.text.replace("<script src=", "")


async def test_the_page_says_why_these_answers_are_near_with_the_same_figures(
    world: World, lin: Person
) -> None:
    situation = await world.file()
    assert "Why these" not in (await lin.get(f"/situations/{situation.id}")).words
    await lin.open(situation)
    page = await lin.get(f"/situations/{situation.id}")
    assert "Why these" in page.words
    told = explain(world.live.corpus, "where is my umbrella", "en", world.clock())
    assert told.candidates
    for line in lines(told, catalogue("en")):
        assert line in page.words


async def test_an_answer_settles_the_situation_and_is_owed(world: World, lin: Person) -> None:
    situation = await world.file()
    await lin.open(situation)
    done = await lin.post(f"/situations/{situation.id}/answer", {"text": "At the tram depot."})
    assert done.status == 303
    settled = await world.desk.peek(situation.id, "ada")
    assert (settled.status, settled.settled_by) == (SituationStatus.RESOLVED, "Lin")
    assert "The answer is on its way" in (await lin.get(done.location.removeprefix("/staff"))).text
    page = await lin.get(f"/situations/{situation.id}")
    assert "At the tram depot." in page.text
    assert "Answered" in page.words
    assert "composer" not in page.text


async def test_a_tick_files_the_public_wording_as_a_draft(world: World, lin: Person) -> None:
    situation = await world.file()
    await lin.open(situation)
    data = {"text": "At the depot.", "publish": "yes", "question": "Where are lost umbrellas kept?"}
    await lin.post(f"/situations/{situation.id}/answer", data)
    page = await lin.get("/knowledge")
    assert "Where are lost umbrellas kept?" in page.text


async def test_without_the_tick_a_public_question_is_not_filed(world: World, lin: Person) -> None:
    situation = await world.file()
    await lin.post(f"/situations/{situation.id}/answer", {"text": "Private.", "question": "Public?"})
    assert await world.desk.entries() == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"text": "  \n "}, "The answer is empty"),
        ({"text": "x" * 8001}, "8001 characters long"),
        ({"text": "汉" * 40_000}, "40000 characters long"),
        ({"text": "kept text", "publish": "yes", "question": ""}, "Write the public question"),
    ],
)
async def test_a_form_with_a_mistake_is_explained_and_keeps_its_text(
    world: World, lin: Person, data: dict[str, str], sentence: str
) -> None:
    situation = await world.file()
    await lin.open(situation)
    page = await lin.post(f"/situations/{situation.id}/answer", data)
    assert page.status == 400
    assert sentence in page.text
    assert data["text"].strip()[:2000] in page.text
    assert (await world.desk.peek(situation.id, "ada")).status is SituationStatus.OPEN


async def test_a_form_beyond_all_measure_is_refused_with_a_page(world: World, lin: Person) -> None:
    situation = await world.file()
    page = await lin.post(f"/situations/{situation.id}/answer", {"text": "x" * 600_000})
    assert page.status == 413
    assert "This is too long" in page.text


async def test_two_people_cannot_answer_the_same_situation_unseen(
    world: World, lin: Person, wei: Person
) -> None:
    situation = await world.file()
    await lin.open(situation)
    await wei.open(situation)
    await lin.post(f"/situations/{situation.id}/claim")
    taken = await wei.post(f"/situations/{situation.id}/answer", {"text": "Wei's own words"})
    assert taken.status == 409
    assert "Lin holds it until" in taken.words
    assert "Wei's own words" in taken.words
    await lin.post(f"/situations/{situation.id}/answer", {"text": "Lin's words"})
    settled = await wei.post(f"/situations/{situation.id}/answer", {"text": "Wei's own words"})
    assert settled.status == 409
    assert "Lin settled it" in settled.words
    assert "Wei's own words" in settled.words
    page = await lin.get(f"/situations/{situation.id}")
    assert page.text.count("Lin&#39;s words") == 1
    assert "Wei&#39;s own words" not in page.text


async def test_sending_twice_says_that_the_first_one_counts(world: World, lin: Person) -> None:
    situation = await world.file()
    await lin.open(situation)
    await lin.post(f"/situations/{situation.id}/answer", {"text": "Once."})
    page = await lin.post(f"/situations/{situation.id}/answer", {"text": "Once."})
    assert page.status == 409
    assert "You settled it yourself" in page.words


async def test_somebody_elses_hold_leaves_no_form(world: World, lin: Person, wei: Person) -> None:
    situation = await world.file()
    await wei.post(f"/situations/{situation.id}/claim")
    page = await lin.open(situation)
    assert "Wei holds this until 10:20" in page.words
    assert "<textarea" not in page.text


async def test_an_answer_waits_when_the_citizen_has_written_more(world: World, lin: Person) -> None:
    situation = await world.file()
    seen = (await lin.open(situation)).field("seen")
    await world.add("wait, I found it")
    page = await lin.post(f"/situations/{situation.id}/answer", {"text": "My answer", "seen": seen})
    assert page.status == 409
    assert "has written more" in page.words
    assert "wait, I found it" in page.text
    assert "My answer" in page.text
    again = await lin.post(
        f"/situations/{situation.id}/answer", {"text": "My answer", "seen": page.field("seen")}
    )
    assert again.status == 303


async def test_a_situation_that_is_gone_keeps_the_answer_on_the_page(world: World, lin: Person) -> None:
    page = await lin.post("/situations/no-such/answer", {"text": "My answer"})
    assert page.status == 404
    assert "This situation is gone" in page.words
    assert "My answer" in page.text
    assert (await lin.get("/situations/no-such")).status == 404


async def test_a_store_that_stopped_keeps_the_answer_on_the_page(
    world: World, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    situation = await world.file()

    async def stopped(answer: Any) -> None:
        raise StoreStopped("The disk is full.")

    monkeypatch.setattr(world.desk, "answer", stopped)
    page = await lin.post(f"/situations/{situation.id}/answer", {"text": "My answer"})
    assert page.status == 503
    assert "cannot save anything right now" in page.words
    assert "My answer" in page.text


async def test_a_draft_is_kept_and_typing_takes_the_situation(world: World, lin: Person, wei: Person) -> None:
    situation = await world.file()
    await lin.open(situation)
    saved = await lin.post(f"/situations/{situation.id}/draft", {"text": "half a sen"}, **LIVE)
    assert saved.status == 204
    page = await lin.get(f"/situations/{situation.id}")
    assert "half a sen" in page.text
    assert "You hold this" in page.words
    refused = await wei.post(f"/situations/{situation.id}/draft", {"text": "mine"}, **LIVE)
    assert (refused.status, refused.text) == (409, "taken")
    plain = await lin.post(f"/situations/{situation.id}/draft", {"text": "half a sentence"})
    assert plain.location.endswith("?notice=draft")
    await lin.post(f"/situations/{situation.id}/release")
    assert "half a sentence" in (await wei.open(situation)).text


async def test_the_preview_shows_what_the_citizen_will_see_and_sends_nothing(
    world: World, lin: Person
) -> None:
    situation = await world.file(language="zh-Hans")
    await lin.open(situation)
    data = {"text": "请到失物招领处。", "publish": "yes", "question": "伞丢了找谁？"}
    page = await lin.post(f"/situations/{situation.id}/preview", data)
    assert f"工作人员答复您的问题（{situation.references[0]}）" in page.text
    assert page.text.count("请到失物招领处。") == 2
    assert "伞丢了找谁？" in page.text
    assert (await world.desk.peek(situation.id, "ada")).status is SituationStatus.OPEN


async def test_closing_without_an_answer_owes_the_citizen_nothing(world: World, lin: Person) -> None:
    situation = await world.file()
    done = await lin.post(f"/situations/{situation.id}/close")
    assert done.location == f"/staff?notice=closed&situation={situation.id}"
    assert (await world.desk.peek(situation.id, "ada")).status is SituationStatus.CLOSED
    assert "Closed without an answer" in (await lin.get(f"/situations/{situation.id}")).words


async def test_near_answers_stand_beside_the_question(world: World, lin: Person) -> None:
    situation = await world.file("I lost my bag on the tram, who has it?")
    page = await lin.open(situation)
    assert "Something lost" in page.text
    assert "Ask at the lost property office with the line and the time." in page.text


@pytest.mark.parametrize(
    ("status", "problem", "words"),
    [
        (DeliveryStatus.OWED, None, "Receipt: being sent"),
        (DeliveryStatus.PLACED, None, "Receipt: waits for the citizen to return to the page"),
        (DeliveryStatus.SENT, None, "Receipt: sent"),
        (DeliveryStatus.FAILED, "unreachable", "Receipt: failed. The citizen has blocked the desk"),
        (DeliveryStatus.FAILED, "OSError", "Receipt: failed. The channel did not take it for too long"),
    ],
)
async def test_what_became_of_a_delivery_is_said_in_words(
    world: World, lin: Person, status: DeliveryStatus, problem: str | None, words: str
) -> None:
    situation = await world.file()
    if status is not DeliveryStatus.OWED:
        await world.settle_receipt(status, problem)
    assert words in (await lin.open(situation)).words


async def test_hostile_words_are_inert_and_unseen_characters_shown(world: World, lin: Person) -> None:
    hostile = "<script>alert(1)</script>\u202etxt.exe\u202c a\u200bb {{ 7*7 }} \"onmouseover='x' مرحبا"
    situation = await world.file(hostile)
    page = await lin.open(situation)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "{{ 7*7 }}" in page.text
    for character, code in (("\u202e", "U+202E"), ("\u202c", "U+202C"), ("\u200b", "U+200B")):
        assert character not in page.text
        assert code in page.text
    assert 'dir="auto" lang="en"' in page.text
    data = {"text": "</textarea><script>alert(2)</script>", "publish": "yes", "question": '"><img src=x>'}
    shown = await lin.post(f"/situations/{situation.id}/preview", data)
    assert "<script>alert" not in shown.text
    assert "<img" not in shown.text


async def test_staff_are_warned_of_what_is_open_for_sixty_days(world: World) -> None:
    await world.file()
    world.clock.pass_(days=59)
    lin = await world.join("may")
    assert "closed after" not in (await lin.get("")).words
    world.clock.pass_(days=1)
    lin = await world.join("wen")
    assert (
        "1 situation has been open for 60 days or more. It is closed after 90 days"
        in (await lin.get("")).words
    )
