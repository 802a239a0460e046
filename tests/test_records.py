"""References, records as JSON, and log lines."""

import datetime as dt
import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codec import from_json, to_json
from bot.exchange import Memory, Reach
from bot.logs import JsonLines
from bot.models import Address, EntryStatus, KnowledgeEntry, Option, Reply, Turn, Words
from bot.reference import ALPHABET, new_reference, read_reference

NOW = dt.datetime(2026, 11, 24, 2, 30, tzinfo=dt.UTC)
REPLY = Reply(id="r", kind="answer", text="Yes 是", language="zh-Hans", options=(Option(id="human", title="人"),), dated=dt.date(2026, 1, 1))  # fmt: skip


# --- references


def test_references_differ_and_are_grouped_for_reading_aloud() -> None:
    made = {new_reference() for _ in range(2000)}
    assert len(made) == 2000
    assert all(len(reference) == 9 and reference[4] == "-" for reference in made)
    assert not set("".join(made)) & set("ILOU")


@given(st.data())
def test_any_single_slip_in_a_reference_is_caught(data: st.DataObject) -> None:
    reference = new_reference().replace("-", "")
    at = data.draw(st.integers(0, len(reference) - 1))
    other = data.draw(st.sampled_from(ALPHABET))
    slipped = reference[:at] + other + reference[at + 1 :]
    assert (read_reference(slipped) is not None) is (slipped == reference)


@given(st.text(max_size=20))
def test_whatever_is_typed_for_a_reference_is_read_or_refused(text: str) -> None:
    read = read_reference(text)
    assert read is None or read_reference(read) == read


def test_letters_that_look_like_digits_are_read_as_those() -> None:
    reference = next(r for r in iter(new_reference, None) if "0" in r and "1" in r)
    assert read_reference(reference.replace("0", "o").replace("1", "l").lower()) == reference


# --- JSON


@pytest.mark.parametrize("record", [
    REPLY,
    Address(channel="telegram", chat="1\n2"),
    Words(who="staff", at=NOW, text="x", author="ada"),
    KnowledgeEntry(id="a", question="q", answer="a", language=None, status=EntryStatus.DRAFT, date=dt.date.min),
    Memory(turns=(Turn(who="desk", at=NOW, reply=REPLY, message_id="1"),), reaches=(Reach(id="i", reference="R"),), language="en", unanswered_at=NOW, welcomed=True),
    Memory(),
])  # fmt: skip
def test_a_record_is_the_same_after_its_journey(record: object) -> None:
    assert from_json(type(record), to_json(record)) == record


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b"{", b'{"channel": 1, "chat": "x"}', b'{"channel": "a", "chat": "b", "more": 1}', b'"x"'])  # fmt: skip
def test_what_is_no_such_record_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_json(Address, data)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="not one of"):
        from_json(Reply, to_json(replace(REPLY, kind="shout")))  # type: ignore[arg-type]


# --- logs


def test_a_log_line_is_one_json_object_with_its_fields_and_no_words_of_an_exception() -> None:
    logger = logging.getLogger("desk")
    try:
        raise ValueError("my secret parrot")
    except ValueError as exc:
        info = (type(exc), exc, exc.__traceback__)
    record = logger.makeRecord(
        "desk", logging.ERROR, __file__, 1, "It failed\nbadly", (), info, extra={"delivery": "d-1"}
    )
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "parrot" not in line
    assert '"says":"It failed\\nbadly"' in line
    assert '"delivery":"d-1"' in line
    assert '"error":"ValueError"' in line
    assert "test_records.py" in line
