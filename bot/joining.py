"""Inquiries about one event come together: a new one joins an open situation that others opened in nearly the same words.

What is compared are the words of the oldest few inquiries of each open situation, opened in memory alone: nothing of it
is kept or logged, and what is erased goes from here with the inquiry. See docs/decisions/0029.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from bot.corpus import LiveCorpus
from bot.errors import DeskError, PoolMoved, SituationSettled
from bot.exchange import open_words
from bot.matching.near import Gist, gist
from bot.matching.nearest import Groups
from bot.models import OLDEST_NAMED, Inquiry, Situation, SituationStatus
from bot.privacy import screen
from bot.store.base import Compared, Effect, Filing, Store
from bot.vault import Vault

log = logging.getLogger(__name__)

POOLS = ("zh", "en")
"""Reports are compared with those in their own language; both scripts of Chinese are one."""
ATTEMPTS = 10
"""Tries to find a place while others keep opening situations; then one is opened that nobody joins."""
OWN_AT_MOST = 100
"""Situations opened here after which the store is asked how many there are."""
PAUSE = 0.1
"""Seconds over which changes are gathered before the store is read again."""
AT_ONCE = 16
"""Situations that are read at the same time."""


@dataclass(slots=True)
class _Pool:
    """The open situations of one language as this process knows them."""

    name: str
    groups: Groups = field(default_factory=Groups)
    lanes: dict[str, str] = field(default_factory=dict)
    seen: int | None = None
    """Every situation of the pool up to this number is known; None before the first reading."""
    own: set[str] = field(default_factory=set)
    """Opened here, perhaps with a number beyond `seen`: known as well."""
    opening: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    """Those whose opening is not durable yet."""
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(self, situation_id: str, lane: str, reference: str, found: Gist) -> None:
        self.lanes[situation_id] = lane
        self.groups.add(situation_id, reference, found)

    def drop(self, situation_id: str) -> None:
        self.groups.drop(situation_id)
        self.lanes.pop(situation_id, None)


class Joining:
    """Finds the situation a new inquiry belongs to, and records it there or in one of its own."""

    def __init__(self, *, store: Store, vault: Vault, live: LiveCorpus, timezone: dt.tzinfo) -> None:
        self._store = store
        self._vault = vault
        self._live = live
        self._timezone = timezone
        self._pools = {name: _Pool(name) for name in POOLS}
        self._changed: set[str] = set()
        self._all_changed = False
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Learn what is open, and follow what becomes of it from now on."""
        changes = self._store.changes()

        async def listen() -> None:
            async for change in changes:
                if change.kind == "situation":
                    if change.id:
                        self._changed.add(change.id)
                    else:
                        self._all_changed = True
                    self._news.set()

        self._tasks = [
            asyncio.create_task(listen(), name="hear of situations"),
            asyncio.create_task(self._follow(), name="follow situations"),
        ]

    async def stop(self) -> None:
        """Follow no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def record(self, effect: Effect, own: Collection[str]) -> None:
        """Record the effect as the store does; its new inquiry may join a situation that is open, but none of `own`.

        Those are what the same citizen has asked in before: nothing may tell that two inquiries are one person's.
        Raises as `Store.record`.
        """
        filing = effect.filing
        found = None if filing is None else self._comparable(filing)
        if filing is None or found is None:
            await self._store.record(effect)
            return
        pool = self._pools["zh" if found.chinese else "en"]
        for _ in range(ATTEMPTS):
            await self._look_again(pool, None)
            seen = pool.seen
            try:
                if await self._placed(effect, filing, found, pool, own):
                    return
            except SituationSettled:
                continue
            except PoolMoved:
                await self._look_again(pool, seen)
        await self._store.record(effect)

    async def _placed(
        self, effect: Effect, filing: Filing, found: Gist, pool: _Pool, own: Collection[str]
    ) -> bool:
        """Record the effect where it belongs by what is known now; False when that is being decided.

        From the comparison until the store has the effect nothing else runs, so no other filing of this process comes
        between.
        """
        open_to_all = self._live.corpus.content.desk.lanes_joined
        near = pool.groups.nearest(found, lambda each: each not in own and pool.lanes[each] in open_to_all)
        reference = filing.inquiry.reference
        if near in pool.opening:
            await asyncio.wait({pool.opening[near]})
            return False
        if near is not None:
            try:
                await self._store.record(replace(effect, filing=_into(filing, near)))
            except SituationSettled:
                pool.drop(near)
                raise
            if len(pool.groups.members(near)) < OLDEST_NAMED and near in pool.groups:
                pool.groups.add(near, reference, found)
            return True
        situation = filing.situation
        if own and pool.groups.nearest(found, lambda each: each in own) is not None:
            # Others who ask about the same find their way to the citizen's first.
            await self._store.record(effect)
            return True
        compared = Compared(seen=pool.seen or 0, beside=frozenset(pool.own))
        opening = replace(filing, situation=replace(situation, pool=pool.name), compared=compared)
        decided = pool.opening[situation.id] = asyncio.get_running_loop().create_future()
        pool.own.add(situation.id)
        pool.add(situation.id, situation.lane, reference, found)
        try:
            await self._store.record(replace(effect, filing=opening))
        except BaseException:
            pool.own.discard(situation.id)
            pool.drop(situation.id)
            raise
        finally:
            del pool.opening[situation.id]
            decided.set_result(None)
        return True

    # --- what may join, and what it says

    def _comparable(self, filing: Filing) -> Gist | None:
        """Return what is compared of a new inquiry; None when it joins nothing by itself, and nothing joins it."""
        situation = filing.situation
        joined = self._live.corpus.content.desk.lanes_joined
        if situation.urgent is not None or situation.lane not in joined:
            return None
        return self._gist(filing.inquiry)

    def _gist(self, inquiry: Inquiry) -> Gist | None:
        """Return what an inquiry is about; None when it holds personal data or could be like no other."""
        words, _ = open_words(self._vault, replace(inquiry, words=inquiry.words[:1]))
        if not words or screen(asked := words[0].text):
            return None
        day = inquiry.opened_at.astimezone(self._timezone).date()
        found = gist(asked, day, self._live.corpus.content.own_names)
        return found if found.comparable else None

    # --- what is open

    async def _look_again(self, pool: _Pool, beyond: int | None) -> None:
        """Read the situations that were opened since; nothing to do when more than `beyond` is known by now."""
        if pool.seen is not None and pool.seen != beyond and len(pool.own) <= OWN_AT_MOST:
            return
        async with pool.reading:
            if pool.seen is not None and pool.seen != beyond and len(pool.own) <= OWN_AT_MOST:
                return
            await self._read_pool(pool, pool.seen or 0)

    async def _read_pool(self, pool: _Pool, after: int) -> None:
        begun = set(pool.opening)
        standing = await self._store.pool(pool.name, after)
        await self._read(pool, [each for each in standing.situations if each.id not in pool.groups])
        pool.seen = standing.number
        pool.own = begun | set(pool.opening)

    async def _read(self, pool: _Pool, situations: Collection[Situation]) -> None:
        waiting = list(situations)
        while waiting:
            now, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
            await asyncio.gather(*(self._read_one(pool, situation) for situation in now))
            await asyncio.sleep(0)

    async def _read_one(self, pool: _Pool, situation: Situation) -> None:
        inquiries = await self._store.inquiries_in(situation.id, most=OLDEST_NAMED)
        known = pool.groups.members(situation.id)
        members: dict[str, Gist] = {}
        for inquiry in inquiries:
            found = known.get(inquiry.reference) or self._gist(inquiry)
            if found is not None:
                members[inquiry.reference] = found
        if members:
            pool.lanes[situation.id] = situation.lane
            pool.groups.put(situation.id, members)
        else:
            pool.drop(situation.id)

    # --- what becomes of it

    async def _follow(self) -> None:
        while True:
            try:
                for pool in self._pools.values():
                    await self._look_again(pool, None)
                await self._news.wait()
                await asyncio.sleep(PAUSE)
                self._news.clear()
                changed, self._changed = self._changed, set()
                whole, self._all_changed = self._all_changed, False
                if whole:
                    changed |= {each for pool in self._pools.values() for each in pool.groups}
                for situation_id in changed:
                    await self._see(situation_id)
                for pool in self._pools.values() if whole else ():
                    async with pool.reading:
                        await self._read_pool(pool, 0)  # one that is open again may have any number
            except (DeskError, OSError) as exc:
                # What is compared is older for a while; the store refuses what that would do wrong.
                log.warning("Open situations could not be read", extra={"problem": type(exc).__name__})
                self._all_changed = True
                self._news.set()
                await asyncio.sleep(1)

    async def _see(self, situation_id: str) -> None:
        """Let what is known of a situation be what the store has."""
        situation = await self._store.situation(situation_id)
        for pool in self._pools.values():
            here = situation is not None and situation.pool == pool.name
            if situation is None or not here or situation.status is not SituationStatus.OPEN:
                if situation_id not in pool.opening:
                    pool.drop(situation_id)
            elif set(situation.references) != set(pool.groups.members(situation_id)):
                await self._read_one(pool, situation)
            else:
                pool.lanes[situation_id] = situation.lane


def _into(filing: Filing, situation_id: str) -> Filing:
    inquiry = replace(filing.inquiry, situation_id=situation_id, joined=True)
    return replace(filing, inquiry=inquiry, situation=replace(filing.situation, id=situation_id))
