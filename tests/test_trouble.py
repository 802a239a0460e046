"""What a citizen is told when the store is slow or cannot be written."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.corpus import Corpus
from bot.errors import StoreStopped
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import ANSWERED, CRISIS, KEY, UNANSWERED, UNCLEAR, Office, Troubled, address, make_office

STOPPED = StoreStopped("The disk is full.")


@pytest.fixture
async def troubled(corpus: Corpus) -> AsyncIterator[tuple[Office, Troubled]]:
    """A desk whose store can be slow or fail."""
    store = await open_tinydb(None, Vault(KEY))
    trouble = Troubled(store)
    office = make_office(trouble, corpus)  # type: ignore[arg-type]
    yield office, trouble
    await office.assistant.stop()
    await store.close()


@pytest.mark.parametrize("failing", [set(), {"record"}, {"conversation"}])
@pytest.mark.parametrize("problem", [STOPPED, OSError("disk"), ConnectionError("gone")])
async def test_a_card_goes_out_when_nothing_can_be_filed_and_says_so(
    troubled: tuple[Office, Troubled], problem: Exception, failing: set[str]
) -> None:
    office, trouble = troubled
    trouble.problem, trouble.failing = problem, failing
    (card,) = await office.ask(CRISIS)
    assert card.kind == "urgent"
    assert "12356" in card.text
    assert office.live.corpus.content.urgent.duty["not_filed"]["zh-Hans"].partition("{")[0] in card.text
    assert card.reference is None
    assert not card.owed


async def test_a_card_goes_out_even_when_the_exchange_cannot_be_opened(
    troubled: tuple[Office, Troubled],
) -> None:
    office, trouble = troubled
    trouble.problem = RuntimeError("nobody expected this")
    (card,) = await office.ask(CRISIS)
    assert card.kind == "urgent"


async def test_a_card_goes_out_even_when_the_matcher_fails(troubled: tuple[Office, Troubled]) -> None:
    class Broken:
        def rank(self, text: str, limit: int = 5) -> None:
            raise RuntimeError("the index is gone")

    office, _ = troubled
    office.live.corpus = replace(office.live.corpus, matcher=Broken())  # type: ignore[arg-type]
    (card,) = await office.ask(CRISIS)
    assert card.kind == "urgent"
    assert "12356" in card.text


@pytest.mark.parametrize("slow", ["record", "conversation"])
async def test_a_card_does_not_wait_for_a_slow_store_and_the_receipt_follows(
    troubled: tuple[Office, Troubled], slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.assistant.URGENT_WAIT", 0.05)
    office, trouble = troubled
    trouble.hold(slow)
    (card,) = await office.ask(CRISIS, id="1")
    assert "12356" in card.text
    assert card.reference is None, "nothing is claimed that is not known yet"
    assert not card.owed
    assert not await office.store.owed(10)
    trouble.let_go()
    await office.assistant.stop()
    (situation,) = await office.desk.queue("ada")
    assert situation.urgent == "crisis"
    assert len(await office.store.owed(10)) == 1
    assert office.late == [], "the outbox tells the citizen"
    (again,) = await office.ask(CRISIS, id="1")
    assert again.reference in situation.references


async def test_a_card_does_not_wait_behind_an_earlier_message_that_hangs(
    troubled: tuple[Office, Troubled], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.assistant.URGENT_WAIT", 0.05)
    office, trouble = troubled
    trouble.hold("record")
    ordinary = asyncio.ensure_future(office.ask(UNANSWERED))
    await asyncio.sleep(0)
    assert (await office.ask_one(CRISIS)).kind == "urgent"
    assert not ordinary.done()
    trouble.let_go()
    assert (await ordinary)[-1].kind == "receipt"
    await office.assistant.stop()
    assert len(await office.desk.queue("ada")) == 2


async def test_a_slow_store_that_fails_in_the_end_makes_the_citizen_told(
    troubled: tuple[Office, Troubled], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.assistant.URGENT_WAIT", 0.05)
    office, trouble = troubled
    trouble.problem, trouble.failing = STOPPED, {"record"}
    trouble.hold("record")
    await office.ask(CRISIS)
    trouble.let_go()
    await office.assistant.stop()
    ((to, card),) = office.late
    assert to == address()
    assert office.live.corpus.content.urgent.duty["not_filed"]["zh-Hans"].partition("{")[0] in card.text


@pytest.mark.parametrize(
    ("text", "kind"),
    [(ANSWERED, "answer"), (UNCLEAR, "clarification"), ("/help", "notice"), ("/topics 1", "notice"), ("", "notice")],
)  # fmt: skip
async def test_what_needs_nobody_is_still_said(
    troubled: tuple[Office, Troubled], text: str, kind: str
) -> None:
    office, trouble = troubled
    trouble.problem = STOPPED
    assert (await office.ask_one(text)).kind == kind


async def test_a_topic_can_be_chosen_while_the_store_is_down(troubled: tuple[Office, Troubled]) -> None:
    office, trouble = troubled
    trouble.problem = STOPPED
    asked = await office.ask_one(UNCLEAR)
    assert (await office.tap(asked, "Lost bank card")).kind == "answer"


@pytest.mark.parametrize("failing", [set(), {"record"}])
@pytest.mark.parametrize("problem", [STOPPED, OSError("disk")])
async def test_a_question_that_needs_a_person_raises_and_records_nothing(
    troubled: tuple[Office, Troubled], problem: Exception, failing: set[str]
) -> None:
    office, trouble = troubled
    trouble.problem, trouble.failing = problem, failing
    with pytest.raises(type(problem)):
        await office.ask(UNANSWERED, id="1")
    trouble.problem = None
    assert not await office.desk.queue("ada")
    assert await office.store.counters() == {}
    reply = await office.ask_one(UNANSWERED, id="1")
    assert reply.kind == "receipt", "sent again, it is taken"


@pytest.mark.parametrize(
    "act", ["/status", "/human", "take-back.{}", "solved.{}", "add.{}", "new", "language.en"]
)
async def test_what_cannot_be_known_or_done_is_not_pretended(
    troubled: tuple[Office, Troubled], act: str
) -> None:
    office, trouble = troubled
    act = act.format(await office.hand_over())
    message = {"text": act} if act.startswith("/") else {"option": act}
    trouble.problem = STOPPED
    with pytest.raises(StoreStopped):
        await office.ask(**message)
