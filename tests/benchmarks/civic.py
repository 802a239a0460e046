"""The main job on real input: a running desk, asked over its public API, and what became of each question.

    python -m tests.benchmarks.civic [--data PATH] [--json] [SET …]

For each set a desk is started as its own process (`python -m bot serve` on loopback) with that set's content and
nothing of the product's intents or knowledge. Every question goes through `POST /api/messages` as a conversation
of its own, one after another. What became of it is read from the response alone, as a citizen would see it: the
kind of the reply, its words against the words of the content, and the titles on its buttons.

Nothing is chosen on these rows: the desk runs with the product's policy. `gov_faq_en` has no questions of its own,
so they are made from its entries by a fixed seed (words left out, letters mistyped), beside requests to a voice
assistant from `clinc150` that no public body answers.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261124
REWORDED = 200
FOREIGN = 100
NEAR_THE_TOPIC = {"vaccines", "travel_alert"}
"""Intents of `clinc150` that a health department might answer; left out of the foreign rows."""
START_WITHIN = 300.0
HANDOFF = "handoff"

OUTCOMES = ("right", "wrong", "right_offered", "others_offered", "handed_over", "card", "notice")
HEADINGS = (
    "answered rightly",
    "answered wrongly",
    "the right title offered",
    "other titles offered",
    "handed over",
    "emergency card",
    "a notice",
)
ALWAYS_SHOWN = 5
"""Of these columns; a set without emergency cards needs none for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A labelled question; `expect` holds every target that answers it, none where a person must."""

    text: str
    expect: frozenset[str]
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A set: what the desk serves, and what it is asked."""

    name: str
    files: Mapping[str, Path]
    """Files by where they stand under the content folder."""
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the set's answers and titles are, to know them again in a reply."""

    by_answer: Mapping[str, frozenset[str]]
    by_title: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, what became of it, and how long the client waited."""

    question: Question
    outcome: str
    seconds: float


def main(data: Path | None = None, names: Sequence[str] = (), *, as_json: bool = False) -> None:
    """Measure the sets and print the figures. Exits with a sentence when the data is not there."""
    data = data or Path(os.environ.get("DESK_DATA", ROOT.parent / "shared" / "data"))
    for folder in ("civic_zh", "civic_en", "gov_faq_en", "clinc150"):
        if not (data / folder).is_dir():
            raise SystemExit(
                f"The benchmark data is not at {data} ({folder} is missing); name its folder: make bench DATA=PATH"
            )
    found: dict[str, Any] = {"when": _now(), "code": _code(), "machine": _machine(), "sets": {}}
    if not as_json:
        print(f"{found['when']} · code {found['code']} · {found['machine']}")
    for subject in subjects(data):
        if names and subject.name not in names:
            continue
        asked, started = measure(subject)
        found["sets"][subject.name] = figures(asked, started)
        if not as_json:
            print(table(subject.name, found["sets"][subject.name]), flush=True)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))


# --- the sets


def subjects(data: Path) -> Sequence[Subject]:
    """Return the three sets."""
    return (_civic(data / "civic_zh"), _civic(data / "civic_en"), _gov_faq(data))


def _civic(folder: Path) -> Subject:
    return Subject(
        name=folder.name,
        files={
            "intents/intents.yaml": folder / "intents.yaml",
            "knowledge/knowledge.jsonl": folder / "knowledge.jsonl",
        },
        questions=tuple(
            Question(
                text=row["text"],
                expect=frozenset() if row["expect"] == HANDOFF else frozenset({row["expect"]}),
                kind=row["kind"],
            )
            for row in _lines(folder / "questions.jsonl")
        ),
    )


def _gov_faq(data: Path) -> Subject:
    entries = _lines(data / "gov_faq_en" / "knowledge.jsonl")
    random_ = random.Random(SEED)
    same: dict[str, set[str]] = {}
    for entry in entries:
        same.setdefault(_letters(entry["question"]), set()).add(f"knowledge:{entry['id']}")
    long_enough = [entry for entry in entries if len(entry["question"].split()) >= 5]
    reworded = [
        Question(
            text=reword(entry["question"], random_),
            # Several bodies ask the very same question; the reworded one does not say whose.
            expect=frozenset(same[_letters(entry["question"])]),
            kind="reworded",
        )
        for entry in random_.sample(long_enough, REWORDED)
    ]
    rows = [row for row in _lines(data / "clinc150" / "valid.jsonl") if row["intent"] not in NEAR_THE_TOPIC]
    foreign = [
        Question(text=row["text"], expect=frozenset(), kind="foreign")
        for row in random_.sample(rows, FOREIGN)
    ]
    return Subject(
        name="gov_faq_en",
        files={"knowledge/knowledge.jsonl": data / "gov_faq_en" / "knowledge.jsonl"},
        questions=(*reworded, *foreign),
    )


def reword(question: str, random_: random.Random) -> str:
    """Return the question as somebody in a hurry might write it: a quarter of its words gone, one or two typos."""
    words = question.split()
    gone = set(random_.sample(range(len(words)), max(1, len(words) // 4)))
    words = [word for at, word in enumerate(words) if at not in gone]
    for _ in range(random_.choice((1, 2))):
        long = [at for at, word in enumerate(words) if len(word) >= 4]
        if long:
            at = random_.choice(long)
            words[at] = _mistyped(words[at], random_)
    return " ".join(words).rstrip("?").lower()


def _mistyped(word: str, random_: random.Random) -> str:
    at = random_.randrange(len(word) - 1)
    match random_.choice(("swap", "leave out", "double")):
        case "swap":
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case "leave out":
            return word[:at] + word[at + 1 :]
        case _:
            return word[: at + 1] + word[at:]


def _letters(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def _lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


# --- asking


def measure(subject: Subject) -> tuple[Sequence[Asked], float]:
    """Start a desk with the set's content, ask it everything; return that, and the seconds the start took."""
    with TemporaryDirectory(prefix="desk-civic-") as folder:
        home = Path(folder)
        for part in ("intents", "knowledge"):
            (home / part).mkdir()
        for place, source in subject.files.items():
            shutil.copyfile(source, home / place)
        content = _read(home)
        started = time.perf_counter()
        with running_desk(home) as port:
            took = time.perf_counter() - started
            return [_ask(port, question, content) for question in subject.questions], took


