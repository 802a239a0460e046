"""Several processes of one desk: one of them asks Telegram for messages, and another goes on when it is gone."""

import asyncio

from bot.channels.telegram import Lead
from bot.errors import StoreStopped
from tests.botapi import BotApi
from tests.channels.telegram.conftest import Bench, FakeAssistant


def polls(api: BotApi) -> int:
    return sum(call.method == "getUpdates" for call in api.calls)


async def test_a_process_that_does_not_lead_asks_for_nothing_and_sets_nothing(
    polling: Bench, webhook: Bench
) -> None:
    for bench in (polling, webhook):
        bench.leading = False
        async with bench.running():
            await asyncio.sleep(0.2)
        assert bench.api.calls == []


async def test_a_process_that_comes_to_lead_goes_on_and_the_other_stops(
    api: BotApi, assistant: FakeAssistant
) -> None:
    one, two = Bench(api=api, assistant=assistant), Bench(api=api, assistant=FakeAssistant(), leading=False)
    async with one.running(), two.running():
        await api.say(11, "hello")
        await api.wait_for_message(11)
        one.leading, two.leading = False, True
        await api.say(12, "hello again")
        await api.wait_for_message(12)
        await asyncio.sleep(1.2)  # the poll that was open may still bring one
        heard = len(assistant.received)
        await api.say(13, "and again")
        await api.wait_for_message(13)
        assert len(assistant.received) == heard
        assert len(two.assistant.received) >= 1


async def test_the_webhook_is_set_by_whoever_leads_and_served_by_all(
    api: BotApi, assistant: FakeAssistant
) -> None:
    bench = Bench(api=api, assistant=assistant, by_webhook=True, leading=False)
    async with bench.running(secret="chosen"):
        await asyncio.sleep(0.1)
        assert not api.has_webhook
        bench.leading = True
        await api.wait_until(lambda: api.has_webhook)
        bench.leading = False
        await api.say(11, "hello")
        await api.wait_for_message(11)


async def test_whoever_asked_when_the_store_went_away_goes_on_asking(polling: Bench) -> None:
    async with polling.running():
        await polling.api.say(11, "hello")
        await polling.api.wait_for_message(11)
        polling.leading, polling.store_down = False, True  # what an engine says that has lost its server
        await polling.api.say(12, "are you there")
        await polling.api.wait_for_message(12)
        before = polls(polling.api)
        await asyncio.sleep(1.2)
        assert polls(polling.api) > before
        polling.store_down = False
        await asyncio.sleep(1.2)
        before = polls(polling.api)
        await asyncio.sleep(1.2)
        assert polls(polling.api) == before, "the store is back, and another process has the duty"


async def test_somebody_else_who_asks_has_it_when_the_store_cannot_be_asked() -> None:
    async def no() -> bool:
        return False

    async def away() -> None:
        raise StoreStopped("The database is away.")

    lead = Lead(no, away)
    assert not await lead.mine(), "who never had it does not take it"
    lead._mine = True
    assert await lead.mine()
    lead.contested()
    assert not await lead.mine()


async def test_a_desk_whose_own_disk_failed_is_alone_and_goes_on() -> None:
    async def stopped() -> bool:
        raise StoreStopped("The disk is full.")

    async def check() -> None:
        raise StoreStopped("The disk is full.")

    assert await Lead(stopped, check).mine()
