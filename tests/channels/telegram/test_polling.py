"""Long polling: what becomes of it when Telegram does not do as it should."""

import asyncio
import dataclasses

import pytest

from tests.botapi import BotApi, too_many_requests
from tests.channels.telegram.conftest import Bench, FakeAssistant, settings


async def test_a_webhook_of_before_is_removed_so_that_polling_works(polling: Bench) -> None:
    await polling.api.set_webhook("https://elsewhere.example/hook")
    async with polling.running():
        await polling.api.say(11, "hello")
        await polling.api.wait_for_message(11)


async def test_the_desk_starts_while_telegram_is_down_and_connects_later(
    polling: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await polling.api.stop()
    port = int(polling.api.base_url.rpartition(":")[2])
    async with polling.running():
        await asyncio.sleep(0.2)
        assert (
            "Telegram is not connected. Telegram failed or cannot be reached; check the network"
            in caplog.text
        )
        await polling.api.start(port)
        await polling.api.say(11, "hello")
        await polling.api.wait_for_message(11)


async def test_a_refused_token_turns_only_the_channel_off(
    api: BotApi, assistant: FakeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(api=api, assistant=assistant)
    channel = bench.channel(settings(api, token="1:wrong"))
    await channel.start()
    await api.wait_until(lambda: len(api.calls) == 1)
    await asyncio.sleep(0.1)
    await channel.drain()
    await channel.close()
    assert [call.method for call in api.calls] == ["getMe"]
    assert "Telegram refuses the token; copy TELEGRAM_TOKEN again from BotFather" in caplog.text
    assert "1:wrong" not in caplog.text


async def test_a_token_withdrawn_while_the_desk_runs_turns_the_channel_off(
    polling: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    polling.api.fail_next("getUpdates", 401)
    async with polling.running():
        await polling.api.wait_until(lambda: "Telegram is off" in caplog.text)


async def test_another_poller_is_named_with_its_remedy(
    polling: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    polling.api.fail_next("getUpdates", 409, times=2)
    async with polling.running():
        await polling.api.say(11, "hello")
        await polling.api.wait_for_message(11)
    assert "Another program takes this bot's messages; stop it" in caplog.text


async def test_polling_goes_on_after_every_kind_of_trouble(polling: Bench) -> None:
    polling.api.fail_next("getUpdates", 500)
    polling.api.fail_next("getUpdates", 502, b"<html>Bad Gateway</html>")
    polling.api.fail_next("getUpdates", 200, b'{"ok":true,"result":[{"upd')
    polling.api.fail_next("getUpdates", 200, b"[1, 2]")
    polling.api.fail_next("getUpdates", 200, b'{"ok":true}')
    polling.api.fail_next("getUpdates", 200, b'{"ok":true,"result":{}}')
    polling.api.fail_next("getUpdates", 200, b'{"ok":true,"result":[7, {}, {"update_id": "x"}]}')
    polling.api.fail_next("getUpdates", 200, b"\xff\xfe")
    polling.api.fail_next("getUpdates", 429, too_many_requests(1))
    async with polling.running():
        await polling.api.say(11, "hello")
        await polling.api.wait_for_message(11)
        await polling.api.wait_until(lambda: not polling.api.unconfirmed)


async def test_what_had_its_effect_is_confirmed_when_the_desk_stops(polling: Bench) -> None:
    async with polling.running():
        await polling.api.say(11, "hello")
        await polling.api.wait_for_message(11)
    assert not polling.api.unconfirmed
    async with polling.running():
        await polling.api.say(12, "hello")
        await polling.api.wait_for_message(12)
    assert polling.api.texts(11) == ["re: hello"]


async def test_what_came_while_the_desk_was_off_is_answered(polling: Bench) -> None:
    await polling.api.say(11, "anybody there?")
    async with polling.running():
        await polling.api.wait_for_message(11)


async def test_numbers_that_begin_lower_after_a_quiet_week_are_not_skipped(polling: Bench) -> None:
    async with polling.running():
        await polling.api.send_update({"update_id": 900, "message": polling.api.message(11, text="high")})
        await polling.api.wait_for_message(11)
        quiet = len(polling.api.called("getUpdates")) + 2
        await polling.api.wait_until(lambda: len(polling.api.called("getUpdates")) >= quiet)
        await polling.api.send_update({"update_id": 3, "message": polling.api.message(11, text="low")})
        await polling.api.wait_for_message(11, 2)
    assert polling.api.texts(11) == ["re: high", "re: low"]


async def test_a_slow_chat_does_not_make_the_desk_hammer_telegram(polling: Bench) -> None:
    polling.assistant.seconds["11"] = 1.5
    async with polling.running():
        await polling.api.say(11, "slow")
        await polling.api.wait_for_message(11)
    assert len(polling.api.called("getUpdates")) < 12


async def test_stopping_waits_for_the_message_under_way(polling: Bench) -> None:
    polling.assistant.seconds["11"] = 0.5
    async with polling.running():
        await polling.api.say(11, "one last thing")
        await polling.api.wait_until(lambda: polling.assistant.asked == 1)
    assert polling.api.texts(11) == ["re: one last thing"]
    assert not polling.api.unconfirmed


async def test_the_menu_of_commands_is_set_in_both_languages(polling: Bench) -> None:
    async with polling.running():
        await polling.api.wait_until(lambda: len(polling.api.called("getUpdates")) == 1)
    menus = {
        call.parameters.get("language_code", ""): {
            command["command"]: command["description"] for command in call.parameters["commands"]
        }
        for call in polling.api.called("setMyCommands")
    }
    assert set(menus) == {"", "en", "zh"}
    for menu in menus.values():
        assert list(menu) == [
            "start", "help", "topics", "human", "status", "privacy", "mydata", "erase", "about", "language",
        ]  # fmt: skip
    assert menus["zh"]["human"] == "找工作人员"
    assert menus["en"] == menus[""]


async def test_a_menu_that_cannot_be_set_stops_nothing(polling: Bench) -> None:
    polling.api.fail_next("setMyCommands", 429, too_many_requests(30))
    async with polling.running():
        await polling.api.say(11, "hello")
        await polling.api.wait_for_message(11)


async def test_only_what_is_needed_is_asked_for(polling: Bench) -> None:
    async with polling.running():
        await polling.api.wait_until(lambda: len(polling.api.called("getUpdates")) == 1)
    assert polling.api.called("getUpdates")[0].parameters["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]


async def test_a_proxy_carries_everything_where_telegram_is_blocked(
    api: BotApi, assistant: FakeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", api.base_url)
    beyond = dataclasses.replace(settings(api), telegram_api="http://telegram.invalid")
    channel = Bench(api=api, assistant=assistant).channel(beyond)
    await channel.start()
    await api.say(11, "hello")
    await api.wait_for_message(11)
    await channel.drain()
    await channel.close()