@contextmanager
def running_desk(home: Path) -> Iterator[int]:
    """Run a desk on the content and the data under `home`; give its port."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    environment |= {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PORT": "0",
        "INTENTS_DIR": str(home / "intents"),
        "KNOWLEDGE_DIR": str(home / "knowledge"),
        "DATA_DIR": str(home / "data"),
        "DESK_KEY_FILE": str(home / "desk.key"),
    }
    with (home / "log").open("wb") as log:
        desk = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            yield _port(desk, home / "log")
        finally:
            desk.send_signal(signal.SIGTERM)
            desk.wait(30)
            if desk.stdout is not None:
                desk.stdout.close()


def _port(desk: subprocess.Popen[bytes], log: Path) -> int:
    """Return the port that the desk prints when it is ready."""
    assert desk.stdout is not None
    deadline = time.monotonic() + START_WITHIN
    for line in desk.stdout:
        found = re.search(rb"http://127\.0\.0\.1:(\d+)/", line)
        if found:
            return int(found[1])
        if time.monotonic() > deadline:
            break
    raise SystemExit(f"The desk did not start:\n{log.read_text(encoding='utf-8')}")


def _ask(port: int, question: Question, content: Content) -> Asked:
    body = json.dumps({"text": question.text}).encode()
    started = time.perf_counter()
    # A connection of its own, as every citizen has.
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/api/messages", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    seconds = time.perf_counter() - started
    connection.close()
    if response.status != 200:
        raise SystemExit(f"The desk answered {response.status}: {answer.decode()}")
    replies = json.loads(answer)["replies"]
    return Asked(question=question, outcome=outcome(replies, question, content), seconds=seconds)


def outcome(replies: Sequence[Mapping[str, Any]], question: Question, content: Content) -> str:
    """Return what became of the question, from what the citizen is shown. The first reply may introduce the desk."""
    said = {reply["kind"]: reply for reply in replies}
    if "urgent" in said:
        return "card"
    if "receipt" in said:
        return "handed_over"
    if "answer" in said:
        # A line of help may stand before the answer.
        targets = next(
            (found for answer, found in content.by_answer.items() if said["answer"]["text"].endswith(answer)),
            frozenset(),
        )
        return "right" if targets & question.expect else "wrong"
    if "clarification" in said:
        offered: set[str] = set()
        for option in said["clarification"]["options"]:
            offered |= content.by_title.get(option["title"], frozenset())
        return "right_offered" if offered & question.expect else "others_offered"
    return "notice"


def _read(home: Path) -> Content:
    """Read what the answers and titles are, as plain files: the benchmark does not ask the desk's own code."""
    answers: dict[str, set[str]] = {}
    titles: dict[str, set[str]] = {}
    for path in (home / "intents").glob("*.yaml"):
        for intent in yaml.safe_load(path.read_text(encoding="utf-8"))["intents"]:
            answers.setdefault(intent["answer"].strip(), set()).add(f"intent:{intent['id']}")
            titles.setdefault(intent["title"].strip(), set()).add(f"intent:{intent['id']}")
    for path in (home / "knowledge").glob("*.jsonl"):
        for entry in _lines(path):
            answers.setdefault(entry["answer"].strip(), set()).add(f"knowledge:{entry['id']}")
            titles.setdefault(entry["question"].strip(), set()).add(f"knowledge:{entry['id']}")
    longest_first = sorted(answers, key=len, reverse=True)
    return Content(
        by_answer={answer: frozenset(answers[answer]) for answer in longest_first},
        by_title={title: frozenset(targets) for title, targets in titles.items()},
    )


