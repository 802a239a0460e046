"""Requirement 29: hostile strings are inert in pages, JSON, log lines and names; no CSV is written at all."""

import json
import logging
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.logs import JsonLines
from bot.staff.auth import Unsuitable, tidy_name
from bot.staff.show import visible
from tests.staff.world import Person, World
from tests.trust.hostile import HOSTILE, LONG, UNSEEN


class Tags(HTMLParser):
    """Counts the elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of a page, without those that make unseen characters visible."""
    tags = Tags()
    tags.feed(text)
    return [tag for tag in tags.found if tag != ("span", ("class", "dir", "title"))]


async def test_r29_words_of_citizens_and_staff_add_no_element_to_any_page(world: World, ada: Person) -> None:
    harmless: set[tuple[str, tuple[str, ...]]] = set()
    for number in range(7):  # with six entries a list has a filter
        harmless |= await _elements(world, ada, f"where is my lost umbrella, number {number}")
    for text in (*HOSTILE, LONG):
        assert await _elements(world, ada, text) <= harmless, text


async def _elements(world: World, ada: Person, words: str) -> set[tuple[str, tuple[str, ...]]]:
    """Let words be a citizen's, an answer, a draft and an entry; return the elements of every page they are on."""
    situation = await world.file(words, nearest=None)
    answer = {"text": words, "question": words[:400], "publish": "yes"}
    path = f"/situations/{situation.id}"
    pages = [await ada.open(situation), await ada.post(f"{path}/preview", answer)]
    await ada.post(f"{path}/draft", answer)
    pages.append(await ada.get(path))
    entry = await ada.post("/knowledge/new", {"question": words[:400], "answer": words, "language": "en"})
    entry_path = entry.location.removeprefix("/staff").partition("?")[0]
    pages += [await ada.get(entry_path), await ada.get("/knowledge"), await ada.get("")]
    await world.desk.close(situation.id, ada.name)
    for page in pages:
        assert page.status == 200
        # What is typed into a box stays as it was typed.
        seen = re.sub(r"(?s)<textarea.*?</textarea>|value=\"[^\"]*\"", "", page.text)
        assert not set(UNSEEN) & set(seen)
    return {element for page in pages for element in shape(page.text)}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_r29_a_hostile_title_is_shown_as_text(world: World, ada: Person, text: str) -> None:
    desk = world.live.corpus.content.desk
    world.live.set(lanes={**desk.lanes, "documents": {"": text}, "complaint": {"": text}})
    plain = shape((await ada.get("/people")).text)
    world.live.set(lanes={**desk.lanes, "documents": {"": "x"}, "complaint": {"": "x"}})
    assert shape((await ada.get("/people")).text) == plain
    world.live.set(lanes={**desk.lanes, "documents": {"": text}})
    await world.file(lane="documents")
    for page in (await ada.get(""), await ada.get("/people")):
        assert not set(UNSEEN) & set(page.text)
        assert "<script>window" not in page.text


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_r29_a_hostile_name_is_refused_or_harmless(name: str) -> None:
    try:
        tidy = tidy_name(name)
    except Unsuitable:
        return
    assert not set(tidy) & set(UNSEEN + '<>&"{}=|;:*/\\`')


async def test_r29_a_search_and_an_address_are_shown_as_text(world: World, ada: Person) -> None:
    for text in HOSTILE:
        for path in ("/find", "/audit", "/knowledge"):
            page = await ada.world.client.get(
                f"/staff{path}",
                params={"reference": text, "words": text, "account": text, "notice": text, "status": text},
                headers={"Cookie": f"desk_staff={ada.cookies['desk_staff']}"},
            )
            assert "<script>window" not in await page.text()
            assert page.status in (200, 303, 404)


async def test_r29_no_log_line_carries_a_word_or_is_two(
    world: World, lin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for text in HOSTILE:
        situation = await world.file(text, nearest=None)
        await lin.open(situation)
        await lin.post(
            f"/situations/{situation.id}/answer", {"text": text, "question": text, "publish": "yes"}
        )
        await lin.send("GET", "/nothing", headers={"Referer": "x", "User-Agent": b"\x1b[31m".hex()})
    log = logging.getLogger("bot.test")
    for text in HOSTILE:
        log.info("A test speaks", extra={"field": text})
    lines = [JsonLines().format(record) for record in caplog.records]
    for line in lines:
        assert "\n" not in line
        assert "\x1b" not in line
        assert "\x00" not in line
        json.loads(line)
    ours = [line for line in lines if '"A test speaks"' not in line]
    assert not any(text in line or json.dumps(text)[1:-1] in line for text in HOSTILE for line in ours)


def test_r29_unseen_characters_have_a_code_that_can_be_read() -> None:
    assert visible("txt\u202eexe") == "txtU+202Eexe"
    assert not set(UNSEEN) & set(visible(UNSEEN))
    assert visible("普通的话") == "普通的话"


def test_r29_nothing_is_exported_as_csv() -> None:
    assert not [path for path in Path("bot").rglob("*.py") if re.search(r"\bcsv\b", path.read_text())]
