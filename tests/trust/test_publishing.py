"""What becomes public holds nothing of a citizen's, and leads to nobody."""

from dataclasses import fields, replace

import pytest

from bot.codec import from_json
from bot.errors import NotCleared, SamePerson
from bot.models import EntryStatus, KnowledgeEntry, StaffAnswer, StoredEntry
from tests.parts import Office

SAID = "Ask Mr Brown on 13800138000."


async def draft(office: Office, answer: str = SAID) -> str:
    saved = await office.desk.save_entry(
        None,
        "ada",
        question="Whom do I ask?",
        answer=answer,
        language="en",
        source=None,
        review_by=None,
        base_version=0,
    )
    return saved.entry.id


@pytest.mark.parametrize("needed", [1, 2])
async def test_r35_findings_block_publication_until_a_second_person_clears_them(
    office: Office, needed: int
) -> None:
    office.settings(publish_needs=needed)
    entry = await draft(office)
    for person in ("ada", "ben"):
        with pytest.raises(NotCleared):
            await office.desk.publish(entry, 1, person)
    with pytest.raises(SamePerson):
        await office.desk.clear_entry(entry, 1, "ada")
    cleared = await office.desk.clear_entry(entry, 1, "ben")
    assert cleared.cleared_by == "ben"
    published = await office.desk.publish(entry, cleared.version, "cat")
    assert published.entry.status is EntryStatus.PUBLISHED
    assert published.cleared_by == "ben", "with the name of who cleared it"


async def test_r35_an_edit_after_clearing_asks_anew(office: Office) -> None:
    entry = await draft(office)
    await office.desk.clear_entry(entry, 1, "ben")
    edited = await office.desk.save_entry(
        entry,
        "ben",
        question="Whom?",
        answer=SAID,
        language="en",
        source=None,
        review_by=None,
        base_version=2,
    )
    with pytest.raises(NotCleared):
        await office.desk.publish(entry, edited.version, "cat")


async def test_r35_a_withdrawn_entry_does_not_slip_back(office: Office) -> None:
    entry = await draft(office)
    withdrawn = await office.desk.withdraw_entry(entry, 1, "ada")
    with pytest.raises(NotCleared):
        await office.desk.publish(entry, withdrawn.version, "ada")


async def test_r35_words_without_findings_need_no_clearing(office: Office) -> None:
    entry = await draft(office, "Ask at any window; call 12345.")
    assert (await office.desk.publish(entry, 1, "ada")).entry.status is EntryStatus.PUBLISHED


async def test_r35_nothing_leads_from_a_published_answer_to_its_inquiry(office: Office) -> None:
    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    (inquiry,) = (await office.desk.open(situation, "ada")).inquiries
    office.clock.forward(minutes=7)
    await office.desk.answer(
        StaffAnswer(situation_id=situation, author="ada", text="The zoo.", question="Where do birds go?")
    )
    (stored,) = await office.store.entries()
    opened = from_json(KnowledgeEntry, office.vault.open("entry", stored.body))
    everything = repr((replace(stored, body=b""), opened))
    for value in (
        reference,
        situation,
        inquiry.inquiry.id,
        "parrot",
        *(each.id for each in inquiry.deliveries),
    ):
        assert value not in everything
    kept = await office.desk.peek(situation, "ada")
    assert stored.saved_at not in (kept.settled_at, kept.updated_at, kept.staff_wrote_at)
    for record in (StoredEntry, KnowledgeEntry):
        assert not {field.name for field in fields(record)} & {"inquiry", "situation", "reference", "address"}
