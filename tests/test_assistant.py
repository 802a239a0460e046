"""What the automatic half says to a first question, and what becomes of it."""

from dataclasses import replace

import pytest

from bot.models import HandoffReason, Language, UrgentKind
from bot.urgent import Tier, Verdict
from tests.parts import (
    ADDED,
    ANSWERED,
    ANSWERED_ZH,
    CRISIS,
    FIRE,
    UNANSWERED,
    UNANSWERED_ZH,
    UNCLEAR,
    Judge,
    Office,
    address,
)

CHECK = Verdict(kind="crisis", tier=Tier.POSSIBLE, about_other=False)

# --- answers


@pytest.mark.parametrize(
    ("text", "words", "language"),
    [
        ("身份证丢了怎么办", "请带户口簿到任一户政窗口补领，20天可取。", "zh-Hans"),
        ("身份證丟了怎麼辦", "請帶戶口簿到任一戶政窗口補領，20天可取。", "zh-Hant"),
        ("I lost my identity card", "Bring your household register to any household window;", "en"),
        ("Ｉ ｌｏｓｔ　ｍｙ identity CARD!!", "Bring your household register", "en"),
    ],
)
async def test_a_question_is_answered_from_approved_words_in_the_askers_language(
    office: Office, text: str, words: str, language: Language
) -> None:
    reply = await office.ask_one(text)
    assert reply.kind == "answer"
    assert words in reply.text
    assert reply.language == language
    assert reply.source == "https://lanting.example/papers/card"
    assert str(reply.dated) == "2026-03-01"


async def test_a_traditional_reader_is_given_the_simplified_answer_as_it_is_written(office: Office) -> None:
    reply = await office.ask_one("自行車要裝燈嗎")
    assert reply.text.startswith("天黑后自行车前面要有白灯")
    assert reply.language == "zh-Hans"


async def test_a_past_answer_is_given_with_its_source_and_its_day(office: Office) -> None:
    reply = await office.ask_one("When does the last ferry to the island leave?")
    assert reply.text == "The last ferry leaves at 21:40."
    assert reply.source == "https://lanting.example/ask/ferry"
    assert str(reply.dated) == "2026-05-01"


async def test_an_answer_in_another_language_says_that_there_is_no_other(office: Office) -> None:
    await office.ask(option="language.en")
    reply = await office.ask_one("老桥修到什么时候？")
    assert reply.text.startswith("(This answer exists only in the language below.)")
    assert reply.text.endswith("老桥修到十二月底。")
    assert reply.language == "zh-Hans"


async def test_an_answer_is_sent_on_its_last_day_and_not_on_the_next(office: Office) -> None:
    assert (await office.ask_one("Is the lantern market on this year?")).kind == "answer"
    office.clock.forward(hours=14)  # half past midnight where the desk stands, the same day in UTC
    assert (await office.ask_one("Is the lantern market on this year?")).kind == "receipt"


async def test_an_automatic_answer_files_nothing_and_leaves_only_a_counter(office: Office) -> None:
    await office.ask(ANSWERED)
    assert not await office.desk.queue("ada")
    assert await office.store.counters() == {"2026-11-24 answered_intent intent:bicycle en": 1}


@pytest.mark.parametrize(
    "text", [ANSWERED, ANSWERED_ZH, "/help", "/topics", "/privacy", "/status", "👍", UNCLEAR]
)
async def test_every_reply_offers_a_person(office: Office, text: str) -> None:
    reply = await office.ask_one(text)
    assert "human" in [option.id for option in reply.options]


# --- the first reply


async def test_the_first_reply_says_what_this_is_and_who_reads_it(office: Office) -> None:
    first, answer = await office.ask(ANSWERED)
    assert first.kind == "notice"
    for said in ("automatic", "not an emergency line", "110", "120", "police", "names and numbers", "/human"):
        assert said in first.text
    assert answer.kind == "answer"
    assert len(await office.ask(ANSWERED)) == 1, "only the first one"


async def test_the_first_reply_speaks_the_askers_language(office: Office) -> None:
    first, _ = await office.ask(ANSWERED_ZH)
    assert "自动回复" in first.text


async def test_the_welcome_is_not_followed_by_another_introduction(office: Office) -> None:
    (welcome,) = await office.ask("/start")
    assert "This is not an emergency line" in welcome.text or "这里不是紧急求助渠道" in welcome.text
    assert len(await office.ask(ANSWERED)) == 1


