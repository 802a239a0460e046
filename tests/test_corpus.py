"""The content that is live: swapped whole when it is sound, left alone when it is not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from shutil import copytree

import pytest

from bot.content import read_content
from bot.corpus import Corpus, LiveCorpus, build_corpus
from bot.errors import ContentError
from tests.parts import ANSWERED, INTENTS, KNOWLEDGE

NEW = "intents:\n  - id: tram\n    examples: [when does the tram leave the depot, 电车几点发车]\n    answer: At five.\n"


class Files:
    """A folder of intents that a maintainer edits, and the live corpus that watches it."""

    def __init__(self, folder: Path, live: LiveCorpus) -> None:
        self.folder = folder
        self.live = live

    def write(self, text: str, name: str = "new.yaml") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def best(self, text: str) -> str:
        candidates = self.live.corpus.matcher.rank(text).candidates
        return candidates[0].key if candidates else ""

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110 (the live corpus announces nothing)
                await asyncio.sleep(0.02)


@pytest.fixture
async def files(trained_once: None, tmp_path: Path) -> AsyncIterator[Files]:
    folder = copytree(INTENTS, tmp_path / "intents")
    entries: list[object] = []

    async def stored() -> list[object]:
        return entries

    live = LiveCorpus(lambda: read_content([folder], [KNOWLEDGE]), stored, [folder])  # type: ignore[arg-type]
    await live.start()
    await asyncio.sleep(0.1)  # the watcher begins beside us
    yield Files(folder, live)
    await live.stop()


async def test_a_changed_file_is_live_without_a_restart(files: Files) -> None:
    files.write(NEW)
    await files.until(lambda: "tram" in files.live.corpus.content.intents)
    assert files.best("when does the tram leave the depot") == "intent:tram"
    assert files.live.problems == ()


async def test_a_faulty_file_leaves_the_old_content_live_says_why_and_recovers(files: Files) -> None:
    before = files.live.corpus
    files.write("intents:\n  - id: T R A M\n    answer: [\n")
    await files.until(lambda: bool(files.live.problems))
    assert files.live.corpus is before
    (problem,) = files.live.problems
    assert problem.where.endswith("new.yaml:4:1") or ":3:" in problem.where
    await files.live.refresh()
    assert files.live.problems == (problem,), "an entry published meanwhile mends no file"
    files.write(NEW)
    await files.until(lambda: "tram" in files.live.corpus.content.intents)
    assert files.live.problems == ()


async def test_a_change_of_words_alone_fits_nothing_anew(files: Files) -> None:
    matcher, detector = files.live.corpus.matcher, files.live.corpus.urgent
    files.write("phrases: {empty: {en: Nothing., zh-Hans: 没有。, zh-Hant: 沒有。}}\n", "_phrases.yaml")
    await files.until(lambda: files.live.corpus.content.say("empty", "en") == "Nothing.")
    assert files.live.corpus.matcher is matcher
    assert files.live.corpus.urgent is detector


async def test_thresholds_are_learned_anew_after_a_quiet_moment(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.corpus.SETTLE_AFTER", 0.01)
    files.write(NEW)
    await files.until(lambda: "tram" in files.live.corpus.content.intents)
    quick = files.live.corpus.matcher
    await files.until(lambda: files.live.corpus.matcher is not quick)
    assert files.best("when does the tram leave the depot") == "intent:tram"


async def test_faulty_content_at_the_start_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("intents: [\n")

    async def stored() -> list[object]:
        return []

    live = LiveCorpus(lambda: read_content([tmp_path]), stored)  # type: ignore[arg-type]
    with pytest.raises(ContentError):
        await live.start()
    with pytest.raises(RuntimeError):
        _ = live.corpus
    await live.stop()


def test_the_same_parts_are_used_again(corpus: Corpus) -> None:
    again = build_corpus(corpus.content, corpus)
    assert again.matcher is corpus.matcher
    assert again.urgent is corpus.urgent


def test_content_without_intents_leaves_everything_to_people(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "_outside.yaml").write_text("outside: [anything at all]\n")
    empty = build_corpus(read_content([tmp_path]), corpus)
    ranking = empty.matcher.rank(ANSWERED)
    assert (ranking.answer, ranking.offer, ranking.candidates) == (False, 0, ())
