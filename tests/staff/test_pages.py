"""What every page of the console has in common."""

import json
import logging
import re
import string
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Fault
from bot.locale import catalogue
from bot.logs import JsonLines
from bot.models import LANGUAGES, Role
from tests.staff.world import Person, World

STAFF = Path("bot/staff")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def test_every_answer_carries_the_security_headers(world: World, lin: Person, nobody: Person) -> None:
    situation = await world.file()
    pages = [
        await lin.get(path)
        for path in (
            "",
            "/queue",
            "/account",
            "/people",
            "/nothing",
            f"/situations/{situation.id}",
            "/knowledge",
        )
    ]
    pages += [await nobody.get("/sign-in"), await nobody.get(""), await nobody.get("/static/nothing.css")]
    pages += [await lin.send("POST", "/sign-out", data={}), await lin.send("DELETE", "/account")]
    for page in pages:
        for name, value in HEADERS.items():
            assert page.headers[name] == value
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert "Server" not in page.headers or "aiohttp" not in page.headers["Server"].lower()


async def test_static_files_may_be_kept_and_are_open(world: World, nobody: Person) -> None:
    page = await nobody.get("/sign-in")
    for address in re.findall(r'(?:href|src)="/staff(/static/[^"]+)"', page.text):
        found = await nobody.get(address.replace("&amp;", "&"))
        assert found.status == 200
        assert "immutable" in found.headers["Cache-Control"]
    assert (await nobody.get("/static/../app.py")).status == 404
    assert (await nobody.get("/static/%2e%2e/app.py")).status == 404


async def test_pages_hold_no_inline_script_or_style_and_call_no_other_host(world: World, lin: Person) -> None:
    situation = await world.file()
    for page in (await lin.get(""), await lin.open(situation), await lin.get("/knowledge/new")):
        assert re.findall(r"<script(?![^>]*src=)", page.text) == []
        assert re.findall(r"<style|\sstyle=|\son\w+=", page.text) == []
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nothing", 404, "There is nothing here"),
        ("GET", "/situations/x", 404, "There is nothing here"),
        ("GET", "/knowledge/x", 404, "There is nothing here"),
        ("GET", "/people", 403, "This is not open to you"),
        ("DELETE", "/account", 405, "This address does not take that"),
        ("POST", "/queue", 405, "This address does not take that"),
    ],
)
async def test_errors_are_pages_with_a_sentence(
    lin: Person, method: str, path: str, status: int, title: str
) -> None:
    page = await lin.send(method, path)
    assert page.status == status
    assert f"<h1>{title}</h1>" in page.text
    assert "To the queue" in page.text


async def test_a_stranger_meets_designed_errors_too(nobody: Person) -> None:
    page = await nobody.send("GET", "/nothing", headers={"Accept-Language": "zh-CN"})
    assert page.status == 404
    assert "<h1>这里没有内容</h1>" in page.text


async def test_a_form_that_is_no_text_is_refused_with_a_page(world: World, lin: Person) -> None:
    for kind in (
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/x-www-form-urlencoded; charset=no-such",
    ):
        page = await lin.send(
            "POST", "/account/language", data=b"csrf=%ff%fe\xff", headers={"Content-Type": kind}
        )
        assert page.status in (400, 403)
        assert "<h1>" in page.text
    page = await lin.send(
        "POST", "/account/language", data=b"{}", headers={"Content-Type": "application/json"}
    )
    assert page.status == 403


