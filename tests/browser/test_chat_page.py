"""The chat page in a real browser, with the script and without it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from playwright.async_api import Page, Route, expect

from bot.channels.webchat import WebChat
from bot.channels.webchat.conversations import address_of
from bot.config import read_settings
from bot.models import DeliveryStatus
from bot.vault import Vault
from tests.browser.conftest import BROWSER_TEST
from tests.channels.webchat.fakes import START, FakeAssistant, FakeNames, staff_answer

pytestmark = BROWSER_TEST

NIGHT = "where is the night window"


@dataclass
class Desk:
    """The web chat as it runs for one test, and a page of another site that may embed it."""

    assistant: FakeAssistant
    webchat: WebChat
    url: str
    host_url: str

    async def staff_say(self, token: str, reply_id: str = "staff-1") -> DeliveryStatus:
        return await self.webchat.send(address_of(token), staff_answer(reply_id))


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tmp_path) -> AsyncIterator[Desk]:
    host_port = unused_port()
    settings = read_settings(
        {
            "INTENTS_DIR": str(tmp_path),
            "KNOWLEDGE_DIR": str(tmp_path),
            "EMBED_ORIGINS": f"http://127.0.0.1:{host_port}",
        }
    )
    assistant = FakeAssistant()
    webchat = WebChat(
        assistant=assistant, names=FakeNames, settings=settings, vault=Vault(b"k" * 32), clock=lambda: START
    )
    app = web.Application()
    webchat.add_routes(app)

    async def host_page(_request: web.Request) -> web.Response:
        return web.Response(
            content_type="text/html",
            text=f"<!doctype html><html lang=en><h1>A city</h1><script src='{url}/widget.js' data-language='en'></script>",
            # A strict site: the widget must need nothing beyond its own origin.
            headers={"Content-Security-Policy": f"default-src 'none'; script-src {url}; frame-src {url}"},
        )

    host = web.Application()
    host.router.add_get("/", host_page)
    async with TestServer(app) as server, TestServer(host, port=host_port) as host_server:
        url = str(server.make_url("")).rstrip("/")
        yield Desk(assistant, webchat, url, str(host_server.make_url("/")))


async def ask(page: Page, text: str) -> None:
    await page.fill("#box", text)
    await page.press("#box", "Enter")


async def token_of(page: Page) -> str:
    await page.wait_for_function("sessionStorage.getItem('conversation') !== null")
    return await page.evaluate("sessionStorage.getItem('conversation')")


def turns(page: Page, kind: str = ""):
    return page.locator(f"#log .turn{f'.{kind}' if kind else ''}")


async def listening(desk: Desk, token: str) -> None:
    for _ in range(200):
        if desk.webchat._streams._listeners.get(token):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the page never listened for replies")


# --- with the script


async def test_a_question_is_answered_in_place(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await expect(page.locator("#log")).to_have_attribute("role", "log")
    await expect(page.locator("#welcome")).to_contain_text("automatic desk")
    await ask(page, "lost card")
    await expect(turns(page, "answer")).to_contain_text("household window")
    await expect(turns(page, "citizen")).to_contain_text("lost card")
    await expect(turns(page, "answer").locator(".words")).to_have_attribute("lang", "en")
    await expect(turns(page, "answer").locator(".words")).to_have_attribute("dir", "auto")
    await expect(turns(page, "answer")).to_contain_text("lanting.example")
    await expect(turns(page, "answer")).to_contain_text("checked 2026-03-02")
    await expect(page.locator("#box")).to_be_focused()
    await expect(page.locator("#box")).to_have_value("")
    assert page.url == f"{desk.url}/?language=en"


async def test_telephone_numbers_can_be_called_and_prices_and_days_cannot(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "lost card")
    links = turns(page, "answer").locator("a.tel")
    await expect(links).to_have_count(1)
    await expect(links).to_have_attribute("href", "tel:12345")


async def test_a_conversation_survives_a_reload_and_stays_in_its_tab(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "lost card")
    await ask(page, NIGHT)
    await expect(turns(page, "receipt")).to_have_count(1)
    await page.reload()
    await expect(turns(page)).to_have_count(4)
    other = await page.context.new_page()
    await other.goto(desk.url)
    await expect(turns(other)).to_have_count(0)


async def test_kept_on_the_device_only_by_choice(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "lost card")
    await expect(turns(page)).to_have_count(2)
    await page.click("#more summary")
    await page.check("#keep")
    other = await page.context.new_page()
    await other.goto(desk.url)
    await expect(turns(other)).to_have_count(2)
    await page.uncheck("#keep")
    third = await page.context.new_page()
    await third.goto(desk.url)
    await expect(turns(third)).to_have_count(0)


async def test_a_persons_answer_arrives_live_without_taking_the_focus(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, NIGHT)
    token = await token_of(page)
    await listening(desk, token)
    await expect(page.locator("#waiting")).to_be_visible()
    await page.fill("#box", "half a sent")
    assert await desk.staff_say(token) is DeliveryStatus.SENT
    await expect(turns(page, "staff_answer")).to_contain_text("A member of staff")
    await expect(turns(page, "staff_answer")).to_contain_text("7KQ2-0001")
    await expect(page.locator("#box")).to_be_focused()
    await expect(page.locator("#box")).to_have_value("half a sent")
    await expect(page.locator("#waiting")).to_be_hidden()


async def test_an_answer_given_while_the_page_was_offline_is_caught_up_once(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, NIGHT)
    token = await token_of(page)
    await listening(desk, token)
    await page.context.set_offline(True)
    await expect(page.locator("#notice")).to_contain_text("offline")
    await desk.webchat._streams.close()  # the connection drops
    desk.webchat._streams._closed = False
    await desk.staff_say(token)
    await page.context.set_offline(False)
    await expect(turns(page, "staff_answer")).to_have_count(1, timeout=20_000)
    await expect(page.locator("#notice")).to_have_text("")
    await listening(desk, token)
    await desk.staff_say(token, "staff-2")
    await expect(turns(page, "staff_answer")).to_have_count(2)


async def test_what_is_written_offline_is_sent_once_when_the_connection_is_back(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "lost card")
    await expect(turns(page, "answer")).to_have_count(1)
    await page.context.set_offline(True)
    await ask(page, NIGHT)
    await expect(page.locator(".turn.citizen.failed")).to_contain_text("Not sent")
    await page.context.set_offline(False)
    await expect(turns(page, "receipt")).to_have_count(1)
    await expect(page.locator(".turn.failed, .turn.waits")).to_have_count(0)
    assert [message.text for message in desk.assistant.received] == ["lost card", NIGHT]


async def test_a_first_message_whose_reply_was_lost_is_repeated_without_a_second_effect(desk, open_page):
    page = await open_page()
    lost = 0

    async def lose_the_first_reply(route: Route) -> None:
        nonlocal lost
        lost += 1
        if lost == 1:
            await route.fetch()  # the desk has it; the page never hears
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/api/messages", lose_the_first_reply)
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, NIGHT)
    await expect(turns(page, "receipt")).to_have_count(1)
    await expect(turns(page)).to_have_count(2)
    assert lost == 2
    assert len(desk.assistant.received) == 1
    assert len(desk.assistant.told) == 1


async def test_words_not_yet_sent_survive_a_reload(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await page.route("**/api/messages", lambda route: route.abort())
    await ask(page, NIGHT)
    await expect(page.locator(".turn.failed")).to_have_count(1)
    await page.unroute("**/api/messages")
    await page.reload()
    await expect(turns(page, "receipt")).to_have_count(1)
    assert [message.text for message in desk.assistant.received] == [NIGHT]


async def test_a_message_the_desk_could_not_record_is_shown_so_and_tried_again(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    desk.assistant.trouble = OSError("disk")
    await ask(page, NIGHT)
    await expect(page.locator("#notice")).to_contain_text("not recorded")
    desk.assistant.trouble = None
    await page.click(".turn.failed .state button")
    await expect(turns(page, "receipt")).to_have_count(1)
    await expect(page.locator("#notice")).to_have_text("")


async def test_too_long_a_message_stays_in_the_box(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "x" * 4001)
    await expect(page.locator("#count")).to_have_text("4001 of 4000 characters")
    await expect(page.locator("#box")).to_have_value("x" * 4001)
    await expect(turns(page)).to_have_count(0)


async def test_an_urgent_card_is_an_alert_once(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "danger")
    card = turns(page, "urgent")
    await expect(card.locator(".words")).to_have_attribute("role", "alert")
    await expect(card.locator("a.tel").first).to_have_attribute("href", "tel:110")
    await page.reload()
    await expect(turns(page, "urgent")).to_have_count(1)
    assert await turns(page, "urgent").locator("[role=alert]").count() == 0


async def test_options_are_buttons_and_free_text_is_still_taken(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "maybe")
    await page.click("#log .options >> text=Identity card")
    await expect(turns(page, "citizen").last).to_contain_text("Identity card lost or stolen")
    await expect(turns(page, "answer")).to_have_count(1)
    await expect(page.locator("#log .options")).to_have_count(1)  # only what was offered last
    await page.reload()
    await expect(page.locator("#log .options")).to_have_count(1)
    await ask(page, "maybe")
    await ask(page, NIGHT)
    await expect(turns(page, "receipt")).to_have_count(1)


async def test_the_menu_of_topics_asks_for_one(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await page.click("#topics summary")
    await page.click("#topics >> text=Identity card")
    await expect(turns(page, "answer")).to_have_count(1)
    await expect(page.locator("#topics .sheet")).to_be_hidden()
    assert desk.assistant.received[0].option == "intent:id_card_lost"


async def test_a_person_is_one_button_away(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await page.click("text=Talk to a person")
    await expect(turns(page, "citizen")).to_contain_text("Talk to a person")
    await expect(turns(page, "receipt")).to_have_count(1)
    assert desk.assistant.received[0].text == "/human"


async def test_switching_the_language_keeps_the_conversation(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "lost card")
    await expect(turns(page)).to_have_count(2)
    await page.click("text=繁體")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    await expect(turns(page)).to_have_count(2)
    await expect(turns(page, "answer")).to_contain_text("自動回覆")
    await ask(page, "危險")
    await expect(turns(page, "receipt")).to_have_count(1)
    assert desk.assistant.received[-1].language == "zh-Hant"


async def test_a_private_link_opens_the_conversation_and_leaves_the_address_bar(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, NIGHT)
    await expect(turns(page, "receipt")).to_have_count(1)
    await page.click("#more summary")
    link = await page.input_value("#link_address")
    other = await open_page()
    await other.goto(f"{link}?language=en")
    await expect(turns(other, "receipt")).to_have_count(1)
    assert other.url == f"{desk.url}/?language=en"
    await other.reload()
    await expect(turns(other, "receipt")).to_have_count(1)


async def test_a_conversation_that_is_gone_is_said_so_and_the_next_message_begins_anew(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "lost card")
    await expect(turns(page)).to_have_count(2)
    old = await token_of(page)
    desk.assistant.told.clear()
    await ask(page, NIGHT)
    await expect(turns(page, "receipt")).to_have_count(1)
    await expect(page.locator(".between")).to_contain_text("deleted")
    assert await token_of(page) != old


@pytest.mark.parametrize("how", ["button", "escape twice"])
async def test_leaving_quickly_forgets_everything(desk, open_page, how):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await page.click("#more summary")
    await page.check("#keep")
    await page.keyboard.press("Escape")  # closes the menu, and does not count as leaving
    await ask(page, NIGHT)
    token = await token_of(page)
    await expect(turns(page, "receipt")).to_have_count(1)
    if how == "button":
        await page.click("#leave")
    else:
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
    await expect(page).to_have_url("about:blank")
    await page.goto(desk.url)
    await expect(turns(page)).to_have_count(0)
    assert await page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    history = await page.evaluate("history.length")
    assert history <= 3
    assert token not in page.url


async def test_a_new_conversation_can_be_begun(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "lost card")
    await expect(turns(page)).to_have_count(2)
    await page.click("#more summary")
    await page.click("#forget")
    await expect(turns(page)).to_have_count(0)
    await expect(page.locator("#welcome")).to_have_attribute("open", "")


async def test_the_page_asks_no_other_host_and_sets_no_cookie(desk, open_page):
    page = await open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, NIGHT)
    await listening(desk, await token_of(page))
    assert all(url.startswith(f"{desk.url}/") for url in asked)
    assert any(url.endswith("/stream") for url in asked)
    assert await page.context.cookies() == []


async def test_words_cannot_become_markup(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    hostile = "<img src=x onerror=alert(1)> {{7*7}} \u202e </script><script>alert(1)</script>"
    await ask(page, hostile)
    await expect(turns(page, "citizen").locator(".words")).to_have_text(hostile)
    await page.reload()
    await expect(turns(page, "citizen").locator(".words")).to_have_text(hostile)
    assert await page.locator("#log img, #log script").count() == 0


async def test_arabic_runs_from_right_to_left(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    await ask(page, "مرحبا، فقدت بطاقتي")
    await expect(turns(page, "citizen").locator(".words")).to_have_css("direction", "rtl")


# --- what it looks like


@pytest.mark.parametrize(
    ("language", "height", "script"),
    [
        ("en", 640, True),
        ("zh-Hans", 640, True),
        ("en", 256, True),
        ("en", 640, False),
        ("zh-Hant", 640, False),
    ],
)
async def test_nothing_is_wider_than_a_narrow_window(desk, open_page, language, height, script):
    width = 320
    page = await open_page(viewport={"width": width, "height": height})
    await page.goto(f"{desk.url}/?language={language}")
    for text in ("lost card", "maybe", "danger", "w" * 300, NIGHT):
        await ask(page, text)
    await expect(turns(page, "receipt")).to_have_count(2)
    if not script:
        token = await token_of(page)
        page = await open_page(viewport={"width": width, "height": height}, java_script_enabled=False)
        await page.goto(f"{desk.url}/c/{token}?language={language}")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wide) <= 0
    for menu in ("#topics", "#more"):
        await page.click(f"{menu} summary")
        assert await page.evaluate(wide) <= 0
        sheet = await page.locator(f"{menu} .sheet").bounding_box()
        assert sheet["x"] >= 0
        assert sheet["x"] + sheet["width"] <= width


async def test_text_at_twice_its_size_still_fits(desk, open_page):
    page = await open_page(viewport={"width": 640, "height": 800})
    await page.goto(f"{desk.url}/?language=en")
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    for text in ("lost card", "maybe"):
        await ask(page, text)
    await expect(turns(page, "clarification")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut_off = "[...document.querySelectorAll('button, .leave, summary')].filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 2)"
    assert await page.evaluate(f"{cut_off}.map(e => e.outerHTML)") == []


async def test_targets_are_large_enough_to_touch(desk, open_page):
    page = await open_page(viewport={"width": 320, "height": 640}, has_touch=True)
    await page.goto(f"{desk.url}/?language=en")
    await page.fill("#box", "maybe")
    await page.press("#box", "Enter")  # on a touch screen the key starts a line
    await page.click("#send")
    await expect(turns(page, "clarification")).to_have_count(1)
    small = await page.evaluate(
        """() => [...document.querySelectorAll('button, summary, .leave, .languages a, #box')]
            .filter(e => e.checkVisibility() && Math.min(e.offsetWidth, e.offsetHeight) < 44)
            .map(e => e.outerHTML)"""
    )
    assert small == []


CONTRASTS = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => { paint.clearRect(0, 0, 1, 1); paint.fillStyle = color; paint.fillRect(0, 0, 1, 1); return [...paint.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !e.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push([walker.currentNode.textContent.trim().slice(0, 30), ratio]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_what_is_behind_them(desk, open_page, scheme):
    page = await open_page(color_scheme=scheme)
    await page.goto(f"{desk.url}/?language=en")
    for text in ("lost card", "maybe", "danger", NIGHT):
        await ask(page, text)
    await expect(turns(page, "receipt")).to_have_count(1)
    await desk.staff_say(await token_of(page))
    await expect(turns(page, "staff_answer")).to_have_count(1)
    await page.click("#more summary")
    await page.click("#welcome summary", force=True)
    assert await page.evaluate(CONTRASTS) == []
    await page.goto(f"{desk.url}/nothing")
    assert await page.evaluate(CONTRASTS) == []


async def test_nothing_moves_for_people_who_asked_for_that(desk, open_page):
    page = await open_page(reduced_motion="reduce")
    await page.goto(f"{desk.url}/?language=en")
    await page.evaluate("document.getElementById('typing').hidden = false")
    assert await page.evaluate("document.getAnimations().length") == 0


async def test_the_whole_page_works_by_keyboard(desk, open_page):
    page = await open_page()
    await page.goto(f"{desk.url}/?language=en")
    reached: list[str] = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        reached.append(
            await page.evaluate(
                "(e => e.tagName === 'SUMMARY' ? e.parentElement.id : e.id || e.className || e.tagName)(document.activeElement)"
            )
        )
    for name in ("skip", "leave", "scroll", "topics", "more", "box", "send"):
        assert any(name in each for each in reached), name


# --- without the script


async def test_the_page_works_without_a_script(desk, open_page):
    page = await open_page(java_script_enabled=False)
    await page.goto(f"{desk.url}/?language=en")
    await page.fill("#box", "maybe")
    await page.click("#send")
    assert "/c/" in page.url
    assert page.url.endswith("?language=en#latest")
    await expect(turns(page, "clarification")).to_contain_text("Is it one of these?")
    await page.click("#log .options >> text=Identity card")
    await expect(turns(page, "answer")).to_contain_text("household window")
    await expect(turns(page, "answer").locator("a.tel")).to_have_attribute("href", "tel:12345")
    await page.fill("#box", NIGHT)
    await page.click("#send")
    await expect(turns(page, "receipt")).to_have_count(1)
    await expect(page.locator(".link")).to_contain_text("Keep this link")
    token = page.url.split("/c/")[1].split("?")[0]
    assert await desk.staff_say(token) is DeliveryStatus.PLACED
    await page.click("text=Look for new replies")
    await expect(turns(page, "staff_answer")).to_contain_text("until 22:00")
    await page.click("text=简体")
    await expect(turns(page, "staff_answer")).to_contain_text("工作人员")
    await page.click("#leave")
    assert page.url == "about:blank"


async def test_too_long_a_form_comes_back_with_its_words(desk, open_page):
    page = await open_page(java_script_enabled=False)
    await page.goto(f"{desk.url}/?language=en")
    await page.fill("#box", "\nfirst line\n" + "x" * 4100)
    await page.click("#send")
    await expect(page.locator(".problem")).to_contain_text("4000 characters at most")
    assert (await page.input_value("#box")).strip() == "first line\n" + "x" * 4100
    assert desk.assistant.received == []


# --- on another site


async def test_the_widget_opens_answers_and_closes(desk, open_page):
    page = await open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(desk.host_url)
    button = page.locator("button")
    await expect(button).to_have_attribute("aria-expanded", "false")
    assert not any("embed=1" in url for url in asked)  # nothing is loaded before it is wanted
    await button.click()
    await expect(button).to_have_attribute("aria-expanded", "true")
    frame = page.frame_locator("iframe")
    await frame.locator("#box").fill("lost card")
    await frame.locator("#send").click()
    await expect(frame.locator("#log .answer")).to_contain_text("household window")
    await frame.locator("#box").press("Escape")
    await expect(page.locator("iframe")).to_be_hidden()
    await expect(button).to_be_focused()
    await button.click()
    await expect(frame.locator("#log .answer")).to_be_visible()
    await button.focus()
    await page.keyboard.press("Escape")
    await expect(page.locator("iframe")).to_be_hidden()
    assert await page.context.cookies() == []
    assert all(url.startswith((desk.url, desk.host_url)) for url in asked)


async def test_leaving_from_the_widget_leaves_the_whole_page(desk, open_page):
    page = await open_page()
    await page.goto(desk.host_url)
    await page.click("button")
    await page.frame_locator("iframe").locator("#leave").click()
    await expect(page).to_have_url("about:blank")


async def test_a_site_that_was_not_named_cannot_frame_the_page(desk, open_page):
    page = await open_page()
    answer = await page.goto(f"{desk.url}/?embed=1")
    policy = (await answer.all_headers())["content-security-policy"]
    assert f"frame-ancestors 'self' {desk.host_url.rstrip('/')}" in policy
