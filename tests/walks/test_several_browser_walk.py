"""Both walks in real browsers while a balancer sends every request to another of two processes on PostgreSQL."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import BROWSER_TEST
from tests.parts import ANSWERED, UNANSWERED
from tests.walks.several import Desks, several_desks
from tests.walks.test_web_walk import ask, join

pytestmark = [*BROWSER_TEST, pytest.mark.timeout(180)]

REFERENCE = re.compile("[0-9A-Z]{4}-[0-9A-Z]{4}")


@pytest_asyncio.fixture(loop_scope="session")
async def desks(postgres_server: str, tmp_path: Path) -> AsyncIterator[Desks]:
    async with several_desks(postgres_server, tmp_path) as made:
        yield made


async def invitation(desks: Desks, *role: str) -> str:
    return (await asyncio.to_thread(desks.command, "staff", "invite", *role)).split()[-1]


async def the_same_at(page: Page, address: str) -> Page:
    """Open the console in the same browser at another process: cookies know no port."""
    other = await page.context.new_page()
    await other.goto(address + "/staff")
    return other


async def test_citizen_and_staff_meet_though_no_two_requests_reach_the_same_process(
    chromium: Browser, desks: Desks
) -> None:
    front = desks.balancer.address
    citizen = await (await chromium.new_context(locale="en")).new_page()
    await citizen.goto(front + "/")
    log = citizen.locator("#log")
    await ask(citizen, ANSWERED)
    await expect(log).to_contain_text("After dark a bicycle")

    lin = await join(chromium, await invitation(desks), "Lin")
    first, second = [await the_same_at(lin, address) for address in desks.processes]

    await citizen.goto(front + "/")
    await ask(citizen, UNANSWERED)
    for _ in range(2):  # offered titles first, perhaps
        if await log.get_by_text(REFERENCE).count() == 0:
            person = citizen.get_by_role("button", name=re.compile("person|new question", re.IGNORECASE))
            await asyncio.sleep(1)
            if await person.count():
                await person.first.click()
    await expect(log).to_contain_text(REFERENCE)
    found = REFERENCE.search(await log.inner_text())
    assert found is not None
    reference = found[0]

    # Live on open pages of both processes, without a reload.
    for page in (first, second):
        await expect(page.locator("body")).to_contain_text(reference)

    await lin.goto(front + "/staff")
    await lin.locator("a.row-link", has_text=reference).click()
    await lin.locator("button[name=then][value=claim]").click()
    await expect(lin.locator("main")).to_contain_text(UNANSWERED)
    await lin.fill("#text", "The bird clinic in Lake Road sees parrots on Mondays.")
    await lin.click("[data-send]")
    await expect(lin.locator("main")).not_to_contain_text(UNANSWERED)
    await expect(log).to_contain_text("Lake Road")
    assert await log.get_by_text("Lake Road").count() == 1

    for page in (first, second):
        await expect(page.locator(".row-link", has_text=reference)).to_have_count(0)


async def test_a_page_that_is_open_outlives_the_process_it_was_served_by(
    chromium: Browser, desks: Desks
) -> None:
    front = desks.balancer.address
    citizen = await (await chromium.new_context(locale="en")).new_page()
    await citizen.goto(front + "/")
    log = citizen.locator("#log")
    await ask(citizen, UNANSWERED)
    await expect(log).to_contain_text(REFERENCE)
    lin = await join(chromium, await invitation(desks), "Lin")
    old = list(desks.processes)
    await desks.start()
    for address in old:
        await desks.stop(address)
    await lin.goto(front + "/staff")
    await lin.locator("a.row-link").first.click()
    await lin.locator("button[name=then][value=claim]").click()
    await lin.fill("#text", "The bird clinic in Lake Road.")
    await lin.click("[data-send]")
    await expect(log).to_contain_text("Lake Road", timeout=20_000)
