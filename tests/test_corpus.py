"""The content that is live: swapped whole when it is sound, left alone when it is not."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.content import read_content
from bot.corpus import Corpus, LiveCorpus, build_corpus
from bot.errors import ContentError, StoreError
from bot.intents.catalog import Intent
from bot.models import KnowledgeEntry
from tests.parts import ANSWERED, read_sample


async def nothing_stored() -> Sequence[KnowledgeEntry]:
    return []


@pytest.fixture
async def live(trained_once: None) -> AsyncIterator[LiveCorpus]:
    made = LiveCorpus(nothing_stored)
    await made.publish(read_sample())
    yield made
    await made.stop()


def with_a_tram(corpus: Corpus) -> dict[str, Intent]:
    some = next(iter(corpus.content.intents.values()))
    tram = replace(some, id="tram", examples={"en": ("when does the tram leave the depot",)})
    return {**corpus.content.intents, "tram": tram}


async def test_what_is_published_is_live_and_thresholds_are_learned_anew_after_a_quiet_moment(
    live: LiveCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.corpus.SETTLE_AFTER", 0.01)
    await live.publish(replace(live.corpus.content, intents=with_a_tram(live.corpus)))
    quick = live.corpus
    assert not quick.settled
    async with asyncio.timeout(30):
        while live.corpus is quick:  # noqa: ASYNC110 (the live corpus announces nothing)
            await asyncio.sleep(0.02)
    assert live.corpus.settled
    assert live.corpus.matcher.rank("when does the tram leave the depot").candidates[0].key == "intent:tram"


async def test_what_could_not_be_kept_does_not_become_live(live: LiveCorpus) -> None:
    before = live.corpus
    other = replace(live.corpus.content, intents=with_a_tram(live.corpus))

    async def keep() -> None:
        assert live.corpus is before, "nobody is answered with it yet"
        raise StoreError("not now")

    with pytest.raises(StoreError):
        await live.publish(other, keep)
    assert live.corpus is before
    await live.refresh()
    assert live.corpus is before


async def test_content_that_proves_unsound_is_neither_kept_nor_live(
    live: LiveCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = live.corpus

    def build(*_: object, **__: object) -> Corpus:
        raise ContentError([])

    async def keep() -> None:
        raise AssertionError("unsound content was kept")

    monkeypatch.setattr(live, "_build", build)
    with pytest.raises(ContentError):
        await live.publish(replace(before.content, intents=with_a_tram(before)), keep)
    assert live.corpus is before


async def test_there_is_no_corpus_before_the_first_content() -> None:
    with pytest.raises(RuntimeError):
        _ = LiveCorpus(nothing_stored).corpus


def test_the_same_parts_are_used_again(corpus: Corpus) -> None:
    again = build_corpus(corpus.content, corpus)
    assert again.matcher is corpus.matcher
    assert again.urgent is corpus.urgent


def test_content_without_intents_leaves_everything_to_people(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "_outside.yaml").write_text("outside: [anything at all]\n")
    empty = build_corpus(read_content([tmp_path]), corpus)
    ranking = empty.matcher.rank(ANSWERED)
    assert (ranking.answer, ranking.offer, ranking.candidates) == (False, 0, ())
