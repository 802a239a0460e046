"""The embedded engine: TinyDB tables in memory, made durable through sqlite, one process at a time."""

from bot.store.tinydb.disk import has_store
from bot.store.tinydb.engine import TinyDBStore, open_tinydb

__all__ = ["TinyDBStore", "has_store", "open_tinydb"]
