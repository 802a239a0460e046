"""The chain of the record of reads: what was altered is found, and which row it was."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.audit import Chain, Finding, re_anchored
from bot.errors import VaultError
from bot.models import AuditAct, AuditEntry, AuditHead, AuditRow, Role
from bot.vault import Vault

VAULT = Vault(b"k" * 32)
CHAIN = Chain(VAULT)
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def record(count: int = 6, chain: Chain = CHAIN) -> tuple[list[AuditRow], AuditHead]:
    """Return a record of so many rows."""
    rows, head = [], chain.start()
    for number in range(count):
        entry = AuditEntry(
            at=AT + timedelta(minutes=number),
            account="ada",
            act=AuditAct.OPENED,
            situation_id=f"s-{number}",
            references=(f"R-{number}",),
        )
        row, head = chain.after(head, entry, Role.STAFF)
        rows.append(row)
    return rows, head


def findings(
    rows: Sequence[AuditRow], head: AuditHead | None, noted: tuple[int, str] | None = None
) -> list[tuple[int, int, Finding]]:
    found = CHAIN.verify(rows, head, noted)
    assert found.sound is (not found.wrong)
    return [(wrong.number, wrong.until, wrong.finding) for wrong in found.wrong]


def test_a_record_as_it_was_written_is_whole() -> None:
    rows, head = record()
    assert findings(rows, head) == []
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]
    assert findings([], CHAIN.start()) == []


def test_a_record_that_was_taken_away_with_its_end_is_missed() -> None:
    assert findings([], None) == [(0, 0, Finding.HEAD)]


def test_a_row_written_after_an_alteration_does_not_prove_it() -> None:
    rows, head = record()
    shorter = replace(head, number=4, digest=rows[3].digest)
    entry = AuditEntry(at=AT, account="bob", act=AuditAct.OPENED, situation_id="s-2", references=("R-2",))
    row, later = CHAIN.after(shorter, entry, Role.STAFF)
    assert findings([*rows[:4], row], later) == [(5, 5, Finding.HEAD)]
    trimmed = CHAIN.trimmed(later, rows[1])
    assert findings([*rows[2:4], row], trimmed) == [(5, 5, Finding.HEAD)]


@pytest.mark.parametrize(
    "change",
    [
        {"account": "bob"}, {"at": AT}, {"act": AuditAct.OPENED_MORE}, {"situation_id": "s-9"}, {"references": ()},
        {"role": None}, {"second": "bob"}, {"digest": "0" * 64},
    ],
    ids=str,
)  # fmt: skip
def test_an_altered_row_is_named(change: dict[str, object]) -> None:
    rows, head = record()
    rows[2] = replace(rows[2], **change)  # type: ignore[arg-type]
    named = [number for number, _, finding in findings(rows, head) if finding is Finding.ALTERED]
    assert named[0] == 3
    assert len(named) <= 2, "one row more at most: the one that builds on a changed digest"


def test_somebody_without_the_key_cannot_write_a_row_that_fits() -> None:
    rows, head = record()
    forger = Chain(Vault(b"x" * 32))
    before = replace(head, number=2, digest=rows[1].digest)
    entry = AuditEntry(at=AT, account="bob", act=AuditAct.OPENED, situation_id="s-2", references=("R-2",))
    rows[2], _ = forger.after(before, entry, Role.STAFF)
    assert (3, 3, Finding.ALTERED) in findings(rows, head)


def test_missing_rows_are_named() -> None:
    rows, head = record()
    assert findings(rows[:1] + rows[3:], head) == [(2, 3, Finding.MISSING)]
    assert findings(rows[1:], head) == [(1, 1, Finding.MISSING)]


def test_rows_in_another_order_are_named() -> None:
    rows, head = record()
    rows[2], rows[3] = rows[3], rows[2]
    assert (3, 3, Finding.OUT_OF_ORDER) in findings(rows, head)
    rows, head = record()
    rows[2], rows[3] = replace(rows[3], number=3), replace(rows[2], number=4)
    assert (3, 3, Finding.ALTERED) in findings(rows, head)


def test_rows_cut_off_at_the_end_are_missed() -> None:
    rows, head = record()
    assert findings(rows[:4], head) == [(5, 6, Finding.CUT_OFF)]
    assert findings([], head) == [(1, 6, Finding.CUT_OFF)]


def test_an_end_that_was_set_back_with_the_rows_is_not_believed() -> None:
    rows, head = record()
    shorter = replace(head, number=4, digest=rows[3].digest)
    assert (4, 4, Finding.HEAD) in findings(rows[:4], shorter)
    assert findings(rows, None)[-1] == (6, 6, Finding.HEAD)


def test_an_older_copy_of_the_whole_is_found_by_what_the_log_noted() -> None:
    rows, head = record()
    older = record(4)
    noted = (head.number, head.digest)
    assert findings(*older) == []
    assert findings(*older, noted) == [(6, 6, Finding.NOTED)]
    assert findings(rows, head, noted) == []
    assert findings(rows, head, (3, "0" * 64)) == [(3, 3, Finding.NOTED)]


def test_a_trimmed_record_is_whole_and_a_checkpoint_that_was_moved_is_not() -> None:
    rows, head = record()
    trimmed = CHAIN.trimmed(head, rows[1])
    assert findings(rows[2:], trimmed) == []
    assert findings(rows[2:], trimmed, (1, rows[0].digest)) == [], "too old to compare"
    moved = replace(trimmed, trimmed=3, trimmed_digest=rows[2].digest)
    assert Finding.HEAD in {finding for _, _, finding in findings(rows[3:], moved)}


def test_a_record_goes_on_under_a_new_key() -> None:
    rows, head = record()
    new = Vault(b"n" * 32)
    anchored, anew = re_anchored(rows[2:], CHAIN.trimmed(head, rows[1]), VAULT, new)
    assert Chain(new).verify(anchored, anew).sound
    assert not CHAIN.verify(anchored, anew).sound
    row, after = Chain(new).after(
        anew, AuditEntry(at=AT, account="a", act=AuditAct.OPENED, situation_id="s"), None
    )
    assert row.number == 7
    assert Chain(new).verify([*anchored, row], after).sound
    assert Chain(new).verify(*re_anchored([], CHAIN.start(), VAULT, new)).sound


def test_a_new_key_blesses_nothing_that_was_altered() -> None:
    rows, head = record()
    rows[2] = replace(rows[2], account="bob")
    with pytest.raises(VaultError, match="altered"):
        re_anchored(rows, head, VAULT, Vault(b"n" * 32))
    with pytest.raises(VaultError, match="altered"):
        re_anchored([], None, VAULT, Vault(b"n" * 32))
