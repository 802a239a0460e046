"""What a start on PostgreSQL looks at: each refusal is one sentence with its remedy, and changes nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from psycopg import AsyncConnection

from bot.cli import main
from bot.errors import StoreUnusable
from bot.store.postgres import migrate, migrating, open_postgres
from bot.vault import Vault, encode_key
from tests.store.builders import file
from tests.store.conftest import KEY
from tests.store.postgres.conftest import Admin

PASSWORD = "p4ss-w0rd-nobody-sees"


async def picture(admin: Admin) -> dict[str, Any]:
    """Return what the database holds: each table with its rows."""
    found = await admin.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    held = {}
    for (name,) in await found.fetchall():
        rows = await admin.execute(f"SELECT t::text FROM {name} AS t ORDER BY 1".encode())
        held[str(name)] = await rows.fetchall()
    return held


async def refused(url: str, vault: Vault) -> str:
    """Return the sentence with which a start is refused."""
    with pytest.raises(StoreUnusable) as caught:
        await open_postgres(url, vault)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert PASSWORD not in sentence
    return sentence


@asynccontextmanager
async def first_rule(admin: Admin, rule: str) -> AsyncIterator[None]:
    """Let the server ask first whether this rule says how somebody is let in."""
    (place,) = await (await admin.execute("SHOW hba_file")).fetchone() or ("",)
    rules = Path(str(place))
    before = await asyncio.to_thread(rules.read_text)
    try:
        await asyncio.to_thread(rules.write_text, f"{rule}\n{before}")
        await reloaded(admin)
        yield
    finally:
        await asyncio.to_thread(rules.write_text, before)
        await reloaded(admin)


async def reloaded(admin: Admin) -> None:
    """Let the server read its settings again."""
    await admin.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(0.2)


def role(name: str) -> str:
    return f"{name}_{token_hex(4)}"


def url_of(url: str, user: str, password: str = "") -> str:
    """Return the same address for another user."""
    return url.replace("postgres:@", f"{user}:{password}@")


async def test_an_empty_database_becomes_a_store_once(bare_url: str, vault: Vault) -> None:
    assert await migrate(bare_url, vault) == [each.name for each in migrating.known_migrations()]
    assert await migrate(bare_url, vault) == []
    store = await open_postgres(bare_url, vault)
    await file(store)
    await store.close()


async def test_of_many_who_migrate_at_once_one_does(bare_url: str, vault: Vault) -> None:
    done = await asyncio.gather(*(migrate(bare_url, vault) for _ in range(8)))
    assert sorted(map(len, done)) == [0] * 7 + [len(migrating.known_migrations())]


async def test_what_is_no_address_is_refused_without_repeating_it(vault: Vault) -> None:
    for wrong in (f"postgresql://ada:{PASSWORD}@h/d?{PASSWORD}=1", f"host=h password={PASSWORD} {PASSWORD}"):
        assert "DATABASE_URL is no address" in await refused(wrong, vault)


async def test_a_server_that_is_away_is_named_without_its_password(tmp_path: Path, vault: Vault) -> None:
    sentence = await refused(f"postgresql://ada:{PASSWORD}@/desk?host={tmp_path}", vault)
    assert f"desk on {tmp_path} cannot be reached" in sentence


async def test_a_database_that_is_not_there_is_named(postgres_server: str, vault: Vault) -> None:
    assert "There is no database nowhere" in await refused(
        postgres_server.replace("/postgres?", "/nowhere?"), vault
    )


async def test_a_wrong_password_is_said_and_shown_to_nobody(
    own_url: str, admin: Admin, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    name = role("locked")
    await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'another'".encode())
    async with first_rule(admin, f"local all {name} scram-sha-256"):
        sentence = await refused(url_of(own_url, name, PASSWORD), vault)
    assert "does not let the desk in" in sentence
    assert PASSWORD not in caplog.text


async def test_an_empty_database_asks_for_migrate(bare_url: str, vault: Vault, admin: Admin) -> None:
    assert "python -m bot migrate" in await refused(bare_url, vault)
    assert await picture(admin) == {}


async def test_a_newer_schema_is_left_alone(own_url: str, vault: Vault, admin: Admin) -> None:
    await admin.execute("INSERT INTO applied (number, name) VALUES (9999, '9999_later')")
    before = await picture(admin)
    assert "newer desk (schema 9999" in await refused(own_url, vault)
    with pytest.raises(StoreUnusable, match="newer desk"):
        await migrate(own_url, vault)
    assert await picture(admin) == before


async def test_an_older_schema_waits_for_migrate_which_brings_it_up(
    own_url: str, vault: Vault, admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_postgres(own_url, vault)
    made = await file(store)
    await store.close()
    for path in migrating.FOLDER.glob("*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "9000_more.sql").write_text(
        "ALTER TABLE situations ADD COLUMN more text; -- a ';' and a % more\nCREATE TABLE added (id text);"
    )
    monkeypatch.setattr(migrating, "FOLDER", tmp_path)
    before = await picture(admin)
    assert "older schema" in await refused(own_url, vault)
    assert await picture(admin) == before
    assert await migrate(own_url, vault) == ["9000_more"]
    store = await open_postgres(own_url, vault)
    assert await store.inquiry("i-1") == made.inquiry
    await store.close()


async def test_a_migration_that_fails_leaves_everything_as_it_was(
    own_url: str, vault: Vault, admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in migrating.FOLDER.glob("*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "9000_good.sql").write_text("CREATE TABLE added (id text);")
    (tmp_path / "9001_bad.sql").write_text("CREATE TABLE also (id text); SELECT 1 / 0;")
    monkeypatch.setattr(migrating, "FOLDER", tmp_path)
    before = await picture(admin)
    with pytest.raises(StoreUnusable, match=r"DivisionByZero.*Nothing was changed"):
        await migrate(own_url, vault)
    assert await picture(admin) == before


async def test_a_database_that_is_somebody_elses_is_left_alone(
    bare_url: str, vault: Vault, admin: Admin
) -> None:
    await admin.execute("CREATE TABLE messages (theirs text)")
    await admin.execute("INSERT INTO messages VALUES ('kept')")
    before = await picture(admin)
    with pytest.raises(StoreUnusable, match="give the desk a database of its own"):
        await migrate(bare_url, vault)
    assert await picture(admin) == before


async def test_another_desk_key_is_refused_by_start_and_by_migrate(own_url: str, admin: Admin) -> None:
    before = await picture(admin)
    other = Vault(b"another key, but also 32 bytes !")
    assert "sealed with another desk key" in await refused(own_url, other)
    with pytest.raises(StoreUnusable, match="sealed with another desk key"):
        await migrate(own_url, other)
    assert await picture(admin) == before


async def test_a_user_without_rights_is_told_which_to_give(own_url: str, vault: Vault, admin: Admin) -> None:
    name = role("guest")
    await admin.execute(f"CREATE ROLE {name} LOGIN".encode())
    assert "GRANT SELECT, INSERT, UPDATE, DELETE" in await refused(url_of(own_url, name), vault)
    await admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}".encode())
    sentence = await refused(url_of(own_url, name), vault)
    assert "may not read and write" in sentence
    assert "inquiries" in sentence
    with pytest.raises(StoreUnusable, match="Nothing was changed"):
        await migrate(url_of(own_url, name), Vault(b"another key, but also 32 bytes !"))


async def test_a_user_who_may_make_no_tables_cannot_migrate(
    bare_url: str, vault: Vault, admin: Admin
) -> None:
    name = role("guest")
    await admin.execute(f"CREATE ROLE {name} LOGIN".encode())
    with pytest.raises(StoreUnusable, match="may not make tables"):
        await migrate(url_of(bare_url, name), vault)
    assert await picture(admin) == {}


async def test_a_user_with_the_rights_of_a_desk_can_work(own_url: str, vault: Vault, admin: Admin) -> None:
    name = role("desk")
    await admin.execute(f"CREATE ROLE {name} LOGIN".encode())
    await admin.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}".encode()
    )
    store = await open_postgres(url_of(own_url, name), vault)
    await file(store)
    await store.claim_situation("s-1", "ada", made_at := (await store.queue())[0].opened_at, made_at)
    await store.close()


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync"])
async def test_a_server_that_would_lose_what_it_committed_is_refused(
    own_url: str, vault: Vault, admin: Admin, setting: str
) -> None:
    await admin.execute(f"ALTER SYSTEM SET {setting} = off".encode())
    try:
        await reloaded(admin)
        assert f"{setting} is off" in await refused(own_url, vault)
    finally:
        await admin.execute(f"ALTER SYSTEM RESET {setting}".encode())
        await reloaded(admin)


async def test_a_database_that_may_only_be_read_is_refused(own_url: str, vault: Vault, admin: Admin) -> None:
    name = own_url.partition("?")[0].rpartition("/")[2]
    await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    assert "may only be read" in await refused(own_url, vault)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a desk with a key, whose terminal speaks English."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DESK_KEY", encode_key(KEY))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return monkeypatch


async def run(*arguments: str) -> int:
    # A command starts a loop of its own.
    return await asyncio.to_thread(main, arguments)


async def test_migrate_says_what_it_did(
    bare_url: str, desk: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.setenv("DATABASE_URL", bare_url)
    assert await run("migrate") == 0
    assert capsys.readouterr().out.splitlines()[0] == "Applied 0001_first."
    assert await run("migrate") == 0
    assert "Nothing to do" in capsys.readouterr().out


async def test_migrate_without_a_database_says_so(
    desk: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.delenv("DATABASE_URL", raising=False)
    assert await run("migrate") == 2
    assert "DATABASE_URL is not set" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["migrate"], ["staff", "invite"], ["audit", "verify"], ["serve"]])
async def test_a_command_that_cannot_have_the_database_ends_with_two(
    command: list[str], tmp_path: Path, desk: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.setenv("PORT", "0")
    desk.setenv("DATABASE_URL", f"postgresql://ada:{PASSWORD}@/desk?host={tmp_path}")
    assert await run(*command) == 2
    told = capsys.readouterr()
    assert "cannot be reached" in told.err
    assert PASSWORD not in told.err + told.out


async def test_a_start_in_a_database_without_tables_names_the_command(
    bare_url: str, desk: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.setenv("DATABASE_URL", bare_url)
    assert await run("staff", "invite") == 2
    assert "python -m bot migrate" in capsys.readouterr().err
    assert await run("migrate") == 0
    assert await run("staff", "invite") == 0
    async with await AsyncConnection.connect(bare_url) as connection:
        assert await (await connection.execute("SELECT count(*) FROM invites")).fetchone() == (1,)
