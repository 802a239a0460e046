"""One answer reaches everybody in a situation, whoever dies while it is made out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.codec import from_json
from bot.errors import StoreError
from bot.exchange import Memory, conversation_key, seal_memory
from bot.mailing import Mailer, mailing_to
from bot.models import (
    CallReason,
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    Inquiry,
    InquiryStatus,
    Mailing,
    Reply,
    Sealed,
    SituationStatus,
    StaffAnswer,
    Words,
)
from bot.store.base import Addition, Effect, MadeOut
from tests.crowd import crowd, person
from tests.parts import Office, until

MANY = 100
SAID = "The zoo's dentist sees parrots."


@pytest.fixture
async def situation(office: Office) -> str:
    """A situation with many inquiries in it."""
    return await crowd(office.store, office.vault, office.live.corpus.content, MANY, office.clock())


def mailer(office: Office) -> Mailer:
    return Mailer(store=office.store, vault=office.vault, live=office.live)  # type: ignore[arg-type]


async def say(office: Office, situation: str) -> None:
    office.clock.forward(minutes=1)
    await office.desk.answer(StaffAnswer(situation_id=situation, author="ada", text=SAID))


async def inquiries(office: Office, situation: str) -> list[Inquiry]:
    return list(await office.store.inquiries_in(situation))


async def answers(office: Office, situation: str) -> list[int]:
    """Return how many answers are owed or sent to each inquiry."""
    return [
        sum(each.kind is DeliveryKind.ANSWER for each in await office.store.deliveries_of(inquiry.id))
        for inquiry in await inquiries(office, situation)
    ]


async def test_an_answer_returns_with_its_first_part_made_out(office: Office, situation: str) -> None:
    await say(office, situation)
    made = sum(await answers(office, situation))
    assert office.store.made_out_at_once == made < MANY
    (left,) = await office.store.mailings()
    assert left.situation_id == situation


async def test_an_ordinary_answer_is_whole_when_it_returns(office: Office) -> None:
    few = await crowd(office.store, office.vault, office.live.corpus.content, 5, office.clock())
    await say(office, few)
    assert await answers(office, few) == [1] * 5
    assert await office.store.mailings() == []


async def test_whoever_sends_makes_out_the_rest(office: Office, situation: str) -> None:
    await say(office, situation)
    await office.deliverer.start()
    try:
        await until(lambda: sum(reply.kind == "staff_answer" for _, reply in office.channel.sent) == MANY)
    finally:
        await office.deliverer.stop()
    assert await answers(office, situation) == [1] * MANY
    assert {one.status for one in await inquiries(office, situation)} == {InquiryStatus.ANSWERED}
    chats = [chat for chat, reply in office.channel.sent if reply.kind == "staff_answer"]
    assert len(set(chats)) == MANY
    assert all(SAID in text for chat in chats for text in office.channel.texts(chat)[-1:])


async def test_an_answer_whose_first_part_failed_is_owed_all_the_same(
    office: Office, situation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: Any) -> None:
        raise StoreError("the process is gone")

    with monkeypatch.context() as patch:
        patch.setattr(Mailer, "begin", die)
        await say(office, situation)
    assert await answers(office, situation) == [0] * MANY
    (left,) = await office.store.mailings()
    await mailer(office).finish(left)
    assert await answers(office, situation) == [1] * MANY


async def test_several_who_make_out_the_same_mailing_owe_everybody_once(
    office: Office, situation: str
) -> None:
    await say(office, situation)
    (left,) = await office.store.mailings()
    # One of them believes that it stands where it stood before.
    await asyncio.gather(
        *(mailer(office).finish(left) for _ in range(3)), mailer(office).finish(replace(left, after=""))
    )
    while await office.store.mailings():
        for again in await office.store.mailings():
            await mailer(office).finish(again)
    assert await answers(office, situation) == [1] * MANY


async def test_everybody_is_owed_an_id_of_their_own_and_the_same_whoever_makes_it_out(
    office: Office,
) -> None:
    class Watching:
        """A store that takes nothing, and remembers what it was to owe."""

        made_out_at_once = 5

        def __init__(self) -> None:
            self.owed: list[Delivery] = []

        def __getattr__(self, name: str) -> Any:
            return getattr(office.store, name)

        async def make_out(self, _mailing: Mailing, made: Sequence[MadeOut], after: str | None) -> None:
            self.owed += [each.delivery for each in made]

    few = await crowd(office.store, office.vault, office.live.corpus.content, 5, office.clock())
    opened = await office.store.situation(few)
    assert opened is not None
    said = Words(who="staff", at=office.clock(), text=SAID, author="ada")
    mailing = mailing_to(office.vault, opened, DeliveryKind.ANSWER, "ada", office.clock(), said=said)
    first, again = Watching(), Watching()
    for watching in (first, again):
        made = Mailer(store=watching, vault=office.vault, live=office.live)  # type: ignore[arg-type]
        await made.finish(mailing)
    assert [one.id for one in first.owed] == [one.id for one in again.owed]
    assert len({one.id for one in first.owed}) == 5
    for owed, inquiry in zip(
        first.owed, sorted(await inquiries(office, few), key=lambda one: one.id), strict=True
    ):
        box = office.vault.unwrap(inquiry.id, inquiry.data_key)
        reply = from_json(Reply, box.open("reply", owed.body))
        assert (reply.id, reply.reference, reply.owed) == (owed.id, inquiry.reference, True)
        assert reply.options[0].id == f"solved.{inquiry.reference}"
        assert SAID in reply.text
        assert inquiry.reference in reply.text


async def test_a_citizen_who_writes_meanwhile_hears_the_answer_and_is_in_the_queue_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None:
        """Die before the first part."""

    reference = await office.hand_over()
    situation = await office.situation_of(reference)
    with monkeypatch.context() as patch:
        patch.setattr(Mailer, "begin", nothing)
        await say(office, situation)
    (mailing,) = await office.store.mailings()
    asked = await office.ask_one("he is green and very old")
    await office.tap(asked, "add.")
    await mailer(office).finish(mailing)
    (inquiry,) = await inquiries(office, situation)
    assert inquiry.status is InquiryStatus.OPEN
    assert await answers(office, situation) == [1]
    assert [one.id for one in await office.desk.queue("ada")] == [situation]
    await say(office, situation)
    assert [one.status for one in await inquiries(office, situation)] == [InquiryStatus.ANSWERED]
    assert await answers(office, situation) == [2]


async def test_a_second_answer_waits_until_the_first_has_reached_everybody(
    office: Office, situation: str
) -> None:
    await say(office, situation)
    reference = (await inquiries(office, situation))[-1].reference
    last = (await inquiries(office, situation))[-1]
    box = office.vault.unwrap(last.id, last.data_key)
    key = office.vault.digest("conversation", "another")
    await office.store.record(
        Effect(
            message="m-another",
            at=office.clock(),
            conversation=seal_memory(office.vault, Memory(), key, None, None),
            addition=Addition(inquiry_id=last.id, words=box.seal("words", b"{}"), at=office.clock()),
        )
    )
    await say(office, situation)
    (second,) = await office.store.mailings()
    assert second.created_at == office.clock(), "of the first nothing is left"
    await mailer(office).finish(second)
    counts = dict(
        zip(
            [one.reference for one in await inquiries(office, situation)],
            await answers(office, situation),
            strict=True,
        )
    )
    assert counts.pop(reference) == 2
    assert set(counts.values()) == {1}


async def test_a_mailing_that_cannot_be_read_gives_its_situation_back_to_a_person(
    office: Office, situation: str
) -> None:
    kept = await office.store.situation(situation)
    assert kept is not None
    said = Words(who="staff", at=office.clock(), text=SAID, author="ada")
    mailing = mailing_to(office.vault, kept, DeliveryKind.ANSWER, "ada", office.clock(), said=said)
    noise = replace(mailing, body=Sealed(b"noise"))
    await office.store.resolve_situation(situation, "ada", office.clock(), noise, None)
    assert await office.desk.queue("ada") == []
    await mailer(office).finish(noise)
    assert [one.id for one in await office.desk.queue("ada")] == [situation]
    assert await office.store.mailings() == []
    assert await answers(office, situation) == [0] * MANY


async def test_an_inquiry_that_cannot_be_sealed_for_keeps_nobody_else_from_the_answer(
    office: Office, situation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = (await inquiries(office, situation))[3].id
    unwrap = type(office.vault).unwrap

    def failing(vault: Any, owner: str, data_key: Any) -> Any:
        if owner == damaged:
            raise ValueError("noise")
        return unwrap(vault, owner, data_key)

    monkeypatch.setattr(type(office.vault), "unwrap", failing)
    await say(office, situation)
    for left in await office.store.mailings():
        await mailer(office).finish(left)
    assert sorted(await answers(office, situation)) == [0] + [1] * (MANY - 1)
    (again,) = await office.desk.queue("ada")
    assert again.id == situation, "a person sees that somebody had no answer"


async def test_closing_tells_everybody_and_lets_their_conversations_go(
    office: Office, situation: str
) -> None:
    office.clock.forward(minutes=1)
    await office.desk.close(situation, "ada")
    for left in await office.store.mailings():
        await mailer(office).finish(left)
    assert {one.status for one in await inquiries(office, situation)} == {InquiryStatus.CLOSED}
    told = [await office.store.deliveries_of(one.id) for one in await inquiries(office, situation)]
    assert [[each.kind for each in owed] for owed in told] == [
        [DeliveryKind.RECEIPT, DeliveryKind.CLOSED]
    ] * MANY
    assert {each.status for owed in told for each in owed} == {DeliveryStatus.OWED}
    office.clock.forward(minutes=61)
    await office.clockwork.round()
    assert await office.store.conversation(conversation_key(office.vault, person(7))) is None
    settled = await office.store.situation(situation)
    assert settled is not None
    assert settled.status is SituationStatus.CLOSED


async def test_that_emergency_services_were_called_is_told_to_everybody(
    office: Office, situation: str
) -> None:
    office.clock.forward(minutes=1)
    await office.desk.called_emergency(situation, "ada", CallReason.LIFE_AT_RISK, second=None, tell=True)
    for left in await office.store.mailings():
        await mailer(office).finish(left)
    owed = [await office.store.deliveries_of(one.id) for one in await inquiries(office, situation)]
    assert [[each.kind for each in one][1:] for one in owed] == [[DeliveryKind.CALLED]] * MANY
    assert {one.status for one in await inquiries(office, situation)} == {InquiryStatus.OPEN}
