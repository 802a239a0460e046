"""A page open at one process of the desk is shown what another one places: once, and soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.webchat import WebChat
from bot.channels.webchat.conversations import address_of
from bot.channels.webchat.following import AT_ONCE, Follower
from bot.channels.webchat.listeners import Streams
from bot.config import read_settings
from bot.corpus import Corpus
from bot.errors import StoreStopped
from bot.models import Change, DeliveryStatus, StaffAnswer
from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.channels.webchat.fakes import staff_answer
from tests.channels.webchat.test_stream import open_stream, read_event
from tests.parts import KEY, UNANSWERED, Office, make_office

Client = TestClient[web.Request, web.Application]


@dataclass
class Process:
    """One of two desks on the same store."""

    office: Office
    webchat: WebChat
    client: Client


async def a_process(store: Store, corpus: Corpus, tasks: list[asyncio.Task[None]]) -> Process:
    office = make_office(store, corpus)
    webchat = WebChat(
        assistant=office.assistant,
        names=lambda: corpus.content,
        settings=read_settings({}),
        vault=office.vault,
        clock=office.clock,
    )
    office.deliverer._channels = {"webchat": webchat}
    app = web.Application()
    webchat.add_routes(app)
    tasks.append(asyncio.create_task(webchat.follow(store.changes())))
    client = TestClient(TestServer(app))
    await client.start_server()
    return Process(office, webchat, client)


@pytest.fixture
async def pair(corpus: Corpus) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes; only the first delivers what is owed."""
    store = await open_tinydb(None, Vault(KEY))
    tasks: list[asyncio.Task[None]] = []
    one, two = [await a_process(store, corpus, tasks) for _ in range(2)]
    await one.office.deliverer.start()
    yield one, two
    await one.office.deliverer.stop()
    for process in (one, two):
        await process.client.close()
        await process.office.assistant.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.close()


async def ask(process: Process, text: str, **more: str) -> tuple[str, str]:
    """Ask through one process; return the conversation and the reference."""
    async with process.client.post("/api/messages", json={"text": text, **more}) as response:
        said = await response.json()
    return said["conversation"], next(reply["reference"] for reply in said["replies"] if "reference" in reply)


async def answer(process: Process, reference: str, text: str = "In Lake Road.") -> None:
    situation_id = await process.office.situation_of(reference)
    await process.office.desk.answer(StaffAnswer(situation_id=situation_id, author="ada", text=text))


async def answered(stream: object) -> dict[str, str]:
    """Read on to the words of staff."""
    while True:
        event = await read_event(stream)
        if '"staff_answer"' in event["data"]:
            return event


async def test_an_answer_placed_by_one_process_reaches_the_page_open_at_the_other(
    pair: tuple[Process, Process],
) -> None:
    one, two = pair
    token, reference = await ask(one, UNANSWERED)
    stream = await open_stream(two.client, token)
    await answer(one, reference)
    assert "Lake Road" in (await answered(stream))["data"]


async def test_a_question_asked_through_one_process_after_the_page_was_opened_at_the_other(
    pair: tuple[Process, Process],
) -> None:
    one, two = pair
    async with one.client.post("/api/messages", json={"text": "/help"}) as response:
        token = (await response.json())["conversation"]
    stream = await open_stream(two.client, token)
    _, reference = await ask(one, UNANSWERED, conversation=token)
    await answer(one, reference)
    assert "Lake Road" in (await answered(stream))["data"]


async def test_what_an_open_page_elsewhere_took_counts_as_sent(pair: tuple[Process, Process]) -> None:
    one, two = pair
    token, reference = await ask(one, UNANSWERED)
    stream = await open_stream(two.client, token)
    await answer(one, reference)
    await answered(stream)
    (inquiry_id,) = [
        each.id for each in await one.office.store.inquiries_in(await one.office.situation_of(reference))
    ]

    async def statuses() -> set[DeliveryStatus]:
        return {each.status for each in await one.office.store.deliveries_of(inquiry_id)}

    for _ in range(100):
        if await statuses() == {DeliveryStatus.SENT}:
            return
        await asyncio.sleep(0.01)
    assert await statuses() == {DeliveryStatus.SENT}


async def test_a_page_is_given_each_reply_once_whoever_places_it(pair: tuple[Process, Process]) -> None:
    one, two = pair
    token, reference = await ask(two, UNANSWERED)
    here, there = await open_stream(one.client, token), await open_stream(two.client, token)
    await answer(two, reference)
    assert (await answered(here))["id"] == (await answered(there))["id"]
    await one.webchat.send(address_of(token), staff_answer("more"))
    for stream in (here, there):
        # Nothing stands between the answer and what is said next.
        if stream is there:
            await two.webchat.send(address_of(token), staff_answer("more"))
        assert (await read_event(stream))["id"] == "more"


