"""Several processes of one desk: one of them asks Telegram for messages, and another goes on when it is gone."""

import asyncio

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
