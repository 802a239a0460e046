"""All content read together: one whole, or every fault of every file."""

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from bot.content import PRODUCT_INTENTS, Content, read_content
from bot.errors import ContentError
from bot.models import EntryStatus, KnowledgeEntry
from tests.parts import INTENTS, KNOWLEDGE, read_sample

ONE = "intents:\n  - {id: a, examples: [x], answer: y}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small city's intents, to be spoiled."""
    return copytree(INTENTS, tmp_path / "intents")


def faults(*folders: Path, knowledge: tuple[Path, ...] = ()) -> list[str]:
    with pytest.raises(ContentError) as raised:
        read_content(folders, knowledge)
    return [str(fault).removeprefix(f"{folders[0]}/") for fault in raised.value.faults]


def test_the_products_own_content_is_sound() -> None:
    content = read_content([PRODUCT_INTENTS], [PRODUCT_INTENTS.parent / "knowledge"])
    assert len(content.intents) >= 30
    assert len(content.entries) >= 60
    assert content.warnings == ()
    for intent in content.intents.values():
        for language in ("en", "zh"):
            assert len(intent.examples[language]) >= 12, intent.id
            assert intent.title[language]
            assert intent.answer[language]
        assert intent.matches, intent.id
        assert intent.rejects, intent.id
    assert set(content.desk.topics) <= set(content.intents)
    assert {"general", "complaint", "urgent"} <= set(content.lanes)


def test_what_a_folder_leaves_out_is_the_products_own_but_no_invented_city(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ONE)
    content = read_content([tmp_path])
    assert list(content.intents) == ["a"]
    assert content.outside == ()
    assert content.desk_name("en") == "Inquiry Desk"
    assert content.desk.publish_needs == 2
    assert content.say("option_human", "en") == "A person, please"
    assert content.urgent.numbers["police"].number == "110"


def test_files_can_be_named_one_by_one_and_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(ONE)
    assert list(read_content([path, tmp_path, path]).intents) == ["a"]


def test_an_empty_folder_is_content_that_answers_nothing(tmp_path: Path) -> None:
    assert read_content([tmp_path], [tmp_path]).intents == {}


