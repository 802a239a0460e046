"""Requirement 18: every staff read writes a chained entry before content is shown; tampering is detected; the entry
holds no content."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest

from bot.audit import Chain, Verified
from bot.cli import main
from bot.errors import StoreError
from bot.models import AuditAct
from bot.oversight import reads_of
from bot.store.tinydb import open_tinydb
from bot.vault import Vault, encode_key
from tests.parts import KEY, UNANSWERED, Office, Troubled
from tests.store.builders import at, file, hire

ROWS = 5


@pytest.fixture
async def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of a desk at which five readings were recorded, and the settings to look at it."""
    folder = tmp_path / "data"
    store = await open_tinydb(folder, Vault(KEY))
    await hire(store, "ada")
    await file(store)
    for minute in range(ROWS):
        await store.open_situation("s-1", "ada", at(minute), more=minute > 0)
    await store.close()
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.setenv("DESK_KEY", encode_key(KEY))
    return folder


@pytest.fixture
def file_(data: Path) -> Iterator[sqlite3.Connection]:
    """The desk's file, as somebody who can write it has it."""
    with closing(sqlite3.connect(data / "desk.sqlite3")) as connection:
        yield connection


def alter(connection: sqlite3.Connection, row_number: int, **change: object) -> None:
    """Change a row the way somebody does who also mends the row's checksum."""
    for row, body in connection.execute("SELECT id, body FROM audit").fetchall():
        document = json.loads(body)
        if document["number"] == row_number:
            written = json.dumps({**document, **change}, separators=(",", ":")).encode()
            connection.execute(
                "UPDATE audit SET body = ?, crc = ? WHERE id = ?", (written, crc32(written), row)
            )
    connection.commit()


def remove(connection: sqlite3.Connection, *numbers: int) -> None:
    for row, body in connection.execute("SELECT id, body FROM audit").fetchall():
        if json.loads(body)["number"] in numbers:
            connection.execute("DELETE FROM audit WHERE id = ?", (row,))
    connection.commit()


async def test_r18_a_read_without_its_entry_is_refused(office: Office) -> None:
    reference = await office.hand_over(UNANSWERED)
    situation = await office.situation_of(reference)

    class Unwritable(Troubled):
        """A store whose record cannot be written."""

    trouble = Unwritable(office.store)
    trouble.problem, trouble.failing = StoreError("The record cannot be written."), {"open_situation"}
    office.desk._store = trouble  # type: ignore[assignment]
    with pytest.raises(StoreError):
        await office.desk.open(situation, "ada")
    assert await office.store.audit_rows(limit=10) == []
    (inquiry,) = await office.store.inquiries_in(situation)
    assert not inquiry.seen_by_staff


async def test_r18_no_store_verb_gives_words_to_staff_without_an_entry(office: Office) -> None:
    reference = await office.hand_over(UNANSWERED)
    situation = await office.situation_of(reference)
    await office.desk.open(situation, "ada")
    (row,) = await office.store.audit_rows(limit=10)
    assert (row.account, row.act, row.references) == ("ada", AuditAct.OPENED, (reference,))


async def test_r18_the_entry_holds_no_content(office: Office) -> None:
    reference = await office.hand_over("my parrot CANARY-5521 is ill, call 13800138000")
    await office.desk.open(await office.situation_of(reference), "ada")
    (row,) = await office.store.audit_rows(limit=10)
    for word in ("CANARY", "parrot", "13800138000", "ann"):
        assert word not in repr(row)


async def test_r18_the_citizen_is_told_how_often_and_by_which_role(office: Office) -> None:
    await hire(office.store, "ada", "bob")
    reference = await office.hand_over(UNANSWERED)
    situation = await office.situation_of(reference)
    (inquiry,) = await office.store.inquiries_in(situation)
    assert await reads_of(office.store, inquiry) == {}
    for staff in ("ada", "ada", "bob"):
        await office.desk.open(situation, staff)
    assert await reads_of(office.store, inquiry) == {"staff": 3}


