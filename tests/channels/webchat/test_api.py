"""The public JSON API: what is asked, what comes back, what is remembered."""

import asyncio

import pytest

from bot.channels.webchat.conversations import address_of, is_token, new_token
from bot.errors import StoreStopped
from bot.models import InquiryStatus
from tests.channels.webchat.conftest import EMBEDDER
from tests.channels.webchat.fakes import staff_answer


async def ask(client, body, status=200, **headers):
    response = await client.post("/api/messages", json=body, headers=headers)
    assert response.status == status, await response.text()
    return await response.json()


async def test_a_question_is_answered_in_a_new_conversation(client):
    said = await ask(client, {"text": "lost card", "language": "en"})
    assert is_token(said["conversation"])
    (reply,) = said["replies"]
    assert reply["kind"] == "answer"
    assert reply["options"] == [{"id": "human", "title": "A person, please"}]
    assert reply["source"].startswith("https://lanting.example/")
    assert reply["dated"] == "2026-03-02"
    assert "reference" not in reply


async def test_r17_a_copy_of_what_is_kept_is_given_to_its_own_conversation_alone(client):
    said = await ask(client, {"text": "lost card"})
    other = await ask(client, {"text": "where is the night window"})
    told = await ask(client, {"text": "/mydata", "conversation": said["conversation"]})
    assert told["replies"][0]["document"] == "mydata"
    response = await client.get(f"/api/conversations/{said['conversation']}/data")
    assert response.headers["Content-Disposition"] == 'attachment; filename="mydata.json"'
    assert response.headers["Cache-Control"] == "no-store"
    kept = await response.text()
    assert "lost card" in kept
    assert "night window" not in kept
    assert (
        "night window" in await (await client.get(f"/api/conversations/{other['conversation']}/data")).text()
    )
    assert (await client.get(f"/api/conversations/{new_token()}/data")).status == 404
    assert (await client.get("/api/conversations/7KQ2-0001/data")).status == 404, "a reference opens nothing"


async def test_each_new_conversation_has_its_own_token(client):
    tokens = {(await ask(client, {"text": "lost card"}))["conversation"] for _ in range(20)}
    assert len(tokens) == 20


async def test_a_conversation_goes_on_under_its_token(client, assistant):
    first = await ask(client, {"text": "lost card"})
    second = await ask(client, {"option": "human", "conversation": first["conversation"]})
    assert second["conversation"] == first["conversation"]
    assert second["replies"][0]["reference"] == "7KQ2-0002"
    assert [message.option for message in assistant.received] == [None, "human"]


async def test_repeating_a_message_returns_the_first_replies_and_files_nothing_more(client, assistant):
    first = await ask(client, {"text": "where is the night window", "message_id": "m1"})
    again = await ask(
        client,
        {"text": "where is the night window", "message_id": "m1", "conversation": first["conversation"]},
    )
    assert again == first
    assert len(assistant.received) == 1


async def test_a_first_message_repeated_with_its_start_stays_one_conversation(client, webchat, assistant):
    start = webchat._parts.starts.issue()
    body = {"text": "where is the night window", "message_id": "m1", "start": start}
    assert await ask(client, body) == await ask(client, body)
    assert len(assistant.received) == 1


async def test_a_first_message_repeated_whole_is_the_same_message(client):
    body = {"text": "where is the night window", "message_id": "0c0b6c1e-7b0f-4d52-9a55-5d1f5f9a1f11"}
    first, again = await ask(client, body), await ask(client, body)
    assert again == first
    other = await ask(client, {**body, "text": "where is the day window"})
    assert other["conversation"] != first["conversation"], "another text is another message"


async def test_two_people_with_the_same_short_message_id_never_meet(client):
    body = {"text": "hello", "message_id": "1"}
    assert (await ask(client, body))["conversation"] != (await ask(client, body))["conversation"]


async def test_a_start_of_ones_own_making_opens_nothing_it_names(client):
    mine = new_token()
    for start in (mine, f"{mine}.", f"{mine}.{'0' * 32}", "", ".", "é.é"):
        said = await ask(client, {"text": "lost card", "start": start})
        assert said["conversation"] != mine


