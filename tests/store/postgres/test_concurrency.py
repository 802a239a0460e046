"""Many who work on the same things at once, over several processes' stores: nobody stands in another's way for good."""

import asyncio
from dataclasses import replace
from random import Random

import pytest
from psycopg import AsyncConnection

from bot.audit import Chain
from bot.errors import StoreError, StoreStopped
from bot.models import DeliveryStatus, InquiryStatus, UrgentKind
from bot.store.base import Compared
from bot.store.postgres import PostgresStore
from bot.vault import Vault
from tests.store.builders import NOW, addition, answer, at, close, delivery, effect, filing, make_out, sealed
from tests.store.postgres.conftest import Open

ROUNDS, WORKERS, HOT = 40, 12, 4
SOUND = {
    "a key without its record": "SELECT owner FROM keys EXCEPT (SELECT id FROM inquiries UNION SELECT id FROM situations "
    "UNION SELECT key FROM conversations)",
    "a record without its key": "(SELECT id FROM inquiries UNION SELECT id FROM situations UNION SELECT key FROM "
    "conversations) EXCEPT SELECT owner FROM keys",
    "a situation without an inquiry": "SELECT id FROM situations EXCEPT SELECT situation_id FROM inquiries",
    "an open situation with nothing to answer": "SELECT id FROM situations WHERE status = 'open' AND id NOT IN "
    "(SELECT situation_id FROM inquiries WHERE status IN ('open', 'waiting'))",
    "a settled situation with something to answer": "SELECT id FROM situations WHERE status <> 'open' AND id IN "
    "(SELECT situation_id FROM inquiries WHERE status IN ('open', 'waiting'))",
    "an alarm that is going for what is settled": "SELECT situation_id FROM alarms JOIN situations ON id = situation_id "
    "WHERE status <> 'open' AND acknowledged_at IS NULL",
    "a language nobody wrote": "SELECT id FROM situations s WHERE NOT languages <@ ARRAY(SELECT language FROM inquiries "
    "WHERE situation_id = s.id)",
}
"""Queries that return what must not be."""


class Crowd:
    """Citizens, staff and the clockwork, all at once on a few situations."""

    def __init__(self, stores: list[PostgresStore], seed: int) -> None:
        self.stores = stores
        self.random = Random(seed)
        self.count = 0
        self.kept: list[str] = []

    async def work(self, worker: int) -> None:
        store = self.stores[worker % len(self.stores)]
        for _ in range(ROUNDS):
            act = self.random.choice((self.ask, self.ask, self.say_more, self.go, self.staff, self.time))
            try:
                await act(store, f"p{worker}")
            except StoreStopped:
                raise
            except StoreError:
                pass  # somebody else was first

    async def ask(self, store: PostgresStore, _: str) -> None:
        self.count += 1
        name = str(self.count)
        urgent = self.random.choice((None, None, None, UrgentKind.DANGER))
        languages = (self.random.choice(("en", "zh-Hans", "zh-Hant")),)
        made = filing(name, joins=self.hot(), languages=languages, urgent=urgent, pool="en")
        if self.random.randrange(4) == 0:
            made = replace(made, compared=Compared(seen=self.count // 100))
        await store.record(effect(f"m-{name}", filing=made, counts=["asked", "handed_off"]))
        self.kept.append(f"i-{name}")

    async def say_more(self, store: PostgresStore, _: str) -> None:
        self.count += 1
        urgent = self.random.choice((None, UrgentKind.CRISIS))
        more = addition(self.one()[2:], urgent=urgent, receipt=None)
        await store.record(effect(f"m-{self.count}", addition=more, counts=["handed_off", "asked"]))

    async def go(self, store: PostgresStore, _: str) -> None:
        self.count += 1
        how = self.random.choice(("withdrawn", "solved"))
        await store.record(effect(f"m-{self.count}", at=at(40), **{how: self.one()}))

    async def staff(self, store: PostgresStore, name: str) -> None:
        situation = f"s-{self.hot()}"
        match self.random.randrange(10):
            case 0:
                await store.claim_situation(situation, name, NOW, at(15))
            case 1:
                await store.release_situation(situation, name, NOW)
            case 2:
                await store.open_situation(situation, name, NOW, most=20)
            case 3:
                await store.save_draft(situation, name, sealed("Dear"), NOW)
            case 4:
                await store.acknowledge_alarm(situation, name, NOW)
            case 5:
                await store.advance_alarm(situation, self.random.randrange(9), at(9))
            case 6:
                await store.claim_next(name, NOW, at(15))
            case 7:
                await answer(store, situation[2:], staff=name)
            case 8:
                await close(store, situation[2:], staff=name)
            case 9:
                for left in await store.mailings():
                    await make_out(store, left)

    async def time(self, store: PostgresStore, _: str) -> None:
        match self.random.randrange(6):
            case 0:
                await store.expire_claims(at(99), at(999))
            case 1:
                await store.purge_inquiry(self.one())
            case 2:
                told = delivery(f"told-{self.random.random()}", self.one())
                await store.close_inquiry(told.inquiry_id, at(50), was=InquiryStatus.OPEN, told=told)
            case 3:
                await store.drop_expired(at(0), at(0), at(0))
            case 4:
                for owed in await store.owed(5):
                    await store.settle_delivery(owed.delivery.id, DeliveryStatus.PLACED, attempts=0)
            case 5:
                await store.mark_seen([self.one(), self.one()])

    def hot(self) -> str:
        """Return one of the few that all work on just now; there are others after a while."""
        return f"hot-{self.count // 60}-{self.random.randrange(HOT)}"

    def one(self) -> str:
        return self.random.choice(self.kept[-60:] or ["i-nobody"])


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_crowd_on_a_few_situations_leaves_everything_whole_and_never_locks_itself_out(
    another: Open, url: str, vault: Vault, seed: int
) -> None:
    stores = [await another() for _ in range(3)]
    async with await AsyncConnection.connect(url, autocommit=True) as admin:
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        before = await (await admin.execute(deadlocks)).fetchone()
        crowd = Crowd(stores, seed)
        await asyncio.gather(*(crowd.work(worker) for worker in range(WORKERS)))
        for left in await stores[0].mailings():
            await make_out(stores[0], left)
        for wrong, query in SOUND.items():
            assert await (await admin.execute(query.encode())).fetchall() == [], wrong
        for store in stores:
            await store.close()
        await asyncio.sleep(0.1)
        assert await (await admin.execute(deadlocks)).fetchone() == before
    assert len(crowd.kept) > 50
    again = await another()
    assert Chain(vault).verify(*await again.audit_record()).sound
    counted = await again.counters()
    assert counted["asked"] == counted["handed_off"]
