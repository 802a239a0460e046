"""What is wrong with a request, said so that it can be mended; nothing odd brings a traceback."""

import asyncio
import json
import string
import zlib

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.webchat import incoming
from bot.channels.webchat.conversations import new_token
from bot.channels.webchat.problems import SAID_BY_THE_DESK, STATUSES
from bot.locale import catalogue
from bot.models import LANGUAGES

JSON = {"Content-Type": "application/json"}


async def problem_of(response, status, kind):
    assert response.status == status
    assert response.content_type == "application/problem+json"
    body = await response.json(content_type=None)
    assert body["type"] == f"urn:inquiry-desk:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in json.dumps(body)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return body


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "body_not_json"),
        (b"{", 400, "body_not_json"),
        (b'{"text": "\xff\xfe"}', 400, "body_not_utf8"),
        (b'{"text": "\\ud800"}', 400, "body_not_json"),
        (b"[" * 30_000, 400, "body_not_json"),
        (b"[]", 400, "body_not_object"),
        (b"null", 400, "body_not_object"),
        (b'"hello"', 400, "body_not_object"),
        (b"{}", 422, "field_missing"),
        (b'{"text": null}', 422, "field_missing"),
        (b'{"text": "a", "option": "human"}', 422, "field_both"),
        (b'{"text": 5}', 422, "field_type"),
        (b'{"option": ["human"]}', 422, "field_type"),
        (b'{"text": "a", "message_id": 7}', 422, "field_type"),
        (b'{"text": "a", "conversation": {}}', 422, "field_type"),
        (b'{"text": "a", "start": false}', 422, "field_type"),
        (b'{"text": "a", "language": true}', 422, "field_type"),
        (b'{"text": "a", "language": "fr"}', 422, "language_unknown"),
        (b'{"option": ""}', 422, "field_length"),
        ('{"option": "' + "个" * 14 + '"}', 422, "field_length"),
        (b'{"text": "a", "message_id": ""}', 422, "field_length"),
        (b'{"text": "a", "message_id": "' + b"m" * 129 + b'"}', 422, "field_length"),
        (b'{"text": "' + b"x" * 4001 + b'"}', 422, "text_too_long"),
        (b'{"text": "' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    ],
)
async def test_a_bad_body_is_named_and_nothing_is_recorded(client, assistant, body, status, kind):
    if isinstance(body, str):
        body = body.encode()
    response = await client.post("/api/messages", data=body, headers=JSON)
    await problem_of(response, status, kind)
    assert not assistant.received


@pytest.mark.parametrize("field", ["text", "option", "message_id", "conversation", "start", "language"])
async def test_a_field_of_the_wrong_type_is_named(client, field):
    response = await client.post("/api/messages", json={"text": "a", field: [1]})
    body = await problem_of(response, 422, "field_type")
    assert body["field"] == field
    assert field in body["detail"]


async def test_ten_thousand_characters_get_a_clear_answer(client, assistant):
    for language, told in (
        ("en", "4000 characters at most; this one has 10000"),
        ("zh-Hans", "最多 4000 个字符，这条有 10000 个"),
    ):
        response = await client.post("/api/messages", json={"text": "长" * 10_000, "language": language})
        assert told in (await problem_of(response, 422, "text_too_long"))["detail"]
    assert not assistant.received


async def test_the_language_of_a_problem_is_the_bodys_then_the_headers_then_chinese(client):
    async def detail(body, **headers):
        response = await client.post("/api/messages", json=body, headers=headers)
        return (await response.json(content_type=None))["detail"]

    asked = {"Accept-Language": "zh-Hant"}
    assert "Send either" in await detail({"language": "en"}, **asked)
    assert "請填寫" in await detail({}, **asked)
    assert "请填写" in await detail({})
    assert "请填写" in await detail({}, **{"Accept-Language": "fr;q=1, *;q=broken"})


async def test_a_body_that_comes_in_pieces_is_cut_off_at_the_limit(client, assistant):
    sent = 0

    async def endless():
        nonlocal sent
        for _ in range(10_000):
            sent += 1000
            yield b"x" * 1000

    response = await client.post("/api/messages", data=endless(), headers=JSON)
    await problem_of(response, 413, "body_too_large")
    assert sent < 5_000_000


async def test_a_small_body_that_unpacks_to_a_large_one_is_cut_off(client):
    packed = zlib.compress(b'{"text": "' + b"x" * 5_000_000 + b'"}')
    assert len(packed) < incoming.LONGEST_BODY
    response = await client.post(
        "/api/messages", data=packed, headers={**JSON, "Content-Encoding": "deflate"}, compress=None
    )
    await problem_of(response, 413, "body_too_large")