# --- figures


def figures(asked: Sequence[Asked], started: float) -> dict[str, Any]:
    """Return counts by kind and outcome, the shares that matter, and what the client waited."""
    kinds = list(dict.fromkeys(each.question.kind for each in asked))
    counts = {kind: Counter(each.outcome for each in asked if each.question.kind == kind) for kind in kinds}
    every: Counter[str] = Counter(each.outcome for each in asked)
    answered = every["right"] + every["wrong"]
    inside = [each for each in asked if each.question.expect]
    beyond = [each for each in asked if not each.question.expect]
    wrong_beyond = sum(each.outcome == "wrong" for each in beyond)
    waits = sorted(each.seconds * 1000 for each in asked)
    return {
        "rows": len(asked),
        "kinds": {
            kind: {name: counts[kind][name] for name in OUTCOMES if counts[kind][name]} for kind in kinds
        },
        "shares": {
            "wrong of all": share(every["wrong"], len(asked)),
            "right of those answered": share(every["right"], answered),
            "answered rightly, of those content answers": share(every["right"], len(inside)),
            "answered rightly or the right title offered, of those content answers": share(
                every["right"] + every["right_offered"], len(inside)
            ),
            "answered all the same, of those a person must answer": share(wrong_beyond, len(beyond)),
            "handed over of all": share(every["handed_over"], len(asked)),
        },
        "milliseconds": {"p50": round(_at(waits, 0.5), 1), "p99": round(_at(waits, 0.99), 1)},
        "seconds_to_start": round(started, 1),
    }


def share(part: int, whole: int) -> dict[str, Any]:
    """Return a share with its counts and its 95 % Wilson interval."""
    if not whole:
        return {"part": 0, "whole": 0, "share": None, "low": None, "high": None}
    z, p = 1.959964, part / whole
    middle = (p + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    return {
        "part": part,
        "whole": whole,
        "share": p,
        "low": max(0.0, middle - half),
        "high": min(1.0, middle + half),
    }


def table(name: str, found: Mapping[str, Any]) -> str:
    """Return the figures as Markdown: each cell a count, its share and its interval."""
    totals: Counter[str] = Counter()
    for counts in found["kinds"].values():
        totals.update(counts)
    columns = enumerate(zip(OUTCOMES, HEADINGS, strict=True))
    used = [column for at, column in columns if at < ALWAYS_SHOWN or totals[column[0]]]
    lines = [f"\n### {name}: {found['rows']} questions\n"]
    lines.append("| kind | rows | " + " | ".join(heading for _, heading in used) + " |")
    lines.append("|---" * (len(used) + 2) + "|")
    for kind, counts in (*found["kinds"].items(), ("all", totals)):
        rows = sum(counts.values())
        cells = [_cell(share(counts.get(key, 0), rows)) for key, _ in used]
        lines.append(f"| {kind} | {rows} | " + " | ".join(cells) + " |")
    lines.append("")
    for words, value in found["shares"].items():
        lines.append(f"- {words}: {value['part']} of {value['whole']}, {_percent(value)}")
    waits = found["milliseconds"]
    lines.append(
        f"- the client waited {waits['p50']} ms (median), {waits['p99']} ms (99th percentile); "
        f"the desk started in {found['seconds_to_start']} s"
    )
    return "\n".join(lines)


def _cell(value: Mapping[str, Any]) -> str:
    return "–" if not value["part"] else f"{value['part']}, {_percent(value)}"


def _percent(value: Mapping[str, Any]) -> str:
    if value["share"] is None:
        return "–"
    return f"{value['share']:.1%} ({value['low'] * 100:.1f}–{value['high'] * 100:.1f})"


def _at(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _now() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _code() -> str:
    """Return the version of the code that is measured, and whether it differs from what was committed."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", "bot", "intents")
        return git("rev-parse", "--short=10", "HEAD") + (" with changes not yet committed" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (no git)"


def _machine() -> str:
    return f"{os.cpu_count()} processors, Python {platform.python_version()}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.civic", description=main.__doc__)
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("set", nargs="*", help="civic_zh, civic_en, gov_faq_en; all when none is named")
    chosen = parser.parse_args()
    main(chosen.data, chosen.set, as_json=chosen.json)
