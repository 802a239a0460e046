"""The look for known weaknesses fails for a weakness, and never for want of a network."""

import subprocess

import pytest

from tests import known_weaknesses
from tests.known_weaknesses import main, report


def test_a_weakness_is_named_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    weak = {"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}
    assert report([weak, {"name": "b", "version": "1", "vulns": []}]) == 1
    assert "a 1: X-1, mended in 2" in capsys.readouterr().out


def test_none_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = {"name": "c", "skip_reason": "not found"}
    assert report([{"name": "b", "version": "1", "vulns": []}, skipped]) == 0
    assert "0 in 1 of 2" in capsys.readouterr().out


def test_an_index_that_does_not_answer_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert report([{"name": "c", "skip_reason": "not found at https://index.example"}]) == 0
    for trouble in (OSError(), subprocess.TimeoutExpired("x", 1)):

        def fail(*_: object, trouble: Exception = trouble, **__: object) -> None:
            raise trouble

        monkeypatch.setattr(known_weaknesses.subprocess, "run", fail)
        assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all("was not reached" in line and "http" not in line for line in lines)
