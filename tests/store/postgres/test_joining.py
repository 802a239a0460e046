"""Several processes on one database: one event, one situation."""

import asyncio
from datetime import UTC

from bot.corpus import Corpus
from bot.joining import Joining
from bot.vault import Vault
from tests.parts import Office, make_office
from tests.store.postgres.conftest import Open

WORDS = (
    "the power is out all over Northbank, when will it be back",
    "no electricity in Northbank, what happened",
    "northbank has no power!!",
    "Is there a power cut in Northbank?",
)


async def office_on(another: Open, corpus: Corpus) -> Office:
    return make_office(await another(), corpus)


async def test_fifty_who_ask_two_processes_at_once_about_one_event_share_a_situation(
    another: Open, corpus: Corpus
) -> None:
    desks = [await office_on(another, corpus) for _ in range(2)]
    replies = await asyncio.gather(
        *(desks[number % 2].ask_one(WORDS[number % 4], f"c{number}") for number in range(50))
    )
    assert len({reply.reference for reply in replies}) == 50
    (situation,) = await desks[0].desk.queue("ada")
    assert situation.inquiries == 50
    assert situation.number == 1


async def test_each_of_many_events_has_one_situation_whatever_process_hears_of_it(
    another: Open, corpus: Corpus
) -> None:
    desks = [await office_on(another, corpus) for _ in range(2)]
    places = [
        f"{first}{last}" for first in ("Alde", "Brem", "Cor", "Dun") for last in ("ham", "wick", "ford")
    ]
    await asyncio.gather(
        *(
            desks[number % 2].ask_one(f"no power in {place}, what happened", f"{place}{number}")
            for number in range(4)
            for place in places
        )
    )
    assert [situation.inquiries for situation in await desks[1].desk.queue("ada")] == [4] * len(places)


async def test_a_process_that_starts_later_finds_what_is_open(
    another: Open, corpus: Corpus, vault: Vault
) -> None:
    first, second = [await office_on(another, corpus) for _ in range(2)]
    await first.ask_one(WORDS[0], "ann")
    await second.ask_one(WORDS[1], "bob")
    later = Joining(store=second.store, vault=vault, live=second.live, timezone=UTC)  # type: ignore[arg-type]
    second.assistant._joining = later
    await second.ask_one(WORDS[2], "cid")
    (situation,) = await first.desk.queue("ada")
    assert situation.inquiries == 3
