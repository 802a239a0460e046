"""The JSON that the API speaks, from the desk's records."""

from collections.abc import Iterable
from typing import Any

from bot.exchange import Exchange, InquiryState
from bot.models import InquiryStatus, Option, Reply, Turn

Record = dict[str, Any]


def reply_record(reply: Reply) -> Record:
    """Return a reply as the API shows it; `source`, `dated`, `document` and `reference` only where there is one."""
    record: Record = {
        "id": reply.id,
        "kind": reply.kind,
        "text": reply.text,
        "language": reply.language,
        "options": option_records(reply.options),
    }
    if reply.source is not None:
        record["source"] = reply.source
    if reply.dated is not None:
        record["dated"] = reply.dated.isoformat()
    if reply.document is not None:
        record["document"] = reply.document
    if reply.reference is not None:
        record["reference"] = reply.reference
    return record


def option_records(options: Iterable[Option]) -> list[Record]:
    """Return buttons as the API shows them."""
    return [{"id": option.id, "title": option.title} for option in options]


def turn_record(turn: Turn) -> Record:
    """Return a line of the exchange as the API shows it."""
    if turn.reply is None:
        said: Record = {
            "id": turn.message_id or "",
            "kind": "message",
            "text": turn.text,
            "language": None,
            "options": [],
        }
    else:
        said = reply_record(turn.reply)
    return {**said, "from": turn.who, "at": turn.at.isoformat()}


def exchange_record(token: str, exchange: Exchange) -> Record:
    """Return a whole conversation as the API shows it."""
    return {
        "conversation": token,
        "state": state_of(exchange.inquiries),
        "exchange": [turn_record(turn) for turn in exchange.turns],
        "inquiries": [
            {
                "reference": inquiry.reference,
                "status": inquiry.status.value,
                "opened_at": inquiry.opened_at.isoformat(),
            }
            for inquiry in exchange.inquiries
        ],
    }


def state_of(inquiries: Iterable[InquiryState]) -> str:
    """Return `waiting` while a person owes an answer, `answered` when one gave it, else `automatic`."""
    statuses = {inquiry.status for inquiry in inquiries}
    if statuses & {InquiryStatus.OPEN, InquiryStatus.WAITING}:
        return "waiting"
    return "answered" if InquiryStatus.ANSWERED in statuses else "automatic"
