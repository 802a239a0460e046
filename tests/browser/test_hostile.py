"""Requirement 29 in a real browser: whatever is written, nothing of it runs, and staff see what hides."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.corpus import Corpus
from bot.models import Role
from tests.browser.conftest import BROWSER_TEST, OpenPage
from tests.staff.world import PASSWORD, World, a_world, small_corpus
from tests.trust.hostile import HOSTILE, LONG, UNSEEN

pytestmark = BROWSER_TEST

SignIn = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return small_corpus()


@pytest_asyncio.fixture(loop_scope="session")
async def world(corpus: Corpus, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(corpus, tmp_path) as made:
        yield made


async def test_r29_nothing_hostile_runs_on_any_page_of_the_console(world: World, open_page: OpenPage) -> None:
    text = "\n".join((*HOSTILE, LONG))
    situation = await world.file(text, nearest=None, lane="documents")
    entry = await world.desk.save_entry(
        None, "Ada", question=HOSTILE[0] + HOSTILE[3] + HOSTILE[11], answer=text[:8000], language="en",
        source=None, review_by=None, base_version=0,
    )  # fmt: skip
    lanes = world.live.corpus.content.desk.lanes
    world.live.set(lanes={**lanes, "documents": {"": HOSTILE[1] + HOSTILE[11]}})
    await world.join("Ada", Role.ADMINISTRATOR)
    page = await open_page(viewport={"width": 360, "height": 740})
    base = str(world.client.make_url("/staff"))
    await page.goto(base)
    await page.locator("#name").fill("Ada")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("form button.primary").click()
    await page.goto(f"{base}/situations/{situation.id}")
    await page.locator('button[value="claim"]').click()
    await expect(page.locator(".words")).to_contain_text("<script>window.pwned = 1</script>")
    await page.locator("#text").fill(text[:4000])
    await page.get_by_role("button", name="Preview").click()
    await expect(page.locator(".bubble")).to_contain_text("<img src=x onerror=")
    paths = (
        "",
        f"/situations/{situation.id}",
        "/knowledge",
        f"/knowledge/{entry.entry.id}",
        "/people",
        "/audit",
    )
    for path in paths:
        await page.goto(base + path)
        assert await page.evaluate("window.pwned") is None, path
        assert await page.locator("script:not([src])").count() == 0, path
        assert await page.locator("img, [onerror], [onload], [onmouseover]").count() == 0, path
        shown = await page.locator("main").inner_text()
        assert not set(UNSEEN) & set(shown), path
        said = re.sub(
            "[0-9a-f]{12,}", "", shown.replace(situation.references[0], "")
        )  # a digest may hold a 49
        assert "49" not in said or "{{ 7*7 }}" in shown, path
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
    await page.goto(f"{base}/situations/{situation.id}")
    await expect(page.locator(".words")).to_contain_text("txtU+202Eexe.gpjU+202C")
    await expect(page.locator(".words")).to_contain_text("{{ 7*7 }}")
    await expect(page.locator(".words")).to_contain_text("=cmd|'/c calc'!A1")
