"""Requirement 10: sixty messages a language, each in its lane; danger now never gets an answer from the archive."""

import datetime as dt
from collections.abc import Mapping

import pytest

from bot.corpus import Corpus
from bot.offline import Asked, ask

Table = Mapping[str, Mapping[str, tuple[str, ...]]]
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


def _asked(corpus: Corpus, table: Table, lane: str, language: str) -> list[Asked]:
    return [ask(corpus, text, NOW, lambda _: "") for text in table[lane][language]]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_r10_the_table_holds_sixty_messages(lane_table: Table, language: str) -> None:
    assert sum(len(texts[language]) for texts in lane_table.values()) >= 60


@pytest.mark.parametrize("language", ["zh", "en"])
def test_r10_danger_now_is_never_answered_from_content(
    corpus: Corpus, lane_table: Table, language: str
) -> None:
    for asked in _asked(corpus, lane_table, "danger", language):
        assert asked.decision in ("danger", "crisis"), asked.text
        assert asked.target is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_r10_a_crisis_gets_its_card_or_the_line_of_help(
    corpus: Corpus, lane_table: Table, language: str
) -> None:
    for asked in _asked(corpus, lane_table, "crisis", language):
        assert asked.decision == "crisis" or asked.urgent == "soft", asked.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("lane", ["known", "new", "police"])
def test_r10_no_other_lane_gets_an_emergency_card(
    corpus: Corpus, lane_table: Table, lane: str, language: str
) -> None:
    for asked in _asked(corpus, lane_table, lane, language):
        assert asked.decision not in ("danger", "crisis"), asked.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_r10_what_is_known_is_answered_or_offered(corpus: Corpus, lane_table: Table, language: str) -> None:
    reached = [
        asked for asked in _asked(corpus, lane_table, "known", language) if asked.target or asked.options
    ]
    assert len(reached) >= 12


@pytest.mark.parametrize("language", ["zh", "en"])
def test_r10_what_no_content_answers_goes_to_a_person(
    corpus: Corpus, lane_table: Table, language: str
) -> None:
    answered = [asked for asked in _asked(corpus, lane_table, "new", language) if asked.decision == "answer"]
    assert len(answered) <= 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_r10_a_complaint_about_the_police_is_shown_the_outside_route(
    corpus: Corpus, lane_table: Table, language: str
) -> None:
    for asked in _asked(corpus, lane_table, "police", language):
        if asked.target is not None:
            assert "12389" in asked.reply, asked.text
        else:
            assert asked.decision in ("handoff", "clarify"), asked.text
