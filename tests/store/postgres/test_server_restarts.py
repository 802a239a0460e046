"""The server crashes and comes back: what is told and who has a duty goes on where it was."""

import asyncio

from bot.store.postgres import migrate, open_postgres
from bot.vault import Vault
from tests.postgres import make_database, own_server
from tests.store.builders import entry
from tests.store.postgres.test_changelog import reads
from tests.store.postgres.test_leads import takes_over


async def test_after_a_crash_of_the_server_nothing_is_missed_and_one_has_the_duty(vault: Vault) -> None:
    with own_server() as server:
        url = await make_database(server.url, "desk")
        await migrate(url, vault)
        stores = [await open_postgres(url, vault, connections=3) for _ in range(2)]
        here, there = stores
        news = there.changes()
        await here.save_entry(entry("1"))
        place = (await asyncio.wait_for(anext(news), 5)).number
        assert await here.leads("clockwork")
        await here.save_entry(entry("2"))
        await asyncio.to_thread(server.stop, "immediate")
        assert [await store.leads("clockwork") for store in stores] == [False, False]
        await asyncio.to_thread(server.start)
        await takes_over(there, "clockwork")
        assert not await here.leads("clockwork")
        await reads(news, "e-2")
        await here.save_entry(entry("3"))
        await reads(news, "e-3")
        await reads(here.changes(place), "e-2", "e-3")
        for store in stores:
            await store.close()
