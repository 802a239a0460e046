"""Both walks on web chat: a real desk in its own process, a real browser for the citizen and for staff."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.walks.desk_process import DeskProcess, running_desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

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


def citizen_page(browser: Browser, desk: DeskProcess, language: str) -> Page:
    page = browser.new_context(locale=language).new_page()
    page.goto(desk.address + "/")
    return page


def ask(page: Page, text: str) -> None:
    page.fill("#box", text)
    page.press("#box", "Enter")


def join(browser: Browser, link: str, name: str) -> Page:
    page = browser.new_context(locale="en").new_page()
    page.goto(link)
    page.fill("#name", name)
    page.fill("#password", "a long walk by the river")
    page.click("form button.primary")
    expect(page).to_have_url(re.compile("/staff$"))
    return page


def test_a_question_with_an_approved_answer_is_answered_with_its_words(
    chromium: Browser, desk: DeskProcess
) -> None:
    page = citizen_page(chromium, desk, "en")
    ask(page, "How do I renew my residence permit?")
    expect(page.locator("#log")).to_contain_text("within the 30 days before the date on the permit")
    page.reload()
    expect(page.locator("#log")).to_contain_text("within the 30 days before the date on the permit")


def test_what_a_person_answers_reaches_the_citizen_and_answers_the_next_one(
    chromium: Browser, desk: DeskProcess
) -> None:
    citizen = citizen_page(chromium, desk, "zh-CN")
    ask(citizen, QUESTION)
    log = citizen.locator("#log")
    expect(log).to_contain_text(re.compile("参考号|都不是"))
    if "参考号" not in log.inner_text():
        citizen.get_by_role("button", name="都不是，找工作人员").click()
    expect(log).to_contain_text("参考号")
    reference = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", log.inner_text())[0]

    assert desk.first_link is not None
    first = join(chromium, desk.first_link, "Lin")
    expect(first.locator("body")).to_contain_text(reference)
    expect(first.locator("body")).not_to_contain_text("热气球")
    first.locator("a.row-link", has_text=reference).click()
    first.locator("button[name=then][value=claim]").click()
    expect(first.locator("main")).to_contain_text(QUESTION)
    first.fill("#text", WRITTEN)
    first.check("input[name=publish]")
    first.fill("#question", QUESTION)
    first.click("[data-send]")
    expect(first.locator("main")).not_to_contain_text(QUESTION)

    # Live, without a reload, in the tab that asked.
    expect(log).to_contain_text(WRITTEN)

    first.goto(desk.address + "/staff/people")
    first.locator("form[action$='/people/invite'] button").click()
    second = join(chromium, first.locator("#link").input_value().strip(), "Wei")
    second.goto(desk.address + "/staff/knowledge")
    second.get_by_role("link", name=re.compile("热气球")).first.click()
    second.locator("form[action$='/publish'] button").click()

    other = citizen_page(chromium, desk, "zh-CN")
    other.wait_for_timeout(2000)
    ask(other, NEXT_QUESTION)
    expect(other.locator("#log")).to_contain_text(WRITTEN)


def test_an_answer_waits_for_the_citizen_who_closed_the_page(chromium: Browser, desk: DeskProcess) -> None:
    context = chromium.new_context(locale="en", java_script_enabled=False)
    page = context.new_page()
    page.goto(desk.address + "/")
    page.fill("#box", "Could somebody from your office come to our choir's anniversary and give a speech?")
    page.click("#send")
    if page.locator("#log").get_by_text("Your reference is").count() == 0:
        page.get_by_role("button", name=re.compile("ask a person")).click()
    expect(page.locator("#log")).to_contain_text("Your reference is")
    private = page.url
    assert "/c/" in private
    page.close()

    assert desk.first_link is not None
    staff = join(chromium, desk.first_link, "Lin")
    staff.locator("a.row-link").first.click()
    staff.locator("button[name=then][value=claim]").click()
    staff.fill("#text", "Gladly; write us the date.")
    staff.click("[data-send]")
    expect(staff.locator("main")).not_to_contain_text("choir")

    page = context.new_page()
    page.goto(private)
    expect(page.locator("#log")).to_contain_text("Gladly; write us the date.")
