"""The access log tells what ran and how it went, and nothing that leads to a person or their words."""

import logging

from bot.logs import JsonLines

SECRET = "my-very-own-words"


async def test_a_line_holds_route_method_status_and_time_only(client, caplog):
    caplog.set_level(logging.INFO, "bot.access")
    asked = await client.post("/api/messages", json={"text": SECRET, "message_id": SECRET})
    token = (await asked.json())["conversation"]
    await client.get(f"/api/conversations/{token}?{SECRET}", headers={"X-Forwarded-For": "8.8.8.8"})
    await client.get(f"/c/{token}")
    await client.post("/chat", data={"text": SECRET, "conversation": token}, allow_redirects=False)
    await client.get(f"/{SECRET}")
    await client.get(f"/static/{SECRET}")
    await client.request("PROPFIND", "/")
    lines = [record for record in caplog.records if record.name == "bot.access"]
    assert [(line.method, line.route, line.status) for line in lines] == [
        ("POST", "/api/messages", 200),
        ("GET", "/api/conversations/{conversation}", 200),
        ("GET", "/c/{conversation}", 200),
        ("POST", "/chat", 303),
        ("GET", "none", 404),
        ("GET", "/static/{name}", 404),
        ("other", "none", 405),
    ]
    assert lines[0].request_id == asked.headers["X-Request-Id"]
    assert len({line.request_id for line in lines}) == len(lines)
    assert all(0 <= line.ms < 10_000 for line in lines)
    written = "\n".join(JsonLines().format(record) for record in caplog.records)
    for secret in (SECRET, token, "8.8.8.8"):
        assert secret not in written
