"""/healthz, /readyz and /metrics as monitoring programs and balancers ask for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.config import read_settings
from bot.corpus import Corpus
from bot.errors import StoreStopped
from bot.health import Health
from bot.metrics import Metrics
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import KEY, Clock, Troubled

TOKEN = "a-token-of-some-length"


class Live:
    """A corpus that may be there yet or not."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.problems: tuple[object, ...] = ()
        self.started = True


class Served:
    """The health of a process, served."""

    def __init__(self, corpus: Corpus, store: Troubled, environ: dict[str, str]) -> None:
        self.live = Live(corpus)
        self.store = store
        self.health = Health(
            store=store,  # type: ignore[arg-type]
            live=self.live,  # type: ignore[arg-type]
            metrics=Metrics("here:1"),
            settings=read_settings(environ),
            clock=Clock(),
        )
        self.client: TestClient[web.Request, web.Application]

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        async with self.client.get(path, headers=headers) as response:
            return response.status, await response.json()


@asynccontextmanager
async def served(corpus: Corpus, **environ: str) -> AsyncIterator[Served]:
    store = await open_tinydb(None, Vault(KEY))
    made = Served(corpus, Troubled(store), environ)
    app = web.Application()
    made.health.add_to(app)
    async with TestClient(TestServer(app)) as made.client:
        yield made
    await store.close()


@pytest.fixture
async def desk(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr("bot.health.KNOWN_FOR", 0)
    monkeypatch.setattr("bot.health.STORE_WITHIN", 0.05)
    async with served(corpus) as made:
        yield made


async def test_a_process_that_runs_is_alive_and_ready(desk: Served) -> None:
    assert await desk.get("/healthz") == (200, {"alive": True})
    assert await desk.get("/readyz") == (200, {"ready": True})


async def test_a_store_that_fails_or_hangs_makes_it_unready_and_leaves_it_alive(desk: Served) -> None:
    desk.store.problem = StoreStopped("The disk is full.")
    assert await desk.get("/readyz") == (503, {"ready": False, "reason": "store"})
    assert await desk.get("/healthz") == (200, {"alive": True})
    desk.store.problem = None
    desk.store.hold("check")
    assert await desk.get("/readyz") == (503, {"ready": False, "reason": "store"})
    desk.store.let_go()
    assert await desk.get("/readyz") == (200, {"ready": True})


async def test_a_balancer_may_go_on_sending_cards_where_no_process_has_a_store(desk: Served) -> None:
    desk.store.problem = StoreStopped("The disk is full.")
    assert await desk.get("/readyz?exclude=store") == (200, {"ready": True})
    desk.health.draining = True
    assert await desk.get("/readyz?exclude=store") == (503, {"ready": False, "reason": "draining"})


async def test_without_content_nothing_should_come(desk: Served) -> None:
    desk.live.started = False
    assert await desk.get("/readyz") == (503, {"ready": False, "reason": "content"})


async def test_a_process_that_ends_says_so_and_keeps_no_connection(desk: Served) -> None:
    async with desk.client.get("/healthz") as response:
        assert "close" not in response.headers.get("Connection", "")
    desk.health.draining = True
    async with desk.client.get("/healthz") as response:
        assert response.headers["Connection"] == "close"
    async with desk.client.get("/nothing") as response:
        assert response.headers["Connection"] == "close"
    assert await desk.get("/readyz") == (503, {"ready": False, "reason": "draining"})


async def test_what_was_found_of_the_store_is_told_again_for_a_moment(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.health.KNOWN_FOR", 60)
    assert await desk.get("/readyz") == (200, {"ready": True})
    desk.store.problem = StoreStopped("The disk is full.")
    assert await desk.get("/readyz") == (200, {"ready": True})


async def test_a_program_on_this_machine_may_read_what_was_counted_and_none_behind_a_proxy(
    desk: Served,
) -> None:
    async with desk.client.get("/metrics") as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        text = await response.text()
    assert "desk_store_up 1.0" in text
    assert f'version="{desk.live.corpus.content.version}"' in text
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        async with desk.client.get("/metrics", headers={header: "127.0.0.1"}) as response:
            assert response.status == 403
            assert "desk_" not in await response.text()


async def test_with_a_token_whoever_shows_it_may_read_and_nobody_else(corpus: Corpus) -> None:
    async with served(corpus, METRICS_TOKEN=TOKEN) as desk:
        for sent, status in (
            (f"Bearer {TOKEN}", 200),
            (f"Bearer {TOKEN}x", 403),
            (f"Basic {TOKEN}", 403),
            ("Bearer gr\u00fc\u00dfe", 403),
            ("", 403),
        ):
            headers = {"Authorization": sent} if sent else {}
            async with desk.client.get("/metrics", headers=headers) as response:
                assert response.status == status, sent


async def test_a_store_that_is_down_is_counted_as_down_and_the_rest_still_told(desk: Served) -> None:
    desk.store.problem = StoreStopped("The disk is full.")
    async with desk.client.get("/metrics") as response:
        text = await response.text()
    assert "desk_store_up 0.0" in text
    assert "desk_queue_situations{" not in text
    assert "process_start_time_seconds" in text


async def test_requests_are_counted_by_route_and_strangers_names_make_no_label(desk: Served) -> None:
    for path in ("/nothing/one", "/nothing/two", "/healthz"):
        async with desk.client.get(path):
            pass
    async with desk.client.request("PROPFIND", "/healthz"):
        pass
    async with desk.client.get("/metrics") as response:
        text = await response.text()
    assert 'desk_requests_total{method="GET",route="none",status="404"} 2.0' in text
    assert 'desk_requests_total{method="other",route="none",status="405"} 1.0' in text
    assert "PROPFIND" not in text
    assert "nothing" not in text
