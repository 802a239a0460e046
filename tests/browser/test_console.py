"""The staff console in a real browser: live, by keyboard, on a phone, and without its script."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.corpus import Corpus
from bot.models import Role, SituationStatus, UrgentKind
from tests.browser.conftest import BROWSER_TEST, OpenPage
from tests.staff.world import PASSWORD, World, a_world, small_corpus

pytestmark = BROWSER_TEST

CANARY = "canary-6120 I am on the roof"
SignIn = Callable[..., Awaitable[Page]]
PHONE = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return small_corpus()


@pytest_asyncio.fixture(loop_scope="session")
async def world(corpus: Corpus, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(corpus, tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def sign_in(world: World, open_page: OpenPage) -> SignIn:
    """Sign somebody in, in a browser of their own, by the page's own form."""

    async def one(name: str, *, role: Role = Role.STAFF, language: str = "en", **settings: object) -> Page:
        await world.join(name, role, language)
        page = await open_page(**settings)
        await page.goto(url(world))
        await page.locator("#name").fill(name)
        await page.locator("#password").fill(PASSWORD)
        await page.locator("form button.primary").click()
        await expect(page.locator("h1")).to_be_visible()
        return page

    return one


def url(world: World, path: str = "") -> str:
    return str(world.client.make_url(f"/staff{path}"))


async def _open(page: Page, world: World, situation_id: str) -> None:
    await page.goto(url(world, f"/situations/{situation_id}"))
    await page.get_by_role("button", name="Only open").click()
    await expect(page.locator(".words")).to_be_visible()


async def test_a_whole_answer_without_the_script(world: World, sign_in: SignIn) -> None:
    situation = await world.file("where is my umbrella")
    page = await sign_in("Lin", role=Role.ADMINISTRATOR, java_script_enabled=False)
    await page.get_by_role("link", name="Something lost").click()
    await page.get_by_role("button", name="Open and take it").click()
    await expect(page.locator(".words")).to_contain_text("where is my umbrella")
    await page.locator("#text").fill("At the depot.")
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.locator("#text")).to_have_value("At the depot.")
    await page.get_by_label("Also keep it as a draft").check()
    await page.locator("#question").fill("Where are umbrellas kept?")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.locator(".bubble")).to_contain_text("At the depot.")
    await page.get_by_role("button", name="Send the answer").click()
    await expect(page.locator(".notice")).to_contain_text("on its way")
    await page.get_by_role("link", name="Knowledge").click()
    await page.get_by_role("link", name="Where are umbrellas kept?").click()
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator(".notice")).to_contain_text("Published")
    assert (await world.desk.peek(situation.id, "ada")).status is SituationStatus.RESOLVED


async def test_the_queue_renews_itself(world: World, sign_in: SignIn) -> None:
    page = await sign_in("Lin")
    await expect(page.get_by_text("Nobody is waiting")).to_be_visible()
    situation = await world.file()
    row = page.locator(f'[data-id="{situation.id}"]')
    await expect(row).to_be_visible()
    await world.join("Wei")
    await world.desk.claim(situation.id, "Wei")
    await expect(row).to_contain_text("Wei")
    await world.file(urgent=UrgentKind.DANGER, nearest=None, lane="urgent")
    await expect(page.locator(".row").first).to_contain_text("Danger")
    await expect(page).to_have_title("(!1) Queue · Lanting Safety")
    await world.desk.close(situation.id, "Wei")
    await expect(row).to_have_count(0)
    await expect(page.locator("[data-summary]")).to_have_text("1 situation waits")


async def test_nothing_moves_under_the_pointer(world: World, sign_in: SignIn) -> None:
    first = await world.file()
    world.clock.pass_(minutes=1)
    second = await world.file(nearest="intent:noise_night")
    page = await sign_in("Lin")
    row = page.locator(f'[data-id="{second.id}"]')
    await row.hover()
    place = await row.bounding_box()
    await world.file(urgent=UrgentKind.CRISIS, nearest=None, lane="urgent")
    await world.desk.close(first.id, "Lin")
    pill = page.locator("[data-pending]")
    await expect(pill).to_be_visible()
    await expect(page.locator(f'[data-id="{first.id}"]')).to_have_class("row gone")
    assert await row.bounding_box() == place
    await page.locator("h1").hover()
    await expect(page.locator(".row").first).to_contain_text("Crisis")
    await expect(pill).to_be_hidden()


async def test_nothing_moves_under_the_keyboard_until_it_is_asked_for(world: World, sign_in: SignIn) -> None:
    await world.file()
    page = await sign_in("Lin")
    await page.keyboard.press("j")
    await world.file(urgent=UrgentKind.CRISIS, nearest=None, lane="urgent")
    pill = page.locator("[data-pending]")
    await expect(pill).to_be_visible()
    await expect(page.locator("[data-announce]")).to_have_text("An urgent situation is in the queue.")
    await expect(page.locator(".row")).to_have_count(1)
    await pill.press("Enter")
    await expect(page.locator(".row-link").first).to_be_focused()
    await expect(page.locator(".row").first).to_contain_text("Crisis")


