"""Reading intent files: what they say, and every fault with its place and its remedy."""

from pathlib import Path

import pytest

from bot.intents.catalog import content_files, read_intents, read_outside
from bot.intents.located import MAX_BYTES, read_yaml

WHOLE = """\
intents:
  - id: bridge
    title: {en: The bridge, zh: 大桥}
    examples:
      en: [when does the bridge open, bridge hours]
      zh: [大桥几点开]
    answer: {en: At six., zh: 六点。}
    source: https://lanting.example/bridge
    reviewed: 2026-03-01
    lane: traffic
    tests: {matches: [bridge hours today], rejects: [a bridge of teeth]}
"""


def write(folder: Path, text: str | bytes, name: str = "a.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def faults(path: Path) -> list[str]:
    """Return the faults of a file, each as `line:column sentence`."""
    _, noted = read_intents([path])
    return [str(fault).removeprefix(f"{path}:") for fault in noted if not fault.warning]


def warnings(path: Path) -> list[str]:
    return [str(fault).removeprefix(f"{path}:") for fault in read_intents([path])[1] if fault.warning]


def test_an_intent_is_read_whole(tmp_path: Path) -> None:
    (intent,), noted = read_intents([write(tmp_path, WHOLE)])
    assert noted == ()
    assert intent.key == "intent:bridge"
    assert intent.title == {"en": "The bridge", "zh": "大桥"}
    assert intent.phrases() == ("when does the bridge open", "bridge hours", "大桥几点开")
    assert (str(intent.reviewed), intent.lane, intent.handoff, intent.confirm) == (
        "2026-03-01",
        "traffic",
        False,
        False,
    )
    assert (intent.matches, intent.rejects) == (("bridge hours today",), ("a bridge of teeth",))


def test_plain_texts_need_no_language(tmp_path: Path) -> None:
    path = write(tmp_path, "intents:\n  - {id: a, title: A, examples: [one, two], answer: Yes.}\n")
    (intent,), noted = read_intents([path])
    assert (intent.title, intent.answer, intent.phrases()) == ({"": "A"}, {"": "Yes."}, ("one", "two"))
    assert noted == ()


@pytest.mark.parametrize("text", [
    '{"intents": [{"id": "a", "examples": ["x"], "answer": "y"}]}',
    "\ufeffintents:\n- {id: a, examples: [x], answer: y}\n",
    "intents:\r\n- id: a\r\n  examples: [x]\r\n  answer: y\r\n",
], ids=["JSON", "byte order mark", "CR LF"])  # fmt: skip
def test_files_as_other_programs_write_them_are_read(tmp_path: Path, text: str) -> None:
    (intent,), noted = read_intents([write(tmp_path, text)])
    assert (intent.id, noted) == ("a", ())


@pytest.mark.parametrize(("text", "fault"), [
    ("intents:\n  - id: A B\n    examples: [x]\n    answer: y\n", "2:9: has the id 'A B'; use small letters, digits, _ and -, at most 64"),
    ("intents:\n  - examples: [x]\n    answer: y\n", "2:5: needs an id"),
    ("intents:\n  - id: a\n    answer: y\n", "2:5: has no examples; write at least a few ways people ask this"),
    ("intents:\n  - id: a\n    examples: [x]\n", "2:5: answer is missing; write it, plain or by language ({en: …, zh: …})"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: ''\n", "4:13: answer is empty; write it"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: {en: y, fr: z}\n", "4:25: has the language 'fr'; the desk speaks zh, zh-Hans, zh-Hant, en"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: {en: y, zh: }\n", "4:25: answer has no words for zh; write them or remove the line"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: [y]\n", "4:5: answer must be a text or a map by language, such as {en: …, zh: …}"),
    ("intents:\n  - id: a\n    examples: x\n    answer: y\n", "3:15: examples must be a list, or lists by language ({en: [...], zh: [...]})"),
    ("intents:\n  - id: a\n    examples:\n      en: x\n    answer: y\n", "4:11: examples in en must be a list; begin each line with '- '"),
    ("intents:\n  - id: a\n    examples:\n      - x\n      - no\n    answer: y\n", "5:9: must be a text; put quotes around words such as yes, no or null"),
    ("intents:\n  - id: a\n    examples:\n      - when: now\n    answer: y\n", "4:9: is read as a map; put quotes around a text that holds a colon"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: y\n    source: www.x.example\n", "5:13: is 'www.x.example'; write a whole address such as https://city.example/page"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: y\n    source: 'http://[x'\n", "5:13: is 'http://[x'; write a whole address such as https://city.example/page"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: y\n    reviewed: soon\n", "5:15: is 'soon'; write a day such as 2026-03-01"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: y\n    handoff: maybe\n", "5:14: is 'maybe'; write true or false"),
    ("intents:\n  - id: a\n    examples: [x]\n    answer: y\n    tests: [x]\n", "5:5: `tests:` must be a map with `matches:` and `rejects:`"),
    ("intents: {id: a}\n", "1:1: `intents:` must be a list; begin each intent with `- id: …`"),
    ("intents:\n  - a\n", "2:5: must be a map that begins with `id:`"),
    ("other: 1\n", "1:1: has no list `intents:`; begin the file with `intents:` and one `- id: …` for each"),
    ("- id: a\n", "1:1: has no list `intents:`; begin the file with `intents:` and one `- id: …` for each"),
    ("just words\n", "1:1: has no list `intents:`; begin the file with `intents:` and one `- id: …` for each"),
    ("intents:\n  - id: a\n    answer: When: now\n", "3:17: is not YAML here: mapping values are not allowed in this context; put quotes around a text that holds a colon"),
    ("intents:\n\t- id: a\n", "2:1: is not YAML here: found character that cannot start any token; indent with spaces, and put quotes around a text that begins with a sign"),
    ("intents:\n  - id: a\n    id: b\n    examples: [x]\n    answer: y\n", "3:5: has the key 'id' twice; keep one"),
    ("intents:\n  - id: a\n    examples: &e [x]\n    answer: y\n  - id: b\n    examples: *e\n    answer: y\n", "6:5: uses a YAML alias (*name); write the text out"),
    ("intents:\n  - !!python/object:os.system {id: a}\n", "2:5: has no examples"),
    ("intents: []\n---\nintents: []\n", "2:1: is not YAML here: but found another document"),
])  # fmt: skip
def test_each_fault_names_its_place_and_its_remedy(tmp_path: Path, text: str, fault: str) -> None:
    found = faults(write(tmp_path, text))
    assert any(each.startswith(fault) for each in found), found


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    assert faults(write(tmp_path, "intents: [é]".encode("latin-1"))) == [
        "1:1: is not UTF-8 (byte 10); save it as UTF-8"
    ]


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "gone.yaml")
    assert fault == "1:1: cannot be read (No such file or directory); check its name and rights"


def test_a_file_too_large_to_be_meant_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, b"")
    with path.open("wb") as opened:
        opened.truncate(MAX_BYTES + 1)
    assert faults(path) == ["1:1: is larger than 32 MiB; split it, or use .jsonl for knowledge"]


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 2000,
        "\x00",
        "a: \x07",
        "@",
        "%YAML 9.9\n---\na: 1",
        "? [a]\n: b",
        "a: 2026-13-45",
        "&a [*a]",
        "- !!binary x!",
    ],
)
def test_whatever_a_file_holds_is_a_fault_and_never_an_exception(tmp_path: Path, text: str) -> None:
    assert faults(write(tmp_path, text))


