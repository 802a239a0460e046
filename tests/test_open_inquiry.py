"""What a citizen may do with a question that is with a person."""

from datetime import timedelta

import pytest

from bot.models import InquiryStatus, StaffAnswer, UrgentKind
from bot.urgent import Tier, Verdict
from tests.parts import ADDED, ANSWERED, CRISIS, UNANSWERED, UNCLEAR, Office, address

OTHER = "who won the chess tournament"


async def answer(office: Office, reference: str, text: str = "The zoo's dentist sees parrots.") -> None:
    situation = await office.situation_of(reference)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text=text))


async def states(office: Office) -> list[tuple[str, InquiryStatus]]:
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    return [(each.reference, each.status) for each in exchange.inquiries]


# --- another message


async def test_a_sure_answer_is_given_while_an_inquiry_is_open(office: Office) -> None:
    await office.hand_over()
    assert (await office.ask_one(ANSWERED)).kind == "answer"


async def test_anything_less_is_asked_about_and_passed_on_when_added(office: Office) -> None:
    reference = await office.hand_over()
    asked = await office.ask_one(ADDED)
    assert asked.kind == "clarification"
    assert [option.id for option in asked.options] == [f"add.{reference}", "new"]
    assert await office.words_of(reference) == [UNANSWERED], "nothing is added before the citizen chose"
    assert (await office.tap(asked, "add.")).text == f"Added to your question {reference}."
    assert await office.words_of(reference) == [UNANSWERED, ADDED]


async def test_a_new_question_opens_an_inquiry_of_its_own(office: Office) -> None:
    reference = await office.hand_over()
    asked = await office.ask_one(OTHER)
    receipt = await office.tap(asked, "new")
    assert receipt.kind == "receipt"
    assert receipt.reference != reference
    assert await office.words_of(str(receipt.reference)) == [OTHER], "with no word of the first one"
    assert await office.words_of(reference) == [UNANSWERED]


async def test_an_unclear_message_while_one_is_open_is_not_clarified_but_asked_about(office: Office) -> None:
    await office.hand_over()
    asked = await office.ask_one(UNCLEAR)
    assert asked.options[0].id.startswith("add.")
    assert {"Lost bank card"} <= {o.title for o in (await office.tap(asked, "new")).options}


async def test_several_messages_that_wait_for_the_choice_are_passed_on_together(office: Office) -> None:
    reference = await office.hand_over()
    await office.ask(ADDED)
    office.clock.forward(minutes=1)
    await office.tap(await office.ask_one(OTHER), "add.")
    assert await office.words_of(reference) == [UNANSWERED, f"{ADDED}\n{OTHER}"]


async def test_a_message_that_waits_for_the_choice_outlives_an_answer_to_another(office: Office) -> None:
    reference = await office.hand_over()
    asked = await office.ask_one(ADDED)
    assert (await office.ask_one(ANSWERED)).kind == "answer"
    await office.tap(asked, "add.")
    assert await office.words_of(reference) == [UNANSWERED, ADDED]


async def test_a_message_that_waits_for_the_choice_outlives_a_card(office: Office) -> None:
    reference = await office.hand_over()
    asked = await office.ask_one(ADDED)
    assert (await office.ask_one(CRISIS)).kind == "urgent"
    await office.tap(asked, "add.")
    assert await office.words_of(reference) == [UNANSWERED, ADDED]


async def test_a_person_asked_for_instead_of_choosing_is_given_what_waits(office: Office) -> None:
    await office.hand_over()
    await office.ask(ADDED)
    reply = await office.ask_one("/human")
    assert reply.kind == "receipt"
    assert (await office.words_of(str(reply.reference)))[0] == ADDED


async def test_a_message_that_waits_is_filed_with_the_next_when_its_inquiry_was_closed_meanwhile(
    office: Office,
) -> None:
    reference = await office.hand_over()
    await office.ask(ADDED)
    await office.desk.close(await office.situation_of(reference), "ada")
    office.clock.forward(minutes=1)
    reply = await office.ask_one(OTHER)
    assert (await office.words_of(str(reply.reference)))[0] == f"{ADDED}\n{OTHER}"


async def test_a_choice_made_twice_adds_nothing_twice(office: Office) -> None:
    reference = await office.hand_over()
    asked = await office.ask_one(ADDED)
    await office.tap(asked, "add.")
    assert "no longer have that message" in (await office.tap(asked, "add.")).text
    assert await office.words_of(reference) == [UNANSWERED, ADDED]


