"""The one group the bot stays in: staff are told there, and nobody is answered."""

from tests.channels.telegram.conftest import Bench, settings

STAFF = -1001234567890


async def test_staff_are_told_in_their_chat_without_a_button(polling: Bench) -> None:
    channel = polling.channel(settings(polling.api, staff_chat=STAFF))
    await channel.tell_staff("Urgent")
    await channel.drain()
    await channel.close()
    (message,) = polling.api.sent(STAFF)
    assert message["text"] == "Urgent"
    assert "reply_markup" not in message, "who presses a button in a group cannot be known here"


async def test_without_a_staff_chat_nobody_is_told(polling: Bench) -> None:
    channel = polling.channel()
    await channel.tell_staff("Urgent")
    await channel.drain()
    await channel.close()
    assert polling.api.called("sendMessage") == []


async def test_the_staff_chat_is_not_left_and_nobody_is_answered_in_it(polling: Bench) -> None:
    channel = polling.channel(settings(polling.api, staff_chat=STAFF))
    await channel.start()
    message = polling.api.message(11, text="@desk_bot lost card")
    for chat in (STAFF, -5):
        await polling.api.send_update({"message": {**message, "chat": {"id": chat, "type": "supergroup"}}})
    await polling.api.wait_until(lambda: len(polling.api.called("leaveChat")) == 1)
    await channel.drain()
    await channel.close()
    assert [call.parameters["chat_id"] for call in polling.api.called("leaveChat")] == ["-5"]
    assert polling.assistant.received == []
    assert polling.api.texts(STAFF) == []
