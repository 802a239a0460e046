"""Nothing a citizen wrote stands anywhere in clear: not in what the store is given, not in a log line."""

import logging
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.corpus import Corpus
from bot.errors import StoreStopped
from bot.exchange import conversation_key
from bot.logs import JsonLines
from bot.models import StaffAnswer
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import CRISIS, KEY, Office, Troubled, address, make_office

CANARY = "zanzibarcanary"
CHAT = "chat-zanzibarchat-1"
STAFF_SAID = "quillonreply"
DRAFT = "quillondraft"
QUESTION = "quillonentry question"


class Watching:
    """A store that looks at everything it is handed."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.seen: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in ("changes", "close") or not callable(found):
            return found

        async def verb(*args: Any, **kwargs: Any) -> Any:
            self.seen += [name, *clear(args), *clear(kwargs)]
            return await found(*args, **kwargs)

        return verb


def clear(value: Any) -> list[str]:
    """Return every text and every byte string in a value, as text."""
    if isinstance(value, bytes):
        return [value.decode("latin-1")]
    if isinstance(value, str):
        return [value]
    if is_dataclass(value):
        return [text for field in fields(value) for text in clear(getattr(value, field.name))]
    if isinstance(value, dict):
        return [text for pair in value.items() for text in clear(pair)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in clear(part)]
    return []


def contents(folder: Path) -> bytes:
    """Return everything that stands in the folder's files."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def a_day_at_the_desk(office: Office) -> None:
    """Let a citizen and staff do one of everything."""
    receipt = await office.ask_one(f"where is my {CANARY} parrot", CHAT)
    office.clock.forward(minutes=1)
    asked = await office.ask_one(f"it is {CANARY} green", CHAT)
    await office.tap(asked, "add.", CHAT)
    situation = await office.situation_of(str(receipt.reference))
    await office.desk.claim(situation, "ada")
    await office.desk.open(situation, "ada")
    await office.desk.save_draft(situation, "ada", DRAFT)
    await office.ask(f"silent {CANARY}", CHAT)
    await office.desk.answer(
        StaffAnswer(situation_id=situation, author="ada", text=STAFF_SAID, question=QUESTION)
    )
    await office.ask(f"{CRISIS} {CANARY}", CHAT)
    await office.ask(f"/status {CANARY}", CHAT, edited=True, id=f"id {CANARY}")
    await office.clockwork.round()


async def test_the_store_is_given_no_word_no_address_and_no_draft_in_clear(corpus: Corpus) -> None:
    store = await open_tinydb(None, Vault(KEY))
    watching = Watching(store)
    office = make_office(watching, corpus)  # type: ignore[arg-type]
    await a_day_at_the_desk(office)
    given = "\n".join(watching.seen)
    for secret in (CANARY, CHAT, STAFF_SAID, DRAFT, QUESTION, CRISIS):
        assert secret not in given
    assert "record" in watching.seen
    await store.close()


async def test_the_file_holds_no_word_in_clear(corpus: Corpus, tmp_path: Path) -> None:
    store = await open_tinydb(tmp_path, Vault(KEY))
    await a_day_at_the_desk(make_office(store, corpus))
    await store.close()
    kept = contents(tmp_path)
    for secret in (CANARY, CHAT, STAFF_SAID, DRAFT, QUESTION):
        assert secret.encode() not in kept


async def test_two_questions_of_one_citizen_share_nothing_in_clear(office: Office) -> None:
    first = await office.hand_over()
    second = str((await office.tap(await office.ask_one("who won the chess tournament"), "new")).reference)
    inquiries = []
    for reference in (first, second):
        opened = await office.desk.open(await office.situation_of(reference), "ada")
        inquiries.append(opened.inquiries[0].inquiry)
    one, other = (set(clear(each)) - {"webchat", "en", "open"} for each in inquiries)
    assert not one & other
    assert first not in "".join(await office.words_of(second))


async def test_no_log_line_carries_a_word_also_when_things_fail(
    corpus: Corpus, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = await open_tinydb(None, Vault(KEY))
    trouble = Troubled(store)
    office = make_office(trouble, corpus)  # type: ignore[arg-type]
    await a_day_at_the_desk(office)
    office.channel.problems[CHAT] = [ValueError(CANARY), OSError(CANARY)]
    await office.deliverer.start()
    trouble.problem = StoreStopped("full")
    await office.ask(f"{CRISIS} {CANARY}", CHAT)
    with pytest.raises(StoreStopped):
        await office.ask(f"where is my {CANARY} parrot", CHAT)
    await office.deliverer.stop()
    await office.assistant.stop()
    lines = [JsonLines().format(record) for record in caplog.records]
    assert any("could not be" in line for line in lines)
    for secret in (CANARY, CHAT, STAFF_SAID, DRAFT, QUESTION, CRISIS):
        assert not any(secret in line for line in lines)
    await store.close()


async def test_the_key_of_a_conversation_changes_with_every_version_of_it(office: Office) -> None:
    keys = set()
    for _ in range(3):
        await office.ask("hello")
        kept = await office.store.conversation(conversation_key(office.vault, address()))
        assert kept is not None
        keys.add(kept.data_key)
    assert len(keys) == 3