async def test_a_visitor_who_has_read_the_welcome_is_not_told_again(office: Office) -> None:
    assert len(await office.ask(ANSWERED, introduced=True)) == 1


async def test_an_introduction_is_repeated_after_the_exchange_is_forgotten(office: Office) -> None:
    await office.ask(ANSWERED)
    office.clock.forward(minutes=61)
    assert len(await office.ask(ANSWERED)) == 2


# --- people


async def test_a_question_for_staff_is_filed_once_and_gives_its_reference(office: Office) -> None:
    reply = await office.ask_one(UNANSWERED)
    assert reply.kind == "receipt"
    assert reply.owed
    assert reply.reference in reply.text
    (situation,) = await office.desk.queue("ada")
    assert situation.references == (reply.reference,)
    assert await office.words_of(str(reply.reference)) == [UNANSWERED]


async def test_the_receipt_stands_in_the_outbox_under_the_same_id(office: Office) -> None:
    reply = await office.ask_one(UNANSWERED)
    (owed,) = [each.delivery for each in await office.store.owed(10)]
    assert owed.id == reply.id


async def test_the_same_message_twice_has_one_effect_and_the_same_replies(office: Office) -> None:
    first = await office.ask(UNANSWERED, id="again")
    second = await office.ask(UNANSWERED, id="again")
    assert second == first
    assert len(await office.desk.queue("ada")) == 1
    assert len(await office.store.owed(10)) == 1


async def test_the_same_message_id_from_somebody_else_is_another_message(office: Office) -> None:
    await office.ask(UNANSWERED, id="1")
    await office.ask(UNANSWERED, chat="bob", id="1")
    assert len(await office.desk.queue("ada")) == 2


async def test_a_message_repeated_after_the_exchange_is_gone_is_said_to_be_known(office: Office) -> None:
    await office.ask(ANSWERED, id="1")
    office.clock.forward(hours=2)
    reply = await office.ask_one(ANSWERED, id="1")
    assert reply.text == "I already have that message."


async def test_the_receipt_says_when_somebody_is_back(office: Office) -> None:
    assert "They are on duty" in (await office.ask_one(UNANSWERED)).text
    office.clock.forward(hours=10)
    assert "on 25 November, 09:00" in (await office.ask_one(UNANSWERED, "bob")).text
    assert "11月25日09:00" in (await office.ask_one(UNANSWERED_ZH, "cy")).text


@pytest.mark.parametrize("words", ["human", "转人工", "Talk to a person!", "轉人工", "/human"])
async def test_a_person_is_reached_by_a_word_with_the_question_asked_before(
    office: Office, words: str
) -> None:
    await office.ask(ANSWERED)
    reply = await office.ask_one(words)
    assert reply.kind == "receipt"
    filed = await office.words_of(str(reply.reference))
    assert filed[0] == ANSWERED
    assert filed[1].startswith("After dark a bicycle"), "staff see what the desk had said"


async def test_a_person_is_reached_by_a_button(office: Office) -> None:
    answer = await office.ask_one(ANSWERED)
    reply = await office.tap(answer, "human")
    assert reply.kind == "receipt"
    assert (await office.words_of(str(reply.reference)))[0] == ANSWERED


async def test_a_person_asked_for_before_anything_is_given_the_next_message_whatever_it_is(
    office: Office,
) -> None:
    assert "your next message goes to a person" in (await office.ask_one("/human", language="en")).text
    reply = await office.ask_one(ANSWERED)
    assert reply.kind == "receipt"
    assert await office.words_of(str(reply.reference)) == [ANSWERED]


async def test_a_person_asked_for_first_is_given_even_words_that_resemble_nothing(office: Office) -> None:
    await office.ask("/human")
    assert (await office.ask_one("ŋŋŋ")).kind == "receipt"


async def test_a_question_written_behind_the_command_goes_to_a_person_at_once(office: Office) -> None:
    reply = await office.ask_one(f"/human {ANSWERED}")
    assert reply.kind == "receipt"
    assert ANSWERED in (await office.words_of(str(reply.reference)))[0]


async def test_asking_for_a_person_again_files_nothing_twice(office: Office) -> None:
    await office.hand_over()
    reply = await office.ask_one("/human")
    assert "already has your question" in reply.text
    assert len(await office.desk.queue("ada")) == 1


