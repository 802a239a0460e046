"""The steps of the router, on the small city's content."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.corpus import Corpus
from bot.models import (
    Act,
    AddOrNew,
    Address,
    Answer,
    Clarification,
    Command,
    Continue,
    Handoff,
    HandoffReason,
    IncomingMessage,
    Urgent,
)
from bot.router import ConversationState, OpenInquiry, option_id, route
from tests.parts import ANSWERED, CRISIS, NOON, UNANSWERED, UNCLEAR


def message(text: str = "", **other: Any) -> IncomingMessage:
    return IncomingMessage(
        **{"id": "1", "address": Address(channel="c", chat="1"), "text": text, "received_at": NOON, **other}
    )


def inquiry(**other: Any) -> OpenInquiry:
    return OpenInquiry(**{"reference": "R-1", "urgent": False, "held": False, **other})


OPEN = ConversationState(inquiries=(inquiry(),))


@pytest.mark.parametrize(("text", "state", "kind"), [
    (ANSWERED, ConversationState(), Answer), (UNCLEAR, ConversationState(), Clarification),
    (UNANSWERED, ConversationState(), Handoff), (CRISIS, ConversationState(), Urgent),
    ("/help", ConversationState(), Command), ("", ConversationState(), Command),
    (ANSWERED, OPEN, Answer), (UNCLEAR, OPEN, AddOrNew), (UNANSWERED, OPEN, AddOrNew), (CRISIS, OPEN, Urgent),
    (UNCLEAR, ConversationState(clarified=True), Handoff), (ANSWERED, ConversationState(clarified=True), Answer),
    (ANSWERED, ConversationState(wants_person=True), Handoff),
    (ANSWERED, ConversationState(inquiries=(inquiry(held=True),)), Continue),
    (ANSWERED, ConversationState(inquiries=(inquiry(urgent=True),)), Continue),
    (ANSWERED, ConversationState(inquiries=(inquiry(urgent=True, answered=True),)), Answer),
    (CRISIS, ConversationState(inquiries=(inquiry(held=True),)), Urgent),
    ("/status", ConversationState(inquiries=(inquiry(held=True),)), Command),
    (UNANSWERED, ConversationState(inquiries=(inquiry(),), continues="R-1", previous="x"), Continue),
])  # fmt: skip
def test_the_first_step_that_decides_wins(
    corpus: Corpus, text: str, state: ConversationState, kind: type
) -> None:
    assert type(route(message(text), state, corpus)) is kind


def test_only_a_person_who_is_writing_silences_the_desk(corpus: Corpus) -> None:
    held = route(message(ANSWERED), ConversationState(inquiries=(inquiry(held=True),)), corpus)
    urgent = route(message(ANSWERED), ConversationState(inquiries=(inquiry(urgent=True),)), corpus)
    assert isinstance(held, Continue)
    assert isinstance(urgent, Continue)
    assert (held.silent, urgent.silent) == (True, False)


def test_a_buttons_id_is_opaque_short_and_the_same_everywhere(corpus: Corpus) -> None:
    assert option_id("intent:bicycle") == option_id("intent:bicycle")
    assert len(option_id("intent:" + "x" * 64).encode()) == 18
    decision = route(message(option=option_id("intent:bicycle")), ConversationState(), corpus)
    assert isinstance(decision, Answer)
    assert decision.target == "intent:bicycle"


def test_a_handing_over_intent_hands_over_also_when_it_is_tapped(corpus: Corpus) -> None:
    decision = route(message(option=option_id("intent:officer_complaint")), ConversationState(), corpus)
    assert isinstance(decision, Handoff)
    assert (decision.reason, decision.target) == (HandoffReason.POLICY, "intent:officer_complaint")


def test_an_answer_that_ended_is_neither_sent_nor_offered(corpus: Corpus) -> None:
    late = message("Is the lantern market on this year?", received_at=NOON + dt.timedelta(days=1))
    assert isinstance(route(late, ConversationState(), corpus), Handoff)


@pytest.mark.parametrize(("text", "act", "argument"), [
    ("/START", Act.START, None), ("/help@lanting_bot", Act.HELP, None), ("/topics 2", Act.TOPICS, "2"),
    ("/language zh-Hant", Act.LANGUAGE, "zh-Hant"), ("help", Act.HELP, None), ("  菜单！", Act.TOPICS, None),
    ("my questions", Act.STATUS, None), ("選單", None, None),
])  # fmt: skip
def test_commands_are_read_in_any_case_and_with_a_bots_name(
    corpus: Corpus, text: str, act: Act | None, argument: str | None
) -> None:
    decision = route(message(text), ConversationState(), corpus)
    if act is None:
        assert not isinstance(decision, Command)
    else:
        assert decision == Command(act=act, argument=argument)


@settings(max_examples=40)
@given(text=st.text(max_size=60))
def test_the_same_message_gives_the_same_decision(corpus: Corpus, text: str) -> None:
    assert route(message(text), ConversationState(), corpus) == route(
        message(text), ConversationState(), corpus
    )
