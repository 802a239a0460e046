"""The store's file: what survives, what is refused, and who may read it."""

import asyncio
import os
import random
import resource
import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest

from bot.errors import StoreLocked, StoreStopped, StoreUnusable
from bot.models import Change, DeliveryStatus
from bot.store.base import SCHEMA_VERSION, Store
from bot.store.tinydb import has_store, open_tinydb
from bot.store.tinydb.disk import may_pass, open_disk
from bot.vault import Vault
from tests.store.builders import (
    NOW,
    addition,
    at,
    conversation,
    effect,
    entry,
    file,
    filing,
    hire,
    invite,
    made_out,
    mailing,
    sealed,
    session,
)

FILE = "desk.sqlite3"


def contents(folder: Path) -> dict[str, bytes]:
    """Return what every file in the folder holds."""
    return {found.name: found.read_bytes() for found in folder.iterdir()}


def mode(place: Path) -> int:
    return place.stat().st_mode & 0o777


def make(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Make a folder that holds these files."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some" / "data"


async def fill(store: Store) -> None:
    """Do a little of everything."""
    await file(store, "1", languages=("zh-Hans",))
    await file(store, "2", joins="1", opened_at=at(1))
    await file(store, "3", opened_at=at(2))
    await file(store, "gone")
    await store.record(effect("m-gone-too", withdrawn="i-gone", counts=["a", "b"]))
    await store.record(effect("m-more", addition=addition("3"), counts=["a"]))
    said = mailing("1", created_at=at(5))
    await store.resolve_situation("s-1", "ada", at(5), said, entry())
    await store.make_out(said, [made_out("i-1", said)], "i-1")
    await store.save_entry(entry(version=2))
    await store.claim_situation("s-3", "ada", at(5), at(20))
    await store.save_draft("s-3", "ada", sealed("Dear"), at(6))
    await store.settle_delivery("d-1", DeliveryStatus.FAILED, attempts=0, problem="blocked")
    await store.settle_delivery("d-2", DeliveryStatus.OWED, attempts=0, due_at=at(50), problem="timeout")
    await store.save_conversation(conversation("kept", keep_until=at(70)))
    await hire(store, "ada", "bob")
    await store.save_session(session())
    await store.save_invite(invite("v-open"))


async def everything(store: Store) -> list[object]:
    """Return all that can be asked of what `fill` did."""
    return [
        await store.queue(),
        [await store.situation(f"s-{name}") for name in ("1", "2", "3", "gone")],
        [await store.inquiry(f"i-{name}") for name in ("1", "2", "3", "gone")],
        [await store.situation_of(f"R-{name}") for name in ("1", "2", "3", "gone")],
        [await store.deliveries_of(f"i-{name}") for name in ("1", "2", "3", "gone")],
        [await store.message_seen(f"m-{name}") for name in ("1", "2", "3", "gone", "more", "never")],
        [await store.conversation(key) for key in ("c-of-m-1", "c-of-m-more", "kept")],
        await store.owed(10),
        await store.undelivered(10),
        await store.mailings(),
        await store.entries(),
        await store.entry_versions("e-1"),
        await store.staff(),
        await store.session("t-1"),
        await store.inquiries_settled_before(at(100), "answered", 10, urgent=False),
        await store.counters(),
    ]


async def test_a_reopened_store_holds_everything(path: Path, vault: Vault) -> None:
    store = await open_tinydb(path, vault)
    await fill(store)
    before = await everything(store)
    await store.close()
    store = await open_tinydb(path, vault)
    assert await everything(store) == before
    assert await store.expire_claims(at(20), at(35)) == ["s-3"]
    assert await store.drop_expired(at(70), at(1), NOW) == 6, "a conversation, an invitation, four messages"
    await file(store, "after")
    assert len(await store.queue()) == 2
    await store.close()


async def test_only_the_store_itself_is_left_after_closing(path: Path, vault: Vault) -> None:
    store = await open_tinydb(path, vault)
    await fill(store)
    await store.close()
    assert sorted(contents(path)) == ["desk.lock", FILE]


async def test_there_is_no_store_until_one_is_opened(path: Path, vault: Vault) -> None:
    assert not has_store(path)
    store = await open_tinydb(path, vault)
    assert has_store(path)
    await store.close()
    assert has_store(path)


async def test_only_its_owner_may_read_the_store(path: Path, vault: Vault) -> None:
    umask = os.umask(0)
    try:
        store = await open_tinydb(path, vault)
        await fill(store)
        modes = {name: mode(path / name) for name in contents(path)}
        await store.close()
    finally:
        os.umask(umask)
    assert mode(path) == 0o700
    assert modes == dict.fromkeys(("desk.lock", FILE, f"{FILE}-wal", f"{FILE}-shm"), 0o600)


async def test_a_folder_that_was_there_keeps_its_mode(path: Path, vault: Vault) -> None:
    make(path, {}).chmod(0o755)
    store = await open_tinydb(path, vault)
    await store.close()
    assert mode(path) == 0o755


async def test_the_file_is_written_with_care(path: Path, vault: Vault) -> None:
    store = await open_tinydb(path, vault)
    asked = ("journal_mode", "synchronous", "secure_delete")
    found = [store._disk._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    await store.close()
    assert found == ["wal", 2, 1]


async def test_a_second_desk_is_refused(path: Path, vault: Vault) -> None:
    store = await open_tinydb(path, vault)
    with pytest.raises(StoreLocked, match=r"desk\.lock; use that one, or stop it"):
        await open_tinydb(path, vault)
    child = (
        "import asyncio, sys; from pathlib import Path; from bot.vault import Vault;"
        "from bot.store.tinydb import open_tinydb;"
        "asyncio.run(open_tinydb(Path(sys.argv[1]), Vault(b'k' * 32)))"
    )
    second = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", child, str(path)], capture_output=True, text=True
    )
    assert "StoreLocked" in second.stderr
    await file(store)
    await store.close()
    store = await open_tinydb(path, vault)
    assert len(await store.queue()) == 1
    await store.close()


async def closed_store(path: Path, vault: Vault) -> Path:
    """Make a store with something in it and return its file."""
    store = await open_tinydb(path, vault)
    await fill(store)
    await store.close()
    return path / FILE


async def refused(path: Path, vault: Vault) -> str:
    """Return why the store is refused, having checked that nothing was changed by trying."""
    before = contents(path)
    before.pop(f"{FILE}-shm", None)  # no data: sqlite's shared index of the log, rebuilt at will
    with pytest.raises(StoreUnusable) as raised:
        await open_tinydb(path, vault)
    after = contents(path)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) <= {"desk.lock", f"{FILE}-shm", f"{FILE}-wal"}
    assert str(path / FILE) in str(raised.value)
    assert "othing was changed" in str(raised.value)
    assert has_store(path)
    return str(raised.value)


