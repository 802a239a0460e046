"""The webhook: who may call it, and what is told."""

import json

import pytest

from bot.channels.telegram.webhook import LARGEST
from bot.vault import Vault
from tests.botapi import BotApi
from tests.channels.telegram.conftest import Bench, FakeAssistant, settings

CHOSEN = "a-secret_of-the-operator"


async def _connected(bench: Bench) -> None:
    await bench.api.wait_until(lambda: len(bench.api.called("setWebhook")) > 0 and bench.api.has_webhook)


async def test_the_secret_is_derived_from_the_desk_key_unless_it_is_chosen(webhook: Bench) -> None:
    async with webhook.running():
        await _connected(webhook)
    async with webhook.running(secret=CHOSEN):
        await webhook.api.wait_until(lambda: len(webhook.api.called("setWebhook")) == 2)
    first, second = (call.parameters for call in webhook.api.called("setWebhook"))
    assert first["secret_token"] == Vault(b"k" * 32).digest("telegram webhook", webhook.api.token)
    assert second["secret_token"] == CHOSEN
    assert first["url"].endswith("/telegram/webhook")
    assert first["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]


@pytest.mark.parametrize("sent", [None, "", "wrong", CHOSEN[:-1], CHOSEN + "x", "ünïcode", "密"])
async def test_a_call_without_the_secret_is_refused_and_nothing_recorded(
    webhook: Bench, sent: str | None
) -> None:
    async with webhook.running(secret=CHOSEN):
        await _connected(webhook)
        update = {"update_id": 1, "message": webhook.api.message(11, text="forged")}
        assert await webhook.api.call_webhook(update, sent) == 403
        assert await webhook.api.call_webhook(b"not json", sent) == 403
    assert webhook.assistant.asked == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_update_is_refused(webhook: Bench, body: bytes) -> None:
    async with webhook.running(secret=CHOSEN):
        await _connected(webhook)
        assert await webhook.api.call_webhook(body, CHOSEN) == 400


@pytest.mark.parametrize("update", [{}, {"update_id": 5}, {"update_id": 6, "poll": {}}, {"update_id": "7"}])
async def test_an_update_with_nothing_for_the_desk_is_not_brought_again(
    webhook: Bench, update: dict[str, object]
) -> None:
    async with webhook.running(secret=CHOSEN):
        await _connected(webhook)
        assert await webhook.api.call_webhook(update, CHOSEN) == 200
    assert webhook.assistant.asked == 0


async def test_an_update_larger_than_what_citizens_may_post_is_taken(webhook: Bench) -> None:
    quoted = {"reply_to_message": {"text": "字" * 100_000}}
    async with webhook.running(secret=CHOSEN):
        await _connected(webhook)
        update = {"update_id": 1, "message": webhook.api.message(11, text="about this", **quoted)}
        assert len(json.dumps(update)) > 64 * 1024
        assert await webhook.api.call_webhook(update, CHOSEN) == 200
        assert await webhook.api.call_webhook(b" " * (LARGEST + 1), CHOSEN) == 413
    assert webhook.assistant.texts(11) == ["about this"]


async def test_an_address_that_telegram_refuses_is_tried_again_and_named(
    api: BotApi, assistant: FakeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    channel = Bench(api=api, assistant=assistant).channel(settings(api, public_url="http://desk.example"))
    await channel.start()
    await api.wait_until(lambda: len(api.called("setWebhook")) == 2)
    await channel.drain()
    await channel.close()
    assert "an https url must be provided for webhook. Set PUBLIC_URL to an https address" in caplog.text


async def test_without_a_public_address_there_is_no_webhook(polling: Bench) -> None:
    async with polling.running() as channel:
        await polling.api.wait_until(lambda: len(polling.api.called("getUpdates")) == 1)
        assert not polling.api.called("setWebhook")
        assert channel.name == "telegram"


async def test_what_comes_while_the_desk_stops_is_brought_again_later(webhook: Bench) -> None:
    webhook.assistant.seconds["11"] = 0.5
    async with webhook.running():
        await _connected(webhook)
        await webhook.api.say(11, "slow")
        await webhook.api.wait_until(lambda: webhook.assistant.asked == 1)
    await webhook.api.say(12, "late")
    async with webhook.running():
        await webhook.api.wait_for_message(12)
    assert webhook.api.texts(11) == ["re: slow"]
