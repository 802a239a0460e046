"""Reading Telegram's updates: the only place that knows their shape.

An update is read as it came over the wire, by what the desk needs of it and nothing else: names, user names,
numbers, places and files are never looked at, and a field that Telegram adds tomorrow cannot make a message
unreadable.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.models import Address, IncomingMessage, Language
from bot.text import read_language

Update = Mapping[str, Any]
"""One update as Telegram sent it: https://core.telegram.org/bots/api#update"""

CHANNEL = "telegram"
WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update that the desk asks for."""

_POSTS = ("message", "edited_message", "channel_post", "edited_channel_post")
_GONE = ("left", "kicked")
_SERVICE = frozenset(
    {
        "boost_added", "chat_background_set", "chat_shared", "checklist_tasks_added", "checklist_tasks_done",
        "connected_website", "forum_topic_closed", "forum_topic_created", "forum_topic_edited",
        "forum_topic_reopened", "gift", "gift_upgrade_sent", "managed_bot_created",
        "message_auto_delete_timer_changed", "paid_message_price_changed", "passport_data", "pinned_message",
        "proximity_alert_triggered", "refunded_payment", "successful_payment", "unique_gift", "users_shared",
        "web_app_data", "write_access_allowed",
    }
)  # fmt: skip
"""What Telegram itself writes into a chat: nobody said it, so nobody is answered."""


def update_number(update: Update) -> int | None:
    """Return the number that tells this update from every other; None when this is no update."""
    match update:
        case {"update_id": int(number)}:
            return number
    return None


def to_incoming(update: Update, received_at: datetime) -> IncomingMessage | None:
    """Return what a citizen sent in a private chat; None for everything else."""
    match update:
        case {
            "update_id": int(number),
            "callback_query": {
                "data": str(data),
                "message": {"chat": {"id": int(chat), "type": "private"}},
            } as tap,
        }:
            return IncomingMessage(
                id=f"u{number}",
                address=Address(channel=CHANNEL, chat=str(chat)),
                text="",
                option=_sound(data),
                language=_language(tap),
                received_at=received_at,
            )
        case {
            "update_id": int(number),
            "message": {"chat": {"id": int(chat), "type": "private"}} as message,
        }:
            edited = False
        case {
            "update_id": int(number),
            "edited_message": {"chat": {"id": int(chat), "type": "private"}} as message,
        }:
            edited = True
        case _:
            return None
    text, caption = message.get("text"), message.get("caption")
    words = text if isinstance(text, str) else caption if isinstance(caption, str) else ""
    if _said_by_nobody(message) or (edited and not words):
        # A shared live position "edits" its message every few seconds.
        return None
    return IncomingMessage(
        id=f"u{number}",
        address=Address(channel=CHANNEL, chat=str(chat)),
        text=_sound(words),
        language=_language(message),
        received_at=received_at,
        unreadable=not isinstance(text, str),
        edited=edited,
    )


def tap_to_answer(update: Update) -> str | None:
    """Return the id of a button's tap: Telegram shows it as under way until it is answered."""
    match update:
        case {"callback_query": {"id": str(tap)}}:
            return tap
    return None


def group_to_leave(update: Update) -> int | None:
    """Return the chat the update comes from when it is a group or a channel that the bot is still in."""
    match update:
        case {"my_chat_member": {"new_chat_member": {"status": str(status)}}} if status in _GONE:
            return None
        case {"my_chat_member": {"chat": {"id": int(chat), "type": str(kind)}}} if kind != "private":
            return chat
        case {"callback_query": {"message": {"chat": {"id": int(chat), "type": str(kind)}}}} if (
            kind != "private"
        ):
            return chat
    for name in _POSTS:
        match update.get(name):
            case {"chat": {"id": int(chat), "type": str(kind)}} if kind != "private":
                return chat
    return None


def _said_by_nobody(message: Update) -> bool:
    match message:
        case {"from": {"is_bot": True}}:  # two programs that answer each other would never stop
            return True
    return not _SERVICE.isdisjoint(message)


def _language(source: Update) -> Language | None:
    match source:
        case {"from": {"language_code": str(tag)}}:
            return read_language(tag)
    return None


def _sound(text: str) -> str:
    """Return the text with halves of surrogate pairs, which JSON can carry and nothing can store, replaced."""
    return text.encode("utf-8", "replace").decode()
