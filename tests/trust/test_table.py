"""The table in docs/trust.md says what is tested and where; here it is held to that."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs"
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| (?P<holds>[^|]+) \| (?P<where>[^|]+) \|$", re.M)


@pytest.fixture(scope="module")
def table() -> Mapping[int, tuple[str, str]]:
    text = (DOCS / "trust.md").read_text(encoding="utf-8")
    return {int(row[1]): (row["holds"].strip(), row["where"].strip()) for row in ROW.finditer(text)}


def test_every_requirement_has_its_row(table: Mapping[int, tuple[str, str]]) -> None:
    assert sorted(table) == list(range(1, 41))


@pytest.mark.parametrize("number", range(1, 41))
def test_what_is_said_to_hold_is_tested_in_the_files_named(
    table: Mapping[int, tuple[str, str]], number: int
) -> None:
    holds, where = table[number]
    named = re.findall(r"`([^`]+)`", where)
    if holds.startswith("no"):
        assert where == "–"
        return
    assert holds.startswith("yes")
    assert named
    for pattern in named:
        found = [
            file
            for path in TESTS.glob(pattern.rstrip("…/") + "*")
            for file in ([path] if path.is_file() else path.rglob("test_*.py"))
        ]
        assert found, f"no file fits {pattern}"
    everything = [
        file.read_text(encoding="utf-8")
        for folder in ("trust", "browser")
        for file in (TESTS / folder).rglob("test_*.py")
    ]
    assert any(f"def test_r{number:02d}_" in text for text in everything)
