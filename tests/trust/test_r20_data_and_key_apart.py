"""Requirement 20: database file and key are separate; a raw scan of the files finds no message text and no key."""

import sqlite3
from base64 import b64encode, urlsafe_b64encode
from contextlib import closing
from pathlib import Path

import pytest

from bot.config import read_settings
from bot.corpus import Corpus
from bot.errors import StoreUnusable, VaultError
from bot.safekeeping import find_key
from bot.store.tinydb import TinyDBStore, open_tinydb
from bot.vault import Box, Vault, encode_key
from tests.parts import make_office
from tests.test_secrecy import CANARY, CHAT, DRAFT, QUESTION, STAFF_SAID, a_day_at_the_desk
from tests.trust.files import found_in


async def test_r20_no_file_of_data_or_backup_holds_a_word_or_the_key(corpus: Corpus, tmp_path: Path) -> None:
    data, config = tmp_path / "data", tmp_path / "config"
    settings = read_settings({"DATA_DIR": str(data), "DESK_KEY_FILE": str(config / "desk.key")})
    key = find_key(settings)
    assert key.made
    assert not settings.key_file.is_relative_to(settings.data_dir)
    store = await open_tinydb(data, Vault(key.value))
    office = make_office(store, corpus, key.value)
    await a_day_at_the_desk(office)
    assert isinstance(store, TinyDBStore)
    await store.back_up(data / "copies", office.clock())
    while_running = found_in(data, (CANARY, CHAT, STAFF_SAID, DRAFT, QUESTION))
    await store.close()
    assert while_running == []
    assert found_in(data, (CANARY, CHAT, STAFF_SAID, DRAFT, QUESTION)) == []
    derived = [Box(key.value).derive(label) for label in ("seal data key", "seal entry", "seal store")]
    for secret in (key.value, *derived):
        for form in (secret, b64encode(secret), urlsafe_b64encode(secret), secret.hex().encode()):
            assert not holds(data, form)


def holds(folder: Path, form: bytes) -> bool:
    """Tell whether the bytes stand in a file below the folder."""
    return any(form in path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_r20_no_key_of_a_record_stands_in_clear(corpus: Corpus, tmp_path: Path) -> None:
    vault = Vault(b"k" * 32)
    store = await open_tinydb(tmp_path, vault)
    office = make_office(store, corpus)
    reference = await office.hand_over()
    opened = await office.desk.open(await office.situation_of(reference), "ada")
    inquiry = opened.inquiries[0].inquiry
    plain = vars(vault.unwrap(inquiry.id, inquiry.data_key))["_key"]
    await store.close()
    with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM keys").fetchone()[0] == 3
    assert len(plain) == 32
    assert not any(holds(tmp_path, form) for form in (plain, b64encode(plain), plain.hex().encode()))


async def test_r20_data_without_its_key_is_refused_and_no_new_key_is_made_over_it(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path / "data"), "DESK_KEY_FILE": str(tmp_path / "desk.key")}
    settings = read_settings(environ)
    store = await open_tinydb(settings.data_dir, Vault(find_key(settings).value))
    await store.close()
    before = (settings.data_dir / "desk.sqlite3").read_bytes()
    kept = settings.key_file.read_text()
    settings.key_file.unlink()
    with pytest.raises(VaultError, match="put the key file back"):
        find_key(settings)
    assert not settings.key_file.exists()
    wrong = read_settings({**environ, "DESK_KEY": encode_key(b"w" * 32)})
    with pytest.raises(StoreUnusable, match="another desk key; put back the key it was made with"):
        await open_tinydb(wrong.data_dir, Vault(find_key(wrong).value))
    settings.key_file.write_text(encode_key(b"w" * 32))
    settings.key_file.chmod(0o600)
    with pytest.raises(StoreUnusable, match="another desk key"):
        await open_tinydb(settings.data_dir, Vault(find_key(settings).value))
    assert (settings.data_dir / "desk.sqlite3").read_bytes() == before
    settings.key_file.write_text(kept)
    store = await open_tinydb(settings.data_dir, Vault(find_key(settings).value))
    await store.close()


@pytest.mark.parametrize("short", [b"", b"k" * 16, b"k" * 33])
def test_r20_a_key_of_the_wrong_length_is_refused_by_name(tmp_path: Path, short: bytes) -> None:
    settings = read_settings({"DATA_DIR": str(tmp_path), "DESK_KEY": encode_key(short) or "AA=="})
    with pytest.raises(VaultError, match="DESK_KEY holds"):
        find_key(settings)


def test_r20_no_key_shows_in_settings_that_are_printed(tmp_path: Path) -> None:
    secrets = {"DESK_KEY": encode_key(b"k" * 32), "TELEGRAM_TOKEN": "1:token", "TELEGRAM_SECRET": "hooked"}
    settings = read_settings({"DATA_DIR": str(tmp_path), **secrets})
    shown = repr(settings) + repr(find_key(settings))
    assert str(tmp_path) in shown
    assert not any(secret in shown for secret in (*secrets.values(), repr(b"k" * 32)))
