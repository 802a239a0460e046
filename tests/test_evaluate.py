"""The figures of a run, checked by hand."""

import pytest

from bot.evaluate import HANDOFF, Prediction, Question, area, evaluate, predict, report
from bot.matching import Candidate, Item, MatchPolicy, Ranking, fit


def said(
    expect: str, best: str | None, confidence: float, decision: str, options: tuple[str, ...] = ()
) -> Prediction:
    return Prediction(
        text="…",
        expect=expect,
        decision=decision,  # type: ignore[arg-type]
        target=best if decision == "answer" else None,
        best=best,
        options=options,
        confidence=confidence,
    )


def test_each_figure_counts_what_its_name_says() -> None:
    predictions = [
        said("a", "a", 0.9, "answer"),
        said("a", "b", 0.8, "answer"),
        said("b", "b", 0.5, "clarify", ("b", "a")),
        said("b", "a", 0.4, "handoff"),
        said(HANDOFF, "a", 0.7, "answer"),
        said(HANDOFF, "a", 0.3, "clarify", ("a", "b")),
        said(HANDOFF, None, 0.0, "handoff"),
    ]
    figures = report(predictions, [1.0] * 7)
    assert figures.in_scope_accuracy == pytest.approx(2 / 4)
    assert figures.in_scope_answered_correctly == pytest.approx(1 / 4)
    assert figures.handoff_recall == pytest.approx(2 / 3)
    assert figures.joint == pytest.approx(3 / 7)
    assert figures.answered_precision == pytest.approx(1 / 3)
    assert figures.helped == pytest.approx(2 / 4)
    assert figures.wrong == pytest.approx(2 / 7)
    assert figures.asked == pytest.approx(2 / 7)
    assert figures.asked_outside == pytest.approx(1 / 3)
    assert figures.coverage_at_precision["0.90"] == pytest.approx(1 / 7)
    assert figures.per_target["a"].precision == pytest.approx(1 / 2)
    assert figures.confusions == ((("a"), "b", 1), (HANDOFF, "a", 1))


def test_area_counts_ties_half_and_needs_both_kinds() -> None:
    assert area([0.9, 0.8], [0.1, 0.2]) == 1
    assert area([0.5, 0.5], [0.5]) == 0.5
    assert area([0.1], [0.9]) == 0
    assert area([], [0.5]) is None


def test_no_questions_have_no_shares_but_a_report() -> None:
    figures = report([], [])
    assert figures.questions == 0
    assert figures.in_scope_accuracy is None
    assert figures.latency_ms.mean == 0


def test_a_ranking_becomes_an_answer_a_choice_or_a_handoff() -> None:
    question = Question(text="?", expect="a")
    both = (Candidate("a", 0.6), Candidate("b", 0.3))
    assert predict(question, Ranking(both, False, True, 0)).target == "a"
    assert predict(question, Ranking(both, False, False, 2)).options == ("a", "b")
    alone = predict(question, Ranking((), False, False, 0))
    assert (alone.decision, alone.best, alone.confidence) == ("handoff", None, 0.0)


def test_there_is_one_prediction_per_question_in_their_order() -> None:
    matcher = fit([Item(key="intent:a", examples=("怎么办护照",))], [], MatchPolicy())
    questions = [Question(text=text, expect="intent:a") for text in ("怎么办护照", "", "怎么办护照")]
    figures = evaluate(matcher, questions)
    assert [p.text for p in figures.predictions] == [q.text for q in questions]
    assert figures.in_scope_accuracy == pytest.approx(2 / 3)