async def test_a_handing_over_intent_says_its_words_and_goes_to_its_lane(office: Office) -> None:
    reply = await office.ask_one("我要投诉民警")
    assert reply.text.startswith("投诉由该单位以外的人员阅读。")
    assert reply.kind == "receipt"
    (situation,) = await office.desk.queue("ada")
    assert (situation.lane, situation.nearest) == ("complaint", "intent:officer_complaint")
    counters = await office.store.counters()
    assert f"2026-11-24 handed_off_{HandoffReason.POLICY} intent:officer_complaint zh-Hans" in counters


# --- the menu


async def test_the_menu_turns_its_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.replies.TOPICS_SHOWN", 4)
    first = await office.ask_one("/topics", language="en")
    titles = [option.title for option in first.options]
    assert titles == [
        "Noise at night", "Lost identity card", "Lost bank card", "Renewing a residence permit", "More topics",
        "A person, please",
    ]  # fmt: skip
    second = await office.tap(first, "More topics")
    assert [option.title for option in second.options] == [
        "Flying a drone", "Complaint about an officer", "Lights on bicycles", "A person, please",
    ]  # fmt: skip


async def test_a_topic_is_answered_in_the_language_of_its_menu(office: Office) -> None:
    menu = await office.ask_one("菜单")
    assert (await office.tap(menu, "自行车灯")).text.startswith("天黑后")


async def test_a_menu_page_of_any_number_is_answered(office: Office) -> None:
    assert (await office.ask_one("/topics " + "9" * 5000)).kind == "notice"


@pytest.mark.parametrize(
    ("text", "says"),
    [("?", "Write your question in one"), ("？", "Write your question in one"), ("help", "Write your question in one"), ("privacy", "What is kept")],
)  # fmt: skip
async def test_a_command_word_alone_is_a_command(office: Office, text: str, says: str) -> None:
    assert says in (await office.ask_one(text, language="en")).text


async def test_the_privacy_page_says_how_many_people_publish(office: Office) -> None:
    assert "one person may publish them alone" in (await office.ask_one("/privacy", language="en")).text
    office.settings(publish_needs=2)
    assert "it takes 2 people to publish one" in (await office.ask_one("/privacy", language="en")).text


# --- languages


async def test_a_chosen_language_stays(office: Office) -> None:
    asked = await office.ask_one("/language", language="zh-Hant")
    assert [option.title for option in asked.options[:3]] == ["简体中文", "繁體中文", "English"]
    assert (await office.tap(asked, "English")).text == "I will write in English."
    assert (await office.ask_one(UNANSWERED_ZH)).text.startswith("Your question is with our staff")


async def test_a_language_can_be_named_with_the_command(office: Office) -> None:
    assert (await office.ask_one("/language zh-Hant")).text == "好的，我用繁體中文。"


async def test_a_client_that_says_traditional_is_believed_where_the_characters_do_not_tell(
    office: Office,
) -> None:
    assert (await office.ask_one("/status", language="zh-Hant")).text == "您在這裡沒有未結束的提問。"


# --- asking back


async def test_a_clarification_leads_to_the_answer_that_was_tapped(office: Office) -> None:
    asked = await office.ask_one(UNCLEAR)
    assert asked.kind == "clarification"
    assert {"Lost identity card", "Lost bank card"} <= {option.title for option in asked.options}
    assert (await office.tap(asked, "Lost bank card")).text.startswith("Call your bank's own line")
    assert not await office.desk.queue("ada")


async def test_a_topic_chosen_from_a_menu_beside_the_exchange_is_shown_by_its_title(office: Office) -> None:
    topic = office.assistant.topics("en")[0]
    await office.ask(option=topic.id, language="en")
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert exchange.turns[0].text == topic.title


async def test_none_of_these_brings_the_original_question_to_a_person(office: Office) -> None:
    asked = await office.ask_one(UNCLEAR)
    reply = await office.tap(asked, "None of these")
    assert reply.kind == "receipt"
    filed = await office.words_of(str(reply.reference))
    assert filed[0] == UNCLEAR
    assert "Lost bank card" in filed[1], "staff see what was offered"


async def test_a_clarification_never_follows_a_clarification(office: Office) -> None:
    await office.ask(UNCLEAR)
    office.clock.forward(minutes=1)
    reply = await office.ask_one(UNCLEAR)
    assert reply.kind == "receipt"
    assert (await office.words_of(str(reply.reference)))[0] == f"{UNCLEAR}\n{UNCLEAR}"


async def test_a_sure_answer_may_follow_a_clarification(office: Office) -> None:
    await office.ask(UNCLEAR)
    assert (await office.ask_one(ANSWERED)).kind == "answer"


