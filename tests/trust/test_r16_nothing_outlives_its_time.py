"""Requirement 16: a purge leaves nothing past its retention class, also in the WAL, caches, temporary files and restored
backups."""

import random
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.corpus import Corpus
from bot.exchange import conversation_key, reconnected
from bot.models import Sealed, StaffAnswer
from bot.store.tinydb import TinyDBStore, open_tinydb, restore
from bot.vault import Vault
from tests.parts import ANSWERED, CRISIS, KEY, UNANSWERED, Office, address, make_office

VAULT = Vault(KEY)


@asynccontextmanager
async def an_office(folder: Path, corpus: Corpus) -> AsyncIterator[Office]:
    store = await open_tinydb(folder, VAULT)
    office = make_office(store, corpus)
    try:
        yield office
    finally:
        await office.assistant.stop()
        await store.close()


@dataclass(frozen=True)
class Trace:
    """What the store's files show of one citizen's question."""

    reference: str
    of_it: tuple[bytes, ...]
    """Everything that is its own: ids, key, sealed address, words and replies."""
    of_its_conversation: tuple[bytes, ...]


def written(*values: str | Sealed) -> tuple[bytes, ...]:
    """Return values as they stand in a row."""
    return tuple(value.encode() if isinstance(value, str) else b64encode(value) for value in values)


async def trace(office: Office, reference: str, chat: str) -> Trace:
    situation = await office.store.situation(await office.situation_of(reference))
    assert situation is not None
    ids = [each.id for each in (await known(office, chat)) if each.reference == reference]
    inquiry = await office.store.inquiry(ids[0])
    assert inquiry is not None
    conversation = await office.store.conversation(conversation_key(VAULT, address(chat)))
    assert conversation is not None
    deliveries = await office.store.deliveries_of(inquiry.id)
    return Trace(
        reference=reference,
        of_it=written(
            inquiry.id,
            inquiry.data_key,
            inquiry.address,
            situation.data_key,
            *inquiry.words,
            *(delivery.body for delivery in deliveries),
            *(delivery.id for delivery in deliveries),
        ),
        of_its_conversation=written(conversation.key, conversation.body, conversation.data_key),
    )


async def known(office: Office, chat: str) -> list[object]:
    from bot.exchange import open_memory

    conversation = await office.store.conversation(conversation_key(VAULT, address(chat)))
    return list(open_memory(VAULT, conversation).reaches)


def left(folder: Path, *parts: bytes) -> list[str]:
    """Return where one of the byte strings stands in a file below the folder."""
    return [
        f"{part[:30]!r} in {path.name}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for part in parts
        if part in path.read_bytes()
    ]


async def answer(office: Office, reference: str) -> None:
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="Yes."))


async def after(office: Office, **time: float) -> None:
    office.clock.forward(**time)
    await office.clockwork.round()


@pytest.mark.parametrize(("text", "kept_days"), [(UNANSWERED, 30), (CRISIS, 7)])
async def test_r16_a_closed_question_is_gone_from_every_file_while_the_desk_runs(
    corpus: Corpus, tmp_path: Path, text: str, kept_days: int
) -> None:
    async with an_office(tmp_path, corpus) as office:
        reference = str((await office.ask_one(text)).reference)
        await answer(office, reference)
        seen = await trace(office, reference, "ann")
        await after(office, days=7, minutes=1)
        assert left(tmp_path, seen.of_it[0])
        await after(office, days=kept_days - 1)
        assert left(tmp_path, seen.of_it[0]), "not before its time"
        await after(office, days=1, minutes=1)
        await after(office, minutes=61)
        assert left(tmp_path, *seen.of_it, *seen.of_its_conversation) == []
        assert (tmp_path / "desk.sqlite3-wal").stat().st_size == 0


