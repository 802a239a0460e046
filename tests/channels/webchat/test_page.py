"""The pages as a server sends them: the plain form, its headers, and the files beside it."""

import re

import pytest

from bot.channels.webchat.conversations import address_of, new_token
from bot.channels.webchat.words import host_of, linked, paragraphs
from bot.errors import StoreStopped
from tests.channels.webchat.conftest import EMBEDDER
from tests.channels.webchat.fakes import staff_answer

FORM = {"Accept": "text/html", "Accept-Language": "en"}


async def send(client, status=303, query="", **fields):
    response = await client.post(f"/chat{query}", data=fields, headers=FORM, allow_redirects=False)
    assert response.status == status, await response.text()
    return response


def field(html: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]+)"', html)[1]


async def test_the_first_page_says_what_this_is_before_anything_is_written(client):
    html = await (await client.get("/?language=en")).text()
    assert "This is the automatic desk." in html
    assert 'role="log"' in html
    assert 'lang="en"' in html
    assert '<a class="tel" href="tel:110">' in html
    assert "Identity card lost or stolen" in html


async def test_a_form_leads_to_the_private_link(client):
    response = await send(client, text="lost card")
    assert re.fullmatch(r"/c/[\w-]{43}#latest", response.headers["Location"])
    html = await (await client.get(response.headers["Location"], headers=FORM)).text()
    assert "household window" in html
    assert "https://desk.example/c/" in html


async def test_the_language_and_the_frame_go_along(client):
    response = await send(client, text="lost card", query="?language=zh-HK&embed=1")
    assert "?language=zh-Hant&embed=1#latest" in response.headers["Location"]


