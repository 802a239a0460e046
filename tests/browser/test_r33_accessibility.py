"""r33: the public pages pass axe's rules, and say of each message which language and direction it has.

Keyboard, 320 pixels, text at twice its size and no script are in test_chat_page.py. No program finds more than a part of
what keeps people out; a person with a screen reader should try the page in each language.
"""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.models import LANGUAGES
from tests.browser.conftest import BROWSER_TEST
from tests.browser.test_chat_page import ask, desk, turns

pytestmark = BROWSER_TEST

__all__ = ["desk"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
TAGS = {"en": "en", "zh-Hans": "zh-Hans", "zh-Hant": "zh-Hant"}


async def wrong(page: Page) -> list[str]:
    """Return what axe finds, a line for each element."""
    found = await Axe().run(page, options=RULES)
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_r33_the_chat_page_passes_axe(desk, open_page, language, scheme):
    page = await open_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
    await page.goto(f"{desk.url}/?language={language}")
    assert await wrong(page) == []
    for text in ("lost card", "danger", "where is the night window", "/mydata", "maybe"):
        await ask(page, text)
    await expect(turns(page, "clarification")).to_have_count(1)
    assert await wrong(page) == []
    await page.click("#more summary")
    assert await wrong(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/about", "/c/nothing-here"])
async def test_r33_the_other_public_pages_pass_axe(desk, open_page, path, scheme):
    page = await open_page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    for language in LANGUAGES:
        await page.goto(f"{desk.url}{path}?language={language}")
        assert await wrong(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("script", [True, False])
async def test_r33_each_message_has_a_language_and_a_direction_of_its_own(desk, open_page, script):
    page = await open_page(java_script_enabled=script)
    await page.goto(f"{desk.url}/?language=zh-Hant")
    await page.fill("#box", "lost card")
    await page.click("#send")
    await expect(turns(page, "answer")).to_have_count(1)
    words = turns(page, "answer").locator(".words")
    assert await words.get_attribute("lang") == "zh-Hant"
    assert await words.get_attribute("dir") == "auto"
    assert await turns(page, "citizen").locator(".words").get_attribute("dir") == "auto"
    assert await page.locator("#log").get_attribute("role") == "log"
    assert await page.locator("html").get_attribute("lang") == "zh-Hant"


@pytest.mark.parametrize("script", [True, False])
async def test_r17_the_file_is_saved_from_the_page_with_and_without_a_script(desk, open_page, script):
    page = await open_page(java_script_enabled=script, accept_downloads=True)
    await page.goto(f"{desk.url}/?language=en")
    await page.click("#more summary")
    await page.click("text=My data, as a file")
    link = turns(page, "notice").locator(".document a")
    await expect(link).to_have_text("Save the file")
    async with page.expect_download() as saved:
        await link.click()
    download = await saved.value
    assert download.suggested_filename == "mydata.json"


@pytest.mark.parametrize("script", [True, False])
async def test_about_is_a_page_that_needs_nothing(desk, open_page, script):
    page = await open_page(java_script_enabled=script)
    await page.goto(f"{desk.url}/?language=en")
    await page.click("#more summary")
    await page.click("text=About this desk")
    await expect(page.locator("h1")).to_have_text("About this desk")
    for text in (
        "Complaints",
        "somebody's life is at risk",
        "0123456789abcdef",
        "A lawful order reaches",
        "60 minutes",
    ):
        await expect(page.locator("main")).to_contain_text(text)
    assert await page.context.cookies() == []
    await page.click("text=简体")
    await expect(page.locator("h1")).to_have_text("关于这里")