async def test_the_queue_is_worked_by_keyboard(world: World, sign_in: SignIn) -> None:
    first = await world.file()
    world.clock.pass_(minutes=1)
    second = await world.file(nearest="intent:noise_night")
    page = await sign_in("Lin")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    link = page.locator(".row-link")
    await page.keyboard.press("j")
    await expect(link.nth(0)).to_be_focused()
    await page.keyboard.press("j")
    await expect(link.nth(1)).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(url(world, f"/situations/{second.id}"))
    await expect(page.get_by_role("button", name="Open and take it")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".words")).to_be_visible()
    await page.keyboard.press("r")
    await page.keyboard.type("gk?/j")  # letters in a field are letters
    await expect(page.locator("#text")).to_have_value("gk?/j")
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.keyboard.press("/")
    await page.keyboard.type(first.references[0])
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(url(world, f"/situations/{first.id}"))
    await page.keyboard.press("g")
    await page.keyboard.press("q")
    await expect(page).to_have_url(url(world))


async def test_single_keys_can_be_turned_off(world: World, sign_in: SignIn) -> None:
    await world.file()
    page = await sign_in("Lin")
    await page.keyboard.press("?")
    await page.get_by_label("Single-key shortcuts are on").uncheck()
    await page.keyboard.press("Escape")
    await page.reload()
    await page.keyboard.press("j")
    await expect(page.locator(".row-link").first).not_to_be_focused()


async def test_a_draft_survives_a_reload_without_being_saved_by_hand(world: World, sign_in: SignIn) -> None:
    situation = await world.file()
    page = await sign_in("Lin")
    await _open(page, world, situation.id)
    await page.locator("#text").press_sequentially("half a sentence")
    await expect(page.locator("[data-draft-state]")).to_have_text("Draft saved")
    await expect(page.locator("[data-state]")).to_contain_text("You hold this")
    await page.reload()
    await expect(page.locator("#text")).to_have_value("half a sentence")


async def test_near_answers_are_inserted_by_button_and_by_key(world: World, sign_in: SignIn) -> None:
    situation = await world.file("I lost my bag on the tram")
    page = await sign_in("Lin")
    await _open(page, world, situation.id)
    words = await page.locator('[data-words="1"]').inner_text()
    await page.locator('[data-insert="1"]').click()
    await expect(page.locator("#text")).to_have_value(words)
    await page.locator("#text").fill("Hello.")
    await page.keyboard.press("Escape")
    await page.keyboard.press("1")
    await expect(page.locator("#text")).to_have_value(f"Hello.\n\n{words}")


async def test_the_public_question_shows_only_when_it_is_ticked(world: World, sign_in: SignIn) -> None:
    situation = await world.file()
    page = await sign_in("Lin")
    await _open(page, world, situation.id)
    await expect(page.locator("#question")).to_be_hidden()
    await page.get_by_label("Also keep it as a draft").check()
    await expect(page.locator("#question")).to_be_visible()


async def test_the_page_says_when_a_colleague_takes_or_answers_it(world: World, sign_in: SignIn) -> None:
    situation = await world.file()
    await world.join("Wei")
    page = await sign_in("Lin")
    await _open(page, world, situation.id)
    await world.desk.claim(situation.id, "Wei")
    await expect(page.locator("[data-news]")).to_contain_text("A colleague has just taken this situation")
    await expect(page.get_by_role("button", name="Send the answer")).to_be_disabled()
    await world.desk.release(situation.id, "Wei")
    await expect(page.get_by_role("button", name="Send the answer")).to_be_enabled()
    await world.desk.close(situation.id, "Wei")
    await expect(page.locator("[data-news]")).to_contain_text("just settled")
    await expect(page.locator("[data-state]")).to_contain_text("Closed without an answer")


async def test_the_page_says_when_the_citizen_writes_more(world: World, sign_in: SignIn) -> None:
    situation = await world.file()
    page = await sign_in("Lin")
    await _open(page, world, situation.id)
    await page.locator("#text").press_sequentially("kept")
    await expect(page.locator("[data-draft-state]")).to_have_text("Draft saved")
    world.clock.pass_(minutes=1)
    await world.add("and it is green")
    news = page.locator("[data-news]")
    await expect(news).to_contain_text("The citizen has written more")
    await news.get_by_role("link").click()
    await expect(page.locator(".words")).to_contain_text("and it is green")
    await expect(page.locator("#text")).to_have_value("kept")


