"""The embedded engine: TinyDB tables in memory, made durable through sqlite, one process at a time."""

from bot.store.tinydb.copies import back_up_from, replace_secret
from bot.store.tinydb.disk import has_store, sealed_with
from bot.store.tinydb.engine import TinyDBStore, open_tinydb
from bot.store.tinydb.restoring import Restored, restore, restore_to
from bot.store.tinydb.rotation import rotate

__all__ = [
    "Restored",
    "TinyDBStore",
    "back_up_from",
    "has_store",
    "open_tinydb",
    "replace_secret",
    "restore",
    "restore_to",
    "rotate",
    "sealed_with",
]
