"""The embedded engine: TinyDB tables in memory, made durable through sqlite, one process at a time."""

from bot.store.tinydb.copies import replace_secret
from bot.store.tinydb.disk import has_store, sealed_with
from bot.store.tinydb.engine import TinyDBStore, open_tinydb
from bot.store.tinydb.restoring import Restored, restore
from bot.store.tinydb.rotation import Rotated, rotate

__all__ = [
    "Restored",
    "Rotated",
    "TinyDBStore",
    "has_store",
    "open_tinydb",
    "replace_secret",
    "restore",
    "rotate",
    "sealed_with",
]
