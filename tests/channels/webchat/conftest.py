"""The web chat over real HTTP, with the fake assistant behind it."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.webchat import WebChat
from bot.config import read_settings
from bot.vault import Vault
from tests.channels.webchat.fakes import START, FakeAssistant, FakeNames

EMBEDDER = "https://www.city.example"


@pytest.fixture
def app_maker(tmp_path) -> Callable[[], web.Application]:
    """Makes an application with everything of its own."""
    settings = read_settings({"INTENTS_DIR": str(tmp_path), "KNOWLEDGE_DIR": str(tmp_path)})

    def make() -> web.Application:
        app = web.Application()
        WebChat(
            assistant=FakeAssistant(),
            names=FakeNames,
            settings=settings,
            vault=Vault(b"k" * 32),
            clock=lambda: START,
        ).add_routes(app)
        return app

    return make


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def webchat(assistant: FakeAssistant, tmp_path) -> WebChat:
    settings = read_settings(
        {
            "EMBED_ORIGINS": EMBEDDER,
            "TRUSTED_PROXIES": "127.0.0.1",
            "INTENTS_DIR": str(tmp_path),
            "KNOWLEDGE_DIR": str(tmp_path),
            "PUBLIC_URL": "https://desk.example",
        }
    )
    return WebChat(
        assistant=assistant, names=FakeNames, settings=settings, vault=Vault(b"k" * 32), clock=lambda: START
    )


@pytest.fixture
def app(webchat: WebChat) -> web.Application:
    app = web.Application()
    webchat.add_routes(app)
    return app


@pytest.fixture
async def client(app: web.Application) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(app)) as client:
        yield client
