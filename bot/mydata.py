"""Everything that is kept for one address, as a file for whoever writes from it. Made when asked for, kept nowhere."""

import datetime as dt
from typing import Any

import orjson

from bot.content import Content
from bot.exchange import Memory, open_words
from bot.models import Language, Turn
from bot.moment import Known
from bot.oversight import reads_of
from bot.privacy import mask
from bot.store.base import Store
from bot.vault import Vault

NAME = "mydata.json"


async def my_data(
    *,
    store: Store,
    vault: Vault,
    content: Content,
    memory: Memory,
    known: tuple[Known, ...],
    now: dt.datetime,
    language: Language,
) -> bytes:
    """Return the file: JSON in UTF-8, indented for reading, times in the zone of `now`.

    Id and card numbers are masked: a file is easily left lying about. Members of staff are not named.
    """
    zone = now.tzinfo
    record = {
        "about": content.say("mydata_about", language),
        "made_at": _time(now, zone),
        "conversation": {
            "language": memory.language or memory.spoken,
            "lines": [_line(turn, zone) for turn in memory.turns],
        },
        "questions": [await _question(store, vault, content, each, language, zone) for each in known],
    }
    return orjson.dumps(record, option=orjson.OPT_INDENT_2)


def _line(turn: Turn, zone: dt.tzinfo | None) -> dict[str, Any]:
    reply = turn.reply
    line: dict[str, Any] = {"at": _time(turn.at, zone)}
    if reply is None:
        return {**line, "who": "you", "text": mask(turn.text)}
    who = "staff" if reply.kind in ("staff_answer", "staff_note") else "desk"
    said = {**line, "who": who, "text": mask(reply.text)}
    return said if reply.reference is None else {**said, "reference": reply.reference}


async def _question(
    store: Store,
    vault: Vault,
    content: Content,
    known: Known,
    language: Language,
    zone: dt.tzinfo | None,
) -> dict[str, Any]:
    inquiry, situation = known.inquiry, known.situation
    words, _ = open_words(vault, inquiry)
    deliveries = await store.deliveries_of(inquiry.id)
    reads = await reads_of(store, inquiry)
    return {
        "reference": inquiry.reference,
        "status": inquiry.status.value,
        "asked_at": _time(inquiry.opened_at, zone),
        "settled_at": None if inquiry.settled_at is None else _time(inquiry.settled_at, zone),
        "language": inquiry.language,
        "channel": inquiry.channel,
        "urgent": inquiry.urgent,
        "tray": None if situation is None else content.lane_title(situation.lane, language),
        "nearest_topic": None
        if situation is None or situation.nearest is None
        else content.title(situation.nearest, language),
        "words": [
            {
                "at": _time(each.at, zone),
                "who": "you" if each.who == "citizen" else each.who,
                "text": mask(each.text),
            }
            for each in words
        ],
        "replies_sent": [
            {"at": _time(each.created_at, zone), "status": each.status.value} for each in deliveries
        ],
        "read_by_staff": {
            "times": sum(reads.values()),
            "by_role": {role.value if role else "gone": times for role, times in reads.items()},
        },
    }


def _time(moment: dt.datetime, zone: dt.tzinfo | None) -> str:
    return moment.astimezone(zone).isoformat(timespec="minutes")