def test_an_empty_file_is_only_warned_about(tmp_path: Path) -> None:
    for text in ("", "# nothing yet\n", "\ufeff"):
        path = write(tmp_path, text)
        assert faults(path) == []
        assert warnings(path) == ["1:1: is empty; add `intents:` or remove the file"]


def test_unknown_keys_are_kept_and_warned_about_with_the_nearest_right_one(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE.replace("reviewed:", "reviewd:") + "    colour: red\nnotes: none\n")
    assert faults(path) == []
    assert set(warnings(path)) == {
        "9:14: unknown key 'reviewd'; did you mean 'reviewed'?",
        "12:13: unknown key 'colour'; nothing reads it",
        "13:8: unknown key 'notes'; nothing reads it",
    }
    assert len(read_intents([path])[0]) == 1


def test_every_fault_of_every_file_is_reported_together(tmp_path: Path) -> None:
    first = write(tmp_path, "intents:\n  - id: A\n    examples: []\n    answer: y\n")
    second = write(tmp_path, "- nothing\n", "b.yaml")
    third = write(tmp_path, WHOLE, "c.yaml")
    found, noted = read_intents([first, second, third])
    assert [intent.id for intent in found] == ["bridge"], "what can be read is"
    assert [fault.where for fault in noted] == [f"{first}:2:9", f"{first}:3:5", f"{second}:1:1"]


def test_an_id_taken_by_another_file_names_it(tmp_path: Path) -> None:
    first, second = write(tmp_path, WHOLE), write(tmp_path, WHOLE, "b.yaml")
    _, (fault,) = read_intents([first, second])
    assert str(fault) == f"{second}:2:5: the id 'bridge' is taken by {first}:2:5; choose another"


def test_settings_hidden_files_and_other_suffixes_are_no_intents(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    kept = [write(tmp_path, WHOLE), write(tmp_path / "deep", WHOLE, "b.yml"), write(tmp_path, "{}", "c.json")]
    for name in ("_desk.yaml", ".hidden.yaml", "notes.txt", "d.jsonl"):
        write(tmp_path, WHOLE, name)
    (tmp_path / "link.yaml").symlink_to(kept[0])
    assert set(content_files(tmp_path)) == {*kept[1:], tmp_path / "link.yaml"} or set(
        content_files(tmp_path)
    ) == set(kept)
    assert content_files(kept[0]) == (kept[0],)


def test_what_belongs_to_staff_is_read_in_every_language(tmp_path: Path) -> None:
    texts, noted = read_outside(write(tmp_path, "outside: {en: [a], zh: [乙, 丙]}\n"))
    assert (texts, noted) == (("a", "乙", "丙"), ())
    assert read_outside(write(tmp_path, "outside: [a, b]\n"))[0] == ("a", "b")
    _, (fault,) = read_outside(write(tmp_path, "inside: [a]\n"))
    assert "has no list `outside:`" in str(fault)


def test_a_place_is_named_as_a_person_would_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "a: 1\nb:\n  c: [1, 2]\n")
    document = read_yaml(path)
    monkeypatch.chdir(tmp_path)
    assert document.where("b", "c", 1) == "a.yaml:3:10"
    assert document.where("b", "c", 9) == "a.yaml:3:3"
    assert document.where("nothing") == "a.yaml:1:1"
