"""Two processes that do the same upkeep at the same moment: it is done once, and neither waits for the other in vain."""

import asyncio
from dataclasses import replace

from psycopg import AsyncConnection

from bot.errors import NotFound, Stale
from bot.models import InquiryStatus
from bot.store.postgres import PostgresStore
from tests.store.builders import NOW, at, conversation, delivery, effect, file, hire, invite, session
from tests.store.postgres.conftest import Open

MANY = 40


async def a_round(store: PostgresStore) -> tuple[int, int]:
    """Close and purge what is due and forget what ran out; return how many were closed, and forgotten."""
    closed = 0
    await store.expire_claims(at(100), at(200))
    for inquiry in await store.inquiries_opened_before(at(100), MANY * 2):
        told = delivery(f"told-{inquiry.id}", inquiry.id)
        try:
            await store.close_inquiry(inquiry.id, at(100), was=inquiry.status, told=told)
        except NotFound:
            continue
        closed += 1
    for inquiry in await store.inquiries_settled_before(
        at(101), InquiryStatus.CLOSED, MANY * 2, urgent=False
    ):
        await store.purge_inquiry(inquiry.id)
    gone = await store.drop_expired(at(100), at(50), at(50))
    await store.trim_audit(at(50))
    await store.note_round(at(100))
    return closed, gone


async def test_what_is_due_is_done_once(another: Open) -> None:
    stores = [await another() for _ in range(3)]
    await hire(stores[0], "ada")
    for number in range(MANY):
        joins = None if number % 4 == 0 else str(number - number % 4)
        await file(stores[0], str(number), joins=joins)
        passing = conversation(f"passing-{number}", keep_until=at(10))
        await stores[0].record(effect(f"passing-{number}", after=passing))
        await stores[0].save_session(session(f"t-{number}"))
        await stores[0].save_invite(invite(f"v-{number}", expires_at=at(10)))
    await stores[0].open_situation("s-0", "ada", NOW)
    rounds = await asyncio.gather(*(a_round(store) for store in stores for _ in range(2)))
    assert sum(closed for closed, _ in rounds) == MANY, "each citizen is told once"
    assert sum(gone for _, gone in rounds) == 5 * MANY, (
        "two messages, a conversation, a session, an invitation"
    )
    assert await stores[0].queue() == []
    assert [await stores[0].inquiry(f"i-{number}") for number in range(MANY)] == [None] * MANY
    assert await stores[1].last_round() == at(100)
    rows, head = await stores[2].audit_record()
    assert (rows, head and head.trimmed) == ([], 1)


async def test_upkeep_lets_citizens_go_on_meanwhile(another: Open) -> None:
    store, other = await another(), await another()
    for number in range(MANY):
        await store.save_conversation(conversation(f"c-{number}", keep_until=at(10)))

    async def talk(number: int) -> None:
        for version in range(2, 6):
            kept = await store.conversation(f"c-{number}")
            if kept is not None:
                await store.record(
                    effect(
                        f"m-{number}-{version}",
                        at=at(60),
                        after=replace(kept, version=version, keep_until=at(200)),
                    )
                )

    done = await asyncio.gather(
        *(talk(number) for number in range(0, MANY, 2)),
        *(each.drop_expired(at(100), at(50), at(50)) for each in (store, other) for _ in range(5)),
        return_exceptions=True,
    )
    failed = [each for each in done if isinstance(each, BaseException)]
    assert all(isinstance(each, Stale) for each in failed), "it went between being read and written"
    for number in range(MANY):
        kept = await store.conversation(f"c-{number}")
        if number % 2:
            assert kept is None
        else:
            assert kept is None or kept.version == 5, "gone, or whole with its key"


async def test_forgetting_does_not_wait_for_whom_a_citizen_keeps_busy(url: str, another: Open) -> None:
    store = await another()
    for name in ("busy", "idle"):
        await store.save_conversation(conversation(name, keep_until=at(10)))
    async with await AsyncConnection.connect(url) as citizen:
        await citizen.execute("SELECT 1 FROM conversations WHERE key = 'busy' FOR UPDATE")
        assert await asyncio.wait_for(store.drop_expired(at(100), NOW, NOW), 2) == 1
    assert await store.drop_expired(at(100), NOW, NOW) == 1
