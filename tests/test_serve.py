"""The desk as people start it: a process that prints where it is, answers, and ends when it is told to."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import orjson
import pytest

from tests.parts import ANSWERED, INTENTS, KNOWLEDGE
from tests.walks.desk_process import ROOT, DeskProcess, running_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskProcess]:
    home = tmp_path_factory.mktemp("desk")
    copytree(INTENTS, home / "intents")
    copytree(KNOWLEDGE, home / "knowledge")
    with running_desk(home) as started:
        yield started


def command(desk: DeskProcess, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a command beside the desk, with its settings."""
    settings = {
        "DATA_DIR": str(desk.home / "data"),
        "DESK_KEY_FILE": str(desk.home / "desk.key"),
        "INTENTS_DIR": str(desk.intents),
        "KNOWLEDGE_DIR": str(desk.home / "knowledge"),
        "LANG": "C.UTF-8",
        **environ,
    }
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments], cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip


def test_it_answers_over_http(desk: DeskProcess) -> None:
    request = urllib.request.Request(
        desk.address + "/api/messages", orjson.dumps({"text": ANSWERED}), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        replies = orjson.loads(response.read())["replies"]
    assert replies[-1]["text"].startswith("After dark a bicycle")
    for page in ("/", "/staff"):
        with urllib.request.urlopen(desk.address + page, timeout=10) as response:
            assert response.status == 200


def test_the_first_administrator_is_invited_and_a_lost_link_renewed_through_the_running_desk(
    desk: DeskProcess,
) -> None:
    assert desk.first_link is not None
    renewed = command(desk, "staff", "invite")
    assert renewed.returncode == 0, renewed.stderr
    link = renewed.stdout.split()[-1]
    assert link.startswith(desk.address + "/staff/join/")
    assert link != desk.first_link
    for each in (link, desk.first_link):
        with urllib.request.urlopen(each, timeout=10) as response:
            assert response.status == 200


def test_the_record_of_reads_is_verified_through_the_running_desk(desk: DeskProcess) -> None:
    found = command(desk, "audit", "verify")
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("The record of reads is whole.")
    altered = command(desk, "audit", "verify", "--noted", "7:abc")
    assert altered.returncode == 1
    assert "Row 7 is not the one the log noted." in altered.stdout


def test_a_second_desk_on_the_same_data_is_refused_with_a_sentence(desk: DeskProcess) -> None:
    second = command(desk, "serve", PORT="0")
    assert second.returncode == 2
    assert "http" not in second.stdout
    assert "Traceback" not in second.stderr


def test_questions_can_be_asked_beside_it(desk: DeskProcess) -> None:
    said = command(desk, "ask", ANSWERED, "--json")
    assert said.returncode == 0, said.stderr
    assert orjson.loads(said.stdout)["target"] == "intent:bicycle"


def test_nothing_it_logs_is_anything_but_json_without_words(desk: DeskProcess) -> None:
    lines = (desk.home / "log").read_text().splitlines()
    assert all(isinstance(orjson.loads(line), dict) for line in lines)
    assert "bicycles" not in "".join(lines)


def test_a_faulty_intent_file_at_the_start_is_reported_with_exit_2(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("intents:\n  - id: A\n    answer: y\n")
    environ = {**os.environ, "INTENTS_DIR": str(tmp_path), "DATA_DIR": str(tmp_path / "data"), "DESK_KEY_FILE": str(tmp_path / "k"), "PORT": "0"}  # fmt: skip
    said = subprocess.run([sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert said.returncode == 2
    assert "http" not in said.stdout
    assert [line for line in said.stderr.splitlines() if "bad.yaml:2:" in line]
    assert "Traceback" not in said.stderr


def test_a_port_that_is_taken_is_said_with_what_to_set(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environ = {**os.environ, "INTENTS_DIR": str(INTENTS), "KNOWLEDGE_DIR": str(KNOWLEDGE), "DATA_DIR": str(tmp_path / "data"), "DESK_KEY_FILE": str(tmp_path / "k"), "PORT": str(taken.getsockname()[1]), "LANG": "C.UTF-8"}  # fmt: skip
        said = subprocess.run([sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert said.returncode == 2
    assert "set PORT to another one" in said.stderr
    assert "Traceback" not in said.stderr


def test_it_ends_within_twenty_seconds_while_somebody_listens(desk: DeskProcess) -> None:
    request = urllib.request.Request(
        desk.address + "/api/messages", orjson.dumps({"text": "parrot dentist"}), {"Content-Type": "application/json"}
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=10) as response:
        token = orjson.loads(response.read())["conversation"]
    with urllib.request.urlopen(f"{desk.address}/api/conversations/{token}/stream", timeout=30):
        begun = time.monotonic()
        desk.process.send_signal(signal.SIGTERM)
        assert desk.process.wait(20) == 0
        assert time.monotonic() - begun < 20
    assert not (desk.home / "data" / "desk.sock").exists()