async def test_a_form_sent_twice_has_one_effect(client, assistant):
    html = await (await client.get("/")).text()
    fields = {"text": "night", "start": field(html, "start"), "message_id": field(html, "message_id")}
    first, second = await send(client, **fields), await send(client, **fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(assistant.received) == 1
    assert assistant.received[0].introduced


async def test_an_empty_form_is_answered_like_any_message(client, assistant):
    await send(client, text="")
    assert assistant.received[0].text == ""
    assert not assistant.received[0].introduced


@pytest.mark.parametrize("text", ["😀", "مرحبا", "\u200b\u202e", "line one\nline two", "x" * 4000])
async def test_odd_words_come_back_as_they_were_sent(client, assistant, text):
    response = await send(client, text=text.replace("\n", "\r\n"))
    assert assistant.received[0].text == text
    assert (await client.get(response.headers["Location"])).status == 200


async def test_words_the_desk_cannot_take_go_back_into_the_box(client, assistant):
    words = "very <long> & " + "x" * 4000
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    response = await send(client, 422, text=words)
    assert escaped in await response.text()
    token = (await send(client, text="lost card")).headers["Location"][3:46]
    html = await (await send(client, 422, text=words, conversation=token)).text()
    assert escaped in html
    assert "household window" in html
    assistant.trouble = StoreStopped("disk")
    response = await send(client, 503, text="not <lost>", conversation=token)
    assert response.headers["Retry-After"] == "30"
    assert "not &lt;lost&gt;" in await response.text()
    assistant.trouble = None
    html = await (await send(client, 404, text="gone & back", conversation=new_token())).text()
    assert "gone &amp; back" in html
    assert field(html, "start")


async def test_a_form_that_is_none_is_a_page_that_says_so(client):
    for body, content_type, status in (
        (b"text=%FF", "application/x-www-form-urlencoded", 400),
        (b"text=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(30)), "application/x-www-form-urlencoded", 400),
        (b"x", "multipart/form-data; boundary=x", 415),
        (b"text=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
    ):
        response = await client.post("/chat", data=body, headers={**FORM, "Content-Type": content_type})
        assert response.status == status
        assert response.content_type == "text/html"
        assert "Go to the first page" in await response.text()


async def test_an_unknown_private_link_is_explained(client):
    for token in (new_token(), "short"):
        response = await client.get(f"/c/{token}", headers=FORM)
        assert response.status == 404
        assert "not here any more" in await response.text()


async def test_an_answer_is_seen_when_the_private_link_is_opened(client, webchat, assistant):
    token = (await send(client, text="night")).headers["Location"][3:46]
    await webchat.send(address_of(token), staff_answer())
    assert assistant.told[address_of(token)].unseen
    html = await (await client.get(f"/c/{token}?language=en")).text()
    assert "A member of staff" in html
    assert not assistant.told[address_of(token)].unseen


async def test_every_page_carries_the_headers_that_keep_it_safe(client):
    token = (await send(client, text="night")).headers["Location"][3:46]
    for path in ("/", f"/c/{token}", "/nothing"):
        response = await client.get(path, headers={**FORM, "Host": "desk.example"})
        headers = response.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert f"frame-ancestors 'self' {EMBEDDER}" in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in headers
        html = await response.text()
        assert "<style" not in html
        assert not re.search(r"<script(?! src=\"/static/)", html)
        assert not re.search(r"\son\w+=|style=", html)


async def test_no_page_names_another_host_than_sources_and_itself(client):
    token = (await send(client, text="lost card")).headers["Location"][3:46]
    html = await (await client.get(f"/c/{token}", headers=FORM)).text()
    assert set(re.findall(r"https?://([\w.]+)", html)) <= {"lanting.example", "desk.example"}


async def test_files_are_asked_for_again_only_when_they_changed(client):
    for path in (
        "/static/chat.css",
        "/static/chat.js",
        "/static/icon.svg",
        "/widget.js",
        "/api/openapi.json",
    ):
        first = await client.get(path)
        assert first.status == 200
        assert first.headers["Cache-Control"] == "no-cache"
        assert first.headers["X-Content-Type-Options"] == "nosniff"
        again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status == 304
        assert await again.read() == b""
        changed = await client.get(path, headers={"If-None-Match": '"other"'})
        assert changed.status == 200


async def test_only_the_widget_may_be_loaded_by_any_site(client):
    for path, policy in (
        ("/widget.js", "cross-origin"),
        ("/static/chat.js", "same-origin"),
        ("/", "same-origin"),
    ):
        assert (await client.get(path)).headers["Cross-Origin-Resource-Policy"] == policy


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("In danger, call 110 (police) or 120.", ["110", "120"]),
        ("请拨打110（报警）、119或12345。", ["110", "119", "12345"]),
        ("Call 12356, day or night; 010-8295-1332 is no number", ["12356"]),
        ("call 010-82951332 or 400-810-1117", ["010-82951332", "400-810-1117"]),
        ("工本费120元，110个工作日，120 天内，共119页", []),
        ("¥120, 120.50, 1,120 yuan, 110%, 12345678, A110, 110号令, 110-2, 11:120", []),
        ("It takes 120 days and 110 working days, 122 km", []),
        ("第12345号 reference 7KQ2-1120", []),
        ("110。120！12345", ["110", "120", "12345"]),
    ],
)
def test_numbers_to_call_are_told_from_other_numbers(text, numbers):
    assert re.findall(r"<bdi>([^<]+)</bdi>", linked(text)) == numbers


def test_web_addresses_are_linked_without_the_full_stop_after_them():
    html = linked("见 https://lanting.example/a?b=1&c=2。 (https://lanting.example/x). <b>")
    assert 'href="https://lanting.example/a?b=1&amp;c=2"' in html
    assert 'href="https://lanting.example/x"' in html
    assert "&lt;b&gt;" in html
    assert "<a" not in linked("javascript:alert(1) http://x")
    assert host_of("https://lanting.example/a") == "lanting.example"


def test_each_line_is_a_paragraph():
    assert paragraphs("one\n\ntwo\n<three>\n") == "<p>one</p><p>two</p><p>&lt;three&gt;</p>"