def test_every_fault_of_every_file_comes_at_once(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.yaml").write_text("intents:\n  - {id: B, examples: [x], answer: y}\n")
    (folder / "_outside.yaml").write_text("outside: {en: x}\n")
    (folder / "_desk.yaml").write_text("publish_needs: 9\n")
    (folder / "_phrases.yaml").write_text("phrases:\n  empty: {en: Nothing.}\n")
    (folder / "_urgent.yaml").write_text("numbers: 110\n")
    (tmp_path / "k.jsonl").write_text("{\n")
    found = "\n".join(faults(folder, knowledge=(tmp_path / "k.jsonl",)))
    for part in (
        "bad.yaml:2:10: has the id 'B'",
        "_outside.yaml:1:15: outside in en must be a list",
        "_desk.yaml:1:16: is 9; write a whole number from 1 to 5",
        "_phrases.yaml:2:3: empty needs words in each of zh-Hans, zh-Hant, en",
        "_urgent.yaml:1:",
        "k.jsonl:1:",
    ):
        assert part in found


def test_faults_of_the_urgent_content_name_their_line(folder: Path) -> None:
    text = (PRODUCT_INTENTS / "_urgent.yaml").read_text(encoding="utf-8")
    (folder / "_urgent.yaml").write_text(text.replace('number: "119"', "number: 119"), encoding="utf-8")
    line = text[: text.index('number: "119"')].count("\n") + 1
    (fault,) = faults(folder)
    assert fault.startswith(f"_urgent.yaml:{line}:")
    assert "three to six digits in quotes" in fault


def test_a_lane_that_the_desk_does_not_list_is_a_fault(folder: Path) -> None:
    (folder / "a.yaml").write_text(ONE.replace("answer: y", "answer: y, lane: nowhere"))
    assert faults(folder) == ["a.yaml:2:5: a names the lane 'nowhere', which _desk.yaml does not list"]


def test_warnings_keep_nothing_from_being_published(folder: Path) -> None:
    (folder / "a.yaml").write_text(ONE + "colour: red\n")
    content = read_content([folder])
    assert "a" in content.intents
    assert ["unknown key 'colour'" in str(fault) for fault in content.warnings] == [True]


@pytest.mark.parametrize("name", ["_desk.yaml", "_phrases.yaml", "_urgent.yaml", "_outside.yaml"])
@pytest.mark.parametrize("text", ["[1, 2]", "5", "a: [", "\x00", "? {a: b}\n: c"])
def test_a_spoiled_settings_file_is_a_fault_and_never_an_exception(
    folder: Path, name: str, text: str
) -> None:
    (folder / name).write_text(text)
    assert all(fault.startswith(name) for fault in faults(folder))


def test_an_empty_settings_file_stands_for_the_defaults(folder: Path) -> None:
    for name in ("_desk.yaml", "_phrases.yaml"):
        (folder / name).write_text("")
    (folder / "papers.yaml").unlink()
    (folder / "streets.yaml").unlink()
    content = read_content([folder])
    assert content.desk.publish_needs == 2
    assert content.say("option_human", "en") == "A person, please"


# --- phrases


@pytest.mark.parametrize(("text", "fault"), [
    ("phrases:\n  empty: {en: a, zh-Hans: b}\n", "2:3: empty needs words in each of zh-Hans, zh-Hant, en"),
    ("phrases:\n  empty: text\n", "2:10: empty needs words in each of zh-Hans, zh-Hant, en"),
    ("phrases:\n  empty: {en: '{who}', zh-Hans: b, zh-Hant: c}\n", "2:15: empty has {who}, which nobody fills; remove it"),
    ("phrases: [a]\n", "1:1: must be a map of sentences by key"),
    ("commands: [a]\n", "1:1: must be a map of lists such as `human: [人工, human]`"),
    ("commands: {human: person}\n", "1:19: must be a list of words such as [人工, human]"),
    ("commands: {human: 5}\n", "1:19: must be a list of words such as [人工, human]"),
    ("commands: {human: [no]}\n", "1:20: is False; write a word, in quotes if it looks like yes or no"),
    ("commands: {human: ['']}\n", "1:20: is ''; write a word, in quotes if it looks like yes or no"),
])  # fmt: skip
def test_each_fault_of_the_phrases_names_its_place(folder: Path, text: str, fault: str) -> None:
    (folder / "_phrases.yaml").write_text(text)
    assert faults(folder) == [f"_phrases.yaml:{fault}"]


def test_own_phrases_and_command_words_go_on_top_of_the_products(folder: Path) -> None:
    (folder / "_phrases.yaml").write_text(
        "commands: {human: [Amt]}\nphrases:\n  empty: {en: 'Nothing. {police}', zh-Hans: 没有。, zh-Hant: 沒有。}\n  emtpy: {}\n"
    )
    content = read_content([folder])
    assert content.say("empty", "en") == "Nothing. 110"
    assert content.phrases.words["amt"] == content.phrases.words["人工"] == "human"
    assert [str(fault).partition(": ")[2] for fault in content.warnings] == [
        "unknown key 'emtpy'; did you mean 'empty'?"
    ]


# --- what the content says


@pytest.fixture(scope="module")
def content() -> Content:
    return read_sample()


def test_the_version_names_the_content_whatever_process_reads_it(content: Content) -> None:
    assert read_sample().version == content.version
    script = "from tests.parts import read_sample; print(read_sample().version)"
    said = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == content.version


def test_targets_that_are_gone_have_no_words(content: Content) -> None:
    assert content.answer("intent:gone", "en") == content.answer("knowledge:gone", "en") == ""
    assert content.title("intent:gone", "en") == "intent:gone"
    assert content.source("knowledge:gone") == (None, None)
    assert content.lane("intent:gone") == content.lane(None) == "general"


def test_entries_of_the_console_go_on_top_and_withdrawn_ones_hide_the_files(content: Content) -> None:
    def entry(name: str, status: EntryStatus) -> KnowledgeEntry:
        return KnowledgeEntry(
            id=name, question="q", answer="new", language="en", status=status, date=dt.date(2026, 1, 1)
        )

    changed = content.with_entries(
        [
            entry("k-ferry", EntryStatus.PUBLISHED),
            entry("k-bridge", EntryStatus.WITHDRAWN),
            entry("n", EntryStatus.PUBLISHED),
        ]
    )
    assert changed.answer("knowledge:k-ferry", "en") == "new"
    assert set(changed.entries) == {"k-ferry", "k-market", "k-towing", "n"}
    assert changed.version != content.version


def test_the_version_is_that_of_the_entries_however_they_came(content: Content) -> None:
    first, second = list(content.entries.values())[:2]
    changed = content.with_entries(
        [replace(first, answer="new"), replace(second, status=EntryStatus.WITHDRAWN), replace(first, id="n")]
    )
    assert changed.version == replace(content, entries=dict(changed.entries)).version
    again = changed.with_entries([first, second, replace(first, id="n", status=EntryStatus.WITHDRAWN)])
    assert again.version == content.version == content.with_entries([first]).version


def test_drafts_in_files_are_not_content(content: Content) -> None:
    assert "k-draft" not in content.entries


def test_knowledge_is_read_from_both_kinds_of_files() -> None:
    assert {"k-ferry", "k-towing"} <= set(read_content([INTENTS], [KNOWLEDGE]).entries)
