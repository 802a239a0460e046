"""Replies that are owed, as the Deliverer hands them over."""

import asyncio
import dataclasses
import datetime as dt

import pytest

from bot.errors import DeskError, TryLater, Unreachable
from bot.models import DeliveryStatus, Option
from tests.botapi import too_many_requests
from tests.channels.telegram.conftest import Bench, at, reply

LONG = "\n\n".join(f"Paragraph {number}. " + "word " * 150 for number in range(10))


async def test_a_reply_is_plain_text_and_inert(polling: Bench) -> None:
    hostile = "<b>*bold*</b> [x](tg://user?id=1) `code` & \u202e'; DROP TABLE"
    async with polling.running() as channel:
        assert await channel.send(at(11), reply(hostile)) is DeliveryStatus.SENT
    [message] = polling.api.sent(11)
    assert message["text"] == hostile
    assert "parse_mode" not in message
    assert message["link_preview_options"] == {"is_disabled": True}
    assert "disable_notification" not in message


async def test_a_long_reply_is_split_with_its_buttons_on_the_last_part(polling: Bench) -> None:
    async with polling.running() as channel:
        await channel.send(at(11), reply(LONG, options=[Option(id="human", title="A person")]))
    messages = polling.api.sent(11)
    assert len(messages) == 3
    assert ["reply_markup" in message for message in messages] == [False, False, True]
    assert "".join("".join(polling.api.texts(11)).split()) == "".join(LONG.split())


async def test_source_and_date_follow_the_words(polling: Bench) -> None:
    dated = dataclasses.replace(
        reply("Bring your card."), source="https://lanting.example/a", dated=dt.date(2026, 3, 1)
    )
    named = dataclasses.replace(dated, id="n", text="See https://lanting.example/a (2026-03-01).")
    async with polling.running() as channel:
        await channel.send(at(11), dated)
        await channel.send(at(11), named)
    assert polling.api.texts(11) == [
        "Bring your card.\n[source en] https://lanting.example/a\n[checked en] 2026-03-01",
        "See https://lanting.example/a (2026-03-01).",
    ]


async def test_the_same_reply_is_shown_once(polling: Bench) -> None:
    async with polling.running() as channel:
        await channel.send(at(11), reply("hello", "same"))
        await channel.send(at(11), reply("hello", "same"))
        await channel.send(at(12), reply("hello", "same"))
    assert (polling.api.texts(11), polling.api.texts(12)) == (["hello"], ["hello"])


async def test_a_file_follows_its_words_once_and_is_fetched_for_this_chat_alone(polling: Bench) -> None:
    told = dataclasses.replace(reply("Here is all."), document="mydata")
    async with polling.running() as channel:
        await channel.send(at(11), told)
        await channel.send(at(11), told)
    assert polling.api.texts(11) == ["Here is all."]
    assert polling.api.files[11] == [("mydata.json", polling.assistant.data)]
    assert polling.assistant.fetched == [at(11)]


async def test_a_file_that_could_not_be_sent_is_sent_without_saying_the_words_again(polling: Bench) -> None:
    told = dataclasses.replace(reply("Here is all."), document="mydata")
    polling.api.fail_next("sendDocument", 502)
    async with polling.running() as channel:
        with pytest.raises(OSError, match="Telegram failed"):
            await channel.send(at(11), told)
        await channel.send(at(11), told)
    assert polling.api.texts(11) == ["Here is all."]
    assert len(polling.api.files[11]) == 1


async def test_where_nothing_is_kept_any_more_no_file_is_sent(polling: Bench) -> None:
    polling.assistant.data = None
    async with polling.running() as channel:
        await channel.send(at(11), dataclasses.replace(reply("Here is all."), document="mydata"))
    assert polling.api.texts(11) == ["Here is all."]
    assert polling.api.files[11] == []


async def test_a_reply_that_broke_off_goes_on_where_it_stopped(polling: Bench) -> None:
    async with polling.running() as channel:
        polling.api.delay_next("sendMessage", 0)
        polling.api.delay_next("sendMessage", 0.3)
        sending = asyncio.ensure_future(channel.send(at(11), reply(LONG)))
        await polling.api.wait_until(lambda: len(polling.api.called("sendMessage")) == 2)
        polling.api.fail_next("sendMessage", 502)
        with pytest.raises(OSError, match="Telegram failed"):
            await sending
        await channel.send(at(11), reply(LONG))
    assert "".join("".join(polling.api.texts(11)).split()) == "".join(LONG.split())


async def test_who_blocked_the_desk_is_unreachable(polling: Bench) -> None:
    polling.api.block(11)
    async with polling.running() as channel:
        with pytest.raises(Unreachable):
            await channel.send(at(11), reply("hello"))


async def test_a_chat_that_is_gone_is_unreachable(polling: Bench) -> None:
    gone = {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
    polling.api.fail_next("sendMessage", 400, gone)
    async with polling.running() as channel:
        with pytest.raises(Unreachable):
            await channel.send(at(11), reply("hello"))


async def test_a_request_to_wait_says_how_long(polling: Bench) -> None:
    polling.api.fail_next("sendMessage", 429, too_many_requests(17))
    async with polling.running() as channel:
        with pytest.raises(TryLater) as caught:
            await channel.send(at(11), reply("hello"))
    assert caught.value.seconds == 17


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, None),
        (502, b"<html>secret words</html>"),
        (200, b'{"ok":true,"result":{"message_id'),
        (200, b'{"ok":true}'),
        (401, None),
        (400, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}),
    ],
)
async def test_any_other_failure_is_worth_repeating(
    polling: Bench, status: int, body: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    polling.api.fail_next("sendMessage", status, body)
    async with polling.running() as channel:
        with pytest.raises((OSError, DeskError)) as caught:
            await channel.send(at(11), reply("hello", "x"))
        assert not isinstance(caught.value, Unreachable)
        await channel.send(at(11), reply("hello", "x"))
    assert "secret words" not in caplog.text
    assert "secret words" not in str(caught.value)


async def test_a_message_that_telegram_took_counts_however_it_is_described(polling: Bench) -> None:
    polling.api.fail_next("sendMessage", 200, b'{"ok":true,"result":{}}')
    async with polling.running() as channel:
        assert await channel.send(at(11), reply("hello", "x")) is DeliveryStatus.SENT
    assert len(polling.api.called("sendMessage")) == 1


async def test_no_answer_at_all_is_worth_repeating(polling: Bench) -> None:
    async with polling.running() as channel:
        await polling.api.stop()
        with pytest.raises(OSError, match="Telegram failed or cannot be reached"):
            await channel.send(at(11), reply("hello"))


async def test_a_channel_that_has_stopped_leaves_the_reply_owed(polling: Bench) -> None:
    async with polling.running() as channel:
        pass
    with pytest.raises(OSError, match="Telegram failed"):
        await channel.send(at(11), reply("hello"))


async def test_half_a_character_spoils_no_reply(polling: Bench) -> None:
    async with polling.running() as channel:
        await channel.send(at(11), reply("broken \ud83d here"))
    assert polling.api.texts(11) == ["broken ? here"]


async def test_two_replies_to_one_chat_are_not_interleaved(polling: Bench) -> None:
    async with polling.running() as channel:
        await asyncio.gather(
            channel.send(at(11), reply("A" * 9000, "a")), channel.send(at(11), reply("B" * 9000, "b"))
        )
    assert [text[0] for text in polling.api.texts(11)] == ["A", "A", "A", "B", "B", "B"]
