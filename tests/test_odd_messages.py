"""Whatever is sent, something helpful is said, and nothing that was accepted is lost."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.corpus import Corpus
from bot.models import LANGUAGES
from bot.router import option_id
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import ANSWERED, CRISIS, KEY, UNANSWERED, UNCLEAR, Office, make_office

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\n\t", "👍", FAMILY, "🚨🚨🚨", "！！？", "\u200b\u200b", "\u202e\u202d", "\x00\x07\x1b", "\ufeff", "…", "\u3164"],
    ids=ascii,
)  # fmt: skip
async def test_a_message_without_words_is_met_with_what_to_do_and_the_emergency_line(
    office: Office, text: str
) -> None:
    reply = await office.ask_one(text, language="en")
    assert reply.text.startswith("I found no words in that message.")
    assert "110" in reply.text
    assert not await office.desk.queue("ada")


@pytest.mark.parametrize(
    "text",
    ["שלום, איפה התחנה", "مرحبا كيف حالك", "Привет, как дела", "สวัสดี", "안녕하세요", "1234567", "/unknown", "ŋ", "𝔥𝔢𝔩𝔩𝔬 𝔱𝔥𝔢𝔯𝔢"],
)  # fmt: skip
async def test_words_that_nobody_taught_the_desk_go_to_a_person_as_they_were_written(
    office: Office, text: str
) -> None:
    reply = await office.ask_one(text)
    assert reply.kind == "receipt"
    assert await office.words_of(str(reply.reference)) == [text]


@pytest.mark.parametrize(
    "text", ["do\u200b bicycles\u200d need lights", "\u202edo bicycles need lights\u202c", "do bicycles\x00 need lights"]
)  # fmt: skip
async def test_characters_nobody_sees_do_not_hide_a_question(office: Office, text: str) -> None:
    assert (await office.ask_one(text)).kind == "answer"


@pytest.mark.parametrize(
    "text", ["鹦" * 10_000, "word " * 2_000, "a" * 10_000, "\u0301" * 9_999 + "a", "9" * 10_000]
)
async def test_ten_thousand_characters_reach_a_person_whole(office: Office, text: str) -> None:
    reply = await office.ask_one(text)
    assert reply.kind in ("receipt", "clarification")
    if reply.kind == "clarification":
        reply = await office.tap(reply, "human")
    assert (await office.words_of(str(reply.reference)))[0] == text


async def test_half_a_character_is_answered_and_kept_as_a_question_mark(office: Office) -> None:
    reply = await office.ask_one("where is my \ud83d parrot")
    assert reply.kind == "receipt"
    assert await office.words_of(str(reply.reference)) == ["where is my ? parrot"]


async def test_danger_is_found_at_the_end_of_a_long_message(office: Office) -> None:
    assert (await office.ask_one("今天天气很好。" * 500 + CRISIS)).kind == "urgent"


async def test_an_edited_message_is_asked_for_anew(office: Office) -> None:
    reply = await office.ask_one(ANSWERED, edited=True)
    assert "changes to an earlier message" in reply.text
    assert "110" in reply.text


async def test_danger_in_an_edited_message_is_heard(office: Office) -> None:
    assert (await office.ask_one(CRISIS, edited=True)).kind == "urgent"


async def test_a_picture_without_words_is_not_opened_and_says_so(office: Office) -> None:
    reply = await office.ask_one(unreadable=True, language="en")
    assert "I can read only text here" in reply.text
    assert "110" in reply.text


async def test_a_picture_with_words_is_answered_by_its_words(office: Office) -> None:
    *_, only_words, answer = await office.ask(ANSWERED, unreadable=True)
    assert "I read only the words beside your file" in only_words.text
    assert answer.kind == "answer"


async def test_danger_beside_a_picture_gets_the_card_and_nothing_before_it(office: Office) -> None:
    (card,) = await office.ask(CRISIS, unreadable=True)
    assert card.kind == "urgent"


@pytest.mark.parametrize(
    "option", ["t.0000000000000000", "t.", "nonsense", "", "add.", "take-back.", "solved.ZZZZ-ZZZZ", "topics.x", "language.fr", "x" * 40, "\u202e"]
)  # fmt: skip
async def test_a_button_that_leads_nowhere_says_what_to_do(office: Office, option: str) -> None:
    reply = await office.ask_one(option=option, language="en")
    assert reply.kind == "notice"
    assert reply.text


async def test_a_button_of_an_answer_that_ended_is_out_of_use(office: Office) -> None:
    market = option_id("knowledge:k-market")
    assert (await office.ask_one(option=market)).kind == "answer"
    office.clock.forward(days=1)
    assert "no longer in use" in (await office.ask_one(option=market, language="en")).text


anything = st.one_of(
    st.text(max_size=200),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=80),
    st.text(alphabet="/helpumanstatuzch -_.@0123456789\n?？！", max_size=30),
    st.text(alphabet="身份证丢了怎么办火救命不想活\u200b\u202e 🚨", max_size=40),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.sampled_from(["", UNANSWERED, UNCLEAR, CRISIS]),
    seconds=st.sampled_from([1, 30, 4000]),
    text=anything,
    option=st.none() | st.none() | st.none() | anything,
    language=st.none() | st.sampled_from(LANGUAGES),
    unreadable=st.booleans(),
    edited=st.booleans(),
)
def test_any_message_gets_a_reply_and_never_an_exception(
    corpus: Corpus, before: str, seconds: int, **message: Any
) -> None:
    async def talk() -> None:
        store = await open_tinydb(None, Vault(KEY))
        office = make_office(store, corpus)
        try:
            if before:
                await office.ask(before)
                office.clock.forward(seconds=seconds)
            replies = await office.ask(**message)
            assert replies
            assert all(reply.text.strip() for reply in replies)
            assert all(len(o.id.encode()) <= 40 and o.title for reply in replies for o in reply.options)
            assert await office.ask("/status")
        finally:
            await store.close()

    asyncio.run(talk())
