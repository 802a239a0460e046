"""What was learned is kept between starts: the same outcome sooner, and never anything else."""

import os
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bot.corpus
import bot.matching.gate
from bot.cache import KEPT, Cache, key_of
from bot.corpus import Corpus, build_corpus
from bot.fit import FitWorker
from bot.matching import Item, Learned, MatchPolicy, fit
from bot.urgent import Arrays, UrgentContent, arrays_of, build_detector, detector_of
from tests.parts import ANSWERED, CRISIS, UNANSWERED, UNCLEAR

ASKED = (ANSWERED, UNANSWERED, UNCLEAR, "自行车灯", "when does the fery leave")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def no_trying(*_: object) -> None:
    raise AssertionError("this was tried before")


def none_shipped(_: UrgentContent) -> None:
    """As for phrases that are not the sample's."""


def test_a_second_start_tries_nothing_and_ranks_and_judges_just_the_same(
    corpus: Corpus, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.corpus, "shipped", none_shipped)
    first = build_corpus(corpus.content, cache=cache)
    monkeypatch.setattr("bot.matching.parts.held_out", no_trying)
    monkeypatch.setattr(bot.corpus, "build_detector", no_trying)
    again = build_corpus(corpus.content, cache=cache)
    assert again.settled
    for text in ASKED:
        assert again.matcher.rank(text) == first.matcher.rank(text) == corpus.matcher.rank(text)
        assert again.urgent.judge(text) == corpus.urgent.judge(text)
    assert again.urgent.judge(CRISIS) == corpus.urgent.judge(CRISIS) is not None


def test_another_content_is_learned_anew_and_another_policy_is_not(
    corpus: Corpus, cache: Cache, tmp_path: Path
) -> None:
    def kept() -> int:
        return len(list((tmp_path / "cache").glob("matcher-*.npz")))

    content = corpus.content
    build_corpus(content, corpus, cache=cache)
    assert kept() == 0, "what is used again was learned elsewhere"
    build_corpus(content, cache=cache)
    stricter = replace(content.desk, policy=replace(content.desk.policy, target_precision=0.97))
    strict = build_corpus(replace(content, desk=stricter), cache=cache)
    assert kept() == 1
    assert strict.matcher.answer_threshold > corpus.matcher.answer_threshold
    fewer = replace(content, outside=content.outside[1:])
    assert not build_corpus(fewer, corpus, quick=True, cache=cache).settled
    assert kept() == 1, "borrowed thresholds are not this content's"
    assert build_corpus(fewer, cache=cache).settled
    assert kept() == 2


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_or_foreign_file_is_ignored_and_replaced(
    corpus: Corpus, cache: Cache, tmp_path: Path, damage: bytes | None
) -> None:
    build_corpus(corpus.content, cache=cache)
    files = sorted((tmp_path / "cache").iterdir())
    sound = [path.read_bytes() for path in files]
    for path, whole in zip(files, sound, strict=True):
        path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert build_corpus(corpus.content, cache=cache).matcher.rank(ANSWERED) == corpus.matcher.rank(ANSWERED)
    assert sorted((tmp_path / "cache").iterdir()) == files
    assert [len(path.read_bytes()) for path in files] == [len(whole) for whole in sound]
    # A sound file under another's name, too.
    other = tmp_path / "cache" / f"matcher-{key_of('another')}.npz"
    files[0].rename(other)
    assert cache.load("matcher", key_of("another"), Learned.of) is None
    assert not other.exists()


def test_a_file_that_would_run_something_is_not_read(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    harmful = np.array([{"a": 1}], dtype=object)
    np.savez(tmp_path / "cache" / "matcher-x.npz", about=harmful, **{"fusion.first": harmful})
    assert cache.load("matcher", "x", Learned.of) is None


def test_only_the_files_used_last_are_kept(cache: Cache, tmp_path: Path) -> None:
    now = time.time()
    for number in range(KEPT + 3):
        cache.save("matcher", str(number), {"a": np.zeros(3)})
        path = tmp_path / "cache" / f"matcher-{number}.npz"
        os.utime(path, (now - 1000 + number, now - 1000 + number))
        assert cache.load("matcher", "0", lambda arrays: arrays["a"].size) == 3, "used again each time"
    kept = {path.name for path in (tmp_path / "cache").iterdir()}
    assert kept == {"matcher-0.npz", *(f"matcher-{number}.npz" for number in range(4, KEPT + 3))}


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "cache")
    assert build_corpus(corpus.content, cache=cache).matcher.rank(ANSWERED).answer


