"""The description of the API is true: every route is in it, and what is said matches it."""

import json

import pytest
from jsonschema import Draft202012Validator

from bot.channels.webchat import api
from bot.channels.webchat.conversations import address_of
from tests.channels.webchat.fakes import staff_answer

DESCRIPTION = json.loads(api.describe())


def validator(schema):
    return Draft202012Validator(
        {**schema, "components": DESCRIPTION["components"]},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def resolved(node):
    while "$ref" in node:
        target = DESCRIPTION
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def operations():
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def media():
    for path, method, operation in operations():
        for name, content in operation.get("requestBody", {"content": {}})["content"].items():
            yield f"{method} {path} takes {name}", content
        for status, response in operation["responses"].items():
            for name, content in resolved(response)["content"].items():
                yield f"{method} {path} {status} {name}", content


async def test_it_is_served_as_json(client):
    response = await client.get("/api/openapi.json")
    assert response.content_type == "application/json"
    assert await response.json() == DESCRIPTION
    assert DESCRIPTION["openapi"].startswith("3.1")


def test_every_route_of_the_api_is_in_it_and_no_other(app):
    routes = {
        (route.resource.canonical, route.method)
        for route in app.router.routes()
        if route.resource.canonical.startswith("/api/") and route.method not in ("HEAD", "OPTIONS")
    }
    assert routes == {(path, method.upper()) for path, method, _ in operations()}


@pytest.mark.parametrize(("where", "content"), list(media()), ids=[where for where, _ in media()])
def test_every_body_has_an_example_that_validates(where, content):
    assert content["examples"]
    for example in content["examples"].values():
        validator(content["schema"]).validate(resolved(example)["value"])


def test_every_reference_leads_somewhere():
    def references(node):
        if isinstance(node, dict):
            if "$ref" in node:
                yield node
            node = list(node.values())
        if isinstance(node, list):
            for each in node:
                yield from references(each)

    found = list(references(DESCRIPTION))
    assert found
    for reference in found:
        assert resolved(reference)


async def test_the_examples_of_requests_are_taken(client, webchat):
    examples = DESCRIPTION["paths"]["/api/messages"]["post"]["requestBody"]["content"]["application/json"][
        "examples"
    ]
    for example in examples.values():
        body = dict(example["value"])
        if "conversation" in body:
            await webchat.send(address_of(body["conversation"]), staff_answer())
        assert (await client.post("/api/messages", json=body)).status == 200


async def test_what_the_routes_say_matches_it(client, webchat):
    def check(path, method, status, body):
        responses = DESCRIPTION["paths"][path][method]["responses"]
        (content,) = resolved(responses[str(status)])["content"].values()
        validator(content["schema"]).validate(body)

    token = None
    for text in ("lost card", "maybe", "danger", "where is the night window"):
        body = {"text": text, **({"conversation": token} if token else {})}
        said = await (await client.post("/api/messages", json=body)).json()
        check("/api/messages", "post", 200, said)
        token = said["conversation"]
    await webchat.send(address_of(token), staff_answer())
    told = await (await client.get(f"/api/conversations/{token}")).json()
    check("/api/conversations/{conversation}", "get", 200, told)
    check("/api/topics", "get", 200, await (await client.get("/api/topics")).json())
    for body, status in ((b"{", 400), (b"{}", 422)):
        response = await client.post("/api/messages", data=body, headers={"Content-Type": "application/json"})
        check("/api/messages", "post", status, await response.json(content_type=None))