async def test_a_fault_of_ours_is_a_page_and_a_log_line_without_words(
    world: World, lin: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> Any:
        raise KeyError("canary-of-a-citizen")

    monkeypatch.setattr(world.desk, "queue", broken)
    with caplog.at_level(logging.DEBUG):
        page = await lin.get("")
    assert page.status == 500
    assert "Something went wrong here" in page.words
    assert "canary" not in page.text
    assert "canary" not in caplog.text
    (line,) = (record for record in caplog.records if record.message == "A console page failed")
    written = json.loads(JsonLines().format(line))
    assert datetime.fromisoformat(written["at"]) is not None, "when, not where"
    assert "queue.py:" in written["where"]


async def test_a_page_that_was_closed_is_no_trouble_of_the_store(
    world: World, lin: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def gone(_: str) -> Any:
        raise ConnectionResetError("Cannot write to closing transport")

    monkeypatch.setattr(world.desk, "queue", gone)
    with caplog.at_level(logging.WARNING):
        await lin.get("")
    assert caplog.records == []


async def test_a_store_out_of_reach_is_a_page(
    world: World, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(staff: str) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.desk, "queue", broken)
    page = await lin.get("")
    assert page.status == 503
    assert "cannot reach its data" in page.words


async def test_faulty_content_shows_on_every_page_until_it_is_mended(world: World, lin: Person) -> None:
    world.live.problems = (Fault(where="intents/x.yaml:3:1", sentence="<b>has no answer</b>"),)
    page = await lin.get("/knowledge")
    assert "The content files have a fault" in page.words
    assert "intents/x.yaml:3:1" in page.text
    assert "<b>has" not in page.text
    world.live.problems = ()
    assert "have a fault" not in (await lin.get("")).words


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_written_in_every_language(world: World, language: Any) -> None:
    """StrictUndefined and missing sentences would fail here."""
    person = await world.join("Ada", Role.ADMINISTRATOR, language)
    situation = await world.file()
    entry = await world.desk.save_entry(
        None, "Ada", question="Q?", answer="A.", language="en", source=None, review_by=None, base_version=0
    )
    await person.open(situation)
    for path in (
        "", "/account", "/people", "/knowledge", "/knowledge/new", f"/knowledge/{entry.entry.id}",
        f"/knowledge/{entry.entry.id}/withdraw", f"/situations/{situation.id}", "/nothing",
    ):  # fmt: skip
        page = await person.get(path)
        assert page.status in (200, 404)
        assert f'<html lang="{language}">' in page.text
        assert "{" not in re.sub(r"<script.*?</script>", "", page.words)


READ_ON = {
    "ink": ("page", "sheet", "sunken", "accent-wash", "urgent-wash", "warn-wash"),
    "soft": ("page", "sheet", "sunken", "accent-wash", "urgent-wash"),
    "accent": ("page", "sheet"),
    "accent-ink": ("accent",),
    "urgent": ("sheet", "urgent-wash"),
    "urgent-ink": ("urgent",),
}
SEEN_ON = {"edge": ("sheet",), "focus": ("page", "sheet", "sunken"), "good": ("sheet",)}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_edges_stand_out_from_what_is_behind_them(theme: int) -> None:
    """WCAG 1.4.3 and 1.4.11."""
    style = (STAFF / "static" / "console.css").read_text()
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for pairs, least in ((READ_ON, 4.5), (SEEN_ON, 3.0)):
        for front, backs in pairs.items():
            for back in backs:
                assert _contrast(colours[front], colours[back]) >= least, (front, back)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_three_catalogues_say_the_same_things() -> None:
    reference = {key: _places(value) for key, value in catalogue("en").items() if key.startswith("staff.")}
    for language in LANGUAGES:
        found = {
            key: _places(value) for key, value in catalogue(language).items() if key.startswith("staff.")
        }
        assert found.keys() == reference.keys()
        for key, places in found.items():
            if not key.endswith((".one", ".other")):
                assert places == reference[key], key


def test_every_sentence_a_template_or_view_says_exists_and_no_other() -> None:
    keys = {key for key in catalogue("en") if key.startswith("staff.")}
    sources = [p.read_text() for p in [*STAFF.rglob("*.html"), *STAFF.rglob("*.py")]]
    said = {match for text in sources for match in re.findall(r"""['"](staff\.[\w.-]+?)['"]""", text)}
    for key in said:
        assert key in keys or f"{key}.one" in keys or any(k.startswith(key) for k in keys), key
    starts = {key.rstrip("%d") for key in said if key.endswith((".", "%d"))}
    starts |= {m for text in sources for m in re.findall(r"""f?['"](staff\.[\w.]*?\.)(?:['"{%])""", text)}
    for key in keys:
        plain = key.removesuffix(".one").removesuffix(".other")
        assert plain in said or any(plain.startswith(start) for start in starts), f"nobody says {key}"


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