def test_no_words_are_in_what_is_kept_of_the_matcher(corpus: Corpus) -> None:
    assert {array.dtype.kind for array in corpus.matcher.learned.arrays().values()} <= {"f", "b"}


def test_arrays_of_something_else_are_refused(corpus: Corpus) -> None:
    arrays = corpus.matcher.learned.arrays()
    assert Learned.of(arrays).arrays().keys() == arrays.keys()
    for wrong in (
        np.zeros(1),
        np.array(["x"] * len(arrays["fusion.first"])),
        arrays["fusion.first"] * np.nan,
    ):
        with pytest.raises(ValueError, match="fusion"):
            Learned.of({**arrays, "fusion.three": wrong})
    with pytest.raises(KeyError):
        Learned.of({"fusion.first": np.zeros(1)})
    learned = arrays_of(corpus.urgent)
    for name in learned:
        with pytest.raises(ValueError, match=r"not what|of no detector"):
            detector_of({**learned, name: np.zeros((2, 2))})


def test_a_classifier_and_its_gates_are_kept_too(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [
        Item(
            key=f"intent:{name}",
            examples=tuple(
                f"{name} {verb} {n}" for verb in ("find", "lose", "buy", "sell") for n in range(200)
            ),
        )
        for name in ("lamp", "boat")
    ]
    fitted = fit(items, ["a question of another kind"], MatchPolicy())
    assert fitted.learned.classified is not None
    assert fitted.learned.trained is not None
    cache.save("matcher", "k", fitted.learned.arrays())
    learned = cache.load("matcher", "k", Learned.of)
    other = fit([*items[:1], replace(items[1], titles=("Boats",))], [], MatchPolicy(), learned=learned)
    assert other.learned.trained is not None
    assert other.learned.trained.source != fitted.learned.trained.source
    monkeypatch.setattr(bot.matching.gate, "train", no_trying)
    again = fit(items, ["a question of another kind"], MatchPolicy(), learned=learned)
    assert again.rank("where do I buy a lamp") == fitted.rank("where do I buy a lamp")
    assert again.answer_threshold == fitted.answer_threshold


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("place", np.full(9, 7, np.int32)),
        ("weights", np.zeros((2, 3), np.float64)),
        ("constants", np.zeros(2, np.float32)),
    ],
)
def test_weights_of_something_else_are_refused(name: str, wrong: np.ndarray) -> None:
    arrays = {
        "trained.place": np.arange(-1, 2, dtype=np.int32),
        "trained.weights": np.zeros((2, 3), np.float16),
        "trained.constants": np.zeros(3, np.float32),
        "trained.source": np.asarray(5),
    }
    assert Learned.of(arrays).trained is not None
    with pytest.raises(ValueError, match="trained holds"):
        Learned.of({**arrays, f"trained.{name}": wrong})


def test_a_detector_trained_in_another_process_is_the_same(
    corpus: Corpus, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = build_detector(corpus.content.urgent)
    monkeypatch.setattr(bot.corpus, "shipped", none_shipped)
    monkeypatch.setattr(bot.corpus, "build_detector", no_trying)
    worker = FitWorker()
    try:
        trained = build_corpus(corpus.content, cache=cache, train=worker.train).urgent
    finally:
        worker.stop()
    assert (arrays_of(trained)["weights"] == arrays_of(here)["weights"]).all()
    assert trained.judge(CRISIS) == corpus.urgent.judge(CRISIS)

    def not_asked(_: UrgentContent) -> "Future[Arrays]":
        raise AssertionError("it was kept")

    assert build_corpus(corpus.content, cache=cache, train=not_asked).urgent.judge(CRISIS) is not None


def test_a_process_that_ends_while_it_trains_is_no_loss(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.corpus, "shipped", none_shipped)

    def ends(_: UrgentContent) -> "Future[Arrays]":
        future: Future[Arrays] = Future()
        future.set_exception(BrokenProcessPool("ended"))
        return future

    assert build_corpus(corpus.content, train=ends).urgent.judge(CRISIS) == corpus.urgent.judge(CRISIS)
