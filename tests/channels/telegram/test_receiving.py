"""Updates over real HTTP, by either way Telegram brings them."""

import asyncio
import logging
from dataclasses import asdict, replace

import pytest

from bot.errors import StoreStopped
from bot.models import Option
from tests.botapi import CANARY, too_many_requests
from tests.channels.telegram.conftest import NOW, Bench, at, reply


async def test_a_question_is_answered_in_its_chat(bench: Bench) -> None:
    async with bench.running():
        await bench.api.say(11, "居住证怎么续签？", language_code="zh-hans")
        messages = await bench.api.wait_for_message(11)
    assert [message["text"] for message in messages] == ["re: 居住证怎么续签？"]
    [message] = bench.assistant.received
    assert (message.address, message.text, message.language) == (at(11), "居住证怎么续签？", "zh-Hans")
    assert message.received_at == NOW


async def test_an_update_is_confirmed_only_after_its_effect(bench: Bench) -> None:
    bench.assistant.seconds["11"] = 0.6
    async with bench.running():
        number = await bench.api.say(11, "slow")
        await bench.api.wait_until(lambda: bench.assistant.asked == 1)
        await asyncio.sleep(0.3)
        assert bench.api.unconfirmed == {number}
        assert bench.assistant.received == []
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
    assert bench.assistant.texts(11) == ["slow"]
    assert bench.api.texts(11) == ["re: slow"]


async def test_a_redelivered_update_has_one_effect_and_one_reply(bench: Bench) -> None:
    async with bench.running():
        update = {"update_id": 77, "message": bench.api.message(11, text="once")}
        await bench.api.send_update(update)
        await bench.api.wait_for_message(11)
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
        await bench.api.redeliver(update)
        await bench.api.redeliver(update)
        await bench.api.say(11, "afterwards")
        await bench.api.wait_for_message(11, 2)
    assert bench.api.texts(11) == ["re: once", "re: afterwards"]
    assert bench.assistant.asked == 2


async def test_an_update_brought_again_while_it_is_under_way_is_handled_once(bench: Bench) -> None:
    bench.assistant.seconds["11"] = 0.4
    async with bench.running():
        update = {"update_id": 77, "message": bench.api.message(11, text="once")}
        await bench.api.send_update(update)
        await bench.api.redeliver(update)
        await bench.api.wait_for_message(11)
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
    assert bench.api.texts(11) == ["re: once"]
    assert bench.assistant.asked == 1


async def test_messages_of_one_chat_keep_their_order(bench: Bench) -> None:
    texts = [f"message {number}" for number in range(40)]
    bench.assistant.seconds["11"] = 0.002
    async with bench.running():
        for text in texts:
            await bench.api.say(11, text)
        await bench.api.wait_for_message(11, len(texts))
    assert bench.assistant.texts(11) == texts
    assert bench.api.texts(11) == [f"re: {text}" for text in texts]


async def test_a_slow_chat_holds_up_no_other(bench: Bench) -> None:
    bench.assistant.seconds["11"] = 2.5
    async with bench.running():
        await bench.api.say(11, "slow")
        await bench.api.wait_until(lambda: bench.assistant.asked == 1)
        for chat in range(100, 180):
            await bench.api.say(chat, "quick")
        for chat in range(100, 180):
            await bench.api.wait_for_message(chat, timeout=2)
        assert bench.api.texts(11) == []
        await bench.api.wait_for_message(11)


async def test_a_chat_that_telegram_slows_down_holds_up_no_other(bench: Bench) -> None:
    bench.assistant.answer = lambda message: (reply(f"to {message.address.chat}", message.id),)
    async with bench.running():
        bench.api.fail_next("sendMessage", 429, too_many_requests(2))
        await bench.api.say(11, "first")
        await bench.api.wait_until(lambda: len(bench.api.called("sendMessage")) == 1)
        await bench.api.say(12, "second")
        await bench.api.wait_for_message(12, timeout=1.5)
        assert bench.api.texts(11) == []
        await bench.api.wait_for_message(11)


async def test_replies_that_are_owed_are_left_to_the_deliverer(bench: Bench) -> None:
    bench.assistant.answer = lambda message: (
        reply("welcome", "a"),
        reply("receipt", "b", owed=True),
    )
    async with bench.running() as channel:
        await bench.api.say(11, "hello")
        await bench.api.wait_for_message(11)
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
        assert bench.api.texts(11) == ["welcome"]
        await channel.send(at(11), reply("receipt", "b", owed=True))
    assert bench.api.texts(11) == ["welcome", "receipt"]