async def test_a_body_that_is_not_packed_as_it_says_is_refused(client):
    response = await client.post(
        "/api/messages", data=b"{}", headers={**JSON, "Content-Encoding": "gzip"}, compress=None
    )
    assert response.status == 400


async def test_a_body_that_does_not_arrive_is_given_up(client, monkeypatch):
    monkeypatch.setattr(incoming, "BODY_SECONDS", 0.1)

    async def slow():
        yield b'{"text": '
        await asyncio.sleep(2)
        yield b'"late"}'

    response = await client.post("/api/messages", data=slow(), headers=JSON)
    await problem_of(response, 408, "body_too_slow")


async def test_other_content_types_are_refused(client):
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        response = await client.post(
            "/api/messages", data=b'{"text":"a"}', headers={"Content-Type": content_type}
        )
        assert "application/json" in (await problem_of(response, 415, "media_type"))["detail"]
    with_charset = {"Content-Type": "application/json; charset=utf-8"}
    assert (await client.post("/api/messages", data=b'{"text":"a"}', headers=with_charset)).status == 200


async def test_a_wrong_method_names_the_right_ones(client):
    for method, path, allowed in (
        ("GET", "/api/messages", "POST"),
        ("DELETE", f"/api/conversations/{new_token()}", "GET"),
        ("PUT", "/", "GET"),
        ("HEAD", f"/api/conversations/{new_token()}/stream", "GET"),
    ):
        response = await client.request(method, path)
        assert response.status == 405
        assert allowed in response.headers["Allow"]
        assert response.content_type == "application/problem+json"


async def test_an_unknown_path_is_a_problem_for_programs_and_a_page_for_people(client):
    for path in (
        "/api/nothing",
        "/nothing",
        "/static/chat.py",
        "/static/..%2fchannel.py",
        "/c/",
        "/%00",
        "/staff",
    ):
        await problem_of(await client.get(path), 404, "not_found")
    page = await client.get("/nothing?language=en", headers={"Accept": "text/html,*/*"})
    assert page.status == 404
    assert page.content_type == "text/html"
    assert "There is nothing here" in await page.text()


async def test_an_unexpected_error_says_nothing_of_what_was_written(client, caplog):
    response = await client.post("/api/messages", json={"text": "boom my secret", "language": "en"})
    body = await problem_of(response, 500, "internal")
    assert "secret" not in json.dumps(body)
    lines = [record for record in caplog.records if record.message == "Unexpected error"]
    assert len(lines) == 1
    assert lines[0].error == "RuntimeError"
    assert any("fakes.py" in place for place in lines[0].trace)
    assert lines[0].request_id == response.headers["X-Request-Id"]
    assert "secret" not in "".join(str(vars(record)) for record in caplog.records)


def test_every_problem_has_its_sentences_in_every_language():
    for language in LANGUAGES:
        sentences = catalogue(language)
        for kind in STATUSES:
            assert sentences[f"problem.{kind}"]
            if kind not in SAID_BY_THE_DESK:
                assert sentences[f"problem.{kind}.detail"].format(
                    field="f", limit=1, length=2, languages="x", expected="y"
                )


def test_every_language_has_the_same_sentences():
    keys = [
        {key for key in catalogue(language) if key.startswith(("web.", "problem."))} for language in LANGUAGES
    ]
    assert keys[0] == keys[1] == keys[2]


# Anything at all as a body: strings, numbers and nests of them, and bytes that are no JSON.
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["text", "option", "message_id", "language", "conversation", "start", "other"])
bodies = st.one_of(
    st.binary(max_size=200),
    anything.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.dictionaries(fields, anything | st.text(string.printable, max_size=60)).map(
        lambda value: json.dumps(value).encode()
    ),
)


@given(body=bodies, language=st.sampled_from([*LANGUAGES, "fr", "en;q=x", ""]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_whatever_brings_a_traceback(app_maker, body, language):
    async def post():
        async with TestClient(TestServer(app_maker())) as client:
            response = await client.post(
                "/api/messages", data=body, headers={**JSON, "Accept-Language": language}
            )
            return response.status, response.content_type, await response.read()

    status, content_type, answer = asyncio.run(post())
    assert status in (200, 400, 404, 422)
    assert content_type == ("application/json" if status == 200 else "application/problem+json")
    json.loads(answer)
