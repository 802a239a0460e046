"""Id and card numbers are masked before a person can read them, unless the citizen sends them anyway."""

import pytest

from bot.exchange import conversation_key, open_memory
from bot.models import StaffAnswer
from bot.withheld import open_withheld, withheld_key
from tests.parts import ADDED, CRISIS, UNANSWERED, Office, address

ID = "11010519491231002X"
CARD = "6222021234567890128"
WITH_ID = f"{UNANSWERED}, my id is {ID}"
MASKED = f"{UNANSWERED}, my id is 1****************X"


async def kept(office: Office, chat: str = "ann") -> str:
    """Return all that the conversation of a chat holds, in clear."""
    row = await office.store.conversation(conversation_key(office.vault, address(chat)))
    return repr(open_memory(office.vault, row))


async def withheld(office: Office, chat: str = "ann") -> str:
    """Return all that is held in full beside it, in clear."""
    key = withheld_key(office.vault, conversation_key(office.vault, address(chat)))
    return repr(open_withheld(office.vault, await office.store.conversation(key), office.clock()))


async def test_a_number_is_masked_before_filing_and_the_receipt_says_so(office: Office) -> None:
    receipt = await office.ask_one(WITH_ID)
    assert "masked" in receipt.text
    assert [option.title for option in receipt.options] == ["Send it anyway", "Take it back", "It is solved"]
    assert await office.words_of(str(receipt.reference)) == [MASKED]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("鹦鹉去哪里看牙医，号码１１０１０５ １９４９１２３１ ００２Ｘ", "遮住"),
        ("鸚鵡去哪裡看牙醫，號碼" + ID, "仍然發送"),
    ],
)
async def test_it_is_said_in_the_askers_language(office: Office, text: str, said: str) -> None:
    receipt = await office.ask_one(text, language="zh-Hant" if "鸚" in text else None)
    assert said in receipt.text
    assert all(ID not in words for words in await office.words_of(str(receipt.reference)))


async def test_the_whole_number_is_added_only_when_the_citizen_sends_it_anyway(office: Office) -> None:
    receipt = await office.ask_one(WITH_ID)
    assert ID in await withheld(office)
    said = await office.tap(receipt, "unmask.")
    assert said.kind == "receipt"
    assert str(receipt.reference) in said.text
    assert await office.words_of(str(receipt.reference)) == [MASKED, WITH_ID]
    assert ID not in await withheld(office), "what was sent need not be held"


async def test_the_conversation_that_lasts_as_long_as_the_inquiry_never_holds_the_number(
    office: Office,
) -> None:
    receipt = await office.ask_one(WITH_ID)
    assert ID not in await kept(office)
    await office.tap(receipt, "unmask.")
    assert ID not in await kept(office)


async def test_the_number_is_held_for_an_hour_and_then_gone(office: Office) -> None:
    receipt = await office.ask_one(WITH_ID)
    office.clock.forward(minutes=61)
    await office.clockwork.round()
    key = withheld_key(office.vault, conversation_key(office.vault, address()))
    assert await office.store.conversation(key) is None
    said = await office.ask_one(option=f"unmask.{receipt.reference}")
    assert "no longer have the whole number" in said.text
    assert await office.words_of(str(receipt.reference)) == [MASKED]


async def test_what_is_added_is_masked_too(office: Office) -> None:
    reference = await office.hand_over()
    asked = await office.ask_one(f"{ADDED}, {CARD}")
    assert CARD not in await kept(office), "not even while it waits for the choice"
    added = await office.tap(asked, "add.")
    assert "masked" in added.text
    assert await office.words_of(reference) == [UNANSWERED, f"{ADDED}, 6*****************8"]
    await office.tap(added, "unmask.")
    assert (await office.words_of(reference))[-1] == f"{ADDED}, {CARD}"


async def test_what_is_asked_anew_while_another_is_open_can_still_be_sent_whole(office: Office) -> None:
    await office.hand_over()
    asked = await office.ask_one(f"who won the chess tournament, {CARD}")
    receipt = await office.tap(asked, "new")
    assert await office.words_of(str(receipt.reference)) == [
        "who won the chess tournament, 6*****************8"
    ]
    await office.tap(receipt, "unmask.")
    assert (await office.words_of(str(receipt.reference)))[-1] == f"who won the chess tournament, {CARD}"


async def test_what_follows_within_seconds_is_masked_although_a_person_holds_the_conversation(
    office: Office,
) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    await office.desk.claim(situation, "ada")
    await office.desk.save_draft(situation, "ada", "He needs …")
    await office.ask(ADDED)
    said = await office.ask_one(f"it is {ID}")
    assert "masked" in said.text, "said even while a person writes"
    assert (await office.words_of(reference))[-1] == "it is 1****************X"


async def test_an_urgent_message_is_neither_delayed_nor_changed(office: Office) -> None:
    card = await office.ask_one(f"{CRISIS} {ID}")
    assert card.kind == "urgent"
    assert "unmask" not in repr(card.options)
    assert await office.words_of(str(card.reference)) == [f"{CRISIS} {ID}"]


async def test_a_telephone_number_is_no_number_to_mask(office: Office) -> None:
    receipt = await office.ask_one(f"{UNANSWERED}, call 13800138000")
    assert "masked" not in receipt.text
    assert await office.words_of(str(receipt.reference)) == [f"{UNANSWERED}, call 13800138000"]


async def test_the_button_does_nothing_for_somebody_else(office: Office) -> None:
    receipt = await office.ask_one(WITH_ID)
    await office.ask_one(option=f"unmask.{receipt.reference}", chat="bob")
    assert await office.words_of(str(receipt.reference)) == [MASKED]


async def test_taking_it_back_leaves_nothing_held(office: Office) -> None:
    receipt = await office.ask_one(WITH_ID)
    await office.tap(receipt, "take-back.")
    assert ID not in await withheld(office)


async def test_an_answer_of_staff_does_not_bring_it_back(office: Office) -> None:
    receipt = await office.ask_one(WITH_ID)
    situation = await office.situation_of(str(receipt.reference))
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text="The zoo."))
    assert ID not in await kept(office)
