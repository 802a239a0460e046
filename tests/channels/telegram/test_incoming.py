"""What is read of an update, and what never is."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.incoming import group_to_leave, tap_to_answer, to_incoming, update_number
from bot.models import Language
from tests.botapi import CANARY, BotApi
from tests.channels.telegram.conftest import NOW, at

API = BotApi()


def message(**more: object) -> dict[str, Any]:
    return {"update_id": 5, "message": API.message(11, **more)}


def test_a_text_is_read() -> None:
    incoming = to_incoming(message(text="hello"), NOW)
    assert incoming is not None
    assert (incoming.id, incoming.address, incoming.text) == ("u5", at(11), "hello")
    assert (incoming.unreadable, incoming.edited, incoming.option) == (False, False, None)


@pytest.mark.parametrize(
    "content",
    [
        {"sticker": {"emoji": "🙂"}},
        {"voice": {"duration": 3}},
        {"photo": [{"file_id": "x"}]},
        {"location": {"latitude": 1.5, "longitude": 2.5}},
        {"contact": {"phone_number": f"{CANARY}1", "first_name": CANARY}},
        {"venue": {"title": CANARY}},
        {"poll": {"question": CANARY}},
        {"a_kind_of_tomorrow": {}},
        {},
    ],
)
def test_what_is_no_text_is_unreadable_and_leaves_no_trace(content: Mapping[str, object]) -> None:
    incoming = to_incoming(message(**content), NOW)
    assert incoming is not None
    assert (incoming.text, incoming.unreadable) == ("", True)
    assert CANARY not in str(asdict(incoming))


def test_a_caption_is_read_as_text() -> None:
    incoming = to_incoming(message(photo=[{"file_id": "x"}], caption="is this a fine?"), NOW)
    assert incoming is not None
    assert (incoming.text, incoming.unreadable) == ("is this a fine?", True)


def test_an_edited_message_says_so() -> None:
    incoming = to_incoming({"update_id": 5, "edited_message": API.message(11, text="hello!")}, NOW)
    assert incoming is not None
    assert (incoming.text, incoming.edited) == ("hello!", True)


def test_a_moving_live_position_is_not_answered_at_every_step() -> None:
    moved = {"update_id": 5, "edited_message": API.message(11, location={"latitude": 1, "longitude": 1})}
    assert to_incoming(moved, NOW) is None


@pytest.mark.parametrize("kind", ["pinned_message", "write_access_allowed", "chat_background_set"])
def test_what_telegram_itself_writes_is_not_answered(kind: str) -> None:
    assert to_incoming(message(**{kind: {}}), NOW) is None


def test_another_program_is_not_answered() -> None:
    update = message(text="hello")
    update["message"]["from"]["is_bot"] = True
    assert to_incoming(update, NOW) is None


def test_a_blocked_desk_stores_nothing() -> None:
    update = {
        "update_id": 5,
        "my_chat_member": {
            "chat": {"id": 11, "type": "private"},
            "new_chat_member": {"status": "kicked"},
        },
    }
    assert (to_incoming(update, NOW), group_to_leave(update)) == (None, None)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh-hans", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-hant", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("en", "en"),
        ("en-US", "en"),
        ("de", None),
        ("", None),
        (None, None),
    ],
)
def test_the_client_language_counts_when_the_desk_speaks_it(
    tag: str | None, language: Language | None
) -> None:
    incoming = to_incoming(message(text="hi", language_code=tag), NOW)
    assert incoming is not None
    assert incoming.language == language


@pytest.mark.parametrize("status", ["left", "kicked"])
def test_a_group_that_the_desk_left_is_not_left_again(status: str) -> None:
    update = {"my_chat_member": {"chat": {"id": -1, "type": "group"}, "new_chat_member": {"status": status}}}
    assert group_to_leave(update) is None


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel", "of_tomorrow"])
@pytest.mark.parametrize("name", ["message", "edited_message", "channel_post", "edited_channel_post"])
def test_every_chat_that_is_not_private_is_left_unread(name: str, kind: str) -> None:
    update = {"update_id": 5, name: {**API.message(11, text="hello"), "chat": {"id": -9, "type": kind}}}
    assert to_incoming(update, NOW) is None
    assert group_to_leave(update) == -9


def test_a_tap_in_a_group_is_not_read() -> None:
    update = {
        "update_id": 5,
        "callback_query": {"id": "q", "data": "human", "message": {"chat": {"id": -9, "type": "group"}}},
    }
    assert to_incoming(update, NOW) is None
    assert (group_to_leave(update), tap_to_answer(update)) == (-9, "q")


def test_a_tap_on_a_message_too_old_to_be_shown_is_read() -> None:
    old = {"chat": {"id": 11, "type": "private"}, "message_id": 1, "date": 0}
    incoming = to_incoming({"update_id": 5, "callback_query": {"id": "q", "data": "x", "message": old}}, NOW)
    assert incoming is not None
    assert incoming.option == "x"


def test_half_a_character_cannot_reach_the_store() -> None:
    incoming = to_incoming(message(text="half \ud83d"), NOW)
    assert incoming is not None
    assert incoming.text.encode() == b"half ?"


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["update_id", "message", "callback_query", "my_chat_member", "chat", "id", "type", "from", "text",
             "data", "new_chat_member", "status", "language_code", "caption"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["update_id", "message", "callback_query", "my_chat_member"]), json))
def test_no_update_however_strange_raises(update: dict[str, Any]) -> None:
    update_number(update), tap_to_answer(update), group_to_leave(update), to_incoming(update, NOW)
