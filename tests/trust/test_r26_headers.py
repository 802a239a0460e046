"""Requirements 21 and 26: safe headers and cookies on every response, and no page that calls another host."""

import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from bot.corpus import Corpus
from bot.headers import SAFE
from bot.models import Role
from tests.staff.world import PASSWORD, Page, Person, World
from tests.trust.test_access import CITIZENS, CONSOLE, CONVERSATION, ENTRY, SITUATION
from tests.trust.whole import WEBHOOK_SECRET, the_whole

HTTPS = {"X-Forwarded-Proto": "https"}
HOST = "https://desk.example"


@pytest.fixture
async def whole(tmp_path: Path, console_corpus: Corpus) -> AsyncIterator[World]:
    async with the_whole(tmp_path, console_corpus, TRUSTED_PROXIES="127.0.0.0/8", PUBLIC_URL=HOST) as made:
        yield made


async def fetch(world: World, method: str, path: str, **more: Any) -> Page:
    headers = {"Host": "desk.example", "Accept": "text/html", **more.pop("headers", {})}
    async with world.client.request(method, path, headers=headers, allow_redirects=False, **more) as response:
        text = "" if response.content_type == "text/event-stream" else await response.text()
        return Page(response.status, text, response.headers.copy())


async def conversation(world: World) -> str:
    async with world.client.post("/api/messages", json={"text": "where is my umbrella"}) as response:
        return str((await response.json())["conversation"])


def filled(path: str, token: str, situation_id: str) -> str:
    return (
        path.replace("{conversation}", token)
        .replace("{name}", "chat.css")
        .replace("{id}", situation_id)
        .replace("{token}", "none")
    )


