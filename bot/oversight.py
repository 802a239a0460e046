"""What the record of reads shows: whether it is whole, who browses, and how often an inquiry was read."""

import asyncio
import datetime as dt
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.audit import Chain, Verified
from bot.corpus import LiveCorpus
from bot.intents.settings import Watch
from bot.leap import leapt
from bot.models import READS, AuditAct, AuditRow, Inquiry, Role
from bot.store.base import Store
from bot.vault import Vault

SHOWN_FOR = dt.timedelta(hours=24)
"""How long a pattern stays above every page of those who supervise."""
LOOKED_BACK = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Browsing:
    """Somebody opened many situations within a short time and left them as they were."""

    account: str
    left: int
    """Distinct situations that the account opened and neither answered, closed nor holds now."""
    first: dt.datetime
    last: dt.datetime


async def reads_of(store: Store, inquiry: Inquiry) -> Mapping[Role | None, int]:
    """Return how often staff were shown the inquiry's words, by the role they had then; no names."""
    rows = await store.audit_rows(situation_id=inquiry.situation_id, limit=10_000)
    return Counter(row.role for row in rows if row.act in READS and inquiry.reference in row.references)


def browsing(rows: Sequence[AuditRow], kept: Callable[[AuditRow], bool], watch: Watch) -> Sequence[Browsing]:
    """Return, for each account, the time in which it left most, when that is more than `watch` allows.

    `rows` are oldest first; `kept` tells whether the account of a row did something about its situation.
    """
    within = dt.timedelta(minutes=watch.within_minutes)
    recent: dict[str, deque[AuditRow]] = {}
    worst: dict[str, Browsing] = {}
    for row in rows:
        if row.act is not AuditAct.OPENED or kept(row):
            continue
        opened = recent.setdefault(row.account, deque())
        opened.append(row)
        while row.at - opened[0].at > within:
            opened.popleft()
        left = len({each.situation_id for each in opened})
        before = worst.get(row.account)
        # Of equals the latest: an hour that goes on is not over.
        if left > watch.most_left and (before is None or left >= before.left):
            worst[row.account] = Browsing(
                account=row.account, left=left, first=opened[0].at, last=opened[-1].at
            )
    return sorted(worst.values(), key=lambda found: found.last, reverse=True)


class Oversight:
    """What those who supervise may ask of the record of reads."""

    def __init__(
        self, *, store: Store, vault: Vault, live: LiveCorpus, clock: Callable[[], dt.datetime]
    ) -> None:
        self._store = store
        self._chain = Chain(vault)
        self._live = live
        self._clock = clock
        self.verified: Verified | None = None
        """What the last look at the whole record found; None before the first."""
        self.verified_at: dt.datetime | None = None

    async def verify(self, noted: tuple[int, str] | None = None) -> Verified:
        """Go through the whole record, beside the event loop."""
        rows, head = await self._store.audit_record()
        found = await asyncio.to_thread(self._chain.verify, rows, head, noted)
        if noted is None:
            self.verified, self.verified_at = found, self._clock()
        return found

    async def clock_leapt(self) -> bool:
        """Tell whether the clock is so far ahead of the last round that nothing is deleted by it yet."""
        return await leapt(self._store, self._clock())

    async def look(self, since: dt.datetime) -> tuple[Verified, dt.datetime]:
        """Return what was found of the whole record and when; gone through now, unless this process did so since then."""
        if self.verified is None or self.verified_at is None or self.verified_at < since:
            return await self.verify(), self._clock()
        return self.verified, self.verified_at

    async def rows(
        self, *, account: str | None, situation_id: str | None, before: int | None, limit: int
    ) -> Sequence[AuditRow]:
        """Return rows, newest first; of one account or situation, and with numbers below `before`."""
        return await self._store.audit_rows(
            account=account, situation_id=situation_id, before=before, limit=limit
        )

    async def browsing(self, *, recent: bool = False) -> Sequence[Browsing]:
        """Return who browsed in the last 30 days; with `recent`, only what still stands above every page."""
        now = self._clock()
        since = now - (SHOWN_FOR if recent else LOOKED_BACK)
        watch = self._live.corpus.content.desk.watch
        # What began before the time counts in full.
        rows = await self._store.audit_since(since - dt.timedelta(minutes=watch.within_minutes))
        opened = {row.situation_id for row in rows if row.act is AuditAct.OPENED}
        if len(opened) <= watch.most_left:
            return ()
        worked_on: set[tuple[str, str]] = set()
        for situation_id in opened:
            situation = await self._store.situation(situation_id)
            if situation is None:
                continue
            if situation.settled_by is not None:
                worked_on.add((situation_id, situation.settled_by))
            if situation.claimed_by is not None and situation.claimed_until and situation.claimed_until > now:
                worked_on.add((situation_id, situation.claimed_by))
        found = browsing(rows, lambda row: (row.situation_id, row.account) in worked_on, watch)
        return [each for each in found if each.last >= since]
