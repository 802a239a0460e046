"""Content rich in examples is matched by a classifier with a gate of its own."""

import random
import time

import pytest
from hypothesis import given, settings

from bot.matching import Item, Matcher, MatchPolicy, fit
from bot.matching.matcher import rich_items
from tests.matching.test_matcher import ANY_TEXT, sound

THINGS = (
    "passport",
    "licence",
    "noise",
    "parking",
    "dog",
    "bike",
    "fine",
    "key",
    "flood",
    "fair",
    "drone",
    "visa",
)
FRAMES = (
    "how do i {verb} my {thing} {when}",
    "what about the {thing} {when} please {verb}",
    "can you {verb} a {thing} {when}",
    "{thing} {verb} {when}",
    "i want to {verb} one {thing} {when}",
)
VERBS = ("renew", "report", "check", "pay", "find", "move", "cancel", "change", "show", "ask")
WHEN = (
    "today",
    "tomorrow",
    "at night",
    "next week",
    "in may",
    "online",
    "in person",
    "quickly",
    "for a friend",
)


def rows(thing: str, count: int) -> tuple[str, ...]:
    rng = random.Random(thing)
    return tuple(
        rng.choice(FRAMES).format(verb=rng.choice(VERBS), thing=thing, when=rng.choice(WHEN)) + f" {n}"
        for n in range(count)
    )


ITEMS = tuple(Item(key=f"intent:{thing}", examples=rows(thing, 130)) for thing in THINGS)
ENTRY = Item(
    key="knowledge:tide",
    examples=("When does the tide close the causeway?",),
    answers=("Two hours around high water.",),
)
CONTENT = ((*ITEMS, ENTRY), ("tell me a joke", "what is the weather", "sing a song"), MatchPolicy())


@pytest.fixture(scope="module")
def rich() -> Matcher:
    return fit(*CONTENT)


def test_content_rich_in_examples_is_told_from_content_with_telling_answers() -> None:
    assert rich_items(ITEMS) == list(range(len(ITEMS)))
    told = tuple(
        Item(
            key=item.key,
            examples=item.examples,
            answers=(" ".join(f"{item.key[7:]}{word}" for word in "abcdefgh"),),
        )
        for item in ITEMS
    )
    assert rich_items(told) == []
    assert rich_items(ITEMS[:3]) == []


def test_new_wordings_are_answered_and_other_subjects_are_not(rich: Matcher) -> None:
    ranking = rich.rank("could i renew the drone tomorrow")
    assert ranking.answer
    assert ranking.candidates[0].key == "intent:drone"
    assert not rich.rank("my grandmother bakes bread with walnuts").answer
    assert not rich.rank("完全不相干的话").answer


def test_an_entry_beside_many_intents_is_found(rich: Matcher) -> None:
    assert rich.rank("when is the causeway closed by the tide").candidates[0].key == "knowledge:tide"


def test_a_classifier_fitted_twice_says_the_same(rich: Matcher) -> None:
    again = fit(*CONTENT)
    assert again.answer_threshold == rich.answer_threshold
    for said in ("renew visa", "parking at night", "flood flood"):
        assert again.rank(said) == rich.rank(said)


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT)
def test_any_text_gets_a_sound_ranking(rich: Matcher, text: str) -> None:
    assert sound(rich.rank(text))


def test_a_message_of_a_hundred_thousand_characters_is_ranked_in_bounded_time(rich: Matcher) -> None:
    start = time.perf_counter()
    for text in ("renew drone " * 9000, "护照" * 50_000, "a\u0301" * 50_000, "1" * 100_000, "q" * 100_000):
        assert sound(rich.rank(text))
    assert time.perf_counter() - start < 10


def test_thousands_of_intents_rich_in_examples_are_fitted_in_bounded_time() -> None:
    items = [
        Item(key=f"intent:{n}", examples=tuple(f"notice {n} of gate {n % 89} {when}" for when in WHEN[:8]))
        for n in range(5000)
    ]
    start = time.perf_counter()
    fitted = fit(items, [], MatchPolicy())
    found = fitted.rank("the notice 4711 of gate 83")
    assert found.candidates[0].key == "intent:4711"
    assert time.perf_counter() - start < 90
