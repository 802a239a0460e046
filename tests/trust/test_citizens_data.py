"""What citizens hold in their hands: a copy of what is kept, its end, and what is said of it."""

import json

import pytest

from bot.exchange import conversation_key
from bot.intents.settings import Retention
from bot.models import EntryStatus, Language, StaffAnswer
from bot.withheld import withheld_key
from tests.parts import ANSWERED, UNANSWERED, UNANSWERED_ZH, Office, address

ID = "11010519491231002X"


async def data(office: Office, chat: str = "ann") -> dict:
    found = await office.assistant.my_data(address(chat))
    assert found is not None
    return json.loads(found)


@pytest.mark.parametrize(
    ("command", "language", "said"),
    [
        ("/mydata", "en", "as a file"),
        ("my data", "en", "as a file"),
        ("我的数据", "zh-Hans", "文件"),
        ("/mydata", "zh-Hant", "檔案"),
    ],
)
async def test_r17_mydata_gives_the_file_in_every_language(
    office: Office, command: str, language: Language, said: str
) -> None:
    reply = await office.ask_one(command, language=language)
    assert reply.document == "mydata"
    assert said in reply.text


async def test_r17_the_file_holds_the_open_inquiries_with_every_word(office: Office) -> None:
    reference = await office.hand_over(f"{UNANSWERED} {ID}")
    await office.ask(ANSWERED)
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="The zoo's dentist."))
    found = await data(office)
    (question,) = found["questions"]
    assert question["reference"] == reference
    assert question["status"] == "answered"
    assert question["tray"] == "General"
    assert [(words["who"], words["text"]) for words in question["words"]] == [
        ("you", f"{UNANSWERED} 1****************X"),
        ("staff", "The zoo's dentist."),
    ]
    assert [line["who"] for line in found["conversation"]["lines"]][:3] == ["you", "desk", "desk"]
    assert "ada" not in json.dumps(found), "staff are not named"
    assert question["read_by_staff"]["times"] == 0
    await office.words_of(reference)
    (question,) = (await data(office))["questions"]
    assert question["read_by_staff"]["times"] == 1, "how often it was read, and by which role"
    assert ID not in json.dumps(found)


async def test_r17_another_chat_gets_nothing_of_it(office: Office) -> None:
    await office.hand_over()
    assert await office.assistant.my_data(address("bob")) is None
    await office.ask(ANSWERED, chat="bob")
    assert "parrot" not in json.dumps(await data(office, "bob"))


async def test_r17_the_file_is_kept_nowhere(office: Office) -> None:
    await office.hand_over()
    reply = await office.ask_one("/mydata")
    assert "parrot" not in reply.text


async def test_r17_erase_says_what_goes_and_what_stays_and_waits_for_a_yes(office: Office) -> None:
    reference = await office.hand_over()
    asked = await office.ask_one("/erase")
    assert "(1)" in asked.text
    assert "public answer" in asked.text
    assert await office.references() == {reference}
    kept = await office.tap(asked, "keep")
    assert "nothing was erased" in kept.text
    assert await office.references() == {reference}


@pytest.mark.parametrize("words", ["/erase yes", "erase everything", "全部删除", "delete my data"])
async def test_r17_no_words_erase_without_the_button(office: Office, words: str) -> None:
    reference = await office.hand_over()
    assert "erase-now" in [option.id for option in (await office.ask_one(words)).options]
    assert await office.references() == {reference}


async def test_r17_erasing_takes_everything_of_this_address_at_once(office: Office) -> None:
    first = await office.hand_over(f"{UNANSWERED} {ID}")
    asked = await office.ask_one("who won the chess tournament")
    second = str((await office.tap(asked, "new")).reference)
    other = await office.hand_over("my payslip is wrong", chat="bob")
    situation = await office.situation_of(first)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="The zoo."))
    ids = [(await office.desk.find(each, "ada")) for each in (first, second)]
    said = await office.tap(await office.ask_one("/erase"), "erase-now")
    assert "erased" in said.text
    assert await office.references() == {other}
    assert [await office.desk.find(each, "ada") for each in (first, second)] == [None, None]
    assert all(each is not None for each in ids)
    assert {each.inquiry.id for each in await office.store.owed(100)} == {
        inquiry.inquiry.id
        for inquiry in (await office.desk.open(await office.situation_of(other), "ada")).inquiries
    }, "what was owed to them is gone"
    found = await data(office)
    assert found["questions"] == []
    assert [line["who"] for line in found["conversation"]["lines"]] == ["desk"]
    office.clock.forward(minutes=2)
    await office.clockwork.round()
    key = conversation_key(office.vault, address())
    assert await office.store.conversation(key) is None
    assert await office.store.conversation(withheld_key(office.vault, key)) is None


async def test_r17_erasing_again_has_one_effect(office: Office) -> None:
    await office.hand_over()
    asked = await office.ask_one("/erase")
    option = next(each.id for each in asked.options if each.id == "erase-now")
    first = await office.ask(option=option, id="once")
    assert await office.ask(option=option, id="once") == first


async def test_r17_the_public_answer_stays_and_holds_nothing_of_theirs(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.answer(
        StaffAnswer(
            situation_id=situation, author="ada", text="The zoo.", question="Where do birds see a dentist?"
        )
    )
    await office.tap(await office.ask_one("/erase"), "erase-now")
    (entry,) = await office.desk.entries()
    assert entry.entry.status is EntryStatus.DRAFT
    assert reference not in repr(entry)


async def test_r17_staff_who_have_it_open_see_only_that_it_was_taken_back(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.claim(situation, "ada")
    await office.tap(await office.ask_one("/erase"), "erase-now")
    with pytest.raises(Exception, match="may have taken it back"):
        await office.desk.peek(situation, "ada")


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
async def test_r17_privacy_tells_the_true_figures(office: Office, language: Language) -> None:
    office.settings(
        retention=Retention(
            exchange_minutes=43,
            answered_days=11,
            waiting_days=17,
            open_days=83,
            closed_days=29,
            crisis_days=5,
        )
    )
    reply = await office.ask_one("/privacy", language=language)
    for figure in ("43", "11", "17", "83", "29", "5"):
        assert figure in reply.text
    for command in ("/mydata", "/erase"):
        assert command in reply.text


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
async def test_about_shows_trays_urgent_kinds_and_content_version(office: Office, language: Language) -> None:
    reply = await office.ask_one("/about", language=language)
    content = office.live.corpus.content
    assert content.version in reply.text
    assert content.agency(language) in reply.text
    assert content.lane_title("general", language) in reply.text
    assert "human" in [option.id for option in reply.options]


async def test_a_question_in_chinese_is_told_how_to_get_out_in_chinese(office: Office) -> None:
    await office.hand_over(UNANSWERED_ZH)
    assert "要全部删除吗" in (await office.ask_one("/erase")).text
