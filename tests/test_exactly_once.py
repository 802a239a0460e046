"""What a message changes it changes once, and what is owed for it is owed with it."""

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from bot.corpus import Corpus
from bot.errors import StoreStopped
from bot.exchange import conversation_key
from bot.intents.settings import Retention
from bot.models import StaffAnswer
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import ANSWERED, KEY, UNANSWERED, Office, Troubled, address, make_office


async def test_an_automatic_answer_owes_nothing(office: Office) -> None:
    assert not (await office.ask_one(ANSWERED)).owed
    assert await office.store.owed(10) == []


async def test_a_receipt_is_owed_with_the_filing_or_neither_is_there(corpus: Corpus) -> None:
    store = await open_tinydb(None, Vault(KEY))
    troubled = Troubled(store)
    office = make_office(troubled, corpus)  # type: ignore[arg-type]
    troubled.problem, troubled.failing = StoreStopped("no room"), {"record"}
    with pytest.raises(StoreStopped):
        await office.ask(UNANSWERED, id="1")
    assert (await store.owed(10), await store.queue()) == ([], [])
    troubled.problem = None
    await office.ask(UNANSWERED, id="1")
    (owed,) = await store.owed(10)
    (situation,) = await store.queue()
    assert owed.inquiry.situation_id == situation.id
    await store.close()


async def test_an_answer_is_owed_with_the_decision_or_neither_is_there(corpus: Corpus) -> None:
    store = await open_tinydb(None, Vault(KEY))
    troubled = Troubled(store)
    office = make_office(troubled, corpus)  # type: ignore[arg-type]
    situation = await office.situation_of(await office.hand_over())
    answer = StaffAnswer(situation_id=situation, author="ada", text="The zoo.")
    troubled.problem, troubled.failing = StoreStopped("no room"), {"resolve_situation"}
    with pytest.raises(StoreStopped):
        await office.desk.answer(answer)
    assert (await store.mailings(), len(await store.queue())) == ([], 1)
    troubled.failing = {"make_out"}
    resolved = await office.desk.answer(answer)
    assert resolved.settled_by == "ada", "it is answered: what could not be made out yet is owed"
    assert len(await store.mailings()) == 1
    await store.close()


async def test_the_same_message_many_times_at_once_is_filed_once(office: Office) -> None:
    said = await asyncio.gather(*(office.ask(UNANSWERED, id="1") for _ in range(10)))
    assert len({replies[-1].id for replies in said}) == 1
    assert len(await office.desk.queue("ada")) == len(await office.store.owed(10)) == 1


async def test_message_ids_are_kept_as_keyed_digests_for_two_days(office: Office) -> None:
    assert Retention().message_ids_hours == 48
    await office.ask(UNANSWERED, id="a-message-id")
    key = conversation_key(office.vault, address())
    digest = office.vault.digest("message", f"{key}\0a-message-id")
    assert await office.store.message_seen(digest)
    assert digest != Vault(b"n" * 32).digest("message", f"{key}\0a-message-id")
    assert "a-message-id" not in digest


async def test_messages_of_one_address_take_turns_and_others_do_not_wait(corpus: Corpus) -> None:
    store = await open_tinydb(None, Vault(KEY))
    troubled = Troubled(store)
    office = make_office(troubled, corpus)  # type: ignore[arg-type]
    troubled.hold("record")
    first = [asyncio.create_task(office.ask(f"{UNANSWERED} {number}")) for number in range(3)]
    await asyncio.sleep(0.05)
    answered = asyncio.create_task(office.ask("/help", chat="bob"))
    await asyncio.sleep(0.05)
    troubled.let_go()
    await asyncio.gather(*first, answered)
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    asked = [turn.text for turn in exchange.turns if turn.who == "citizen"]
    assert asked == [f"{UNANSWERED} {number}" for number in range(3)]
    await store.close()


async def test_a_reply_is_placed_though_another_process_writes_in_the_conversation(office: Office) -> None:
    reply = await office.ask_one(UNANSWERED)
    key = conversation_key(office.vault, address())
    store, conversation, others = office.store, office.store.conversation, 2

    async def meanwhile(wanted: str):  # type: ignore[no-untyped-def]
        nonlocal others
        read = await conversation(wanted)
        if others and wanted == key and read is not None:
            others -= 1
            await store.save_conversation(replace(read, version=read.version + 1))
        return read

    office.store.conversation = meanwhile  # type: ignore[method-assign]
    try:
        await office.assistant.place(address(), replace(reply, id="another"))
    finally:
        office.store.conversation = conversation  # type: ignore[method-assign]
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert [turn.reply.id for turn in exchange.turns if turn.reply][-1] == "another"


async def test_a_reply_that_is_placed_twice_is_shown_once(office: Office) -> None:
    reply = await office.ask_one(UNANSWERED)
    office.clock.now += dt.timedelta(minutes=1)
    for _ in range(3):
        await office.assistant.place(address(), replace(reply, id="another"))
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert [turn.reply.id for turn in exchange.turns if turn.reply].count("another") == 1