async def test_r16_what_is_taken_back_is_gone_from_every_file_within_an_hour(
    corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(tmp_path, corpus) as office:
        receipt = await office.ask_one(UNANSWERED)
        seen = await trace(office, str(receipt.reference), "ann")
        await office.tap(receipt, "take-back.")
        await after(office, minutes=61)
        assert left(tmp_path, *seen.of_it) == []
        assert left(tmp_path, *seen.of_its_conversation[1:]) == [], "its older versions and their keys"


async def test_r16_an_exchange_without_a_question_for_staff_and_its_message_ids_go(
    corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(tmp_path, corpus) as office:
        await office.ask(ANSWERED)
        conversation = await office.store.conversation(conversation_key(VAULT, address()))
        assert conversation is not None
        digest = VAULT.digest("message", f"{conversation.key}\0m1")
        await after(office, minutes=59)
        assert left(tmp_path, conversation.key.encode())
        await after(office, minutes=2)
        assert left(tmp_path, *written(conversation.key, conversation.body, conversation.data_key)) == []
        assert left(tmp_path, digest.encode())
        await after(office, hours=48)
        assert left(tmp_path, digest.encode()) == []


async def test_r16_among_many_questions_in_any_order_nothing_of_the_purged_ones_stays(
    corpus: Corpus, tmp_path: Path
) -> None:
    """Pages are split, moved and merged as rows come and go; what they held before must not stay behind in them."""
    chance = random.Random(16)
    async with an_office(tmp_path, corpus) as office:
        gone: list[Trace] = []
        kept: list[Trace] = []
        for number in range(150):
            chat = f"chat {number}"
            text = UNANSWERED + " please" * chance.randrange(60)
            reference = str((await office.ask_one(text, chat)).reference)
            seen = await trace(office, reference, chat)
            if chance.random() < 0.7:
                await office.desk.close(await office.situation_of(reference), "ada")
                gone.append(seen)
            else:
                kept.append(seen)
                if chance.random() < 0.3:
                    await answer(office, reference)
            office.clock.forward(minutes=1)
        await office.store.scrub()
        await after(office, days=6)
        for seen in kept:
            assert await office.desk.find(seen.reference, "ada") is not None
        await after(office, days=25)
        assert len(await office.desk.queue("ada")) > 10
        await after(office, minutes=61)
        parts = [part for seen in gone for part in (*seen.of_it, *seen.of_its_conversation)]
        assert left(tmp_path, *parts) == []


async def test_r16_a_restored_backup_brings_back_nothing_that_was_purged(
    corpus: Corpus, tmp_path: Path
) -> None:
    data, copies, anew = tmp_path / "data", tmp_path / "copies", tmp_path / "anew"
    async with an_office(data, corpus) as office:
        reference = await office.hand_over()
        seen = await trace(office, reference, "ann")
        store = office.store
        assert isinstance(store, TinyDBStore)
        words = (await store.back_up(copies, office.clock())).words
        await office.desk.close(await office.situation_of(reference), "ada")
        await after(office, days=31)
        await after(office, minutes=61)
        keys = (await store.back_up(copies, office.clock())).keys
    restored = restore(
        words, keys, anew, VAULT, lambda *found: reconnected(VAULT, *found), lambda _done, _total: None
    )
    assert restored.erased_inquiries == 1
    assert left(anew, *seen.of_it, *seen.of_its_conversation) == []
    data_keys = [seen.of_it[1], seen.of_it[3], seen.of_its_conversation[2]]
    assert left(tmp_path, *data_keys) == [], "the words in the old copy have no key anywhere"


async def test_r16_a_restored_desk_purges_what_became_due_meanwhile(corpus: Corpus, tmp_path: Path) -> None:
    data, copies, anew = tmp_path / "data", tmp_path / "copies", tmp_path / "anew"
    async with an_office(data, corpus) as office:
        reference = await office.hand_over()
        await office.desk.close(await office.situation_of(reference), "ada")
        store = office.store
        assert isinstance(store, TinyDBStore)
        made = await store.back_up(copies, office.clock())
        now = office.clock.now
    restore(
        made.words,
        made.keys,
        anew,
        VAULT,
        lambda *found: reconnected(VAULT, *found),
        lambda _done, _total: None,
    )
    async with an_office(anew, corpus) as office:
        office.clock.now = now
        assert await office.desk.find(reference, "ada") is not None
        await after(office, days=31)
        assert await office.desk.find(reference, "ada") is None
