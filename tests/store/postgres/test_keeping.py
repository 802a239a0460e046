"""On a database: backups that restore only what still has a key, on either engine, and a desk key that can be changed."""

import asyncio
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest

from bot.config import Settings, read_settings
from bot.corpus import Corpus
from bot.engines import open_store
from bot.errors import StoreLocked, StoreUnusable, VaultError
from bot.safekeeping import back_up, change_key, find_key, restore_backup
from bot.store.postgres import migrate, rotation
from bot.vault import Vault, make_key_file, read_key_file
from tests.postgres import make_database
from tests.test_safekeeping import OTHER, an_office, check, filled, quiet

KEYS = ("words", "keys")


@pytest.fixture
async def settings(postgres_server: str, tmp_path: Path) -> Settings:
    """A database of its own with an empty store, and a key file."""
    make_key_file(tmp_path / "keys" / "desk.key")
    made = await another_database(postgres_server, tmp_path)
    await migrate(str(made.database_url), Vault(find_key(made).value))
    return made


async def another_database(server: str, folder: Path) -> Settings:
    url = await make_database(server, f"keeping_{token_hex(4)}")
    return read_settings(
        {
            "DATABASE_URL": url,
            "DATA_DIR": str(folder / "data"),
            "DESK_KEY_FILE": str(folder / "keys" / "desk.key"),
        }
    )


def in_folder(folder: Path) -> Settings:
    return read_settings(
        {"DATA_DIR": str(folder / "anew"), "DESK_KEY_FILE": str(folder / "keys" / "desk.key")}
    )


async def rotated(settings: Settings) -> Any:
    return await asyncio.to_thread(change_key, settings, quiet)


# --- another desk key


async def test_a_changed_key_opens_everything_and_the_old_one_nothing(
    settings: Settings, corpus: Corpus
) -> None:
    reference = await filled(settings, corpus)
    old = find_key(settings).value
    done = await rotated(settings)
    assert (done.keys, done.entries, done.conversations_let_go) == (3, 1, 1)
    assert done.message_ids_let_go > 0
    assert find_key(settings).value != old
    assert [path.name for path in settings.key_file.parent.iterdir()] == ["desk.key"]
    with pytest.raises(StoreUnusable, match="another desk key"):
        await open_store(settings, Vault(old))
    await check(settings, corpus, reference)


async def test_no_key_the_old_desk_key_opens_is_left_in_the_tables_files(
    settings: Settings, corpus: Corpus
) -> None:
    await filled(settings, corpus)
    before = wrapped_keys(settings)
    assert in_files(settings, before) == set(before)
    await rotated(settings)
    assert len(wrapped_keys(settings)) == 3
    assert in_files(settings, before) == set()


def wrapped_keys(settings: Settings) -> list[bytes]:
    with psycopg.connect(str(settings.database_url)) as connection:
        return [bytes(key) for (key,) in connection.execute("SELECT wrapped FROM keys", binary=True)]


def in_files(settings: Settings, wanted: list[bytes]) -> set[bytes]:
    """Return what of that stands in the files of the database's tables."""
    with psycopg.connect(str(settings.database_url), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    files = b"".join(path.read_bytes() for path in (Path(row[0]) / "base" / str(row[1])).iterdir())
    return {one for one in wanted if one in files}


async def test_the_key_is_not_changed_while_a_desk_runs(settings: Settings, corpus: Corpus) -> None:
    key = find_key(settings).value
    async with an_office(settings, corpus):
        with pytest.raises(StoreLocked, match="stop it, change the key"):
            await rotated(settings)
    assert find_key(settings).value == key
    assert [path.name for path in settings.key_file.parent.iterdir()] == ["desk.key"]


async def test_the_key_is_not_changed_over_a_record_of_reads_that_was_altered(
    settings: Settings, corpus: Corpus
) -> None:
    reference = await filled(settings, corpus)
    with psycopg.connect(str(settings.database_url)) as connection:
        connection.execute("UPDATE audit SET account = 'nobody' WHERE number = 1")
    with pytest.raises(VaultError, match="record of reads was altered"):
        await rotated(settings)
    with psycopg.connect(str(settings.database_url)) as connection:
        connection.execute("UPDATE audit SET account = 'reader' WHERE number = 1")
    await check(settings, corpus, reference)


@pytest.mark.parametrize("dies", ["before it is committed", "before the key is in its place"])
async def test_a_change_of_keys_that_dies_loses_nothing_and_is_finished_by_the_next(
    settings: Settings, corpus: Corpus, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    reference = await filled(settings, corpus)
    old = find_key(settings).value

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if dies == "before it is committed":
            patch.setattr(rotation._Rotation, "_chain_anew", die)
        else:
            patch.setattr("bot.safekeeping.replace_secret", die)
        with pytest.raises(KeyboardInterrupt):
            await rotated(settings)
    assert read_key_file(settings.key_file) == old
    if dies == "before it is committed":
        await check(settings, corpus, reference)
        assert await rotated(settings) is not None
    else:
        assert await rotated(settings) is None
    assert find_key(settings).value != old
    assert [path.name for path in settings.key_file.parent.iterdir()] == ["desk.key"]
    await check(settings, corpus, reference)


# --- backups


async def test_a_running_desk_is_backed_up_and_restored_to_either_engine(
    postgres_server: str, settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    reference = await filled(settings, corpus)
    async with an_office(settings, corpus):
        words, keys = await back_up(settings, tmp_path / "copies")
    database = await another_database(postgres_server, tmp_path)
    for again in (in_folder(tmp_path), database):
        restored = await asyncio.to_thread(restore_backup, again, words, keys, quiet)
        assert (restored.inquiries, restored.conversations, restored.entries) == (1, 2, 1)
        await check(again, corpus, reference)
    with pytest.raises(StoreUnusable, match="holds data already"):
        await asyncio.to_thread(restore_backup, database, words, keys, quiet)


async def test_a_backup_of_a_folder_is_restored_to_a_database(
    settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    folder = in_folder(tmp_path)
    reference = await filled(folder, corpus)
    words, keys = await back_up(folder, tmp_path / "copies")
    restored = await asyncio.to_thread(restore_backup, settings, words, keys, quiet)
    assert restored.inquiries == 1
    await check(settings, corpus, reference)


async def test_what_was_taken_back_after_a_backup_does_not_come_back_with_the_newest_keys(
    postgres_server: str, settings: Settings, corpus: Corpus, tmp_path: Path
) -> None:
    async with an_office(settings, corpus) as office:
        kept = await office.hand_over(OTHER, chat="bob")
        receipt = await office.ask_one("my question for a person, please")
        words, _ = await back_up(settings, tmp_path / "copies")
        await office.tap(receipt, f"take-back.{receipt.reference}")
        _, keys = await back_up(settings, tmp_path / "copies")
    again = await another_database(postgres_server, tmp_path)
    restored = await asyncio.to_thread(restore_backup, again, words, keys, quiet)
    assert (restored.inquiries, restored.erased_inquiries) == (1, 1)
    async with an_office(again, corpus) as office:
        assert [each.references for each in await office.desk.queue("ada")] == [(kept,)]
        assert await office.desk.find(str(receipt.reference), "ada") is None
