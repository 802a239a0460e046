"""Backups that restore only what still has a key, and a desk key that can be changed."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints
from zlib import crc32

import pytest

from bot.cli import main
from bot.config import Settings, read_settings
from bot.control import Control
from bot.corpus import Corpus
from bot.data_commands import Bar
from bot.engines import open_store
from bot.errors import DeskError, StoreError, StoreLocked, StoreUnusable, VaultError
from bot.exchange import conversation_key
from bot.models import Role, Sealed, StaffAnswer
from bot.safekeeping import back_up, change_key, find_key, restore_backup
from bot.store.rotating import SEALED_BY_DESK
from bot.store.tinydb import TinyDBStore, open_tinydb
from bot.store.tinydb.keyed import KeyedCollection
from bot.store.tinydb.restoring import HANGING
from bot.store.tinydb.tables import Tables
from bot.vault import Vault, encode_key, read_key_file
from tests.parts import ANSWERED, CRISIS, UNANSWERED, Office, address, make_office

OTHER = "who won the chess tournament"


def quiet(done: int, total: int) -> None:
    """Hear how far it is."""
    assert 0 <= done <= total


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def settings_in(folder: Path, data: str = "data", **other: str) -> Settings:
    return read_settings(
        {"DATA_DIR": str(folder / data), "DESK_KEY_FILE": str(folder / "keys" / "desk.key"), **other}
    )


@asynccontextmanager
async def an_office(settings: Settings, corpus: Corpus) -> AsyncIterator[Office]:
    """A whole desk around the store that the settings name."""
    key = find_key(settings).value
    store = await open_store(settings, Vault(key))
    office = make_office(store, corpus, key)
    try:
        yield office
    finally:
        await office.assistant.stop()
        await store.close()


async def all_bytes(*folders: Path) -> bytes:
    return b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


def rows_beside_the_record_of_reads(file: Path) -> bytes:
    """Return all rows of a store; that somebody read a situation stays known when it is gone."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        bodies = [
            body
            for name in tables
            if name != "audit"
            for (body,) in connection.execute(f'SELECT body FROM "{name}"')
        ]
    return b"".join(bodies)


# --- backups


async def test_what_was_purged_after_a_backup_does_not_come_back_with_the_newest_keys(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    async with an_office(settings, corpus) as office:
        purged = await office.hand_over()
        kept = await office.hand_over(OTHER, chat="bob")
        inquiry = (await office.desk.open(await office.situation_of(purged), "ada")).inquiries[0].inquiry
    words, _ = await back_up(settings, copies)
    async with an_office(settings, corpus) as office:
        await office.desk.close(await office.situation_of(purged), "ada")
        office.clock.forward(days=31)
        await office.clockwork.round()
        assert await office.desk.find(purged, "ada") is None
    newer, keys = await back_up(settings, copies)
    assert newer != words
    restored = restore_backup(settings_in(tmp_path, "anew"), words, keys, quiet)
    assert (restored.inquiries, restored.erased_inquiries) == (1, 1)
    async with an_office(settings_in(tmp_path, "anew"), corpus) as office:
        assert await office.desk.find(purged, "ada") is None
        assert await office.store.inquiry(inquiry.id) is None
        assert await office.store.deliveries_of(inquiry.id) == []
        assert [each.references for each in await office.desk.queue("ada")] == [(kept,)]
        assert await office.words_of(kept) == [OTHER]
    assert inquiry.id.encode() not in await all_bytes(tmp_path / "anew")
    rows = rows_beside_the_record_of_reads(tmp_path / "anew" / "desk.sqlite3")
    assert kept.encode() in rows
    assert inquiry.reference.encode() not in rows
    assert inquiry.situation_id.encode() not in rows
    old = await all_bytes(words.parent)
    assert b64encode(inquiry.words[0]) in words.read_bytes(), "the old words are there, as noise"
    assert b64encode(inquiry.data_key) not in old


@pytest.mark.parametrize("text", [UNANSWERED, CRISIS])
async def test_what_a_citizen_took_back_after_a_backup_does_not_come_back(
    settings: Settings, corpus: Corpus, tmp_path: Path, text: str
) -> None:
    async with an_office(settings, corpus) as office:
        receipt = await office.ask_one(text)
        reference = str(receipt.reference)
        words, _ = await back_up_of(office, tmp_path / "copies")
        if text == CRISIS:  # which no button under a reply takes back
            await office.tap(await office.ask_one("/erase"), "erase-now")
        else:
            await office.tap(receipt, f"take-back.{reference}")
        assert await office.desk.find(reference, "ada") is None
        _, keys = await back_up_of(office, tmp_path / "copies")
    restored = restore_backup(settings_in(tmp_path, "anew"), words, keys, quiet)
    assert (restored.inquiries, restored.conversations, restored.erased_inquiries) == (0, 0, 1)
    async with an_office(settings_in(tmp_path, "anew"), corpus) as office:
        assert await office.store.alarms() == []


async def back_up_of(office: Office, folder: Path) -> tuple[Path, Path]:
    store = office.store
    assert isinstance(store, TinyDBStore)
    made = await store.back_up(folder, office.clock())
    return made.words, made.keys


async def test_a_restored_desk_is_the_desk_of_the_backup(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(settings, corpus) as office:
        reference = await office.hand_over()
        await office.desk.save_draft(await office.situation_of(reference), "ada", "Dear Ann")
        await office.desk.save_entry(
            None,
            "ada",
            question="Q?",
            answer="A.",
            language="en",
            source=None,
            review_by=None,
            base_version=0,
        )
        words, keys = await back_up_of(office, tmp_path / "copies")
        counters = await office.store.counters()
    again = settings_in(tmp_path, "anew")
    restored = restore_backup(again, words, keys, quiet)
    assert (restored.inquiries, restored.conversations, restored.entries) == (1, 1, 1)
    async with an_office(again, corpus) as office:
        assert [each.reference for each in (await known(office)).inquiries] == [reference]
        assert (await office.desk.open(await office.situation_of(reference), "ada")).draft == "Dear Ann"
        assert [each.entry.answer for each in await office.desk.entries()] == ["A."]
        assert await office.store.counters() == counters
        office.clock.forward(minutes=2)
        await answer(office, reference)
        await office.deliverer.start()
        async with asyncio.timeout(5):
            while len(office.channel.sent) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await office.deliverer.stop()
        assert "Yes." in office.channel.texts()[-1]


async def known(office: Office) -> Any:
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    return exchange


async def answer(office: Office, reference: str) -> None:
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="Yes."))


