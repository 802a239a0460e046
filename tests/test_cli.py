"""The command line: what it prints where, and its exit codes."""

import json
import shutil
from pathlib import Path

import pytest

from bot.cli import main
from bot.locale import catalogue
from tests.parts import ANSWERED, CRISIS, FIRE, INTENTS, KNOWLEDGE, UNANSWERED, UNCLEAR

CONTENT = ["--intents", str(INTENTS), "--knowledge", str(KNOWLEDGE)]
KEYS = ["text", "decision", "target", "options", "confidence", "urgent", "reply"]

pytestmark = pytest.mark.usefixtures("trained_once")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


def asked(capfd: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[dict[str, object]]:
    """Run `ask` with the small city's content; return the JSON lines on stdout, which holds nothing else."""
    assert main(["ask", *arguments, *CONTENT]) == code
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_ask_shows_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", ANSWERED, *CONTENT]) == 0
    out = capfd.readouterr().out
    assert out.startswith("After dark a bicycle shows a white lamp in front")
    assert "[answer intent:bicycle 1.00]" in out or "[answer intent:bicycle 0.99]" in out


WOULD_BE_DONE = [
    (ANSWERED, "answer", "intent:bicycle", None),
    ("When does the last ferry to the island leave?", "answer", "knowledge:k-ferry", None),
    (UNCLEAR, "clarify", None, None),
    (UNANSWERED, "handoff", None, None),
    ("我要投诉民警", "handoff", "intent:officer_complaint", None),
    (CRISIS, "crisis", None, "crisis"),
    (FIRE, "danger", None, "danger"),
    ("", "handoff", None, None),
    ("/help", "answer", None, None),
]


def test_ask_tells_in_json_what_would_be_done(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text("\n".join(json.dumps({"text": text}) for text, *_ in WOULD_BE_DONE))
    lines = asked(capfd, "--batch", str(batch))
    for line, (text, decision, target, urgent) in zip(lines, WOULD_BE_DONE, strict=True):
        assert list(line) == KEYS
        assert (line["text"], line["decision"], line["target"]) == (text, decision, target)
        assert line["urgent"] in (urgent, *(("soft",) if urgent is None else ()))
        assert isinstance(line["confidence"], float)
        assert 0 <= line["confidence"] <= 1
        assert line["reply"]
        assert bool(line["options"]) is (decision == "clarify")
    assert str(lines[4]["reply"]).endswith(
        "投诉由该单位以外的人员阅读。\n\n" + catalogue("zh-Hans")["cli.handed_over"]
    )
    assert str(lines[3]["reply"]).endswith(catalogue("en")["cli.handed_over"])


def test_one_question_gives_one_line_of_json(capfd: pytest.CaptureFixture[str]) -> None:
    (line,) = asked(capfd, ANSWERED, "--json")
    assert (list(line), line["target"]) == (KEYS, "intent:bicycle")


def test_a_batch_gives_one_line_per_line_in_order_also_for_empty_text(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    texts = [UNANSWERED, "", ANSWERED, "  ", "多\u2028行\n文", UNCLEAR, UNCLEAR, "/human", "x" * 10_000, "👍"]
    batch = tmp_path / "batch.jsonl"
    batch.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(json.dumps({"text": text, "id": 1}, ensure_ascii=False).encode() for text in texts) + b"\n")  # fmt: skip
    lines = asked(capfd, "--batch", str(batch))
    assert [line["text"] for line in lines] == texts
    assert all(list(line) == KEYS for line in lines)
    assert [line["decision"] for line in lines[5:7]] == ["clarify", "clarify"], (
        "each is a conversation of its own"
    )


def test_an_empty_batch_gives_nothing(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "b").write_text("")
    assert asked(capfd, "--batch", str(tmp_path / "b")) == []


def test_bad_lines_of_a_batch_are_reported_together_and_nothing_is_answered(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"text": "a"}\n{"txt": "a"}\n[]\n{"text": null}\n"text"\n{\n5\n')
    assert main(["ask", "--batch", str(batch), *CONTENT]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        f'{batch}:{number}: is no object with a text; write {{"text": "…"}}' for number in range(2, 8)
    ]


@pytest.mark.parametrize("arguments", [["ask"], ["ask", "a", "--batch", "b"], ["ask", "--batch", "/nowhere"], ["ask", "a", "--intents", "/nowhere"], ["ask", "a", "--knowledge", "/nowhere"], ["check", "--intents", "/nowhere"]])  # fmt: skip
def test_a_mistake_is_one_sentence_on_stderr_and_exit_2(
    capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


def test_faulty_content_is_reported_with_every_fault_and_exit_2(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text("intents:\n  - id: A\n    answer: y\n")
    for command in (["ask", "x"], ["check"]):
        assert main([*command, "--intents", str(tmp_path)]) == 2
        said = capfd.readouterr()
        assert said.out == ""
        assert [line.partition(".yaml:")[2] for line in said.err.splitlines()] == [
            "2:9: has the id 'A'; use small letters, digits, _ and -, at most 64",
            "2:5: has no examples; write at least a few ways people ask this",
        ]


def test_faulty_settings_are_reported_together(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("DESK_TIMEZONE", "x")
    assert main(["staff", "invite"]) == 2
    assert [line.partition(":")[0] for line in capfd.readouterr().err.splitlines()] == [
        "PORT",
        "DESK_TIMEZONE",
    ]


def test_check_runs_the_contents_own_tests(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *CONTENT]) == 0
    assert capfd.readouterr().out == "7 intents, 4 entries; 3 tests, 0 failed.\n"


def test_check_names_what_a_test_found_and_exits_1(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "intents:\n  - id: tram\n    examples: [when does the tram leave, 电车几点发车]\n    answer: At five.\n"
        "    tests: {matches: [quasar flux zzz], rejects: [when does the tram leave]}\n    colour: red\n"
    )
    assert main(["check", "--intents", str(tmp_path)]) == 1
    said = capfd.readouterr()
    assert said.out.splitlines() == [
        f"{path}:2:5: tram should answer “quasar flux zzz”, but the desk gives handoff; add an example in those words",
        f"{path}:2:5: tram answers “when does the tram leave”, which it must not; add the question to _outside.yaml or to the right intent",
        "1 intents, 0 entries; 2 tests, 2 failed.",
    ]
    unknown, unverified = said.err.splitlines()
    assert unknown == f"{path}:6:13: unknown key 'colour'; nothing reads it (warning)"
    assert "110, 119" in unverified
    assert unverified.endswith("(warning)")


def test_a_number_nobody_verified_fails_the_check_of_a_release_alone(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(
        "intents:\n  - id: tram\n    examples: [when does the tram leave, 电车几点发车]\n    answer: At five.\n"
    )
    assert main(["check", "--intents", str(tmp_path)]) == 0
    assert main(["check", "--release", "--intents", str(tmp_path)]) == 1
    assert "110, 119" in capfd.readouterr().err


def test_an_unknown_command_exits_2(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["dance"])
    assert raised.value.code == 2


@pytest.mark.parametrize(
    ("tag", "words"), [("zh_CN.UTF-8", "一个问题"), ("zh_TW.UTF-8", "一個問題"), ("de_DE", "one question")]
)
def test_the_command_line_speaks_the_terminals_language(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tag: str, words: str
) -> None:
    monkeypatch.setenv("LANG", tag)
    assert main(["ask"]) == 2
    assert words in capfd.readouterr().err


def test_an_invitation_needs_no_running_desk(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DESK_KEY_FILE", str(tmp_path / "desk.key"))
    assert main(["staff", "invite"]) == 0
    assert main(["staff", "invite", "--role", "staff"]) == 0
    links = [line.rpartition("/")[2] for line in capfd.readouterr().out.splitlines()]
    assert len(set(links)) == 2
    (tmp_path / "desk.key").unlink()
    assert main(["staff", "invite"]) == 2
    assert "There is data but no key" in capfd.readouterr().err


def test_a_release_asks_for_a_second_factor_and_a_check_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(INTENTS, tmp_path, dirs_exist_ok=True)
    main(["check", "--intents", str(tmp_path)])
    assert "second_factor" not in capsys.readouterr().err
    assert main(["check", "--release", "--intents", str(tmp_path)]) == 1
    assert "second_factor is not required" in capsys.readouterr().err
    settings = tmp_path / "_desk.yaml"
    settings.write_text(settings.read_text() + "\nsecond_factor: required\n")
    main(["check", "--release", "--intents", str(tmp_path)])
    assert "second_factor" not in capsys.readouterr().err