def test_r18_a_whole_record_is_verified(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify"]) == 0
    assert f"Rows 1 to {ROWS}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"account": "bob"}, "Row 3 was altered"),
        ({"situation_id": "s-2"}, "Row 3 was altered"),
        ({"digest": "0" * 64}, "Row 3 was altered"),
    ],
    ids=["another account", "another situation", "another digest"],
)
def test_r18_an_altered_entry_is_detected(
    file_: sqlite3.Connection, change: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alter(file_, 3, **change)
    assert main(["audit", "verify"]) == 1
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((2, 3), "Rows 2 to 3 are missing"),
        ((1,), "Rows 1 to 1 are missing"),
        ((4, 5), "4 to 5, were cut off"),
    ],
    ids=["within", "the first", "the last"],
)
def test_r18_a_missing_entry_is_detected(
    file_: sqlite3.Connection, numbers: tuple[int, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    remove(file_, *numbers)
    assert main(["audit", "verify"]) == 1
    assert said in capsys.readouterr().out


def test_r18_a_record_emptied_as_a_whole_is_detected_and_stays_so(
    data: Path, file_: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    file_.execute("DELETE FROM audit")
    file_.execute("DELETE FROM audit_heads")
    file_.commit()
    assert main(["audit", "verify"]) == 1
    asyncio.run(read_once_more(data))
    assert main(["audit", "verify"]) == 1
    assert "The note of where the record ends was altered" in capsys.readouterr().out


def test_r18_an_end_set_back_is_not_mended_by_the_next_read(data: Path, file_: sqlite3.Connection) -> None:
    (kept,) = (body for (body,) in file_.execute("SELECT body FROM audit") if json.loads(body)["number"] == 3)
    ((body,),) = file_.execute("SELECT body FROM audit_heads").fetchall()
    head = json.dumps({**json.loads(body), "number": 3, "digest": json.loads(kept)["digest"]}).encode()
    file_.execute("UPDATE audit_heads SET body = ?, crc = ?", (head, crc32(head)))
    remove(file_, *range(4, ROWS + 1))
    assert main(["audit", "verify"]) == 1
    asyncio.run(read_once_more(data))
    assert main(["audit", "verify"]) == 1


def test_r18_reading_goes_on_beside_rows_that_an_end_set_back_does_not_know(
    data: Path, file_: sqlite3.Connection
) -> None:
    file_.execute("DELETE FROM audit_heads")
    file_.commit()
    assert asyncio.run(read_once_more(data)) == ROWS + 1
    assert main(["audit", "verify"]) == 1


async def read_once_more(data: Path) -> int:
    """Let somebody read, as after the desk's next start, and return the number of the row."""
    store = await open_tinydb(data, Vault(KEY))
    row = await store.open_situation("s-1", "ada", at(50), more=True)
    await store.close()
    return row.number


def test_r18_entries_that_changed_places_are_detected(
    file_: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    alter(file_, 2, number=99)
    alter(file_, 4, number=2)
    alter(file_, 99, number=4)
    assert main(["audit", "verify"]) == 1
    assert "Row 2 was altered" in capsys.readouterr().out


def test_r18_an_older_copy_put_back_is_detected_by_the_log(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def look() -> Verified:
        store = await open_tinydb(data, Vault(KEY))
        found = Chain(Vault(KEY)).verify(*await store.audit_record())
        await store.close()
        return found

    found = asyncio.run(look())
    assert main(["audit", "verify", "--noted", f"{found.last}:{found.digest}"]) == 0
    assert main(["audit", "verify", "--noted", f"{found.last + 1}:{found.digest}"]) == 1
    assert f"Row {found.last + 1} is not the one the log noted" in capsys.readouterr().out


def test_r18_what_cannot_be_looked_at_is_another_exit_code(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "nothing here"))
    assert main(["audit", "verify"]) == 2
    monkeypatch.setenv("DATA_DIR", str(data))
    monkeypatch.setenv("DESK_KEY", encode_key(b"x" * 32))
    assert main(["audit", "verify"]) == 2
    with pytest.raises(SystemExit):
        main(["audit", "verify", "--noted", "nonsense"])
    assert "write a row and its digest" in capsys.readouterr().err


async def test_r18_the_log_notes_the_newest_entry_every_day(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    reference = await office.hand_over(UNANSWERED)
    await office.desk.open(await office.situation_of(reference), "ada")
    with caplog.at_level("INFO", logger="bot.clockwork"):
        await office.clockwork.round()
        await office.clockwork.round()
        office.clock.forward(days=1)
        await office.clockwork.round()
    noted = [record for record in caplog.records if "record of reads" in record.getMessage()]
    assert [record.row for record in noted] == [1, 1]  # type: ignore[attr-defined]
    (row,) = await office.store.audit_rows(limit=1)
    assert {record.digest for record in noted} == {row.digest}  # type: ignore[attr-defined]


async def test_r18_entries_older_than_the_retention_go_behind_a_checkpoint(office: Office) -> None:
    reference = await office.hand_over(UNANSWERED)
    situation = await office.situation_of(reference)
    await office.desk.open(situation, "ada")
    office.clock.forward(days=179)
    await office.desk.open(situation, "ada")
    office.clock.forward(days=2)
    await office.clockwork.round()
    assert [row.number for row in await office.store.audit_rows(limit=9)] == [2]
    found = await office.oversight.verify()
    assert (found.first, found.sound) == (2, True)