async def test_nothing_is_said_while_a_person_is_talking(bench: Bench) -> None:
    bench.assistant.answer = lambda message: ()
    async with bench.running():
        await bench.api.say(11, "and another thing")
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
        await bench.api.wait_until(lambda: len(bench.assistant.received) == 1)
    assert bench.api.texts(11) == []


async def test_a_tap_is_an_option_and_its_button_is_released(bench: Bench) -> None:
    async with bench.running():
        await bench.api.tap(11, "intent:noise")
        await bench.api.wait_for_message(11)
        await bench.api.wait_until(lambda: len(bench.api.called("answerCallbackQuery")) == 1)
    [message] = bench.assistant.received
    assert (message.option, message.text) == ("intent:noise", "")


async def test_a_tap_counts_though_its_button_cannot_be_released(bench: Bench) -> None:
    bench.api.fail_next("answerCallbackQuery", 400, {"ok": False, "error_code": 400, "description": "Bad Request: query is too old and response timeout expired or query ID is invalid"})  # fmt: skip
    async with bench.running():
        await bench.api.tap(11, "human")
        await bench.api.wait_for_message(11)
    assert bench.api.texts(11) == ["re: human"]


@pytest.mark.parametrize("trouble", [StoreStopped("The store stopped."), OSError("disk"), KeyError("bug")])
async def test_who_is_not_recorded_is_told_so(bench: Bench, trouble: Exception) -> None:
    bench.assistant.trouble = trouble
    async with bench.running():
        await bench.api.say(11, "我的钱包丢了")
        await bench.api.wait_for_message(11)
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
    assert bench.api.texts(11) == ["[not_recorded zh-Hans]"]


async def test_who_is_neither_recorded_nor_told_stays_with_telegram(bench: Bench) -> None:
    bench.assistant.trouble = OSError("disk")
    bench.api.fail_next("sendMessage", 502, times=4)
    async with bench.running():
        number = await bench.api.say(11, "lost wallet")
        await bench.api.wait_until(lambda: len(bench.api.called("sendMessage")) >= 4)
        assert bench.api.unconfirmed == {number}
        bench.assistant.trouble = None
        await bench.api.wait_for_message(11)
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
    assert bench.assistant.texts(11) == ["lost wallet"]
    assert bench.api.texts(11)[-1] == "re: lost wallet"


async def test_an_answer_that_cannot_be_sent_is_not_forgotten(bench: Bench) -> None:
    bench.api.fail_next("sendMessage", 502, times=6)
    async with bench.running():
        number = await bench.api.say(11, "hello")
        await bench.api.wait_until(lambda: len(bench.api.called("sendMessage")) >= 4)
        assert bench.api.unconfirmed == {number}
        await bench.api.wait_for_message(11)
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
    assert len(bench.assistant.received) == 1
    assert bench.api.texts(11) == ["re: hello"]


async def test_a_group_is_left_at_once_and_unread(bench: Bench) -> None:
    message = bench.api.message(11, text="@desk_bot help us")
    async with bench.running():
        await bench.api.send_update({"message": {**message, "chat": {"id": -5, "type": "supergroup"}}})
        await bench.api.wait_until(lambda: len(bench.api.called("leaveChat")) == 1)
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
    assert [call.parameters["chat_id"] for call in bench.api.called("leaveChat")] == ["-5"]
    assert bench.assistant.received == []
    assert bench.api.texts(-5) == []


async def test_a_group_is_left_though_telegram_asks_to_wait(bench: Bench) -> None:
    bench.api.fail_next("leaveChat", 429, too_many_requests(1))
    joined = {"status": "member", "user": bench.api.user(7)}
    update = {
        "my_chat_member": {
            "chat": {"id": -6, "type": "channel", "title": CANARY},
            "from": bench.api.user(11),
            "date": 1,
            "old_chat_member": {**joined, "status": "left"},
            "new_chat_member": joined,
        }
    }
    async with bench.running():
        await bench.api.send_update(update)
        await bench.api.wait_until(lambda: len(bench.api.called("leaveChat")) == 2)