async def test_data_of_a_newer_version_is_refused(path: Path, vault: Vault) -> None:
    with closing(sqlite3.connect(await closed_store(path, vault))) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    expected = f"newer desk (data version {SCHEMA_VERSION + 1}, this desk knows {SCHEMA_VERSION}); start that version"
    assert expected in await refused(path, vault)


async def test_data_of_a_version_before_the_first_release_is_refused(path: Path, vault: Vault) -> None:
    with closing(sqlite3.connect(await closed_store(path, vault))) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert "before the first release (data version 1" in await refused(path, vault)


async def test_data_sealed_with_another_key_is_refused(path: Path, vault: Vault) -> None:
    await closed_store(path, vault)
    assert "another desk key; put back the key" in await refused(path, Vault(b"x" * 32))
    store = await open_tinydb(path, vault)
    assert len(await store.queue()) == 1
    await store.close()


def overwrite(file: Path, offset: int, data: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(offset)
        opened.write(data)


def truncate(file: Path, size: int) -> None:
    with file.open("r+b") as opened:
        opened.truncate(size)


def other_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE notes (id)")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "another file": lambda file: file.write_text("Dear diary, " * 100),
    "emptied": lambda file: truncate(file, 0),
    "cut short": lambda file: truncate(file, file.stat().st_size // 2),
    "cut to its header": lambda file: truncate(file, 100),
    "a page of zeros": lambda file: overwrite(file, 4096, bytes(4096)),
    "noise in the middle": lambda file: overwrite(file, file.stat().st_size // 2, os.urandom(9000)),
    "zeros throughout": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "another program's database": other_database,
}


@pytest.mark.parametrize("kind", DAMAGE)
async def test_a_damaged_file_is_refused(path: Path, vault: Vault, kind: str) -> None:
    DAMAGE[kind](await closed_store(path, vault))
    reason = await refused(path, vault)
    assert "is damaged (" in reason
    assert "restore your backup" in reason


ALTERED = {
    "a flipped bit in a row": (
        "UPDATE inquiries SET body = CAST(replace(CAST(body AS TEXT), 'webchat', 'webchau') AS BLOB)"
    ),
    "a row that is no JSON": "UPDATE inquiries SET body = x'7b7b', crc = CRC",
    "a row that is text": "UPDATE inquiries SET body = '{}', crc = CRC",
    "a row of another record": "UPDATE inquiries SET (body, crc) = (SELECT body, crc FROM deliveries)",
    "a row twice": "INSERT INTO inquiries SELECT id + 1000, body, crc FROM inquiries",
    "a missing table": "DROP TABLE deliveries",
    "a missing mark": "DELETE FROM mark",
    "a missing key": "DELETE FROM keys WHERE id = 1",
}


@pytest.mark.parametrize("kind", ALTERED)
async def test_a_store_that_was_altered_is_refused(path: Path, vault: Vault, kind: str) -> None:
    with closing(sqlite3.connect(await closed_store(path, vault), isolation_level=None)) as connection:
        connection.execute(ALTERED[kind].replace("CRC", str(crc32(b"{{"))))
    assert "is damaged (" in await refused(path, vault)


async def test_what_is_still_in_the_log_is_neither_lost_nor_touched_by_a_refusal(
    path: Path, vault: Vault, tmp_path: Path
) -> None:
    store = await open_tinydb(path, vault)
    await fill(store)
    copy = make(tmp_path / "as-after-a-crash", contents(path))
    expected = await everything(store)
    await store.close()
    assert (copy / f"{FILE}-wal").stat().st_size > 0
    await refused(copy, Vault(b"x" * 32))
    store = await open_tinydb(copy, vault)
    assert await everything(store) == expected
    await store.close()


async def test_a_log_without_its_file_is_refused(path: Path, vault: Vault) -> None:
    (await closed_store(path, vault)).rename(path / f"{FILE}-wal")
    assert "is missing while its desk.sqlite3-wal is there" in await refused(path, vault)


async def test_a_store_that_was_never_finished_is_made_anew(path: Path, vault: Vault) -> None:
    make(path, {f"{FILE}.new": b"half a store", f"{FILE}.new-wal": b"half a log"})
    assert not has_store(path)
    store = await open_tinydb(path, vault)
    await store.close()
    assert sorted(contents(path)) == ["desk.lock", FILE]


async def test_a_place_that_cannot_hold_a_store_is_refused(tmp_path: Path, vault: Vault) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    for place in (taken, taken / "below"):
        with pytest.raises(StoreUnusable, match="set DATA_DIR to a folder"):
            await open_tinydb(place, vault)
    assert taken.read_text() == "a file"


async def test_a_refused_store_can_be_opened_once_it_is_mended(path: Path, vault: Vault) -> None:
    made = await closed_store(path, vault)
    backup = made.read_bytes()
    made.write_bytes(bytes(len(backup)))
    await refused(path, vault)
    made.write_bytes(backup)
    store = await open_tinydb(path, vault)
    assert len(await store.queue()) == 1
    await store.close()


async def file_many(store: Store, acknowledged: list[str]) -> None:
    for number in range(1000):
        await file(store, str(number))
        acknowledged.append(f"s-{number}")


async def test_a_full_disk_stops_the_store_and_loses_nothing_that_was_acknowledged(
    path: Path, vault: Vault
) -> None:
    store = await open_tinydb(path, vault)
    acknowledged: list[str] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (path / f"{FILE}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500_000, hard))
    try:
        with pytest.raises(StoreStopped, match="could not be written"):
            await file_many(store, acknowledged)
        with pytest.raises(StoreStopped):
            await store.queue()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await store.close()
    store = await open_tinydb(path, vault)
    assert [kept.id for kept in await store.queue()] == acknowledged
    assert len(acknowledged) > 5
    await store.close()


async def test_a_store_whose_disk_has_room_again_goes_on_with_what_was_acknowledged(
    path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.tinydb.engine.TRY_AGAIN", 0.02)
    store = await open_tinydb(path, vault)
    news = store.changes()
    acknowledged: list[str] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((path / f"{FILE}-wal").stat().st_size + 200_000, hard))
    try:
        with pytest.raises(StoreStopped, match="goes on by itself"):
            await file_many(store, acknowledged)
        await asyncio.sleep(0.1)
        with pytest.raises(StoreStopped):
            await store.queue()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    async with asyncio.timeout(10):
        while Change(kind="situation", id="") != await anext(news):
            pass
    assert [kept.id for kept in await store.queue()] == acknowledged
    await file(store, "after")
    await store.close()
    store = await open_tinydb(path, vault)
    assert [kept.id for kept in await store.queue()] == [*acknowledged, "s-after"]
    await store.close()


async def test_a_store_that_was_damaged_while_its_disk_was_full_does_not_go_on(
    path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.tinydb.engine.TRY_AGAIN", 0.02)
    store = await open_tinydb(path, vault)
    await file(store, "kept")
    news = store.changes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(StoreStopped):
            await file(store, "lost")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with closing(sqlite3.connect(path / FILE)) as another:
        another.execute("UPDATE inquiries SET body = body || 'x'")
        another.commit()
    async with asyncio.timeout(10):
        assert [change async for change in news] == []
    with pytest.raises(StoreStopped):
        await store.queue()
    await store.close()


@pytest.mark.parametrize(("error", "passes"), [("FULL", True), ("READONLY", True), ("IOERR_WRITE", True), ("IOERR_FSYNC", False), ("CORRUPT", False)])  # fmt: skip
def test_only_a_disk_that_took_nothing_is_waited_for(error: str, passes: bool) -> None:
    problem = sqlite3.OperationalError("…")
    problem.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{error}")
    assert may_pass(problem) is passes


async def test_nothing_that_was_sealed_can_be_read_in_any_file(path: Path, vault: Vault) -> None:
    canary = "my neighbour at number 7"
    hidden = vault.seal("words", canary.encode())
    made = filing()
    made = replace(
        made,
        inquiry=replace(made.inquiry, address=hidden, words=(hidden,)),
        receipt=replace(made.receipt, body=hidden),
    )
    store = await open_tinydb(path, vault)
    await store.record(effect("m-1", after=conversation(body=hidden), filing=made))
    await store.save_draft("s-1", "ada", hidden, NOW)
    await store.save_entry(entry(body=hidden))
    read = list(contents(path).values())
    await store.close()
    read += contents(path).values()
    forms = [canary.encode(), b64encode(canary.encode())[:-4], canary.encode().hex().encode()]
    assert not any(form in data for form in forms for data in read)
    assert any(b64encode(hidden) in data for data in read), "it is there, sealed"


async def test_a_key_stands_in_no_row_with_what_it_seals(path: Path, vault: Vault) -> None:
    store = await open_tinydb(path, vault)
    made = await file(store)
    await store.save_conversation(spoken := conversation("c-2"))
    await store.close()
    with closing(sqlite3.connect(path / FILE)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = {
            name: b"".join(body for (body,) in connection.execute(f'SELECT body FROM "{name}"'))
            for name in tables
        }
    keys = rows.pop("keys")
    for record in (made.inquiry, made.situation, spoken):
        assert b64encode(record.data_key) in keys
        assert not any(b64encode(record.data_key) in held for held in rows.values())
    assert b64encode(made.inquiry.words[0]) not in keys


async def test_what_was_withdrawn_is_in_no_file_after_closing(path: Path, vault: Vault) -> None:
    store = await open_tinydb(path, vault)
    made = await file(store)
    await file(store, "2")
    await store.record(effect("m-3", withdrawn="i-1"))
    await store.close()
    read = b"".join(contents(path).values())
    assert b64encode(made.inquiry.words[0]) not in read
    assert b64encode(made.inquiry.address) not in read
    assert b64encode(made.inquiry.data_key) not in read
    assert b64encode(made.situation.data_key) not in read
    assert b"R-2" in read
    assert b"R-1" not in read


async def test_rows_that_changed_or_went_leave_nothing_in_their_pages(path: Path, vault: Vault) -> None:
    chance = random.Random(20)
    disk = open_disk(path, vault, ["rows"], lambda _name, _rows: None)
    kept: dict[int, str] = {}
    gone: list[str] = []
    for number in range(600):
        changed = chance.choice(list(kept)) if kept and chance.random() < 0.6 else number
        if changed in kept:
            gone.append(kept.pop(changed))
        body = None
        if changed == number or chance.random() < 0.5:
            kept[changed] = f"{chance.getrandbits(128):032x}"
            body = kept[changed].encode() + b"x" * chance.choice((10, 100, 900, 3000, 9000))
        disk.persist({"rows": {changed: body}})
    disk.scrub_whole()
    read = b"".join(contents(path).values())
    assert all(mark.encode() in read for mark in kept.values())
    assert not any(mark.encode() in read for mark in gone)
    disk.close()
