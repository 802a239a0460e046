"""`eval` from end to end: what stands on stdout, on stderr and in the predictions, and its exit codes."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from tests.parts import ANSWERED, CRISIS, INTENTS, KNOWLEDGE, UNANSWERED, UNCLEAR

pytestmark = pytest.mark.usefixtures("trained_once")

CONTENT = ("--intents", str(INTENTS), "--knowledge", str(KNOWLEDGE))
REPORT = {
    "questions", "in_scope", "outside", "in_scope_accuracy", "in_scope_answered_correctly", "handoff_recall", "joint",
    "answered_precision", "auroc", "coverage_at_precision", "per_target", "confusions", "helped", "wrong", "asked",
    "latency_ms", "fit_seconds", "model_bytes", "peak_rss_mb", "target_precision", "answer_threshold", "offer_threshold",
}  # fmt: skip
PREDICTION = ["text", "expect", "decision", "target", "best", "options", "confidence"]
ASKED = (
    (ANSWERED, "intent:bicycle"),
    ("When does the last ferry to the island leave?", "knowledge:k-ferry"),
    (UNCLEAR, "intent:card_lost"),
    (UNANSWERED, "handoff"),
    ("", "handoff"),
    (CRISIS, "handoff"),
    (ANSWERED, "intent:bicycle"),
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `eval` in English; return its exit code, stdout and stderr."""
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    def evaluated(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            code = main(["eval", *map(str, arguments)])
        except SystemExit as exc:  # an argument that argparse refuses
            code = int(str(exc.code))
        said = capfd.readouterr()
        return code, said.out, said.err

    return evaluated


def questions(path: Path, asked: Sequence[tuple[str, str]]) -> Path:
    lines = (json.dumps({"text": text, "expect": expect}) for text, expect in asked)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def intents(path: Path, found: dict[str, list[str]], **more: object) -> Path:
    listed = [
        {"id": name, "title": {"en": name}, "examples": {"en": texts}, "answer": {"en": f"All of {name}."}}
        for name, texts in found.items()
    ]
    path.write_text(json.dumps({"intents": listed, **more}), "utf-8")
    return path


def read_predictions(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_report_is_one_object_and_every_question_has_its_prediction_in_order(
    run: Run, tmp_path: Path
) -> None:
    one, two = questions(tmp_path / "1.jsonl", ASKED[:3]), questions(tmp_path / "2.jsonl", ASKED[3:])
    out = tmp_path / "out.jsonl"
    code, said, _ = run(
        *CONTENT, "--questions", one, "--questions", two, "--json", "--predictions", out,
        "--target-precision", "0.9",
    )  # fmt: skip
    assert code == 0
    report = json.loads(said)
    assert set(report) >= REPORT
    assert report["questions"] == len(ASKED)
    assert report["target_precision"] == 0.9
    assert set(report["latency_ms"]) == {"mean", "p50", "p99"}
    assert set(report["coverage_at_precision"]) == {"0.90", "0.95", "0.98"}
    assert set(report["at_outside_share"]) == {"0.20", "0.60"}
    assert report["fit_seconds"] > 0
    assert report["peak_rss_mb"] > 10
    predictions = read_predictions(out)
    assert [(each["text"], each["expect"]) for each in predictions] == list(ASKED)
    for each in predictions:
        assert list(each) == PREDICTION
        assert math.isfinite(each["confidence"])
        assert (each["target"] is None) == (each["decision"] != "answer")
        assert bool(each["options"]) == (each["decision"] == "clarify")
        assert len(each["options"]) <= 3
    first, ferry, unclear, handed, empty, crisis, again = predictions
    assert first == again
    assert (first["decision"], first["target"]) == ("answer", "intent:bicycle")
    assert ferry["target"] == "knowledge:k-ferry"
    assert unclear["decision"] == "clarify"
    assert handed["decision"] == empty["decision"] == "handoff"
    assert (empty["best"], empty["confidence"]) == (None, 0.0)
    assert crisis["decision"] == "crisis"


def test_without_json_it_is_read_by_people(run: Run, tmp_path: Path) -> None:
    asked = questions(tmp_path / "q.jsonl", [*ASKED, (ANSWERED, "intent:noise")])
    code, said, _ = run(*CONTENT, "--questions", asked)
    assert code == 0
    assert said.startswith("questions 8 (in scope 5, outside 3)")
    assert "1 x intent:noise answered with intent:bicycle" in said


def test_plots_are_written(run: Run, tmp_path: Path) -> None:
    asked, folder = questions(tmp_path / "q.jsonl", ASKED), tmp_path / "plots"
    assert run(*CONTENT, "--questions", asked, "--plots", folder)[0] == 0
    assert {path.suffix for path in folder.iterdir()} == {".png"}
    assert len(list(folder.iterdir())) == 2


def test_doubtful_content_and_questions_are_warned_of_and_measured_all_the_same(
    run: Run, tmp_path: Path
) -> None:
    content = intents(tmp_path / "a.yaml", {"noise": ["loud music"], "dog": ["dog licence", "loud music"]})
    asked = questions(
        tmp_path / "q.jsonl",
        [("loud music", "intent:nobody"), ("dog licence", "intent:dog"), ("x", "knowledge:k")],
    )
    code, said, warned = run("--intents", content, "--questions", asked, "--json")
    assert code == 0
    assert json.loads(said)["questions"] == 3
    for sentence in (
        "q.jsonl:1: expects 'intent:nobody'",
        "q.jsonl:3: expects 'knowledge:k'",
        "has one example",
    ):
        assert sentence in warned
    assert "is an example of" in warned


@pytest.mark.parametrize(
    ("found", "right"),
    [
        ({"noise": ["loud music at night"]}, 1),
        ({"noise": ["loud music at night", "noise next door", "my neighbours shout"]}, 1),
        ({"noise": ["loud music at night"], "party": ["loud music at night"]}, None),
    ],
    ids=["one example", "one intent", "the same example in two intents"],
)
def test_the_least_content_is_measured_and_long_messages_too(
    run: Run, tmp_path: Path, found: dict[str, list[str]], right: float | None
) -> None:
    content = intents(tmp_path / "a.yaml", found)
    long = [("?!" * 50_000, "handoff"), ("q" * 100_000, "handoff"), ("\0\u202e", "handoff")]
    asked = questions(tmp_path / "q.jsonl", [("Loud music at night?", "intent:noise"), *long])
    code, said, _ = run("--intents", content, "--questions", asked, "--json")
    report = json.loads(said)
    assert (code, report["handoff_recall"]) == (0, 1)
    assert right is None or report["in_scope_answered_correctly"] == right
    assert right is not None or (report["wrong"], report["helped"]) == (0, 1)


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_no_questions_are_an_empty_report(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "q.jsonl").write_text(text)
    out = tmp_path / "out.jsonl"
    code, said, warned = run(
        *CONTENT,
        "--questions",
        tmp_path / "q.jsonl",
        "--json",
        "--predictions",
        out,
        "--plots",
        tmp_path / "p",
    )
    assert code == 0
    assert json.loads(said)["questions"] == 0
    assert "there are none" in warned
    assert out.read_bytes() == b""


def test_knowledge_alone_and_nothing_at_all_are_measured(run: Run, tmp_path: Path) -> None:
    asked = questions(
        tmp_path / "q.jsonl", [("When does the last ferry to the island leave?", "knowledge:k-ferry")]
    )
    (tmp_path / "none").mkdir()
    code, said, warned = run(
        "--intents", tmp_path / "none", "--knowledge", KNOWLEDGE, "--questions", asked, "--json"
    )
    assert (code, json.loads(said)["in_scope_accuracy"]) == (0, 1)
    assert "every question goes by knowledge" in warned
    code, said, _ = run("--intents", tmp_path / "none", "--questions", asked, "--json")
    assert (code, json.loads(said)["in_scope_accuracy"]) == (0, 0)


def test_a_file_reached_twice_is_read_once(run: Run, tmp_path: Path) -> None:
    asked = questions(tmp_path / "q.jsonl", ASKED[:2])
    (tmp_path / "deeper").mkdir()
    code, said, _ = run(
        "--intents", INTENTS, "--intents", INTENTS / "streets.yaml",
        "--knowledge", KNOWLEDGE, "--knowledge", KNOWLEDGE / "more.jsonl",
        "--questions", asked, "--questions", tmp_path / "deeper" / ".." / "q.jsonl", "--json",
    )  # fmt: skip
    assert (code, json.loads(said)["questions"]) == (0, 2)


def test_outside_examples_may_come_from_a_file_of_their_own(run: Run, tmp_path: Path) -> None:
    content = intents(tmp_path / "a.yaml", {"noise": ["loud music", "a party next door"], "dog": ["my dog"]})
    beyond = tmp_path / "beyond.yaml"
    beyond.write_text(json.dumps({"outside": {"en": ["loud music in the theatre"]}}))
    asked = questions(tmp_path / "q.jsonl", [("Loud music in the theatre!", "handoff")])
    code, said, _ = run("--intents", content, "--outside", beyond, "--questions", asked, "--json")
    assert (code, json.loads(said)["handoff_recall"]) == (0, 1)


def test_bad_lines_of_questions_are_listed_together(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(
        b'{"text": "a", "expect": "handoff"}\n{"text": 1, "expect": "handoff"}\n[]\n\xff\xfe\n'
        b'{"text": "a"}\n{"text": "a", "expect": "noise"}\n'
    )
    code, said, wrong = run(*CONTENT, "--questions", path, "--json")
    assert (code, said) == (2, "")
    assert [line.split(":")[1] for line in wrong.splitlines()] == ["2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--questions", "/nowhere.jsonl"),
        ("--questions", "{q}", "--target-precision", "2"),
        ("--questions", "{q}", "--target-precision", "high"),
        ("--questions", "{q}", "--predictions", "/nowhere/out.jsonl"),
        ("--questions", "{q}", "--outside", "/nowhere.yaml"),
        ("--questions", "{q}", "--intents", "/nowhere"),
    ],
)
def test_what_cannot_be_read_or_written_exits_2_and_prints_no_report(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    asked = questions(tmp_path / "q.jsonl", ASKED[:1])
    code, said, wrong = run(*CONTENT, *(each.format(q=asked) for each in arguments), "--json")
    assert (code, said) == (2, "")
    assert wrong
