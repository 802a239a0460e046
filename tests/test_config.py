"""Settings from the environment, and the rules of the desk's key."""

from pathlib import Path

import pytest

from bot.app import find_key
from bot.config import PRODUCT, Settings, read_settings
from bot.errors import ConfigError, VaultError
from bot.store.tinydb import open_tinydb
from bot.vault import Vault, decode_key, encode_key, make_key_file


def test_without_any_setting_the_desk_runs_here_with_the_sample() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8080, Path("data"))
    assert settings.intents_dir == PRODUCT / "intents"
    assert str(settings.timezone) == "Asia/Shanghai"
    assert settings.key_file.name == "desk.key"
    assert (settings.key, settings.telegram_token, settings.public_url, settings.embed_origins) == (
        None,
        None,
        None,
        (),
    )


def test_every_setting_is_read(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "HOST": "::1",
            "PORT": "0",
            "DATA_DIR": str(tmp_path / "d"),
            "INTENTS_DIR": str(tmp_path),
            "KNOWLEDGE_DIR": str(tmp_path),
            "DESK_KEY_FILE": "~/k",
            "DESK_TIMEZONE": "Europe/Berlin",
            "TELEGRAM_TOKEN": "1:x",
            "PUBLIC_URL": "https://desk.example/",
            "EMBED_ORIGINS": "https://a.example, https://b.example:8443/",
            "TRUSTED_PROXIES": "10.0.0.0/8 ::1",
            "XDG_CONFIG_HOME": str(tmp_path),
        }
    )
    assert settings.public_url == "https://desk.example"
    assert settings.embed_origins == ("https://a.example", "https://b.example:8443")
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.key_file == Path.home() / "k"
    assert read_settings({"HOST": "::1"}, host="0.0.0.0").host == "0.0.0.0"


def test_empty_settings_count_as_none() -> None:
    assert read_settings({"PORT": " ", "PUBLIC_URL": "", "DESK_KEY": "", "DATA_DIR": ""}) == read_settings({})


