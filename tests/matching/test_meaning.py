"""An encoder's evidence beside the words: what it adds, and what happens when it fails."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pytest

from bot.matching import Item, Learned, Matcher, MatchPolicy, Meanings, fit
from bot.matching.evidence import NAMES
from bot.matching.fusion import ENCODED_GATE_FIGURES, shipped
from bot.matching.nearness import MEANING_NAMES

CAR, RENT, LOUD = "zorble", "quintle", "brumbit"


@dataclass
class Thesaurus:
    """Knows that some words mean the same, and nothing else; cannot read what holds `unreadable`."""

    identity: str = "thesaurus"
    size: int = 32
    read: list[str] = field(default_factory=list)

    def reads(self, text: str) -> bool:
        return text.isascii()

    def encode(self, text: str) -> npt.NDArray[np.float32]:
        self.read.append(text)
        if "unreadable" in text:
            raise ValueError(text)
        same = {CAR: "car", RENT: "tenant", LOUD: "noise"}
        vector = np.full(self.size, 0.01, np.float32)
        for word in text.lower().strip("?").split():
            vector[sum(same.get(word, word).encode()) % self.size] += 1
        return vector / np.float32(np.linalg.norm(vector))


def few() -> list[Item]:
    said = {"car": "towed away today", "tenant": "moved out again", "noise": "next door tonight"}
    return [
        Item(key=f"intent:{word}", examples=(word, f"{word} {rest}", f"my {word}"), titles=(word,))
        for word, rest in said.items()
    ]


def many(topics: int = 40, each: int = 40) -> list[Item]:
    """A content rich in examples: `topics` made-up words, each in `each` sentences."""
    around = ("please", "now", "today", "help", "with", "about", "question", "on", "for", "the")
    return [
        Item(
            key=f"intent:t{topic}",
            examples=tuple(
                f"{around[n % 10]} {around[n // 4 % 10]} topic{topic} {around[n % 7]}" for n in range(each)
            ),
        )
        for topic in range(topics)
    ]


@pytest.fixture(scope="module")
def rich() -> Matcher:
    return fit(many(), ["what is the weather"] * 3, MatchPolicy(), meanings=Meanings(Thesaurus()))


def best(matcher: Matcher, text: str) -> str | None:
    candidates = matcher.rank(text).candidates
    return candidates[0].key if candidates else None


def test_a_word_of_like_meaning_finds_its_target_though_no_word_is_shared() -> None:
    assert best(fit(few(), (), MatchPolicy()), CAR) != "intent:car"
    assert best(fit(few(), (), MatchPolicy(), meanings=Meanings(Thesaurus())), CAR) == "intent:car"


def test_a_text_that_the_encoder_cannot_read_is_judged_by_its_words_and_not_logged(
    caplog: pytest.LogCaptureFixture, rich: Matcher
) -> None:
    small = fit(few(), ("unreadable outside",), MatchPolicy(), meanings=Meanings(Thesaurus()))
    with caplog.at_level(logging.WARNING):
        assert best(small, "unreadable tenant") == "intent:tenant"
        assert best(rich, "unreadable topic7 topic8") in ("intent:t7", "intent:t8")
    assert {record.getMessage() for record in caplog.records} == {"The encoder could not read a text"}
    assert "unreadable" not in caplog.text


def test_what_a_message_is_nearer_to_outside_in_meaning_makes_it_less_sure() -> None:
    meanings = Meanings(Thesaurus())
    beside = fit(few(), (f"{LOUD} abroad",), MatchPolicy(), meanings=meanings)
    alone = fit(few(), ("quite another",), MatchPolicy(), meanings=meanings)
    text = f"{LOUD} somewhere abroad"
    assert beside.rank(text).listed < alone.rank(text).listed


def test_vectors_are_worked_out_once_for_each_text_of_the_content() -> None:
    encoder = Thesaurus()
    first = fit(few(), (), MatchPolicy(), meanings=Meanings(encoder))
    assert first.meanings is not None
    assert sorted(encoder.read) == sorted(set(encoder.read))
    encoder.read.clear()
    changed = [*few(), Item(key="intent:new", examples=("quite new",))]
    again = fit(changed, (), MatchPolicy(), meanings=first.meanings)
    assert set(encoder.read) == {"quite new", "new"}
    fewer = fit(changed[3:], (), MatchPolicy(), meanings=again.meanings)
    assert fewer.meanings is not None
    assert len(fewer.meanings.known) == 2, "what has left the content is kept no longer"


def test_vectors_that_were_kept_give_the_same_matcher() -> None:
    fresh = fit(few(), (), MatchPolicy(), meanings=Meanings(Thesaurus()))
    assert fresh.meanings is not None
    encoder = Thesaurus()
    kept = fit(few(), (), MatchPolicy(), meanings=Meanings(encoder).with_kept(fresh.meanings.arrays()))
    assert encoder.read == []
    for text in (CAR, "my tenant", f"{LOUD} tonight"):
        assert kept.rank(text) == fresh.rank(text)


@pytest.mark.parametrize("change", [
    {"digests": np.zeros((2, 16), np.uint8)},
    {"digests": np.zeros((1, 8), np.uint8)},
    {"vectors": np.zeros((1, 31), np.float16)},
    {"vectors": np.zeros((1, 32), np.float32)},
    {"vectors": np.full((1, 32), np.nan, np.float16)},
])  # fmt: skip
def test_arrays_that_are_no_vectors_are_refused(change: dict[str, npt.NDArray[np.generic]]) -> None:
    sound = Meanings(Thesaurus()).covering(["a"]).arrays()
    assert len(Meanings(Thesaurus()).with_kept(sound).known) == 1
    with pytest.raises(ValueError, match="no vectors"):
        Meanings(Thesaurus()).with_kept({**sound, **change})


def test_where_words_are_sure_the_encoder_is_not_asked(rich: Matcher) -> None:
    assert rich.meanings is not None
    encoder = rich.meanings.encoder
    assert isinstance(encoder, Thesaurus)
    encoder.read.clear()
    assert rich.rank("please help topic7 now").answer
    assert encoder.read == []
    rich.rank("topic7 topic8")
    assert encoder.read == ["topic7 topic8"]


def test_gates_of_words_and_meaning_are_kept_and_give_the_same_matcher(rich: Matcher) -> None:
    learned = Learned.of(rich.learned.arrays())
    assert learned.classified is not None
    assert learned.sensed is not None
    again = fit(many(), ["what is the weather"] * 3, MatchPolicy(), learned=learned, meanings=rich.meanings)
    for text in ("topic7 topic8", "about topic9", "the weather", CAR):
        assert again.rank(text) == rich.rank(text)


def test_what_was_learned_without_an_encoder_is_learned_anew_with_one(rich: Matcher) -> None:
    words = replace(rich.learned, sensed=None)
    again = fit(many(), ["what is the weather"] * 3, MatchPolicy(), learned=words, meanings=rich.meanings)
    assert again.learned.sensed is not None


def test_the_weights_for_an_encoder_fit_its_figures() -> None:
    weights = shipped(encoder=True)
    sizes: Sequence[int] = [len(getattr(weights, name)) for name in ("scale", "ranker")]
    assert set(sizes) == {len(NAMES) + len(MEANING_NAMES)}
    assert len(weights.gate_mean) == len(weights.first) - 1 == len(ENCODED_GATE_FIGURES)
