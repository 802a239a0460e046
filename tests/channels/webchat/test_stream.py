"""Replies pushed to open pages: none lost, none doubled, nothing held for a page that does not read."""

import asyncio
import json

import pytest

from bot.channels.webchat import stream as stream_module
from bot.channels.webchat.conversations import address_of, new_token
from bot.channels.webchat.listeners import Streams
from bot.channels.webchat.problems import Problem
from bot.models import DeliveryStatus
from tests.channels.webchat.fakes import staff_answer


async def begin(client) -> str:
    response = await client.post("/api/messages", json={"text": "where is the night window"})
    return (await response.json())["conversation"]


async def read_event(response) -> dict[str, str]:
    event: dict[str, str] = {}
    while True:
        line = (await asyncio.wait_for(response.content.readline(), 5)).decode()
        if not line:
            raise EOFError
        line = line.rstrip("\r\n")
        if not line and event:
            return event
        name, _, value = line.partition(": ")
        if name:
            event[name] = value


async def open_stream(client, token, **headers):
    response = await client.get(f"/api/conversations/{token}/stream", headers=headers)
    assert response.status == 200
    assert response.content_type == "text/event-stream"
    hello = await read_event(response)
    assert hello["event"] == "hello"
    assert 2000 <= int(hello["retry"]) <= 5000
    return response


async def test_a_reply_reaches_an_open_page_at_once(client, webchat):
    token = await begin(client)
    stream = await open_stream(client, token)
    assert await webchat.send(address_of(token), staff_answer()) is DeliveryStatus.SENT
    event = await read_event(stream)
    assert event["id"] == "staff-1"
    assert json.loads(event["data"])["text"] == "The night window is open until 22:00."


async def test_a_reply_waits_in_the_exchange_when_no_page_is_open(client, webchat, assistant):
    token = await begin(client)
    assert await webchat.send(address_of(token), staff_answer()) is DeliveryStatus.PLACED
    assert await webchat.send(address_of(token), staff_answer()) is DeliveryStatus.PLACED
    turns = assistant.told[address_of(token)].turns
    assert [turn.reply.id for turn in turns if turn.reply is not None].count("staff-1") == 1


async def test_a_page_that_was_closed_is_not_taken_for_open(client, webchat):
    token = await begin(client)
    stream = await open_stream(client, token)
    stream.close()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if await webchat.send(address_of(token), staff_answer()) is DeliveryStatus.PLACED:
            return
    pytest.fail("a closed page still counted as open after a second")


async def test_every_open_page_of_a_conversation_hears_and_no_other(client, webchat):
    token, other = await begin(client), await begin(client)
    first, second, stranger = [await open_stream(client, each) for each in (token, token, other)]
    await webchat.send(address_of(token), staff_answer())
    await webchat.send(address_of(other), staff_answer("staff-2"))
    assert [(await read_event(each))["id"] for each in (first, second, stranger)] == [
        "staff-1",
        "staff-1",
        "staff-2",
    ]


async def test_a_page_that_returns_is_given_what_it_missed_once(client, webchat, assistant):
    token = await begin(client)
    for number in range(3):
        await webchat.send(address_of(token), staff_answer(f"staff-{number}"))
    stream = await open_stream(client, token, **{"Last-Event-ID": "staff-0"})
    await webchat.send(address_of(token), staff_answer("staff-2"))
    await webchat.send(address_of(token), staff_answer("staff-3"))
    assert [(await read_event(stream))["id"] for _ in range(3)] == ["staff-1", "staff-2", "staff-3"]
    assert assistant.told[address_of(token)].unseen == {"staff-3"}


async def test_a_page_whose_last_reply_is_not_kept_any_more_is_given_all(client, webchat):
    token = await begin(client)
    await webchat.send(address_of(token), staff_answer())
    stream = await open_stream(client, token, **{"Last-Event-ID": "long gone"})
    ids = [(await read_event(stream))["id"] for _ in range(2)]
    assert ids[-1] == "staff-1"


async def test_an_unknown_conversation_has_no_stream(client):
    for token in (new_token(), "short"):
        response = await client.get(f"/api/conversations/{token}/stream")
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_heartbeats_keep_the_connection_open(client, monkeypatch):
    monkeypatch.setattr(stream_module, "HEARTBEAT_SECONDS", 0.05)
    stream = await open_stream(client, await begin(client))
    assert (await asyncio.wait_for(stream.content.readline(), 5)).startswith(b":")


async def test_streams_end_when_the_desk_stops(client, app):
    stream = await open_stream(client, await begin(client))
    await app.shutdown()
    assert await asyncio.wait_for(stream.content.read(), 5) == b""
    refused = await client.get(f"/api/conversations/{await begin(client)}/stream")
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) >= 5


async def test_a_page_that_does_not_read_is_ended_instead_of_filling_memory():
    streams = Streams(replies_each=3)
    with streams.listen("token") as listener:
        assert [streams.push("token", staff_answer(str(n))) for n in range(5)] == [
            True,
            True,
            True,
            False,
            False,
        ]
        assert [reply.id async for reply in listener.replies()] == ["0", "1", "2"]
    assert not streams.push("token", staff_answer())


async def test_too_many_pages_on_one_conversation_end_the_oldest():
    streams = Streams(per_conversation=2)
    with streams.listen("token") as first, streams.listen("token"), streams.listen("token"):
        assert [reply async for reply in first.replies()] == []
        assert streams.push("token", staff_answer())


async def test_the_desk_holds_a_bounded_number_of_streams():
    streams = Streams(most=2)
    with streams.listen("a"), streams.listen("b"), pytest.raises(Problem), streams.listen("c"):
        pytest.fail("a third stream was opened")
    with streams.listen("c"):
        pass
