"""One damaged record stops nobody but itself."""

import logging
from dataclasses import replace

import pytest

from bot.desk import stored_entries
from bot.exchange import conversation_key
from bot.models import EntryStatus, Sealed, StoredEntry
from tests.parts import ANSWERED, UNANSWERED, Office, address

NOISE = Sealed(b"what a bad sector leaves of it")


async def damage_conversation(office: Office, chat: str = "ann") -> None:
    """Let what is kept of a conversation be noise."""
    key = conversation_key(office.vault, address(chat))
    kept = await office.store.conversation(key)
    assert kept is not None
    await office.store.save_conversation(replace(kept, body=NOISE, version=kept.version + 1))


def entry(office: Office, name: str, body: Sealed | None, status: EntryStatus) -> StoredEntry:
    return StoredEntry(
        id=name, version=1, status=status, body=body or NOISE, author="ada", saved_at=office.clock()
    )


@pytest.fixture(autouse=True)
def _told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "bot")


async def test_a_damaged_conversation_begins_anew(office: Office) -> None:
    await office.hand_over()
    await damage_conversation(office)
    assert await office.assistant.exchange(address()) is not None
    assert (await office.ask_one(UNANSWERED)).kind == "receipt"
    office.clock.forward(minutes=20)
    assert (await office.ask_one(ANSWERED)).kind == "answer"
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert len(exchange.inquiries) == 1, "the damaged one is still answered, but not listed"
    assert len(await office.desk.queue("ada")) >= 1


async def test_a_damaged_conversation_keeps_nobody_from_a_reply_that_is_owed(office: Office) -> None:
    reply = await office.ask_one(UNANSWERED)
    await damage_conversation(office)
    await office.assistant.place(address(), reply)
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert [turn.reply.id for turn in exchange.turns if turn.reply] == [reply.id]


async def test_a_damaged_entry_keeps_no_other_from_being_said(office: Office) -> None:
    good = await office.desk.save_entry(None, "ada", question="Is there a fair?", answer="Yes.", language="en", source=None, review_by=None, base_version=0)  # fmt: skip
    published = await office.desk.publish(good.entry.id, 1, "ben")
    await office.store.save_entry(entry(office, "bad", None, EntryStatus.PUBLISHED))
    live = {each.id: each.status for each in await stored_entries(office.store, office.vault)}
    assert live == {good.entry.id: published.entry.status, "bad": EntryStatus.WITHDRAWN}
    assert [each.entry.id for each in await office.desk.entries()] == [good.entry.id]