async def test_with_two_open_the_citizen_says_which(office: Office) -> None:
    first = await office.hand_over()
    second = str((await office.tap(await office.ask_one(OTHER), "new")).reference)
    office.clock.forward(minutes=1)
    asked = await office.ask_one(ADDED)
    assert [option.id for option in asked.options] == [f"add.{second}", f"add.{first}", "new"]
    await office.tap(asked, f"add.{first}")
    assert (await office.words_of(first))[-1] == ADDED


async def test_a_line_of_help_goes_before_the_choice_too(office: Office) -> None:
    await office.hand_over()
    office.judge(old=Verdict(kind="crisis", tier=Tier.POSSIBLE, about_other=False))
    assert "12356" in (await office.ask_one(ADDED)).text.partition("\n\n")[0]


# --- read together


async def test_a_message_within_ten_seconds_of_an_unanswered_one_is_read_with_it(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    office.clock.forward(seconds=9)
    reply = await office.ask_one(ADDED)
    assert reply.text.endswith(f"Added to your question {receipt.reference}.")
    assert await office.words_of(str(receipt.reference)) == [UNANSWERED, ADDED]
    assert len(await office.desk.queue("ada")) == 1


async def test_a_message_after_ten_seconds_is_a_message_of_its_own(office: Office) -> None:
    await office.ask(UNANSWERED)
    office.clock.forward(seconds=11)
    assert (await office.ask_one(ADDED)).kind == "clarification"


async def test_the_second_half_of_a_question_may_make_it_one_to_choose_for(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    office.clock.forward(seconds=3)
    offered = await office.ask_one(UNCLEAR)
    assert offered.kind == "clarification"
    assert await office.words_of(str(receipt.reference)) == [UNANSWERED, UNCLEAR]
    still = await office.tap(offered, "human")
    assert str(receipt.reference) in still.text, "a person has it already"
    assert len(await office.desk.queue("ada")) == 1


async def test_an_answer_found_right_after_a_handoff_can_settle_it(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    office.clock.forward(seconds=5)
    answered = await office.ask_one(ANSWERED)
    assert answered.kind == "answer"
    assert answered.options[0].id == f"solved.{receipt.reference}"
    await office.tap(answered, "solved.")
    assert not await office.desk.queue("ada")


# --- taking back, solved, status


async def test_a_question_taken_back_before_anybody_opened_it_is_gone(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    reply = await office.tap(receipt, "take-back")
    assert "no one had opened it" in reply.text
    assert not await office.desk.queue("ada")
    assert await office.desk.find(str(receipt.reference), "ada") is None
    assert not await office.store.owed(10)
    assert await states(office) == []


async def test_a_question_taken_back_after_staff_opened_it_says_so(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    await office.words_of(str(receipt.reference))
    reply = await office.tap(receipt, "take-back")
    assert "Staff had already opened your question" in reply.text
    assert not await office.desk.queue("ada")


async def test_a_question_taken_back_twice_is_said_not_to_be_open(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    await office.tap(receipt, "take-back")
    assert "not open any more" in (await office.tap(receipt, "take-back")).text


async def test_a_question_that_is_solved_is_closed_and_leaves_the_queue(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    assert "is closed" in (await office.tap(receipt, "solved")).text
    assert not await office.desk.queue("ada")
    assert await states(office) == [(receipt.reference, InquiryStatus.CLOSED)]


async def test_status_lists_what_is_open_and_what_was_answered(office: Office) -> None:
    assert "no open question" in (await office.ask_one("/status", language="en")).text
    first = await office.hand_over()
    one = await office.ask_one("status")
    assert one.text == f"{first}, asked 24 November, 10:30: a person will answer."
    assert f"take-back.{first}" in [option.id for option in one.options]
    second = str((await office.tap(await office.ask_one(OTHER), "new")).reference)
    await answer(office, first)
    both = await office.ask_one("/status")
    assert f"{first}, asked 24 November, 10:30: answered." in both.text
    assert f"{second}, asked 24 November, 10:31: a person will answer." in both.text
    assert [(option.id, option.title) for option in both.options] == [
        (f"solved.{first}", f"{first} is solved"),
        (f"take-back.{second}", f"Take {second} back"),
        ("human", "A person, please"),
    ]


async def test_a_buttons_title_may_be_typed(office: Office) -> None:
    reference = await office.hand_over()
    reply = await office.ask_one("take it back!")
    assert reply.text == f"Taken back. Your question {reference} was deleted; no one had opened it."
    assert reference not in await office.references()


@pytest.mark.parametrize(
    ("words", "said"), [("撤回", "Taken back"), ("solved", "is closed"), ("算了", "Taken back")]
)
async def test_the_one_open_question_is_taken_back_or_closed_by_a_word(
    office: Office, words: str, said: str
) -> None:
    reference = await office.hand_over()
    assert (
        said in (await office.ask_one(words, language="en")).text
        or reference not in await office.references()
    )


async def test_a_word_that_may_mean_several_questions_shows_them_to_choose_from(office: Office) -> None:
    first = await office.hand_over()
    second = str((await office.tap(await office.ask_one(OTHER), "new")).reference)
    reply = await office.ask_one("withdraw")
    assert {f"take-back.{first}", f"take-back.{second}"} <= {option.id for option in reply.options}
    assert {first, second} <= set(await office.references())


async def test_a_question_that_is_taken_back_leaves_no_words_in_the_exchange(office: Office) -> None:
    await office.hand_over()
    await office.ask("take it back")
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert "parrot" not in repr(exchange)


async def test_after_a_card_a_new_question_is_answered_when_the_citizen_says_it_is_one(
    office: Office,
) -> None:
    await office.ask(CRISIS)
    added = await office.ask_one(ANSWERED)
    assert added.kind == "receipt"
    await office.tap(added, "new")
    assert (await office.ask_one(ANSWERED)).kind == "answer"


async def test_a_short_question_after_an_answer_offers_that_answer_again(office: Office) -> None:
    answered = await office.ask_one(ANSWERED)
    assert answered.kind == "answer"
    reply = await office.ask_one("and at night?")
    assert reply.kind == "clarification"
    assert len(reply.options) == 2, "the last answer, and a person"


@pytest.mark.parametrize("act", ["take-back", "solved", "add"])
async def test_another_conversations_reference_opens_nothing(office: Office, act: str) -> None:
    reference = await office.hand_over()
    await office.hand_over(chat="bob", text=OTHER)
    await office.ask(ADDED, chat="bob")
    reply = await office.ask_one(chat="bob", option=f"{act}.{reference}")
    assert reply.text == "That question is not open any more. Just write if there is something else."
    assert reference in await office.references()
    assert await office.words_of(reference) == [UNANSWERED]


async def test_a_reference_written_as_text_opens_nothing(office: Office) -> None:
    reference = await office.hand_over()
    replies = await office.ask(f"/status {reference}", chat="bob", language="en")
    assert "no open question" in replies[-1].text


# --- an answer, and what follows it


async def test_an_answered_inquiry_is_reopened_by_adding_to_it(office: Office) -> None:
    reference = await office.hand_over()
    await answer(office, reference)
    assert not await office.desk.queue("ada")
    asked = await office.ask_one(ADDED)
    assert "which was answered" in asked.text
    await office.tap(asked, "add.")
    assert reference in await office.references()
    assert await office.words_of(reference) == [UNANSWERED, "The zoo's dentist sees parrots.", ADDED]


async def test_after_an_answer_an_unclear_message_may_be_clarified(office: Office) -> None:
    await answer(office, await office.hand_over())
    asked = await office.ask_one(UNCLEAR)
    assert "Lost bank card" in [option.title for option in asked.options]
    office.clock.forward(minutes=1)
    choice = await office.ask_one(ADDED)
    assert choice.options[0].id.startswith("add.")
    receipt = await office.tap(choice, "new")
    assert (await office.words_of(str(receipt.reference)))[0] == f"{UNCLEAR}\n{ADDED}", (
        "nothing is left behind"
    )


async def test_after_closing_a_message_opens_another_inquiry(office: Office) -> None:
    reference = await office.hand_over()
    await office.desk.close(await office.situation_of(reference), "ada")
    reply = await office.ask_one(OTHER)
    assert reply.kind == "receipt"
    assert reply.reference != reference


# --- while a person is writing, or somebody is in danger


async def test_the_automatic_half_is_silent_while_a_person_is_writing(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.claim(situation, "ada")
    assert (await office.ask_one(ANSWERED)).kind == "answer", "a claim alone silences nothing"
    await office.desk.save_draft(situation, "ada", "Dear citizen")
    told = await office.ask_one(ANSWERED)
    assert (told.kind, told.text) == (
        "held",
        f"Added to your question {reference}; a person is writing to you.",
    )
    assert await office.ask(ADDED) == (), "once is enough"
    assert await office.words_of(reference) == [UNANSWERED, ANSWERED, ADDED]


async def test_the_silence_ends_with_the_claim(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.claim(situation, "ada")
    await office.desk.save_draft(situation, "ada", "Dear citizen")
    await office.desk.release(situation, "ada")
    assert (await office.ask_one(ANSWERED)).kind == "answer"


async def test_the_silence_ends_half_an_hour_after_the_last_word(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.claim(situation, "ada")
    await office.desk.save_draft(situation, "ada", "Dear citizen")
    for _ in range(2):
        office.clock.forward(minutes=15)
        await office.desk.claim(situation, "ada")
    assert (await office.ask_one(ANSWERED)).kind == "answer"


async def test_a_silent_message_twice_stays_silent_and_is_added_once(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.claim(situation, "ada")
    await office.desk.save_draft(situation, "ada", "Dear citizen")
    await office.ask_one(OTHER)
    assert await office.ask(ADDED, id="x") == ()
    assert await office.ask(ADDED, id="x") == ()
    assert await office.words_of(reference) == [UNANSWERED, OTHER, ADDED]


async def test_danger_is_answered_even_while_a_person_is_writing(office: Office) -> None:
    situation = await office.situation_of(await office.hand_over())
    await office.desk.claim(situation, "ada")
    await office.desk.save_draft(situation, "ada", "Dear citizen")
    assert (await office.ask_one(CRISIS)).kind == "urgent"


async def test_a_second_urgent_message_gets_the_short_card_and_joins_the_first(office: Office) -> None:
    card = await office.ask_one(CRISIS)
    office.clock.forward(minutes=2)
    again = await office.ask_one(CRISIS)
    assert again.kind == "urgent"
    assert again.reference == card.reference
    assert len(again.text) < len(card.text)
    assert len(await office.desk.queue("ada")) == 1
    assert await office.words_of(str(card.reference)) == [CRISIS, CRISIS]


async def test_whatever_follows_an_urgent_message_reaches_the_same_staff_at_once(office: Office) -> None:
    card = await office.ask_one(CRISIS)
    office.clock.forward(minutes=2)
    (reply,) = await office.ask("我在桥上")
    assert "110" in reply.text
    assert await office.words_of(str(card.reference)) == [CRISIS, "我在桥上"]


async def test_danger_while_an_ordinary_question_is_open_is_filed_on_its_own(office: Office) -> None:
    await office.hand_over()
    await office.ask(CRISIS)
    assert [each.urgent for each in await office.desk.queue("ada")] == [UrgentKind.CRISIS, None]


# --- what keeps the exchange


async def test_the_exchange_is_kept_while_a_question_is_open(office: Office) -> None:
    reference = await office.hand_over()
    office.clock.now += timedelta(days=20)
    assert await states(office) == [(reference, InquiryStatus.OPEN)]


async def test_the_exchange_ends_an_hour_after_staff_closed_the_question(office: Office) -> None:
    reference = await office.hand_over()
    await office.desk.close(await office.situation_of(reference), "ada")
    office.clock.forward(minutes=59)
    assert await states(office) == [(reference, InquiryStatus.CLOSED)]
    office.clock.forward(minutes=2)
    assert await office.assistant.exchange(address()) is None
    await office.clockwork.round()
    assert await office.assistant.exchange(address()) is None


async def test_staff_closing_one_question_keep_the_exchange_for_the_other(office: Office) -> None:
    reference = await office.hand_over()
    await office.tap(await office.ask_one(OTHER), "new")
    await office.desk.close(await office.situation_of(reference), "ada")
    office.clock.forward(days=1)
    assert len(await states(office)) == 2


async def test_a_conversation_is_held_while_somebody_has_its_situation_and_wrote_lately(
    office: Office,
) -> None:
    assert not await office.assistant.held(address())
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.claim(situation, "ada")
    assert not await office.assistant.held(address()), "nobody has written yet"
    await office.desk.save_draft(situation, "ada", "Dear Ann")
    assert await office.assistant.held(address())
    assert not await office.assistant.held(address("bob"))
    office.clock.forward(minutes=31)
    assert not await office.assistant.held(address())
