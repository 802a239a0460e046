"""The record of reads: a chain of rows, each of which covers the one before.

A row says who did what to which situation and when, and nothing that anybody wrote. Its digest is keyed with the
desk's key and covers the row before it, so that whoever can write the file, but does not have the key, can neither
change nor leave out nor add a row unseen. Where the chain begins and ends is kept apart from the rows, under a
keyed digest of its own: rows cut off at the end are missed too. What no chain in one place can show is an older copy of
the whole put back; for that the newest number and digest are in the log every day, and `verify` compares with them.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.errors import VaultError
from bot.models import AuditEntry, AuditHead, AuditRow, Role
from bot.vault import Vault

PURPOSE = "audit"


class Finding(StrEnum):
    """What is wrong with a row of the record."""

    ALTERED = "altered"
    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    CUT_OFF = "cut_off"
    """Rows that were written last are not there any more."""
    HEAD = "head"
    """Where the record begins and ends is not as the desk wrote it."""
    NOTED = "noted"
    """The row is not the one that the log noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One finding, and the number of the row it is about."""

    number: int
    finding: Finding
    until: int
    """The last row it is about: rows that are missing are told together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a look at the whole record found."""

    first: int
    """The first row that is kept; earlier ones went because of their age."""
    last: int
    digest: str
    wrong: tuple[Wrong, ...]

    @property
    def sound(self) -> bool:
        """Whether the record is as the desk wrote it."""
        return not self.wrong


class Chain:
    """Adds rows to the record and verifies it, under one desk key."""

    name = "reads"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def start(self) -> AuditHead:
        """Return the head of a record without rows."""
        digest = self._vault.digest(PURPOSE, "start")
        return self._proved(
            AuditHead(name=self.name, number=0, digest=digest, trimmed=0, trimmed_digest=digest, proof="")
        )

    def lost(self, last: AuditRow | None) -> AuditHead:
        """Return a head to go on from after the row `last` when the record's own is gone: no proof holds it."""
        start = replace(self.start(), proof="")
        return start if last is None else replace(start, number=last.number, digest=last.digest)

    def after(self, head: AuditHead, entry: AuditEntry, role: Role | None) -> tuple[AuditRow, AuditHead]:
        """Return the row that follows `head`, and the new head; of a head that was altered, one that shows it too."""
        row = AuditRow(
            number=head.number + 1,
            at=entry.at,
            account=entry.account,
            role=role,
            act=entry.act,
            situation_id=entry.situation_id,
            references=entry.references,
            reason=entry.reason,
            second=entry.second,
            digest="",
        )
        row = self._linked(row, head.digest)
        return row, self._moved(head, replace(head, number=row.number, digest=row.digest))

    def trimmed(self, head: AuditHead, last: AuditRow) -> AuditHead:
        """Return the head of a record from which the rows up to `last` are dropped."""
        return self._moved(head, replace(head, trimmed=last.number, trimmed_digest=last.digest))

    def verify(
        self, rows: Iterable[AuditRow], head: AuditHead | None, noted: tuple[int, str] | None = None
    ) -> Verified:
        """Go through the record, in its order, and tell every row that is not as the desk wrote it.

        Every record has a head from its first day: None is a finding, for whoever empties the record takes that too.
        `noted` is the number and digest of a row, as the log told them.
        """
        head = head or self.lost(None)
        wrong: list[Wrong] = []
        if not self._holds(head):
            wrong.append(_wrong(Finding.HEAD, head.number))
        number, digest = head.trimmed, head.trimmed_digest
        # A row that the log noted may have gone since, because of its age.
        found = "" if noted is None or noted[0] > head.trimmed else noted[1]
        for row in rows:
            if noted is not None and row.number == noted[0]:
                found = row.digest
            if row.number <= number:
                wrong.append(_wrong(Finding.OUT_OF_ORDER, row.number))
                continue
            if row.number > number + 1:
                wrong.append(_wrong(Finding.MISSING, number + 1, row.number - 1))
            elif not _same(row.digest, self._linked(row, digest).digest):
                wrong.append(_wrong(Finding.ALTERED, row.number))
            number, digest = row.number, row.digest
        if number < head.number:
            wrong.append(_wrong(Finding.CUT_OFF, number + 1, head.number))
        elif number > head.number or not _same(digest, head.digest):
            wrong.append(_wrong(Finding.HEAD, number))
        if noted is not None and not _same(found, noted[1]):
            wrong.append(_wrong(Finding.NOTED, noted[0]))
        return Verified(first=head.trimmed + 1, last=number, digest=digest, wrong=tuple(wrong))

    def _linked(self, row: AuditRow, before: str) -> AuditRow:
        parts = (
            before, str(row.number), row.at.isoformat(), row.account, row.role or "", row.act, row.situation_id,
            " ".join(row.references), row.reason or "", row.second or "",
        )  # fmt: skip
        return replace(row, digest=self._vault.digest(PURPOSE, "\0".join(parts)))

    def _moved(self, before: AuditHead, head: AuditHead) -> AuditHead:
        # What was altered stays so: the next row must not prove a head that somebody else wrote.
        return self._proved(head) if self._holds(before) else replace(head, proof="")

    def _holds(self, head: AuditHead) -> bool:
        return _same(head.proof, self._proof(head))

    def _proved(self, head: AuditHead) -> AuditHead:
        return replace(head, proof=self._proof(head))

    def _proof(self, head: AuditHead) -> str:
        parts = (head.name, str(head.number), head.digest, str(head.trimmed), head.trimmed_digest)
        return self._vault.digest(PURPOSE + " head", "\0".join(parts))


def re_anchored(
    rows: Sequence[AuditRow], head: AuditHead | None, old: Vault, new: Vault
) -> tuple[Sequence[AuditRow], AuditHead]:
    """Return the same record as the key of `new` chains it, for a desk that changes its key.

    Raises `VaultError` when the record is not sound under `old`: a new key must not bless what was altered.
    """
    before, after = Chain(old), Chain(new)
    found = before.verify(rows, head)
    if head is None or not found.sound:
        raise VaultError(
            "The record of reads was altered, so the key is not changed; look at `python -m bot audit verify` first."
        )
    digest = head.trimmed_digest
    anchored = []
    for row in rows:
        anchored.append(after._linked(row, digest))
        digest = anchored[-1].digest
    return anchored, after._proved(replace(head, digest=digest))


def _wrong(finding: Finding, number: int, until: int | None = None) -> Wrong:
    return Wrong(number=number, finding=finding, until=number if until is None else until)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
