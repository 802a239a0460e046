"""How the benchmark reads what became of a question, and its arithmetic; the measuring itself needs the data."""

import random

import pytest

from tests.benchmarks.civic import Content, Question, outcome, reword, share

CONTENT = Content(
    by_answer={
        "Open from nine. Closed on Sundays.": frozenset({"intent:hours"}),
        "Closed on Sundays.": frozenset({"knowledge:k-1", "knowledge:k-2"}),
    },
    by_title={
        "Office hours": frozenset({"intent:hours"}),
        "Is it open on Sunday?": frozenset({"knowledge:k-1"}),
    },
)
NOTICE = {"kind": "notice", "text": "This is automatic.", "options": []}


def question(*expect: str) -> Question:
    return Question(text="when are you open", expect=frozenset(expect), kind="paraphrase")


def reply(kind: str, text: str = "", *titles: str) -> dict[str, object]:
    return {"kind": kind, "text": text, "options": [{"id": title, "title": title} for title in titles]}


@pytest.mark.parametrize(
    ("said", "expect", "became"),
    [
        ([reply("answer", "Open from nine. Closed on Sundays.")], ["intent:hours"], "right"),
        ([reply("answer", "If it is urgent, call.\n\nClosed on Sundays.")], ["knowledge:k-2"], "right"),
        ([reply("answer", "Open from nine. Closed on Sundays.")], ["knowledge:k-1"], "wrong"),
        ([reply("answer", "Closed on Sundays.")], [], "wrong"),
        ([reply("clarification", "", "Office hours", "Ask a person")], ["intent:hours"], "right_offered"),
        ([reply("clarification", "", "Office hours", "Ask a person")], [], "others_offered"),
        ([reply("receipt", "Your reference is 7KQ2-M4XD.")], [], "handed_over"),
        ([reply("urgent", "Call now.")], ["intent:hours"], "card"),
        ([], [], "notice"),
    ],
)
def test_what_became_of_a_question_is_read_from_what_the_citizen_is_shown(
    said: list[dict[str, object]], expect: list[str], became: str
) -> None:
    assert outcome([NOTICE, *said], question(*expect), CONTENT) == became


def test_the_same_seed_rewords_a_question_the_same_way() -> None:
    asked = "How long do I have to stay at home after a journey abroad?"
    first, again = (reword(asked, random.Random(7)) for _ in range(2))
    assert first == again
    assert len(first.split()) == len(asked.split()) - len(asked.split()) // 4


def test_a_share_comes_with_its_wilson_interval() -> None:
    found = share(42, 200)
    assert found["share"] == pytest.approx(0.21)
    assert (found["low"], found["high"]) == (pytest.approx(0.1594, abs=1e-3), pytest.approx(0.2716, abs=1e-3))


@pytest.mark.parametrize(("part", "bounds"), [(0, (0.0, 0.278)), (10, (0.722, 1.0))])
def test_an_interval_stays_between_nothing_and_everything(part: int, bounds: tuple[float, float]) -> None:
    found = share(part, 10)
    assert (found["low"], found["high"]) == pytest.approx(bounds, abs=1e-3)
