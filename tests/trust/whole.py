"""The whole application as it is served: chat page, API, webhook, console, with small content and a store in memory."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from bot.app import App, utc_now
from bot.config import read_settings
from bot.corpus import Corpus
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.staff.world import CONTENT, QUICK, World

WEBHOOK_SECRET = "webhook-secret"


@contextlib.asynccontextmanager
async def the_whole(tmp_path: Path, corpus: Corpus, **environ: str) -> AsyncIterator[World]:
    """Serve everything. Telegram's own address leads nowhere: nothing here sends anything."""
    settings = read_settings(
        {
            "DATA_DIR": str(tmp_path),
            "INTENTS_DIR": str(CONTENT / "intents"),
            "KNOWLEDGE_DIR": str(CONTENT / "knowledge"),
            "TELEGRAM_TOKEN": "1:token",
            "TELEGRAM_API": "http://127.0.0.1:9",
            "TELEGRAM_SECRET": WEBHOOK_SECRET,
            "PUBLIC_URL": "http://desk.example",
            **environ,
        }
    )
    vault = Vault(b"k" * 32)
    store = await open_tinydb(None, vault)
    app = App(settings, store, vault)
    app.accounts._hasher = QUICK
    app.live._corpus = corpus  # fitted already, and not watched
    async with TestClient(TestServer(app.application()), cookie_jar=DummyCookieJar()) as client:
        yield World(store, vault, utc_now, app.live, app.desk, app.oversight, app.accounts, settings, client)  # type: ignore[arg-type]
    await app.assistant.stop()
    assert app.telegram is not None
    await app.telegram.drain()
    await app.telegram.close()
    await store.close()
