"""What staff do with situations, and what becomes of their answers."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.corpus import Corpus, LiveCorpus
from bot.desk import OpenedEntry, stored_entries
from bot.errors import (
    EntryChanged,
    NotFound,
    SamePerson,
    SituationSettled,
    SituationTaken,
)
from bot.exchange import conversation_key
from bot.models import (
    DeliveryStatus,
    EntryStatus,
    InquiryStatus,
    KnowledgeEntry,
    SituationStatus,
    StaffAnswer,
)
from bot.store.base import Effect, Filing
from tests.parts import CRISIS, UNANSWERED, UNANSWERED_ZH, UNCLEAR, Office, address, read_sample, until

SAID = "The zoo's dentist sees parrots on Fridays."


async def situation_of(office: Office, text: str = UNANSWERED, chat: str = "ann") -> str:
    return await office.situation_of(await office.hand_over(text, chat))


def answering(situation: str, author: str = "ada", question: str | None = None) -> StaffAnswer:
    return StaffAnswer(situation_id=situation, author=author, text=SAID, question=question)


# --- the queue


async def test_the_queue_shows_urgent_ones_first_and_then_the_oldest(office: Office) -> None:
    first = await situation_of(office)
    second = await situation_of(office, chat="bob")
    card = await office.ask_one(CRISIS, "cy")
    urgent = await office.situation_of(str(card.reference))
    assert [each.id for each in await office.desk.queue("ada")] == [urgent, first, second]


async def test_a_queue_row_holds_no_words(office: Office) -> None:
    row = await office.desk.peek(await situation_of(office), "ada")
    assert row.languages == ("en",)
    assert row.lane == "general"
    assert "parrot" not in repr(row)


async def test_opening_shows_the_words_and_near_approved_answers(office: Office) -> None:
    reply = await office.tap(await office.ask_one(UNCLEAR), "human")
    situation = await office.situation_of(str(reply.reference))
    opened = await office.desk.open(situation, "ada")
    (inquiry,) = opened.inquiries
    assert [words.who for words in inquiry.words] == ["citizen", "desk"]
    assert inquiry.words[0].text == UNCLEAR
    assert opened.suggestions
    assert {"intent:bank_card", "intent:card_lost"} & {each.target for each in opened.suggestions}
    assert all(each.answer and each.title for each in opened.suggestions)
    assert (await office.desk.open(situation, "ada")).inquiries[0].inquiry.seen_by_staff


@pytest.mark.parametrize("written", ["{}", "{lower}", "{bare}", " {spaced} "])
async def test_a_reference_is_found_as_somebody_reads_it_out(office: Office, written: str) -> None:
    reference = await office.hand_over()
    bare = reference.replace("-", "")
    spoken = written.format(reference, lower=reference.lower(), bare=bare, spaced=" ".join(bare))
    found = await office.desk.find(spoken, "ada")
    assert found is not None
    assert found.references == (reference,)


@pytest.mark.parametrize("written", ["", "nonsense", "0000-0001", "🙂" * 8])
async def test_a_reference_that_is_none_finds_nothing(office: Office, written: str) -> None:
    assert await office.desk.find(written, "ada") is None


async def test_a_situation_that_was_taken_back_says_so(office: Office) -> None:
    receipt = await office.ask_one(UNANSWERED)
    situation = await office.situation_of(str(receipt.reference))
    await office.tap(receipt, "take-back")
    for act in (
        office.desk.peek(situation, "ada"),
        office.desk.open(situation, "ada"),
        office.desk.claim(situation, "ada"),
    ):
        with pytest.raises(NotFound):
            await act


# --- claims and drafts


async def test_two_people_cannot_hold_one_situation(office: Office) -> None:
    situation = await situation_of(office)
    claimed = await office.desk.claim(situation, "ada")
    assert claimed.claimed_until == office.clock() + dt.timedelta(minutes=20)
    with pytest.raises(SituationTaken):
        await office.desk.claim(situation, "ben")
    with pytest.raises(SituationTaken):
        await office.desk.answer(answering(situation, "ben"))
    with pytest.raises(SituationTaken):
        await office.desk.close(situation, "ben")
    office.clock.forward(minutes=19)
    assert (await office.desk.claim(situation, "ada")).claimed_until == office.clock() + dt.timedelta(
        minutes=20
    )


async def test_a_claim_that_ran_out_or_was_released_is_free_for_others(office: Office) -> None:
    situation = await situation_of(office)
    await office.desk.claim(situation, "ada")
    office.clock.forward(minutes=21)
    await office.desk.claim(situation, "ben")
    await office.desk.release(situation, "ben")
    assert (await office.desk.claim(situation, "ada")).claimed_by == "ada"


async def test_a_draft_is_kept_sealed_and_shown_again(office: Office) -> None:
    situation = await situation_of(office)
    await office.desk.save_draft(situation, "ada", "Dear citizen, the parrot")
    assert (await office.desk.open(situation, "ada")).draft == "Dear citizen, the parrot"
    assert b"parrot" not in bytes((await office.desk.peek(situation, "ada")).draft or b"")
    await office.desk.save_draft(situation, "ada", "  ")
    assert (await office.desk.open(situation, "ada")).draft is None


async def test_two_people_answering_at_once_answer_once(office: Office) -> None:
    situation = await situation_of(office)
    outcomes = await asyncio.gather(
        *(office.desk.answer(answering(situation, name)) for name in ("ada", "ben", "cid")),
        return_exceptions=True,
    )
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert len(await office.store.owed(10)) == 2, "the receipt and one answer"


# --- answers


async def test_an_answer_is_owed_to_the_citizen_under_its_reference(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.desk.answer(answering(await office.situation_of(reference)))
    assert situation.status is SituationStatus.RESOLVED
    await office.deliverer.start()
    await until(lambda: len(office.channel.sent) == 2)
    await office.deliverer.stop()
    to, reply = office.channel.sent[-1]
    assert to == "ann"
    assert reply.kind == "staff_answer"
    assert reply.text == f"A person at Lanting Safety answers your question {reference}:\n\n{SAID}"
    assert await office.words_of(reference) == [UNANSWERED, SAID]
    exchange = await office.assistant.exchange(address())
    assert exchange is not None
    assert [each.status for each in exchange.inquiries] == [InquiryStatus.ANSWERED]


async def test_an_answer_speaks_the_citizens_language_around_what_staff_wrote(office: Office) -> None:
    reference = await office.hand_over(UNANSWERED_ZH)
    await office.desk.answer(answering(await office.situation_of(reference)))
    await office.deliverer.start()
    await until(lambda: len(office.channel.sent) == 2)
    await office.deliverer.stop()
    assert office.channel.texts()[-1] == f"澜汀平安工作人员答复您的问题（{reference}）：\n\n{SAID}"


async def test_a_situation_is_answered_once(office: Office) -> None:
    situation = await situation_of(office)
    await office.desk.answer(answering(situation))
    for act in (
        office.desk.answer(answering(situation)),
        office.desk.claim(situation, "ada"),
        office.desk.close(situation, "ada"),
        office.desk.save_draft(situation, "ada", "more"),
    ):
        with pytest.raises(SituationSettled):
            await act


async def test_an_answer_reaches_every_inquiry_in_the_situation_but_those_the_citizen_closed(
    office: Office,
) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    opened = await office.desk.open(situation, "ada")
    first = opened.inquiries[0].inquiry
    for name, status in (("2", InquiryStatus.OPEN), ("3", InquiryStatus.OPEN)):
        receipt = dataclasses.replace(
            opened.inquiries[0].deliveries[0], id=f"receipt {name}", inquiry_id=f"inquiry {name}"
        )
        joined = dataclasses.replace(
            first,
            id=f"inquiry {name}",
            reference=f"R-{name}",
            status=status,
            data_key=office.vault.new_key(f"inquiry {name}"),
        )
        before = await office.store.conversation(conversation_key(office.vault, address("ann")))
        assert before is not None
        after = dataclasses.replace(before, key=f"conversation {name}", version=1)
        filing = Filing(inquiry=joined, situation=opened.situation, receipt=receipt)
        await office.store.record(
            Effect(message=f"message {name}", at=office.clock(), conversation=after, filing=filing)
        )
    await office.store.record(
        Effect(
            message="message solved",
            at=office.clock(),
            conversation=dataclasses.replace(after, version=2),
            solved="inquiry 3",
        )
    )
    await office.desk.answer(answering(situation))
    told = {name: len(await office.store.deliveries_of(f"inquiry {name}")) for name in ("2", "3")}
    assert told == {"2": 2, "3": 1}
    assert len(await office.store.deliveries_of(first.id)) == 2


async def test_closing_without_an_answer_tells_the_citizen(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.desk.close(await office.situation_of(reference), "ada")
    assert situation.status is SituationStatus.CLOSED
    await office.deliverer.start()
    await until(lambda: len(office.channel.sent) == 2)
    await office.deliverer.stop()
    assert reference in office.channel.texts()[-1]


# --- knowledge


async def test_an_answer_becomes_a_draft_when_asked_and_only_then(office: Office) -> None:
    await office.desk.answer(answering(await situation_of(office)))
    assert not await office.desk.entries()
    await office.desk.answer(
        answering(await situation_of(office, chat="bob"), question="Who treats parrots?")
    )
    (entry,) = await office.desk.entries()
    assert (entry.entry.question, entry.entry.answer) == ("Who treats parrots?", SAID)
    assert (entry.entry.status, entry.author, entry.version) == (EntryStatus.DRAFT, "ada", 1)
    assert await stored_entries(office.store, office.vault) == []


async def save(
    office: Office, entry_id: str | None = None, base: int = 0, staff: str = "ada", answer: str = SAID
) -> OpenedEntry:
    return await office.desk.save_entry(
        entry_id,
        staff,
        question="Who treats parrots?",
        answer=answer,
        language="en",
        source=None,
        review_by=None,
        base_version=base,
    )


async def test_one_person_publishes_alone_where_that_is_allowed(office: Office) -> None:
    draft = await save(office)
    assert draft.approvals_missing == 0
    published = await office.desk.publish(draft.entry.id, 1, "ada")
    assert published.entry.status is EntryStatus.PUBLISHED
    (live,) = await stored_entries(office.store, office.vault)
    assert live.answer == SAID


async def test_a_second_person_publishes_where_two_must_agree(office: Office) -> None:
    office.settings(publish_needs=2)
    draft = await save(office)
    assert draft.approvals_missing == 1
    with pytest.raises(SamePerson):
        await office.desk.publish(draft.entry.id, 1, "ada")
    published = await office.desk.publish(draft.entry.id, 1, "ben")
    assert published.entry.status is EntryStatus.PUBLISHED
    assert published.entry.approver == "ada, ben"
    assert published.approvals_missing == 0


async def test_three_who_must_agree_are_three_different_people(office: Office) -> None:
    office.settings(publish_needs=3)
    draft = await save(office)
    second = await office.desk.publish(draft.entry.id, 1, "ben")
    assert (second.entry.status, second.approvals_missing) == (EntryStatus.DRAFT, 1)
    for same in ("ada", "ben"):
        with pytest.raises(SamePerson):
            await office.desk.publish(draft.entry.id, 2, same)
    assert (await office.desk.publish(draft.entry.id, 2, "cid")).entry.status is EntryStatus.PUBLISHED


async def test_an_edit_needs_the_agreement_anew(office: Office) -> None:
    office.settings(publish_needs=2)
    draft = await save(office)
    await office.desk.publish(draft.entry.id, 1, "ben")
    edited = await save(office, draft.entry.id, base=2, staff="ben", answer="On Mondays.")
    assert (edited.entry.status, edited.approvals_missing) == (EntryStatus.DRAFT, 1)


async def test_an_edited_draft_on_top_of_a_published_entry_leaves_it_live(office: Office) -> None:
    draft = await save(office)
    await office.desk.publish(draft.entry.id, 1, "ada")
    await save(office, draft.entry.id, base=2, answer="On Mondays.")
    (live,) = await stored_entries(office.store, office.vault)
    assert live.answer == SAID


async def test_a_withdrawn_entry_is_not_live_any_more(office: Office) -> None:
    draft = await save(office)
    published = await office.desk.publish(draft.entry.id, 1, "ada")
    withdrawn = await office.desk.withdraw_entry(draft.entry.id, published.version, "ben")
    assert withdrawn.entry.status is EntryStatus.WITHDRAWN
    (entry,) = await stored_entries(office.store, office.vault)
    assert entry.id not in office.live.corpus.content.with_entries([entry]).entries


async def test_who_withdrew_an_entry_has_not_agreed_to_publish_it_again(office: Office) -> None:
    office.settings(publish_needs=2)
    draft = await save(office)
    await office.desk.publish(draft.entry.id, 1, "ben")
    withdrawn = await office.desk.withdraw_entry(draft.entry.id, 2, "cid")
    assert withdrawn.approvals_missing == 2
    proposed = await office.desk.publish(draft.entry.id, 3, "ben")
    assert (proposed.entry.status, proposed.approvals_missing) == (EntryStatus.DRAFT, 1)
    with pytest.raises(SamePerson):
        await office.desk.publish(draft.entry.id, 4, "ben")
    assert (await office.desk.publish(draft.entry.id, 4, "ada")).entry.status is EntryStatus.PUBLISHED


async def test_a_change_to_an_older_version_is_refused(office: Office) -> None:
    draft = await save(office)
    await save(office, draft.entry.id, base=1)
    for act in (
        save(office, draft.entry.id, base=1),
        office.desk.publish(draft.entry.id, 1, "ben"),
        office.desk.withdraw_entry(draft.entry.id, 1, "ben"),
    ):
        with pytest.raises(EntryChanged):
            await act
    assert [each.version for each in await office.desk.entry_versions(draft.entry.id)] == [1, 2]
    assert (await office.desk.entry(draft.entry.id)).version == 2


async def test_an_entry_that_does_not_exist_is_not_found(office: Office) -> None:
    for act in (
        office.desk.entry("x"),
        office.desk.publish("x", 1, "ada"),
        office.desk.withdraw_entry("x", 1, "a"),
    ):
        with pytest.raises(NotFound):
            await act


async def test_an_edit_keeps_the_day_on_which_an_entry_ends(office: Office) -> None:
    edited = await save(office, "k-market")
    assert edited.entry.valid_until == dt.date(2026, 11, 24)
    assert (await save(office, "k-market", base=1)).entry.valid_until == dt.date(2026, 11, 24)


# --- the next citizen


@pytest.fixture
async def live(office: Office, corpus: Corpus) -> AsyncIterator[LiveCorpus]:
    """The corpus that follows the office's store, as the desk that serves has it."""

    async def stored() -> Sequence[KnowledgeEntry]:
        return await stored_entries(office.store, office.vault)

    made = LiveCorpus(stored)
    await made.publish(read_sample())
    office.live = made  # type: ignore[assignment]
    for part in (office.assistant, office.desk, office.clockwork):
        part._live = made  # type: ignore[attr-defined]
    yield made
    await made.stop()


async def test_the_next_citizen_with_the_question_is_answered_by_the_desk_without_a_restart(
    office: Office, live: LiveCorpus
) -> None:
    situation = await situation_of(office)
    await office.desk.answer(answering(situation, question=UNANSWERED))
    (draft,) = await office.desk.entries()
    changes = office.desk.changes()
    async with asyncio.timeout(20):
        await office.desk.publish(draft.entry.id, 1, "ada")
        while (await anext(changes)).kind != "entry":
            pass
        await live.refresh()
        reply = await office.ask_one(UNANSWERED, chat="bob")
    assert reply.kind == "answer"
    assert reply.text == SAID
    await office.desk.withdraw_entry(draft.entry.id, 2, "ada")
    await live.refresh()
    assert (await office.ask_one(UNANSWERED, chat="cy")).kind == "receipt"


async def test_what_is_owed_is_settled_when_it_was_sent(office: Office) -> None:
    reference = await office.hand_over()
    await office.deliverer.start()
    await until(lambda: bool(office.channel.sent))
    await office.deliverer.stop()
    opened = await office.desk.open(await office.situation_of(reference), "ada")
    assert [each.status for each in opened.inquiries[0].deliveries] == [DeliveryStatus.SENT]
