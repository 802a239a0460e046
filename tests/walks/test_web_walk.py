"""Both walks on web chat: a real desk in its own process, a real browser for the citizen and for staff."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import BROWSER_TEST
from tests.walks.desk_process import DeskProcess, running_desk

pytestmark = [*BROWSER_TEST, pytest.mark.timeout(180)]

QUESTION = "河滨公园的草坪上能不能放热气球？"
NEXT_QUESTION = "河滨公园草坪能放热气球吗"
WRITTEN = "河滨公园草坪可以放系留热气球，需提前三天在澜汀平安小程序登记。"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskProcess]:
    with running_desk(tmp_path) as running:
        # Two people, as an agency would have it.
        settings = running.intents / "_desk.yaml"
        settings.write_text(settings.read_text().replace("publish_needs: 1", "publish_needs: 2"))
        yield running


async def citizen_page(browser: Browser, desk: DeskProcess, language: str) -> Page:
    page = await (await browser.new_context(locale=language)).new_page()
    await page.goto(desk.address + "/")
    return page


async def ask(page: Page, text: str) -> None:
    await page.fill("#box", text)
    await page.press("#box", "Enter")


async def join(browser: Browser, link: str, name: str) -> Page:
    page = await (await browser.new_context(locale="en")).new_page()
    await page.goto(link)
    await page.fill("#name", name)
    await page.fill("#password", "a long walk by the river")
    await page.click("form button.primary")
    await expect(page).to_have_url(re.compile("/staff(/knowledge)?$"))
    return page


async def answered_before_long(browser: Browser, desk: DeskProcess, text: str, answer: str) -> bool:
    """Ask as one citizen after the other until the published answer is live; how fast is measured elsewhere."""
    for _ in range(30):
        page = await citizen_page(browser, desk, "zh-CN")
        await ask(page, text)
        await expect(page.locator("#log article")).to_have_count(2)
        if answer in await page.locator("#log").inner_text():
            return True
        await page.close()
        await asyncio.sleep(1)
    return False


async def test_a_question_with_an_approved_answer_is_answered_with_its_words(
    chromium: Browser, desk: DeskProcess
) -> None:
    page = await citizen_page(chromium, desk, "en")
    await ask(page, "How do I renew my residence permit?")
    await expect(page.locator("#log")).to_contain_text("within the 30 days before the date on the permit")
    await page.reload()
    await expect(page.locator("#log")).to_contain_text("within the 30 days before the date on the permit")


async def test_what_a_person_answers_reaches_the_citizen_and_answers_the_next_one(
    chromium: Browser, desk: DeskProcess
) -> None:
    citizen = await citizen_page(chromium, desk, "zh-CN")
    await ask(citizen, QUESTION)
    log = citizen.locator("#log")
    await expect(log).to_contain_text(re.compile("参考号|都不是"))
    if "参考号" not in (await log.inner_text()):
        await citizen.get_by_role("button", name="都不是，找工作人员").click()
    await expect(log).to_contain_text("参考号")
    reference = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", (await log.inner_text()))[0]

    assert desk.first_link is not None
    first = await join(chromium, desk.first_link, "Lin")
    await expect(first.locator("body")).to_contain_text(reference)
    await expect(first.locator("body")).not_to_contain_text("热气球")
    await first.locator("a.row-link", has_text=reference).click()
    await first.locator("button[name=then][value=claim]").click()
    await expect(first.locator("main")).to_contain_text(QUESTION)
    await first.fill("#text", WRITTEN)
    await first.check("input[name=publish]")
    await first.fill("#question", QUESTION)
    await first.click("[data-send]")
    await expect(first.locator("main")).not_to_contain_text(QUESTION)

    # Live, without a reload, in the tab that asked.
    await expect(log).to_contain_text(WRITTEN)

    await first.goto(desk.address + "/staff/people")
    await first.locator("form[action$='/people/invite'] input[value=staff]").check()
    await first.locator("form[action$='/people/invite'] button").click()
    second = await join(chromium, (await first.locator("#link").input_value()).strip(), "Wei")
    await second.goto(desk.address + "/staff/knowledge")
    await second.get_by_role("link", name=re.compile("热气球")).first.click()
    await second.locator("form[action$='/publish'] button").click()

    assert await answered_before_long(chromium, desk, NEXT_QUESTION, WRITTEN)


async def test_an_answer_waits_for_the_citizen_who_closed_the_page(
    chromium: Browser, desk: DeskProcess
) -> None:
    context = await chromium.new_context(locale="en", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(desk.address + "/")
    await page.fill(
        "#box", "Could somebody from your office come to our choir's anniversary and give a speech?"
    )
    await page.click("#send")
    if (await page.locator("#log").get_by_text("Your reference is").count()) == 0:
        await page.get_by_role("button", name=re.compile("ask a person")).click()
    await expect(page.locator("#log")).to_contain_text("Your reference is")
    private = page.url
    assert "/c/" in private
    await page.close()

    assert desk.first_link is not None
    staff = await join(chromium, desk.first_link, "Lin")
    await staff.locator("a.row-link").first.click()
    await staff.locator("button[name=then][value=claim]").click()
    await staff.fill("#text", "Gladly; write us the date.")
    await staff.click("[data-send]")
    await expect(staff.locator("main")).not_to_contain_text("choir")

    page = await context.new_page()
    await page.goto(private)
    await expect(page.locator("#log")).to_contain_text("Gladly; write us the date.")