async def test_a_reply_is_sent_again_after_trouble_on_the_way(bench: Bench) -> None:
    bench.api.fail_next("sendMessage", 502)
    bench.api.fail_next("sendMessage", 500, b"<html>not json</html>")
    async with bench.running():
        await bench.api.say(11, "hello")
        await bench.api.wait_for_message(11)
    assert bench.api.texts(11) == ["re: hello"]


async def test_somebody_who_blocks_the_desk_stops_nobody_else(bench: Bench) -> None:
    bench.api.block(11)
    async with bench.running():
        await bench.api.say(11, "hello")
        await bench.api.say(12, "hello")
        await bench.api.wait_for_message(12)
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
    assert bench.assistant.texts(11) == ["hello"]


async def test_typing_is_shown_when_an_answer_takes_a_while(bench: Bench) -> None:
    bench.assistant.seconds["11"] = 0.6
    async with bench.running():
        await bench.api.say(12, "quick")
        await bench.api.say(11, "slow")
        await bench.api.wait_for_message(11)
    typing = [call.parameters for call in bench.api.called("sendChatAction")]
    assert typing == [{"chat_id": "11", "action": "typing"}]


async def test_an_answer_never_waits_for_the_typing_sign(bench: Bench) -> None:
    bench.assistant.seconds["11"] = 0.5
    bench.api.delay_next("sendChatAction", 5)
    async with bench.running():
        await bench.api.say(11, "slow")
        await bench.api.wait_for_message(11, timeout=2)


async def test_a_flood_is_told_to_wait_once(polling: Bench) -> None:
    polling.api.delay_next("sendMessage", 1.0)
    async with polling.running():
        for number in range(60):
            await polling.api.say(11, f"message {number}")
        await polling.api.wait_for_message(11, 31)
        await polling.api.wait_until(lambda: not polling.api.unconfirmed)
        await polling.api.say(11, "later")
        await polling.api.wait_for_message(11, 32)
    texts = polling.api.texts(11)
    assert texts.count("[throttled en]") == 1
    assert texts[-1] == "re: later"
    assert len(polling.assistant.texts(11)) == 31


async def test_no_name_passes_the_border(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    contact = {"phone_number": f"{CANARY}-number", "first_name": f"{CANARY} friend"}
    with caplog.at_level(logging.INFO):
        async with bench.running():
            await bench.api.say(11, "hello", language_code="en")
            await bench.api.tap(11, "human")
            await bench.api.send_update({"message": bench.api.message(11, contact=contact)})
            await bench.api.wait_for_message(11, 3)
    assert len(bench.assistant.received) == 3
    assert not [message for message in bench.assistant.received if CANARY in str(asdict(message))]
    assert CANARY not in caplog.text
    assert bench.api.token not in caplog.text
    assert "hello" not in caplog.text


async def test_every_option_is_a_button_of_its_own_row(bench: Bench) -> None:
    options = [Option(id="a", title="甲"), Option(id="b", title="乙")]
    bench.assistant.answer = lambda message: (reply("Which?", "r", options=options),)
    async with bench.running():
        await bench.api.say(11, "hello")
        [message] = await bench.api.wait_for_message(11)
    assert message["reply_markup"] == {
        "inline_keyboard": [[{"text": "甲", "callback_data": "a"}], [{"text": "乙", "callback_data": "b"}]]
    }


async def test_an_automatic_answer_that_is_late_is_not_said_over_a_person(bench: Bench) -> None:
    bench.assistant.answer = lambda message: (replace(reply("automatic", message.id), kind="answer"),)
    async with bench.running():
        bench.api.fail_next("sendMessage", 502)
        bench.assistant.taken = {at(11)}
        await bench.api.say(11, "a question")
        await bench.api.wait_until(lambda: not bench.api.unconfirmed)
        bench.api.fail_next("sendMessage", 502)
        await bench.api.say(12, "another")
        await bench.api.wait_for_message(12)
    assert bench.api.texts(11) == []
    assert bench.api.texts(12) == ["automatic"]


async def test_what_is_no_automatic_answer_is_said_however_late(bench: Bench) -> None:
    async with bench.running():
        bench.api.fail_next("sendMessage", 502)
        bench.assistant.taken = {at(11)}
        await bench.api.say(11, "a question")
        await bench.api.wait_for_message(11)
    assert bench.api.texts(11) == ["re: a question"]
