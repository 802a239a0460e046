"""A desk over the content that ships, and the console of `tests/staff`, beside the small desk."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.content import Content, read_content
from bot.corpus import Corpus, build_corpus
from bot.models import Invite, Role, StaffAccount
from bot.store.base import AccountChange
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import KEY, Office, make_office
from tests.staff.conftest import ada, console_corpus, lin, mai, nobody, wei, world

__all__ = ["ada", "console_corpus", "lin", "mai", "nobody", "wei", "world"]

READER = "ada"
"""Somebody who is named for the lane of complaints."""
DAY = dt.timedelta(days=1)
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def shipped() -> Content:
    """The content that ships."""
    return read_content([ROOT / "intents"], [ROOT / "knowledge"])


@pytest.fixture(scope="session")
def city(shipped: Content, trained_once: None) -> Corpus:
    """The content that ships, fitted."""
    return build_corpus(shipped)


@pytest.fixture
async def town(city: Corpus) -> AsyncIterator[Office]:
    """A whole desk over the content that ships."""
    store = await open_tinydb(None, Vault(KEY))
    made = make_office(store, city)
    for name in (READER, "reader"):
        await store.save_invite(Invite(digest=name, role=Role.STAFF, expires_at=made.clock() + DAY))
        account = StaffAccount(
            name=name, role=Role.STAFF, password_hash="", language="en", created_at=made.clock()
        )
        await store.accept_invite(name, account, made.clock())
        await store.change_account(name, AccountChange(lanes=("complaint",)))
    yield made
    await made.assistant.stop()
    await store.close()