async def test_an_intent_to_confirm_is_always_offered_and_never_sent_straight(office: Office) -> None:
    asked = await office.ask_one("where may I fly a drone")
    assert asked.kind == "clarification"
    assert (await office.tap(asked, "Flying a drone")).text == "Small drones may fly in the marked fields."


# --- danger


async def test_somebody_in_crisis_is_given_the_card_alone_and_filed_as_urgent(office: Office) -> None:
    (card,) = await office.ask(CRISIS)
    assert card.kind == "urgent"
    assert "12356" in card.text
    assert "120" in card.text
    assert str(card.reference) in card.text
    (situation,) = await office.desk.queue("ada")
    assert (situation.urgent, situation.lane) == (UrgentKind.CRISIS, "urgent")


async def test_danger_leads_with_the_right_number(office: Office) -> None:
    (card,) = await office.ask(FIRE)
    assert card.kind == "urgent"
    assert card.text.index("119") >= 0


async def test_the_first_ordinary_reply_after_a_card_still_says_what_this_is(office: Office) -> None:
    (card,) = await office.ask(CRISIS)
    await office.desk.close(await office.situation_of(str(card.reference)), "ada")
    replies = await office.ask(ANSWERED_ZH)
    assert "自动回复" in replies[0].text


async def test_danger_is_heard_behind_a_command(office: Office) -> None:
    for command in ("/human", "/start", "/help"):
        assert (await office.ask_one(f"{command} {CRISIS}", chat=command)).kind == "urgent"


async def test_a_message_that_may_be_urgent_is_answered_with_one_line_of_help_before_it(
    office: Office,
) -> None:
    office.judge(bicycles=CHECK)
    reply = await office.ask_one(ANSWERED)
    help_line, _, rest = reply.text.partition("\n\n")
    assert "12356" in help_line
    assert rest.startswith("After dark a bicycle")
    assert not await office.desk.queue("ada"), "nobody is paged"


async def test_the_line_of_help_also_goes_before_a_clarification_and_a_receipt(office: Office) -> None:
    office.judge(card=CHECK, parrot=CHECK)
    assert "12356" in (await office.ask_one(UNCLEAR)).text.partition("\n\n")[0]
    assert "12356" in (await office.ask_one(UNANSWERED, "bob")).text.partition("\n\n")[0]


async def test_danger_said_in_two_messages_is_heard_together(office: Office) -> None:
    danger = Verdict(kind="danger", tier=Tier.SURE, about_other=False, service="police")
    office.judge(**{f"{UNANSWERED}\n{ADDED}": danger})
    await office.ask(UNANSWERED)
    office.clock.forward(seconds=5)
    assert (await office.ask_one(ADDED)).kind == "urgent"


# --- what the citizen finds on returning


async def test_the_exchange_shows_both_sides_and_the_questions_that_are_open(office: Office) -> None:
    assert await office.assistant.exchange(address()) is None
    reference = await office.hand_over()
    await office.assistant.seen(address())
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert [turn.who for turn in exchange.turns] == ["citizen", "desk", "desk"]
    assert exchange.turns[0].text == UNANSWERED
    assert [(each.reference, each.status) for each in exchange.inquiries] == [(reference, "open")]
    assert exchange.language == "en"


async def test_a_reply_placed_twice_is_shown_once(office: Office) -> None:
    reply = (await office.ask(ANSWERED))[-1]
    await office.assistant.place(address(), reply)
    await office.assistant.place(address("bob"), reply)
    await office.assistant.place(address("bob"), reply)
    for chat, turns in (("ann", 3), ("bob", 1)):
        exchange = await office.assistant.exchange(address(chat))
        assert exchange is not None
        assert len(exchange.turns) == turns


async def test_a_reply_placed_where_nothing_was_known_is_forgotten_after_an_hour(office: Office) -> None:
    reply = (await office.ask(ANSWERED))[-1]
    await office.assistant.place(address("bob"), reply)
    office.clock.forward(minutes=61)
    assert await office.assistant.exchange(address("bob")) is None


# --- no work is done twice


async def test_no_text_of_a_message_is_judged_twice(office: Office) -> None:
    judged: list[str] = []

    class Listening(Judge):
        def judge(self, text: str) -> Verdict | None:
            judged.append(text)
            return super().judge(text)

    office.live.corpus = replace(office.live.corpus, urgent=Listening({}))  # type: ignore[arg-type]
    await office.ask(ANSWERED)
    assert judged == [ANSWERED]
