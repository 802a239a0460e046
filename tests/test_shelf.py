"""Past answers beyond what can be fitted: kept in an archive, with what came later beside it."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.content import Content
from bot.corpus import Corpus, LiveCorpus, build_corpus
from bot.models import Address, Answer, EntryStatus, IncomingMessage, KnowledgeEntry, Option
from bot.router import ConversationState, option_id, route
from tests.parts import ANSWERED, NOON, read_sample

STREETS = ("码头路", "钟楼街", "北湖路", "柳园街", "石桥路", "南渡街")


def entry(number: int, question: str) -> KnowledgeEntry:
    return KnowledgeEntry(
        id=f"s{number}",
        question=question,
        answer=f"答复{number}",
        language="zh-Hans",
        status=EntryStatus.PUBLISHED,
        date=dt.date(2026, 1, 1),
    )


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.shelf.MOST_FITTED", 4)


@pytest.fixture(scope="module")
def content() -> Content:
    return read_sample().with_entries([entry(n, f"{street}几时修完") for n, street in enumerate(STREETS)])


@pytest.fixture
def shelved(content: Content, corpus: Corpus) -> Corpus:
    return build_corpus(content, corpus, quick=True)


def answered(corpus: Corpus, text: str) -> str | None:
    ranking = corpus.matcher.rank(text)
    return ranking.candidates[0].key if ranking.answer else None


def test_intents_and_archived_entries_are_answered(shelved: Corpus) -> None:
    assert shelved.shelf is not None
    assert shelved.shelf.changes() == 0
    assert answered(shelved, "石桥路几时修完？") == "knowledge:s4"
    assert answered(shelved, ANSWERED) == answered(replace(shelved.fitted or shelved), ANSWERED) is not None


def test_few_entries_need_no_archive(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, content: Content
) -> None:
    monkeypatch.setattr("bot.shelf.MOST_FITTED", 100)
    fitted = build_corpus(content, corpus, quick=True)
    assert fitted.shelf is fitted.fitted is None
    assert answered(fitted, "石桥路几时修完？") == "knowledge:s4"


def test_what_is_published_changed_or_withdrawn_counts_at_once(shelved: Corpus) -> None:
    changed = build_corpus(
        shelved.content.with_entries(
            [
                entry(9, "梅园里几时修完"),
                entry(0, "码头路哪天通车"),
                replace(entry(1, "钟楼街几时修完"), status=EntryStatus.WITHDRAWN),
            ]
        ),
        shelved,
        quick=True,
    )
    assert changed.shelf is not None
    assert shelved.shelf is not None
    assert changed.shelf.archive is shelved.shelf.archive
    assert set(changed.shelf.beside) == {"s9", "s0"}
    assert answered(changed, "梅园里几时修完") == "knowledge:s9"
    assert answered(changed, "码头路哪天通车") == "knowledge:s0"
    assert answered(changed, "钟楼街几时修完") is None
    assert answered(changed, "石桥路几时修完") == "knowledge:s4"


def test_words_that_matter_to_no_match_change_no_matcher(shelved: Corpus) -> None:
    again = build_corpus(replace(shelved.content, warnings=()), shelved, quick=True)
    assert again.matcher is shelved.matcher


def test_many_changes_build_the_archive_anew(shelved: Corpus) -> None:
    more = shelved.content.with_entries([entry(n, f"第{n}大道几时修完") for n in range(10, 15)])
    rebuilt = build_corpus(more, shelved, quick=True, most_changes=3)
    assert rebuilt.shelf is not None
    assert rebuilt.shelf.changes() == 0
    assert answered(rebuilt, "第12大道几时修完") == "knowledge:s12"


def test_a_button_of_an_archived_entry_gives_its_answer(shelved: Corpus) -> None:
    option = Option(id=option_id("knowledge:s4"), title="石桥路几时修完")
    for offered in ((option,), ()):
        message = IncomingMessage(
            id="m",
            address=Address(channel="webchat", chat="c"),
            text=option.title,
            option=option.id,
            received_at=NOON,
        )
        decision = route(message, ConversationState(offered=offered), shelved)
        assert isinstance(decision, Answer)
        assert decision.target == "knowledge:s4"


async def test_an_overgrown_shelf_is_put_in_order_when_there_is_time(
    trained_once: None, monkeypatch: pytest.MonkeyPatch, content: Content
) -> None:
    monkeypatch.setattr("bot.corpus.SETTLE_AFTER", 0.01)
    monkeypatch.setattr("bot.corpus.SOME_CHANGES", 2)
    entries: list[KnowledgeEntry] = []

    async def stored() -> Sequence[KnowledgeEntry]:
        return entries

    live = LiveCorpus(stored)
    await live.publish(content)
    try:
        first = live.corpus.shelf
        assert first is not None
        entries += [entry(n, f"第{n}大道几时修完") for n in range(10, 14)]
        await live.refresh()
        assert live.corpus.shelf is not None
        assert live.corpus.shelf.archive is first.archive
        assert answered(live.corpus, "第12大道几时修完") == "knowledge:s12"
        async with asyncio.timeout(60):
            while live.corpus.shelf.changes():  # noqa: ASYNC110 (the live corpus announces nothing)
                await asyncio.sleep(0.02)
        assert live.corpus.shelf.archive is not first.archive
        assert answered(live.corpus, "第12大道几时修完") == "knowledge:s12"
        assert answered(live.corpus, "石桥路几时修完？") == "knowledge:s4"
    finally:
        await live.stop()