@pytest.mark.parametrize(("name", "value", "sentence"), [
    ("PORT", "abc", "PORT: is 'abc'; write a number from 0 to 65535, such as 8080"),
    ("PORT", "65536", "PORT: is '65536'; write a number from 0 to 65535, such as 8080"),
    ("PORT", "-1", "PORT: is '-1'; write a number"),
    ("PORT", "８０８０", "PORT: is '８０８０'; write a number"),
    ("DESK_TIMEZONE", "Mars/Phobos", "DESK_TIMEZONE: is 'Mars/Phobos'; write a zone such as Asia/Shanghai"),
    ("DESK_TIMEZONE", "../../etc/passwd", "DESK_TIMEZONE: is "),
    ("DESK_TIMEZONE", "America", "DESK_TIMEZONE: is "),
    ("PUBLIC_URL", "desk.example", "PUBLIC_URL: is 'desk.example'; write the address people reach the desk at"),
    ("PUBLIC_URL", "https://[x", "PUBLIC_URL: is 'https://[x'; write the address"),
    ("EMBED_ORIGINS", "https://a.example/page", "EMBED_ORIGINS: holds 'https://a.example/page'; write origins such as"),
    ("EMBED_ORIGINS", "http://[x", "EMBED_ORIGINS: holds 'http://[x'; write origins such as"),
    ("TRUSTED_PROXIES", "10.0.0.1/8", "TRUSTED_PROXIES: holds '10.0.0.1/8'; write addresses or networks"),
    ("TELEGRAM_TOKEN", "secret", "TELEGRAM_TOKEN: has no colon; copy the whole token"),
    ("INTENTS_DIR", "/nowhere/at/all", "INTENTS_DIR: is '/nowhere/at/all', which is no folder;"),
    ("DRAIN_NOTICE", "11", "DRAIN_NOTICE: is '11'; write a number of seconds from 0 to 10, such as 5"),
    ("DRAIN_NOTICE", "1.5", "DRAIN_NOTICE: is '1.5'; write a number of seconds"),
    ("DATA_DIR", "~nobody-of-this-name/x", "DATA_DIR: is '~nobody-of-this-name/x', and there is no such user;"),
])  # fmt: skip
def test_each_mistake_is_one_sentence_with_its_remedy(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_settings({name: value})
    (fault,) = raised.value.faults
    assert str(fault).startswith(sentence)
    assert name != "TELEGRAM_TOKEN" or value not in str(fault), "a secret is not repeated"


@pytest.mark.parametrize(("address", "sentence"), [
    ("mysql://desk:geheim@db/desk", "does not begin with postgresql://; write an address such as postgresql://"),
    ("geheim", "does not begin with postgresql://;"),
    ("postgresql://desk:geheim@db/ desk", "holds a space or a sign that cannot be seen;"),
    ("postgresql://desk:ge/heim@db/desk", "cannot be read; write an address such as"),
    ("postgresql://desk:ge#heim@db/desk", "cannot be read; write an address such as"),
    ("postgresql://desk:ge@heim@db/desk", "cannot be read; write an address such as"),
    ("postgresql://desk:geheim@db:port/desk", "cannot be read; write an address such as"),
    ("postgresql://desk:geheim@db:0/desk", "cannot be read; write an address such as"),
    ("postgresql://desk:geheim@[db/desk", "cannot be read; write an address such as"),
    ("postgresql://desk:geheim@db", "names no database; end it with one, such as /desk"),
    ("postgresql://desk:geheim@db/", "names no database; end it with one, such as /desk"),
])  # fmt: skip
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_DIRECT_URL"])
def test_a_mistake_in_a_databases_address_is_told_without_the_password(
    name: str, address: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        read_settings({"DATABASE_URL": "postgresql:///desk", name: address})
    (fault,) = raised.value.faults
    assert str(fault).startswith(f"{name}: {sentence}")
    assert "heim" not in str(fault)


@pytest.mark.parametrize("address", [
    "postgresql://desk:p%40ss@db.example:5432/desk?sslmode=verify-full",
    "postgres://db.example/desk",
    "postgresql:///desk?host=/var/run/postgresql",
    "postgresql://one:5432,two:5433/desk?target_session_attrs=read-write",
    "postgresql://[::1]:5432/desk",
    "postgresql://?service=desk",
])  # fmt: skip
def test_addresses_of_databases_as_their_own_tools_take_them(address: str) -> None:
    settings = read_settings({"DATABASE_URL": address})
    assert (settings.database_url, settings.database_direct_url) == (address, address)
    assert settings.socket is None, "commands go to the database"
    assert settings.drain_notice == 3, "others take over, and a balancer needs a moment to notice"
    assert "p%40ss" not in repr(settings)


def test_a_direct_address_goes_beside_a_pooled_one() -> None:
    settings = read_settings(
        {"DATABASE_URL": "postgresql://pool/desk", "DATABASE_DIRECT_URL": "postgresql://db/desk"}
    )
    assert settings.database_direct_url == "postgresql://db/desk"
    with pytest.raises(ConfigError, match="DATABASE_DIRECT_URL: is set, but DATABASE_URL is not"):
        read_settings({"DATABASE_DIRECT_URL": "postgresql://db/desk"})


def test_a_short_token_for_metrics_is_refused_without_being_repeated() -> None:
    assert (
        read_settings({"METRICS_TOKEN": "a-token-of-some-length"}).metrics_token == "a-token-of-some-length"
    )
    with pytest.raises(ConfigError) as raised:
        read_settings({"METRICS_TOKEN": "geheim"})
    assert str(raised.value) == "METRICS_TOKEN: must be 16 to 256 letters, digits and signs, without a space"


def test_mistakes_are_reported_together() -> None:
    with pytest.raises(ConfigError) as raised:
        read_settings({"PORT": "x", "DESK_TIMEZONE": "x", "KNOWLEDGE_DIR": "/nowhere"})
    assert [fault.where for fault in raised.value.faults] == ["PORT", "DESK_TIMEZONE", "KNOWLEDGE_DIR"]


# --- the key


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(
        {"DATA_DIR": str(tmp_path / "data"), "DESK_KEY_FILE": str(tmp_path / "keys" / "desk.key")}
    )


async def make_store(settings: Settings, key: bytes) -> None:
    store = await open_tinydb(settings.data_dir, Vault(key))
    await store.close()


def test_a_key_is_made_where_there_is_no_store_and_only_its_owner_may_read_it(settings: Settings) -> None:
    key = find_key(settings)
    assert (key.made, key.place, len(key.value)) == (True, str(settings.key_file), 32)
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    assert settings.key_file.parent.stat().st_mode & 0o777 == 0o700
    again = find_key(settings)
    assert (again.made, again.value) == (False, key.value)


async def test_a_key_that_is_missing_while_there_is_data_is_not_made_anew(settings: Settings) -> None:
    await make_store(settings, find_key(settings).value)
    settings.key_file.unlink()
    with pytest.raises(VaultError, match="There is data but no key at"):
        find_key(settings)
    assert not settings.key_file.exists()


def test_a_key_in_the_environment_comes_before_a_file(tmp_path: Path, settings: Settings) -> None:
    given = read_settings({"DESK_KEY": encode_key(b"x" * 32), "DESK_KEY_FILE": str(settings.key_file)})
    key = find_key(given)
    assert (key.value, key.place, key.made) == (b"x" * 32, "DESK_KEY", False)
    assert not settings.key_file.exists()


def test_a_key_others_may_read_is_refused_with_what_to_run(settings: Settings) -> None:
    find_key(settings)
    settings.key_file.chmod(0o644)
    with pytest.raises(VaultError, match=f"run: chmod 600 {settings.key_file}"):
        find_key(settings)


@pytest.mark.parametrize("text", ["", "short", "x" * 100, "密钥", "!" * 44])
def test_a_key_that_is_none_is_refused_and_left_alone(settings: Settings, text: str) -> None:
    find_key(settings)
    settings.key_file.write_text(text, encoding="utf-8")
    with pytest.raises(VaultError):
        find_key(settings)
    assert settings.key_file.read_text(encoding="utf-8") == text
    with pytest.raises(VaultError, match="DESK_KEY"):
        decode_key(text, "DESK_KEY")


def test_a_key_that_cannot_be_made_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = read_settings({"DATA_DIR": str(tmp_path), "DESK_KEY_FILE": str(tmp_path / "file" / "desk.key")})
    with pytest.raises(VaultError, match="set DESK_KEY_FILE or DESK_KEY"):
        find_key(blocked)


def test_the_staff_chat_is_the_number_of_a_group_beside_a_token() -> None:
    token = {"TELEGRAM_TOKEN": "1:a"}
    assert (
        read_settings({**token, "TELEGRAM_STAFF_CHAT": "-1001234567890"}).telegram_staff_chat
        == -1001234567890
    )
    assert read_settings(token).telegram_staff_chat is None
    for wrong in ({**token, "TELEGRAM_STAFF_CHAT": "@staff"}, {**token, "TELEGRAM_STAFF_CHAT": "12"}, {"TELEGRAM_STAFF_CHAT": "-12"}):  # fmt: skip
        with pytest.raises(ConfigError, match="TELEGRAM_STAFF_CHAT"):
            read_settings(wrong)


def test_no_key_is_made_for_a_database_that_others_share(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "DATABASE_URL": "postgresql:///desk",
            "DATA_DIR": str(tmp_path),
            "DESK_KEY_FILE": str(tmp_path / "k"),
        }
    )
    with pytest.raises(VaultError, match="every process on one database needs the same key"):
        find_key(settings)
    assert not settings.key_file.exists()
    make_key_file(settings.key_file)
    assert find_key(settings).value == find_key(settings).value