async def every_response(world: World) -> list[tuple[str, Page]]:
    """Call every route as a stranger and as an administrator, and what is no route, in every way that fails."""
    token, situation = await conversation(world), await world.file()
    admin = await world.join("Ada", Role.ADMINISTRATOR)
    session = {"Cookie": f"__Host-desk_staff={admin.cookies['desk_staff']}"}
    console = [(m, f"/staff{p}") for table in (CONSOLE, ENTRY, SITUATION) for m, p in table]
    found = []
    for headers in ({}, session):
        for method, path in [*CITIZENS, *CONVERSATION, *console]:
            if (method, path) == ("POST", "/staff/sign-out") and headers:
                continue
            url = filled(path, token, situation.id)
            found.append((f"{method} {url}", await fetch(world, method, url, headers=headers)))
    found += [
        ("no such page", await fetch(world, "GET", "/nothing")),
        ("no such page, not for a browser", await fetch(world, "GET", "/nothing", headers={"Accept": "*/*"})),
        ("no such page of the console", await fetch(world, "GET", "/staff/nothing")),
        ("no such file of the console", await fetch(world, "GET", "/staff/static/nothing.css")),
        ("a file of the console", await fetch(world, "GET", "/staff/static/console.css")),
        ("no such file", await fetch(world, "GET", "/static/nothing.css")),
        ("wrong method", await fetch(world, "DELETE", "/")),
        ("wrong method at the console", await fetch(world, "PUT", "/staff/account")),
        ("wrong method at the webhook", await fetch(world, "GET", "/telegram/webhook")),
        ("not JSON", await fetch(world, "POST", "/api/messages", data=b"{")),
        ("too large", await fetch(world, "POST", "/api/messages", data=BytesIO(b"x" * 200_000))),
        ("too large a form", await fetch(world, "POST", "/staff/sign-in", data=BytesIO(b"x" * 600_000))),
        ("webhook, not JSON", await fetch(
            world, "POST", "/telegram/webhook", data=b"{",
            headers={"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET},
        )),
        ("webhook, too large", await fetch(
            world, "POST", "/telegram/webhook", data=BytesIO(b" " * 1_100_000),
            headers={"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET},
        )),
    ]  # fmt: skip
    style = next(page for name, page in found if name == "a file of the console")
    tag = {"If-None-Match": style.headers["ETag"]}
    found.append(("not changed", await fetch(world, "GET", "/staff/static/console.css", headers=tag)))
    return found


async def test_r26_every_response_carries_the_safe_headers(whole: World) -> None:
    statuses = set()
    for name, page in await every_response(whole):
        statuses.add(page.status)
        for header in SAFE:
            assert header in page.headers, (name, page.status, header)
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, name
        assert "frame-ancestors" in policy, name
        assert "unsafe" not in policy, name
        assert "*" not in policy, name
        assert "http" not in policy, name
        assert page.headers["X-Content-Type-Options"] == "nosniff", name
        assert page.headers["Referrer-Policy"] == "no-referrer", name
        assert page.headers["Strict-Transport-Security"] == "max-age=31536000", name
        assert "aiohttp" not in page.headers.get("Server", ""), name
        if name.split()[-1].startswith("/staff"):
            assert "frame-ancestors 'none'" in policy, name
            assert page.headers["X-Frame-Options"] == "DENY", name
    assert {200, 204, 303, 304, 400, 401, 403, 404, 405, 413} <= statuses


async def test_r26_hsts_is_sent_over_https_only(whole: World) -> None:
    for path in ("/", "/api/topics", "/staff/sign-in", "/nothing", "/staff/nothing"):
        plain = await fetch(whole, "GET", path, headers={"X-Forwarded-Proto": "http"})
        assert "Strict-Transport-Security" not in plain.headers, path


async def test_r26_cookies_are_the_consoles_alone_and_out_of_reach(whole: World) -> None:
    page = await fetch(whole, "GET", "/staff/sign-in")
    cookies = page.headers.getall("Set-Cookie")
    form_token = page.field("form_token")
    await whole.join("Lin")
    done = await fetch(
        whole, "POST", "/staff/sign-in",
        data={"form_token": form_token, "name": "Lin", "password": PASSWORD},
        headers={"Cookie": cookies[0].partition(";")[0]},
    )  # fmt: skip
    assert done.status == 303
    cookies += done.headers.getall("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        name, *flags = (part.strip() for part in cookie.split(";"))
        assert name.startswith(("__Host-desk_form=", "__Host-desk_staff="))
        assert set(flags) == {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"}, "and no Domain"


async def test_r26_a_cookie_of_plain_http_opens_nothing_over_https(whole: World) -> None:
    lin = await whole.join("Lin")
    for name, status in (("desk_staff", 303), ("__Host-desk_staff", 200)):
        cookie = {"Cookie": f"{name}={lin.cookies['desk_staff']}"}
        assert (await fetch(whole, "GET", "/staff/account", headers=cookie)).status == status


async def test_r21_no_page_of_citizens_sets_a_cookie_and_none_at_all_calls_another_host(whole: World) -> None:
    for name, page in await every_response(whole):
        if "Set-Cookie" in page.headers and "/staff" not in name and "form" not in name:
            pytest.fail(f"{name} sets a cookie")
        if page.headers.get("Content-Type", "").startswith(("text/html", "text/css", "text/javascript")):
            called = re.findall(
                r"<(?:script|img|link|iframe|source|video|audio|object|embed|form)[^>]*?"
                r'(?:src|href|action|data)="((?:[a-z]+:)?//[^"]*)"|(?:url\(|@import\s+)["\']?((?:[a-z]+:)?//[^)"\']*)',
                page.text,
            )
            assert [found for found in called if not "".join(found).startswith(HOST)] == [], name


async def test_r21_before_signing_in_only_the_form_that_signs_in_sets_a_cookie(whole: World) -> None:
    nobody = Person(whole, "nobody", None)
    for path in ("", "/account", "/nothing", "/static/console.css"):
        assert "Set-Cookie" not in (await nobody.get(path)).headers
    (cookie,) = (await nobody.get("/sign-in")).headers.getall("Set-Cookie")
    assert cookie.startswith("desk_form=")
    assert "Max-Age" not in cookie
    assert "expires" not in cookie.lower(), "it goes with the browser's session"
