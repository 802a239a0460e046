"""Limits that fall on one conversation or one client, never on others, and leave no trace."""

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.channels.webchat.conversations import new_token
from bot.visitor import client_address, household, shared


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # not a trusted proxy: its word does not count
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),  # what the client itself wrote does not count
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_forwarded_address_counts_only_from_a_trusted_proxy(peer, forwarded, address):
    request = make_mocked_request(
        "GET", "/", headers={"X-Forwarded-For": forwarded} if forwarded is not None else {}
    )
    request = request.clone(remote=peer)
    assert str(client_address(request, [ip_network("10.0.0.0/8")])) == address


def test_an_address_many_people_share_has_no_limit():
    def read(peer):
        return client_address(make_mocked_request("GET", "/").clone(remote=peer), [])

    assert shared(read("127.0.0.1"))
    assert shared(read("172.17.0.1"))
    assert shared(read(""))
    assert not shared(read("8.8.8.8"))
    assert household(read("2606:4700::1:2")) == household(read("2606:4700::9:9")) == "2606:4700::/64"


async def test_one_conversation_that_floods_is_slowed_and_the_others_are_not(client, assistant):
    response = await client.post("/api/messages", json={"text": "lost card"})
    token = (await response.json())["conversation"]
    statuses = []
    for _ in range(60):
        response = await client.post("/api/messages", json={"text": "lost card", "conversation": token})
        statuses.append(response.status)
    assert statuses[:39] == [200] * 39
    assert statuses[-1] == 429
    assert int(response.headers["Retry-After"]) >= 1
    assert "110" in (await response.json(content_type=None))["detail"]
    assert (await client.post("/api/messages", json={"text": "danger"})).status == 200


async def test_one_client_that_floods_with_new_conversations_is_slowed_alone(client):
    flood = {"X-Forwarded-For": "8.8.8.8"}
    path = "/api/conversations/{}"
    statuses = [(await client.get(path.format(new_token()), headers=flood)).status for _ in range(320)]
    assert 429 in statuses[300:]
    assert 429 not in statuses[:300]
    other = await client.post(
        "/api/messages", json={"text": "danger"}, headers={"X-Forwarded-For": "8.8.4.4"}
    )
    assert other.status == 200
