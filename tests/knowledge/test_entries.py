"""Reading past answers, as the desk and as other programs write them."""

import datetime as dt
from pathlib import Path

import pytest

from bot.knowledge.entries import MAX_WARNINGS, knowledge_files, read_knowledge
from bot.models import EntryStatus, KnowledgeEntry

LINE = '{"id": "a", "question": "When?", "answer": "At six."}'


def read(
    folder: Path, text: str | bytes, name: str = "a.jsonl"
) -> tuple[list[KnowledgeEntry], list[str], list[str]]:
    """Return the entries of a file, its faults and its warnings, each as `line:column sentence`."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    entries, noted = read_knowledge([path])
    shown = [(str(fault).removeprefix(f"{path}:"), fault.warning) for fault in noted]
    return (
        list(entries),
        [text for text, warning in shown if not warning],
        [text for text, warning in shown if warning],
    )


def test_an_entry_is_read_whole(tmp_path: Path) -> None:
    (entry,), faults, warnings = read(
        tmp_path,
        "- {id: a, question: 几点？, answer: 六点。, date: 2026-03-01, url: 'https://lanting.example/a', language: zh-TW,"
        " status: withdrawn, approver: Li, review_by: 2027-01-01, valid_until: '2027-06-30'}\n",
        "a.yaml",
    )
    assert (faults, warnings) == ([], [])
    assert entry == KnowledgeEntry(
        id="a", question="几点？", answer="六点。", language="zh-Hant", status=EntryStatus.WITHDRAWN,
        date=dt.date(2026, 3, 1), source="https://lanting.example/a", approver="Li",
        review_by=dt.date(2027, 1, 1), valid_until=dt.date(2027, 6, 30),
    )  # fmt: skip


def test_a_file_placed_by_hand_is_published_and_its_language_read_from_its_words(tmp_path: Path) -> None:
    (entry,), *_ = read(tmp_path, LINE)
    assert (entry.status, entry.language) == (EntryStatus.PUBLISHED, "en")
    (entry,), *_ = read(tmp_path, '{"id": 7, "question": "幾點開門", "answer": "六點"}')
    assert (entry.id, entry.language) == ("7", "zh-Hant")


@pytest.mark.parametrize("key", ["url", "source_url", "source"])
def test_a_source_is_read_under_any_of_its_names(tmp_path: Path, key: str) -> None:
    (entry,), *_ = read(tmp_path, LINE[:-1] + f', "{key}": "https://lanting.example/a"}}')
    assert entry.source == "https://lanting.example/a"


def test_a_source_that_names_a_body_is_no_link(tmp_path: Path) -> None:
    (entry,), faults, _ = read(tmp_path, LINE[:-1] + ', "source": "City Gazette"}')
    assert (entry.source, faults) == (None, [])


def test_a_list_may_stand_under_a_key(tmp_path: Path) -> None:
    (entry,), faults, _ = read(tmp_path, "knowledge:\n- {id: a, question: q, answer: a}\n", "a.yaml")
    assert (entry.id, faults) == ("a", [])
    _, faults, _ = read(tmp_path, "knowledge:\n- {id: a}\n", "a.yaml")
    assert faults == ["2:3: has no question; write it", "2:3: has no answer; write it"]


def test_line_separators_inside_a_text_end_no_line(tmp_path: Path) -> None:
    (entry,), faults, _ = read(tmp_path, LINE.replace("At six", "At\u2028six\u0085"))
    assert (entry.answer, faults) == ("At\u2028six\u0085.", [])


@pytest.mark.parametrize("text", [f"\ufeff{LINE}\n", f"{LINE}\r\n\r\n", f"\n\n{LINE}"])
def test_files_as_other_programs_write_them_are_read(tmp_path: Path, text: str) -> None:
    entries, faults, _ = read(tmp_path, text)
    assert (len(entries), faults) == (1, [])


@pytest.mark.parametrize("text", ["", "\n", "\ufeff\n"])
def test_an_empty_file_holds_nothing(tmp_path: Path, text: str) -> None:
    for name in ("a.jsonl", "a.yaml"):
        assert read(tmp_path, text, name) == ([], [], [])


@pytest.mark.parametrize(("line", "fault"), [
    ("{", "2:"), ("not JSON", "2:1: is not JSON"), (b"\xff\xfe{}", "2:1: is not JSON"),
    ("[1]", "2:1: must be an object with id, question and answer"),
    ('"text"', "2:1: must be an object with id, question and answer"),
    ('{"question": "q", "answer": "a"}', "2:1: needs an id"),
    ('{"id": "B C", "question": "q", "answer": "a"}', "2:1: has the id 'B C'; use small letters, digits, _ and -, at most 64"),
    ('{"id": true, "question": "q", "answer": "a"}', "2:1: has the id True;"),
    ('{"id": "b", "question": "", "answer": "a"}', "2:1: has no question; write it"),
    ('{"id": "b", "question": " ", "answer": "a"}', "2:1: "),
    ('{"id": "b", "question": ["q"], "answer": "a"}', "2:1: question must be a text"),
    ('{"id": "b", "question": "q", "answer": "a", "status": "live"}', "2:1: has the status 'live'; use draft, published or withdrawn"),
    ('{"id": "b", "question": "q", "answer": "a", "date": "soon"}', "2:1: is 'soon'; write a day such as 2026-03-01"),
    ('{"id": "b", "question": "q", "answer": "a", "url": "x"}', "2:1: is 'x'; write a whole address such as https://city.example/page"),
    ('{"id": "b", "question": "q", "answer": "a", "url": "http://[x"}', "2:1: is 'http://[x'; write a whole address"),
    ('{"id": "a", "question": "q", "answer": "a"}', "2:1: the id 'a' is taken by"),
])  # fmt: skip
def test_each_bad_line_is_named_and_the_others_are_read(
    tmp_path: Path, line: str | bytes, fault: str
) -> None:
    raw = line.encode() if isinstance(line, str) else line
    after = LINE.replace('"a"', '"z"', 1).encode()
    entries, faults, _ = read(tmp_path, b"\n".join([LINE.encode(), raw, after]))
    assert [entry.id for entry in entries] == ["a", "z"]
    assert len(faults) == 1
    assert faults[0].startswith(fault), faults


def test_a_null_line_is_no_entry(tmp_path: Path) -> None:
    _, faults, _ = read(tmp_path, "null\n")
    assert faults == ["1:1: must be an object with id, question and answer"]


def test_a_file_that_is_no_list_says_so(tmp_path: Path) -> None:
    _, faults, _ = read(tmp_path, "id: a\n", "a.yaml")
    assert faults == ["1:1: must be a list of entries; begin each with `- id: …`"]


def test_unknown_keys_warn_and_a_foreign_file_warns_only_so_often(tmp_path: Path) -> None:
    lines = [LINE.replace('"a"', f'"n{n}"', 1)[:-1] + ', "tags": []}' for n in range(MAX_WARNINGS + 5)]
    entries, faults, warnings = read(tmp_path, "\n".join(lines))
    assert (len(entries), faults) == (MAX_WARNINGS + 5, [])
    assert warnings[0] == "1:1: unknown key 'tags'; nothing reads it"
    assert len(warnings) == MAX_WARNINGS + 1
    assert warnings[-1] == "1:1: 5 more warnings"


def test_a_language_nobody_speaks_warns_and_is_read_from_the_words(tmp_path: Path) -> None:
    (entry,), faults, warnings = read(tmp_path, LINE[:-1] + ', "language": "fr"}')
    assert (entry.language, faults) == ("en", [])
    assert warnings == ["1:1: has the language 'fr'; the desk speaks zh, zh-Hant and en"]


def test_files_of_every_kind_are_found(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.yaml", "c.yml", "d.json", "README.md", "_e.yaml", ".f.jsonl"):
        (tmp_path / name).write_text("")
    assert [path.name for path in knowledge_files(tmp_path)] == ["a.jsonl", "b.yaml", "c.yml", "d.json"]