async def test_a_session_that_ends_leaves_what_was_typed(world: World, sign_in: SignIn) -> None:
    situation = await world.file()
    page = await sign_in("Lin")
    await _open(page, world, situation.id)
    await page.locator("#text").fill("typed before")
    await world.accounts.set_disabled("Lin", True)
    await expect(page.locator("[data-live-banner]")).to_contain_text("Your session has ended")
    await expect(page.locator("#text")).to_have_value("typed before")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_pages_fit_their_screen_and_every_target_is_large_enough(
    world: World, sign_in: SignIn, language: str, width: int
) -> None:
    situation = await world.file("word" * 80, urgent=UrgentKind.CRISIS)
    entry = await world.desk.save_entry(
        None,
        "Ada",
        question="q" * 200,
        answer="A.",
        language="en",
        source=None,
        review_by=None,
        base_version=0,
    )
    page = await sign_in(
        "Ada", role=Role.ADMINISTRATOR, language=language, viewport={"width": width, "height": 640}
    )
    for path in (
        "", f"/situations/{situation.id}", f"/situations/{situation.id}#opened", "/knowledge",
        f"/knowledge/{entry.entry.id}", "/knowledge/new", "/people", "/account", "/account/second-factor", "/audit", "/nothing",
    ):  # fmt: skip
        await page.goto(url(world, path.removesuffix("#opened")))
        if path.endswith("#opened"):
            await page.locator('button[value="read"]').click()
            await expect(page.locator(".words")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert await page.evaluate(SMALL_TARGETS) == [], path


async def test_dark_and_light_are_different_and_quiet_motion_is_respected(
    world: World, open_page: OpenPage
) -> None:
    seen = set()
    for scheme in ("light", "dark"):
        page = await open_page(color_scheme=scheme, reduced_motion="reduce")
        await page.goto(url(world, "/sign-in"))
        seen.add(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2


async def test_every_tab_hears_of_an_urgent_situation(world: World, sign_in: SignIn) -> None:
    pages = [await sign_in("Lin")]
    context = pages[0].context
    for _ in range(3):
        page = await context.new_page()
        await page.goto(url(world))
        pages.append(page)
    await asyncio.sleep(0.3)
    await world.file(urgent=UrgentKind.CRISIS, nearest=None, lane="urgent")
    await asyncio.gather(*(expect(page.locator(".row.urgent")).to_be_visible() for page in pages))


SMALL_TARGETS = """() => {
  const seen = [];
  for (const one of document.querySelectorAll("button, select, textarea, input, nav a, .button, .row-link, .entry-link, summary")) {
    if (one.type === "hidden" || !one.checkVisibility({ visibilityProperty: true })) continue;
    const target = one.matches("[type=checkbox], [type=radio]") ? one.closest("label") : one;
    const box = target.getBoundingClientRect();
    if (box.height < 43.5) seen.push(`${one.tagName} ${one.className} ${one.id} ${Math.round(box.height)}`);
  }
  return seen;
}"""


async def test_an_urgent_situation_is_seen_and_heard_on_every_page_until_somebody_takes_note(
    world: World, sign_in: SignIn
) -> None:
    page = await sign_in("Lin")
    await page.goto(url(world, "/knowledge"))
    await page.locator("body").click()
    situation = await world.file(CANARY, urgent=UrgentKind.CRISIS, nearest=None, lane="urgent")
    banner = page.locator(".banner.alarm")
    await expect(banner).to_contain_text(situation.references[0], timeout=5_000)
    await expect(banner).to_contain_text("Nobody has taken note yet")
    await expect(banner).not_to_contain_text(CANARY)
    await expect(page.locator("[data-alarms]")).to_have_attribute("data-rang", re.compile("[1-9]"))
    await expect(page.locator("[data-silent]")).to_be_hidden()
    wei = await sign_in("Wei")
    await expect(wei.locator(".banner.alarm")).to_be_visible()
    await wei.get_by_role("button", name="I take note").click()
    await expect(wei.locator(".banner.alarm")).to_have_count(0)
    await expect(banner).to_have_count(0)
    assert await world.desk.alarms("Lin") == []


async def test_a_browser_that_holds_the_sound_back_is_said_to(world: World, sign_in: SignIn) -> None:
    page = await sign_in("Lin")
    await page.add_init_script(
        """class Held {
             constructor() { this.state = "suspended"; window.held = this; }
             resume() { if (window.allowed) this.state = "running"; return Promise.resolve(); }
           }
           window.AudioContext = Held;"""
    )
    await page.goto(url(world, "/account"))
    await world.file(urgent=UrgentKind.DANGER, nearest=None, lane="urgent")
    await expect(page.locator("[data-silent]")).to_contain_text("holds back the alarm")
    await expect(page.locator("[data-silent]")).to_be_visible()
    situation_id, _ = (await page.locator("[data-alarm]").get_attribute("data-alarm") or "").split()
    await world.desk.acknowledge(situation_id, "Lin")
    await expect(page.locator("[data-silent]")).to_be_hidden()


async def test_an_alarm_is_taken_note_of_without_the_script(world: World, sign_in: SignIn) -> None:
    situation = await world.file(urgent=UrgentKind.CRISIS, nearest=None, lane="urgent")
    page = await sign_in("Lin", java_script_enabled=False)
    await page.get_by_role("button", name="I take note").click()
    await expect(page).to_have_url(url(world, f"/situations/{situation.id}"))
    await expect(page.locator(".banner.alarm")).to_have_count(0)