async def test_a_page_opened_at_the_other_process_catches_up_by_the_last_id_it_saw(
    pair: tuple[Process, Process],
) -> None:
    one, two = pair
    token, reference = await ask(one, UNANSWERED)
    stream = await open_stream(one.client, token)
    async with one.client.get(f"/api/conversations/{token}") as response:
        last = [turn["id"] for turn in (await response.json())["exchange"]][-1]
    stream.close()
    await answer(one, reference)
    (inquiry,) = await one.office.store.inquiries_in(await one.office.situation_of(reference))
    async with asyncio.timeout(10):
        while any(  # noqa: ASYNC110 (what is stored has no event)
            each.status is DeliveryStatus.OWED for each in await one.office.store.deliveries_of(inquiry.id)
        ):
            await asyncio.sleep(0.01)
    stream = await open_stream(two.client, token, **{"Last-Event-ID": last})
    assert "Lake Road" in (await answered(stream))["data"]


class Kept:
    """An assistant as the follower sees it, which counts what is read."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.trouble: Exception | None = None

    async def address_of(self, inquiry_id: str) -> object:
        self.read.append(inquiry_id)
        return address_of("somebody" if inquiry_id == "theirs" else "else")

    async def said(self, address: object) -> tuple[()]:
        if self.trouble is not None:
            raise self.trouble
        self.read.append("said")
        return ()

    async def seen(self, address: object) -> None:
        self.read.append("seen")


async def told(*changes: Change) -> AsyncIterator[Change]:
    for change in changes:
        yield change


def delivery(number: str, inquiry: str) -> Change:
    return Change(kind="delivery", id=number, part_of=inquiry)


async def test_of_what_concerns_no_open_page_only_the_first_delivery_of_an_inquiry_is_looked_at() -> None:
    kept, streams = Kept(), Streams()
    follower = Follower(kept, streams)  # type: ignore[arg-type]
    await follower.follow(told(delivery("1", "else")))
    assert kept.read == [], "without an open page nothing is"
    with streams.listen("somebody"):
        await follower.follow(told(*(delivery(str(n), "else") for n in range(5))))
        assert kept.read == ["else"]
        await follower.follow(told(delivery("6", "theirs"), delivery("7", "theirs")))
        assert kept.read == ["else", "theirs", "said", "said"]
    assert streams.of_inquiry("theirs") is None, "and nothing is remembered of a page that is closed"


async def test_when_very_much_changed_every_open_page_is_looked_at() -> None:
    kept, streams = Kept(), Streams()
    with streams.listen("somebody"), streams.listen("another"):
        await Follower(kept, streams).follow(told(Change(kind="delivery", id="")))  # type: ignore[arg-type]
    assert kept.read == ["said", "said"]


async def test_pages_whose_conversation_cannot_be_read_are_sent_to_come_back() -> None:
    kept, streams = Kept(), Streams()
    kept.trouble = StoreStopped("gone")
    with streams.listen("somebody") as listener:
        streams.reach("somebody", ["theirs"])
        await Follower(kept, streams).follow(told(delivery("1", "theirs")))  # type: ignore[arg-type]
        assert [reply async for reply in listener.replies()] == []


async def test_conversations_are_read_beside_each_other_and_each_once_at_a_time() -> None:
    reading: list[str] = []
    most, twice = 0, False

    class Slow(Kept):
        async def said(self, address: object) -> tuple[()]:
            nonlocal most, twice
            token = address.chat  # type: ignore[attr-defined]
            twice = twice or token in reading
            reading.append(token)
            most = max(most, len(reading))
            await asyncio.sleep(0.01)
            reading.remove(token)
            return await super().said(address)

    kept, streams = Slow(), Streams()
    tokens = [f"token {number}" for number in range(20)]
    with ExitStack() as stack:
        for token in tokens:
            stack.enter_context(streams.listen(token))
            streams.reach(token, [f"of {token}"])
        heard = [delivery(f"{token} {number}", f"of {token}") for number in range(3) for token in tokens]
        await Follower(kept, streams).follow(told(*heard))  # type: ignore[arg-type]
    assert 2 <= most <= AT_ONCE
    assert not twice
    assert len(kept.read) == 2 * len(tokens), "what came during a reading is one more reading"
