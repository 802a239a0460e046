"""What every reply holds: who speaks, how to reach a person, and short approved words with source and day."""

import re

import pytest

from bot.content import Content
from bot.models import LANGUAGES, Act, Answer, Language
from bot.replies import answer, command
from bot.text import language_of
from tests.parts import ADDED, ANSWERED, CRISIS, UNANSWERED, UNCLEAR, Office

SAID_FIRST = {
    "en": (
        "automatic",
        "not an emergency line",
        "110",
        "120",
        "staff of",
        "police",
        "deleted",
        "30 days",
        "/human",
    ),
    "zh-Hans": ("自动", "不是紧急求助", "110", "120", "工作人员", "警察", "删除", "30天", "/human"),
    "zh-Hant": ("自動", "不是緊急求助", "110", "120", "工作人員", "警察", "刪除", "30天", "/human"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["welcome", "first"])
def test_r30_the_first_words_say_what_this_is_who_reads_it_and_how_long_it_is_kept(
    shipped: Content, key: str, language: Language
) -> None:
    said = shipped.say(key, language)
    for part in SAID_FIRST[language]:
        assert part in said


async def test_r30_the_first_reply_carries_them_and_later_ones_do_not(office: Office) -> None:
    first, _ = await office.ask(ANSWERED)
    assert "automatic" in first.text
    assert len(await office.ask(ANSWERED)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "act", [act for act in Act if act not in (Act.ADD, Act.NEW, Act.WITHDRAW, Act.SOLVED)]
)
def test_r31_whatever_the_desk_says_of_itself_offers_a_person(
    shipped: Content, act: Act, language: Language
) -> None:
    assert "human" in [option.id for option in command(shipped, act, language).options]


async def test_r31_every_reply_offers_a_person_or_says_that_one_has_it(office: Office) -> None:
    said = []
    for text in (
        ANSWERED,
        UNCLEAR,
        UNANSWERED,
        ADDED,
        "👍",
        "/status",
        "/mydata",
        "/erase",
        "my card 4111 1111 1111 1111",
    ):
        office.clock.forward(minutes=1)
        said.append(await office.ask_one(text))
    said.append(await office.ask_one(CRISIS))
    for option in (
        "new",
        "status",
        "topics",
        "keep",
        "file",
        "unmask.7KQ2-M9XA",
        "take-back.7KQ2-M9XA",
        "t.gone",
    ):
        office.clock.forward(minutes=1)
        said.append(await office.ask_one(option=option))
    for reply in said:
        ids = [option.id for option in reply.options]
        with_a_person = reply.reference is not None or "person" in reply.text
        assert "human" in ids or with_a_person, reply


async def test_every_receipt_that_is_not_urgent_can_be_taken_back(office: Office) -> None:
    receipts = [await office.ask_one(UNANSWERED), await office.ask_one(ADDED)]
    office.clock.forward(minutes=1)
    asked = await office.ask_one("who won the chess tournament")
    receipts += [await office.tap(asked, "add."), await office.tap(asked, "add.")][:1]
    for receipt in receipts:
        assert receipt.kind == "receipt"
        assert f"take-back.{receipt.reference}" in [option.id for option in receipt.options]


async def test_taken_back_before_anybody_looked_nothing_but_counters_remains(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    said = await office.tap(receipt, "take-back.")
    assert "no one had opened it" in said.text
    assert await office.references() == set()
    assert await office.store.owed(10) == []
    assert await office.store.audit_rows(limit=10) == []
    assert set(await office.store.counters()) == {
        "2026-11-24 handed_off_no_match - en",
        "2026-11-24 withdrawn - en",
    }


async def test_taken_back_afterwards_the_words_go_and_the_reading_stays_recorded(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    await office.words_of(str(receipt.reference))
    said = await office.tap(receipt, "take-back.")
    assert "may have read it" in said.text
    assert await office.references() == set()
    (row,) = await office.store.audit_rows(limit=10)
    assert row.references == (receipt.reference,)


@pytest.mark.parametrize("language", LANGUAGES)
def test_r32_the_first_part_of_every_answer_is_short_with_source_and_day(
    shipped: Content, language: Language
) -> None:
    targets = [
        *(f"intent:{name}" for name in shipped.intents),
        *(f"knowledge:{name}" for name in shipped.entries),
    ]
    for target in targets:
        reply = answer(shipped, Answer(target=target), language)
        first = shipped.answer(target, language).partition("\n\n")[0]
        if language_of(first) == "en":
            assert len(first.split()) <= 80, target
        else:
            assert len(first) <= 160, target
        assert reply.source, target
        assert reply.dated, target


def test_r32_nothing_is_answered_without_an_approved_source(shipped: Content) -> None:
    for intent in shipped.intents.values():
        assert intent.source, intent.id
        assert intent.reviewed, intent.id
    for entry in shipped.entries.values():
        assert entry.source, entry.id


NEVER = re.compile(
    "we (?:promise|guarantee)|nobody will (?:know|see)|no one will (?:know|see)|completely (?:safe|private)|confidential|untraceable"
    "|不会有人知道|不會有人知道|为您保密|為您保密|绝对保密|絕對保密|完全匿名|无法追踪|無法追蹤|严格保密|嚴格保密|保证匿名|保證匿名",
    re.IGNORECASE,
)


def test_nothing_the_desk_says_promises_secrecy(shipped: Content) -> None:
    for key, texts in shipped.phrases.sentences.items():
        for text in texts.values():
            assert not NEVER.search(text), key
            assert not re.search("anonymous|匿名|secret(?!ary)|untrace", text), key
    for intent in shipped.intents.values():
        for text in intent.answer.values():
            assert not NEVER.search(text), intent.id
