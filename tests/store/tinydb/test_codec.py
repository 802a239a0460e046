"""Rows: what is written can be read back, and what could not be is not written."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_type_hints

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StoreError
from bot.models import (
    LANGUAGES,
    Conversation,
    Delivery,
    FactorReset,
    Inquiry,
    InquiryStatus,
    Invite,
    SecondFactor,
    Session,
    Situation,
    StaffAccount,
    StoredEntry,
)
from bot.store.rows import Counter, SeenMessage
from bot.store.tinydb.codec import Codec
from tests.store.builders import NOW, inquiry

KEPT = [
    Conversation,
    Counter,
    Delivery,
    Inquiry,
    Invite,
    SeenMessage,
    Session,
    Situation,
    StaffAccount,
    StoredEntry,
]

TIMES = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))
NUMBERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
SPECIAL = {
    datetime: TIMES,
    datetime | None: st.none() | TIMES,
    int: NUMBERS,
    SecondFactor | None: st.none() | st.builds(SecondFactor, used_step=NUMBERS, since=TIMES),
    FactorReset | None: st.none() | st.builds(FactorReset, at=TIMES),
}


@pytest.mark.parametrize("record", KEPT)
def test_every_record_that_is_kept_can_be_read_back(record: type) -> None:
    codec = Codec(record)
    hints = get_type_hints(record)
    fields = {name: SPECIAL.get(hint, st.from_type(hint)) for name, hint in hints.items()}

    @given(st.builds(record, **fields))
    def read_back(made: Any) -> None:
        assert codec.record(codec.decode(codec.encode(codec.document(made)))) == made

    read_back()


def test_a_time_is_kept_in_utc() -> None:
    codec = Codec(SeenMessage)
    local = NOW.astimezone(timezone(timedelta(hours=8)))
    row = codec.encode(codec.document(SeenMessage(digest="m", at=local)))
    assert row == b'{"digest":"m","at":"2026-11-24T09:00:00+00:00"}'
    read = codec.decode(row)["at"]
    assert (read, read.tzinfo) == (NOW, UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"opened_at": NOW.replace(tzinfo=None)},
        {"opened_at": "2026-11-24T09:00:00+00:00"},
        {"language": "fr"},
        {"status": "open"},
        {"words": [b"a list"]},
        {"words": ("text",)},
        {"address": "text"},
        {"seen_by_staff": 1},
        {"id": None},
        {"id": "half a character: \ud800"},
    ],
)
def test_what_could_not_be_read_back_is_not_written(wrong: dict[str, Any]) -> None:
    codec = Codec(Inquiry)
    with pytest.raises(StoreError) as raised:
        codec.encode(codec.document(replace(inquiry(), **wrong)))
    assert "text" not in str(raised.value), "a value may be a citizen's"


def test_a_number_beyond_64_bits_is_not_written() -> None:
    codec = Codec(Counter)
    with pytest.raises(StoreError):
        codec.encode(codec.document(Counter(name="a", count=2**70)))


def test_a_document_with_other_fields_is_not_written() -> None:
    codec = Codec(Counter)
    for document in ({"name": "a"}, {"name": "a", "count": 1, "more": 2}):
        with pytest.raises(StoreError):
            codec.encode(document)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "lost"},
        {"language": "fr"},
        {"opened_at": "2026-11-24T09:00:00"},
        {"opened_at": "2026-11-24T09:00:00+08:00"},
        {"opened_at": "yesterday"},
        {"opened_at": 5},
        {"address": "not base64!"},
        {"address": None},
        {"words": "AAAA"},
        {"seen_by_staff": 1},
        {"another": "field"},
    ],
)
def test_a_row_that_is_none_of_ours_is_refused(change: dict[str, Any]) -> None:
    codec = Codec(Inquiry)
    row = orjson.loads(codec.encode(codec.document(inquiry())))
    with pytest.raises(ValueError, match=r"."):
        codec.decode(orjson.dumps({**row, **change}))


def test_a_row_without_a_field_is_refused() -> None:
    codec = Codec(Inquiry)
    row = orjson.loads(codec.encode(codec.document(inquiry())))
    del row["seen_by_staff"]
    for broken in (orjson.dumps(row), b"[]", b"{", b"\xff"):
        with pytest.raises(ValueError, match=r"."):
            codec.decode(broken)


def test_a_type_without_a_form_is_refused_when_the_codec_is_made() -> None:
    @dataclass(frozen=True)
    class Odd:
        price: float

    with pytest.raises(TypeError):
        Codec(Odd)


def test_the_languages_and_statuses_are_written_by_their_values() -> None:
    codec = Codec(Inquiry)
    for language in LANGUAGES:
        made = inquiry(language=language, status=InquiryStatus.WAITING)
        row = orjson.loads(codec.encode(codec.document(made)))
        assert (row["language"], row["status"]) == (language, "waiting")