async def test_a_citizen_finds_an_open_question_again_though_newer_words_of_the_conversation_are_lost(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(settings, corpus) as office:
        reference = await office.hand_over()
        words, _ = await back_up_of(office, tmp_path / "copies")
        await office.ask(ANSWERED)
        _, keys = await back_up_of(office, tmp_path / "copies")
    restore_backup(settings_in(tmp_path, "anew"), words, keys, quiet)
    async with an_office(settings_in(tmp_path, "anew"), corpus) as office:
        exchange = await known(office)
        assert [each.reference for each in exchange.inquiries] == [reference]
        assert exchange.turns == ()
        assert reference in (await office.ask_one("/status", id="another")).text


async def test_a_running_desk_is_copied_while_it_goes_on_writing(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(settings, corpus) as office:
        await office.hand_over()

        async def invite(role: Role) -> str:
            raise AssertionError

        control = Control(
            settings.data_dir / "desk.sock",
            invite,
            office.oversight.verify,
            lambda folder: back_up_of(office, folder),
        )
        await control.start()
        made = asyncio.create_task(back_up(settings, tmp_path / "copies"))
        for number in range(20):
            await office.ask(UNANSWERED, chat=f"chat {number}")
        words, keys = await made
        await control.stop()
    restored = restore_backup(settings_in(tmp_path, "anew"), words, keys, quiet)
    assert restored.erased_inquiries == 0, "words and keys are of one moment"
    assert 1 <= restored.inquiries <= 21


async def test_words_are_kept_by_number_and_keys_only_once(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    async with an_office(settings, corpus) as office:
        await office.hand_over()
        made = [await back_up_of(office, copies) for _ in range(3)]
    assert len({words for words, _ in made}) == 3
    assert {keys for _, keys in made} == {copies / "keys.sqlite3"}
    assert sorted(path.name for path in copies.iterdir()) == sorted(
        [*(words.name for words, _ in made), "keys.sqlite3"]
    )
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in copies.iterdir())


async def test_backups_at_the_same_time_wait_for_each_other(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(settings, corpus) as office:
        await office.hand_over()
        made = await asyncio.gather(*(back_up_of(office, tmp_path / "copies") for _ in range(4)))
    assert len({words for words, _ in made}) == 4
    for number, (words, keys) in enumerate(made):
        assert restore_backup(settings_in(tmp_path, f"anew {number}"), words, keys, quiet).inquiries == 1


async def test_the_older_keys_are_overwritten_where_they_stood(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(settings, corpus) as office:
        await office.hand_over()
        _, keys = await back_up_of(office, tmp_path / "copies")
        with keys.open("rb") as older:
            assert any(older.read())
            await back_up_of(office, tmp_path / "copies")
            older.seek(0)
            assert not any(older.read())


@pytest.mark.parametrize(
    ("step", "failure", "said"),
    [
        ("pathlib.Path.replace", OSError(5, "Input/output error"), "No backup was made"),
        (
            "bot.store.tinydb.copies._copy",
            sqlite3.OperationalError("database or disk is full"),
            r"No backup was made .* disk is full",
        ),
    ],
    ids=["the keys cannot be put in place", "the disk is full"],
)
async def test_a_backup_that_fails_leaves_the_older_keys_and_no_words_beside_them(
    settings: Settings,
    corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    failure: Exception,
    said: str,
) -> None:
    async with an_office(settings, corpus) as office:
        await office.hand_over()
        words, keys = await back_up_of(office, tmp_path / "copies")
        before = keys.read_bytes()

        def fails(*_: object) -> None:
            raise failure

        monkeypatch.setattr(step, fails)
        with pytest.raises(DeskError, match=said):
            await back_up_of(office, tmp_path / "copies")
    assert keys.read_bytes() == before
    assert {path.name for path in keys.parent.iterdir()} == {words.name, keys.name}


async def test_a_backup_is_restored_only_where_there_is_no_store(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(settings, corpus) as office:
        await office.hand_over()
        words, keys = await back_up_of(office, tmp_path / "copies")
        with pytest.raises(StoreLocked):
            restore_backup(settings, words, keys, quiet)
    before = await all_bytes(settings.data_dir)
    with pytest.raises(StoreUnusable, match="holds a store already"):
        restore_backup(settings, words, keys, quiet)
    assert await all_bytes(settings.data_dir) == before


async def test_what_is_no_backup_or_another_keys_is_refused_and_leaves_no_store(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(settings, corpus) as office:
        await office.hand_over()
        words, keys = await back_up_of(office, tmp_path / "copies")
    anew = settings_in(tmp_path, "anew")
    store = settings.data_dir / "desk.sqlite3"
    missing = tmp_path / "missing"
    for pair, sentence in (
        ((keys, words), "is not a backup of"),
        ((store, keys), "is not a backup of words"),
        ((words, store), "is not a backup of keys"),
        ((missing, keys), "does not exist"),
        ((words, missing), "does not exist"),
    ):
        with pytest.raises(StoreUnusable, match=sentence):
            restore_backup(anew, *pair, quiet)
    with closing(sqlite3.connect(words)) as connection, connection:
        connection.execute("UPDATE inquiries SET body = body || ' '")
    with pytest.raises(StoreUnusable, match="was altered"):
        restore_backup(anew, words, keys, quiet)
    other = settings_in(tmp_path, "anew", DESK_KEY=encode_key(b"x" * 32))
    with pytest.raises(StoreUnusable, match="another desk key"):
        restore_backup(other, words, keys, quiet)
    (tmp_path / "keys" / "desk.key").unlink()
    with pytest.raises(VaultError, match="put the desk's key back first"):
        restore_backup(anew, words, keys, quiet)
    assert not (anew.data_dir / "desk.sqlite3").exists()
    assert not (tmp_path / "keys" / "desk.key").exists(), "no new key is made for old words"


# --- another desk key


async def filled(settings: Settings, corpus: Corpus) -> str:
    """Fill a store with one of everything; return the reference of an open question."""
    async with an_office(settings, corpus) as office:
        reference = await office.hand_over()
        await office.desk.save_draft(await office.situation_of(reference), "ada", "Dear Ann")
        await office.words_of(reference)
        await office.ask(ANSWERED, chat="passing by")
        await office.desk.save_entry(
            None,
            "ada",
            question="Q?",
            answer="A.",
            language="en",
            source=None,
            review_by=None,
            base_version=0,
        )
    return reference


async def check(settings: Settings, corpus: Corpus, reference: str) -> None:
    """See that all of it can be read, found and answered."""
    async with an_office(settings, corpus) as office:
        assert [each.reference for each in (await known(office)).inquiries] == [reference]
        opened = await office.desk.open(await office.situation_of(reference), "ada")
        assert opened.draft == "Dear Ann"
        assert await office.words_of(reference) == [UNANSWERED]
        assert [each.entry.answer for each in await office.desk.entries()] == ["A."]
        assert reference in (await office.ask_one("/status")).text
        found = await office.oversight.verify()
        assert found.sound
        assert found.last > 0


async def test_a_changed_key_opens_everything_and_the_old_one_nothing(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    reference = await filled(settings, corpus)
    old = find_key(settings).value
    old_key = conversation_key(Vault(old), address())
    rotated = change_key(settings, quiet)
    assert rotated is not None
    assert (rotated.keys, rotated.entries, rotated.conversations_let_go) == (3, 1, 1)
    assert rotated.message_ids_let_go > 0
    assert find_key(settings).value != old
    assert [path.name for path in settings.key_file.parent.iterdir()] == ["desk.key"]
    with pytest.raises(StoreUnusable, match="another desk key"):
        await open_tinydb(settings.data_dir, Vault(old))
    assert old_key.encode() not in await all_bytes(settings.data_dir), "no digest of the old key is left"
    await check(settings, corpus, reference)
    async with an_office(settings, corpus) as office:
        assert await office.store.conversation(old_key) is None


async def test_the_words_stay_as_they_are_and_only_the_keys_around_them_change(
    settings: Settings, corpus: Corpus
) -> None:
    reference = await filled(settings, corpus)

    async def inquiry() -> Any:
        async with an_office(settings, corpus) as office:
            return (await office.desk.open(await office.situation_of(reference), "ada")).inquiries[0].inquiry

    before = await inquiry()
    change_key(settings, quiet)
    after = await inquiry()
    assert (after.words, after.address) == (before.words, before.address)
    assert after.data_key != before.data_key


async def test_the_key_of_a_running_desk_is_not_changed(settings: Settings, corpus: Corpus) -> None:
    key = find_key(settings).value
    async with an_office(settings, corpus):
        with pytest.raises(StoreLocked, match="stop it, change the key"):
            change_key(settings, quiet)
    assert find_key(settings).value == key
    assert [path.name for path in settings.key_file.parent.iterdir()] == ["desk.key"]


async def test_a_key_in_the_environment_is_not_changed_but_it_is_said_what_to_do(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    await filled(settings, corpus)
    key = encode_key(find_key(settings).value)
    with pytest.raises(DeskError, match=r"DESK_KEY is set.*DESK_KEY_FILE, unset DESK_KEY"):
        change_key(settings_in(tmp_path, DESK_KEY=key), quiet)


def test_without_a_store_there_is_no_key_to_change(settings: Settings) -> None:
    with pytest.raises(DeskError, match="holds no store"):
        change_key(settings, quiet)
    assert not settings.key_file.exists()


async def test_the_key_is_not_changed_over_a_record_of_reads_that_was_altered(
    settings: Settings, corpus: Corpus
) -> None:
    await filled(settings, corpus)
    key = find_key(settings).value
    with closing(sqlite3.connect(settings.data_dir / "desk.sqlite3")) as connection, connection:
        (body,) = connection.execute("SELECT body FROM audit WHERE id = 1").fetchone()
        altered = body.replace(b"reader", b"nobody")
        assert altered != body
        connection.execute("UPDATE audit SET body = ?, crc = ? WHERE id = 1", (altered, crc32(altered)))
    with pytest.raises(VaultError, match="record of reads was altered"):
        change_key(settings, quiet)
    assert find_key(settings).value == key
    store = await open_tinydb(settings.data_dir, Vault(key))
    await store.close()


class Killed(BaseException):
    """Stands for the end of the process at this point."""


STEPS = {
    "before the new key is made": "bot.safekeeping.make_key_file",
    "when the new key is made": "bot.store.tinydb.rotation._rotate",
    "before the store is written": "bot.store.tinydb.disk.Disk.persist",
    "when the store is written": "bot.store.tinydb.disk.Disk.scrub_whole",
    "before the key is put in place": "bot.safekeeping.replace_secret",
    "when the key is about to be renamed": "pathlib.Path.replace",
}


@pytest.mark.parametrize("step", STEPS)
async def test_a_change_of_keys_that_dies_loses_nothing_and_can_be_repeated(
    settings: Settings, corpus: Corpus, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    reference = await filled(settings, corpus)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(STEPS[step], die)
        with pytest.raises(Killed):
            change_key(settings, quiet)
    await check(settings, corpus, reference)
    change_key(settings, quiet)
    await check(settings, corpus, reference)
    assert [path.name for path in settings.key_file.parent.iterdir()] == ["desk.key"]


async def test_an_interrupted_change_is_finished_by_the_next_one(
    settings: Settings, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(settings, corpus)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("bot.safekeeping.replace_secret", die)
        with pytest.raises(Killed):
            change_key(settings, quiet)
    new = read_key_file(settings.key_file.with_name("desk.key.new"))
    assert change_key(settings, quiet) is None
    assert read_key_file(settings.key_file) == new


async def test_a_half_written_new_key_is_not_taken_for_one(settings: Settings, corpus: Corpus) -> None:
    reference = await filled(settings, corpus)
    key = find_key(settings).value
    half = settings.key_file.with_name("desk.key.new")
    half.write_text(encode_key(b"n" * 32)[:20])
    half.chmod(0o600)
    assert find_key(settings).value == key
    assert change_key(settings, quiet) is not None
    await check(settings, corpus, reference)


@pytest.mark.skipif(sys.platform != "linux", reason="signals as Linux has them")
async def test_a_change_of_keys_may_be_killed_at_any_moment(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    reference = await filled(settings, corpus)
    async with an_office(settings, corpus) as office:
        await asyncio.gather(*(office.ask(UNANSWERED, chat=f"chat {number}") for number in range(150)))
    environ = {
        **os.environ,
        "DATA_DIR": str(settings.data_dir),
        "DESK_KEY_FILE": str(settings.key_file),
    }
    environ.pop("DESK_KEY", None)
    started = time.monotonic()
    command = [sys.executable, "-m", "bot", "key", "rotate"]
    subprocess.run(command, env=environ, check=True, capture_output=True)  # noqa: ASYNC221
    takes = time.monotonic() - started
    for _ in range(6):
        rotating = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)  # noqa: ASYNC220
        await asyncio.sleep(takes * random.uniform(0.5, 1.0))
        rotating.send_signal(signal.SIGKILL)
        rotating.wait()
        await check(settings, corpus, reference)
    change_key(settings, quiet)
    async with an_office(settings, corpus) as office:
        assert len(await office.desk.queue("ada")) == 151


def test_every_row_that_belongs_to_an_inquiry_or_a_situation_is_left_out_of_a_restored_store_with_it() -> (
    None
):
    tables = Tables()
    for name in tables.names:
        columns = {field.name for field in fields(tables.collection(name).record_type)}
        if name not in ("inquiries", "audit") and columns & {"inquiry_id", "situation_id"}:
            assert name in HANGING


def test_everything_sealed_has_a_key_of_its_own_or_is_known_to_a_change_of_keys() -> None:
    tables = Tables()
    for name in tables.names:
        collection = tables.collection(name)
        owned = isinstance(collection, KeyedCollection) or name in ("keys", "deliveries", "mailings")
        if not owned and holds_sealed(collection.record_type):
            assert name in SEALED_BY_DESK, f"{name} is sealed by the desk's key; name it in SEALED_BY_DESK"


def holds_sealed(hint: Any) -> bool:
    if hint is Sealed:
        return True
    if is_dataclass(hint):
        return any(holds_sealed(get_type_hints(hint)[field.name]) for field in fields(hint))
    return any(holds_sealed(part) for part in get_args(hint))


# --- on the command line


async def test_the_commands_say_what_they_did(
    settings: Settings,
    corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reference = await filled(settings, corpus)

    def run(*arguments: str, data: str = "data", code: int = 0) -> str:
        monkeypatch.setenv("DATA_DIR", str(tmp_path / data))
        monkeypatch.setenv("DESK_KEY_FILE", str(settings.key_file))
        monkeypatch.delenv("DESK_KEY", raising=False)
        for name in ("LC_ALL", "LC_MESSAGES"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LANG", "C.UTF-8")
        assert main(arguments) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    copies = tmp_path / "copies"
    assert "Keys:" in await asyncio.to_thread(run, "backup", str(copies))
    (words,) = copies.glob("words-*")
    made = (str(words), str(copies / "keys.sqlite3"))
    assert "holds a store already" in await asyncio.to_thread(lambda: run("restore", *made, code=2))
    said = await asyncio.to_thread(lambda: run("restore", *made, data="anew"))
    assert "Inquiries: 1; conversations: 2; versions of entries: 1." in said
    await check(settings_in(tmp_path, "anew"), corpus, reference)
    said = await asyncio.to_thread(run, "key", "rotate")
    assert "Keys wrapped anew: 3;" in said
    assert "make a backup now" in said
    await check(settings, corpus, reference)
    assert "another desk key" in await asyncio.to_thread(lambda: run("restore", *made, data="late", code=2))


def test_a_bar_is_drawn_for_who_watches_and_for_nobody_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bar = Bar("Restoring")
    bar.tell(5, 10)
    bar.end()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    bar = Bar("Restoring")
    for done in range(301):
        bar.tell(done, 300)
    bar.end()
    drawn = capsys.readouterr().err
    assert drawn.endswith(f"\rRestoring [{'#' * 30}]\n")
    assert drawn.count("\r") == 31, "only when it looks different"
    Bar("Nothing to do").tell(0, 0)


async def test_a_store_in_memory_has_nothing_to_copy(office: Office, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="only in memory"):
        await back_up_of(office, tmp_path)
