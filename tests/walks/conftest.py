"""The walks share the browser tests' Chromium and the store tests' PostgreSQL server."""

from tests.browser.conftest import chromium
from tests.store.conftest import postgres_server

__all__ = ["chromium", "postgres_server"]