async def test_an_unknown_conversation_is_a_404_and_takes_no_message(client, assistant):
    for token in (new_token(), "short", "", "x" * 5000, "../../etc", "7KQ2-0001"):
        status = 200 if token == "" else 404
        await ask(client, {"text": "lost card", "conversation": token}, status)
    assert len(assistant.received) == 1


async def test_the_exchange_shows_both_sides_and_the_open_inquiry(client):
    token = (await ask(client, {"text": "lost card", "message_id": "m1"}))["conversation"]
    await ask(client, {"text": "where is the night window", "message_id": "m2", "conversation": token})
    response = await client.get(f"/api/conversations/{token}")
    assert response.headers["Cache-Control"] == "no-store"
    told = await response.json()
    assert [(turn["from"], turn["kind"]) for turn in told["exchange"]] == [
        ("citizen", "message"),
        ("desk", "answer"),
        ("citizen", "message"),
        ("desk", "receipt"),
    ]
    assert told["exchange"][0]["id"] == "m1"
    assert told["exchange"][0]["at"].startswith("2026-11-24T01:00:00")
    assert told["state"] == "waiting"
    assert told["inquiries"][0]["status"] == InquiryStatus.OPEN


async def test_reading_the_exchange_marks_what_was_placed_as_seen(client, webchat, assistant):
    token = (await ask(client, {"text": "where is the night window"}))["conversation"]
    await webchat.send(address_of(token), staff_answer())
    assert assistant.told[address_of(token)].unseen == {"staff-1"}
    told = await (await client.get(f"/api/conversations/{token}")).json()
    assert told["exchange"][-1]["kind"] == "staff_answer"
    assert told["state"] == "answered"
    assert assistant.told[address_of(token)].unseen == set()


async def test_a_reference_opens_nothing(client):
    said = await ask(client, {"text": "where is the night window"})
    reference = said["replies"][0]["reference"]
    assert (await client.get(f"/api/conversations/{reference}")).status == 404


@pytest.mark.parametrize(
    "text", ["", "   ", "😀😀", "\x00\x07\x1b[31m", "\u200b\u200e", "مرحبا", "a\ud7ffb", "x" * 4000]
)
async def test_any_text_a_person_can_send_is_answered(client, text):
    said = await ask(client, {"text": text})
    assert said["replies"]


async def test_the_menu_speaks_the_language_asked_for(client):
    english = await (await client.get("/api/topics?language=en")).json()
    assert english["language"] == "en"
    assert english["topics"][0] == {"id": "intent:id_card_lost", "title": "Identity card lost or stolen"}
    by_header = await client.get("/api/topics", headers={"Accept-Language": "fr, zh-TW;q=0.9, en;q=0.5"})
    assert (await by_header.json())["language"] == "zh-Hant"
    assert (await (await client.get("/api/topics")).json())["language"] == "zh-Hans"


async def test_the_language_of_the_client_reaches_the_assistant(client, assistant):
    await ask(client, {"text": "lost card", "language": "zh-HK"})
    await ask(client, {"text": "lost card"})
    assert [message.language for message in assistant.received] == ["zh-Hant", None]


async def test_nothing_recorded_is_said_with_the_numbers_to_call(client, assistant):
    assistant.trouble = StoreStopped("The disk is full.")
    response = await client.post("/api/messages", json={"text": "help", "language": "en"})
    assert response.status == 503
    assert response.headers["Retry-After"] == "30"
    assert "not recorded" in (await response.json())["detail"]
    assert "110" in (await response.json())["detail"]


async def test_only_hosts_that_may_embed_may_use_the_api_from_a_browser(client):
    for origin, allowed in ((EMBEDDER, EMBEDDER), ("https://elsewhere.example", None), ("null", None)):
        asked = await client.options(
            "/api/messages", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        )
        assert asked.status == 204
        assert asked.headers.get("Access-Control-Allow-Origin") == allowed
        problem = await client.post("/api/messages", json={}, headers={"Origin": origin})
        assert problem.status == 422
        assert problem.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Origin" in problem.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in problem.headers
    page = await client.get("/", headers={"Origin": EMBEDDER})
    assert "Access-Control-Allow-Origin" not in page.headers


async def test_messages_of_many_conversations_are_taken_side_by_side(client):
    said = await asyncio.gather(*(ask(client, {"text": f"question {n}"}) for n in range(50)))
    assert len({each["conversation"] for each in said}) == 50
