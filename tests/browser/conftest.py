"""One Chromium for the whole run. Tests that use it share the session's event loop: `pytestmark = BROWSER_TEST`."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

BROWSER_TEST = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser; without one the tests are skipped aloud."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is missing: apt-get install -y chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser) -> AsyncIterator[OpenPage]:
    """Open a page in a browser context of its own, made with the given settings.

    The test fails at its end if any page met a script error or something its security policy forbids.
    """
    contexts = []
    errors: list[str] = []

    async def open_one(**settings: object) -> Page:
        context = await chromium.new_context(**{"locale": "en-GB", **settings})
        context.set_default_timeout(10_000)
        contexts.append(context)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None,
        )
        return await context.new_page()

    yield open_one
    for context in contexts:
        await context.close()
    assert errors == []
