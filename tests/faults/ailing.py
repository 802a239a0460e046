"""The desk as people run it, on a disk and by a clock that fail as a file says.

`python -m tests.faults.ailing serve` with AILING naming a JSON file. It is read again at each use, so that a test can let a
disk fail and be mended while the desk runs:

- `write_seconds`: how long each commit takes;
- `read_only`: the disk takes nothing, as when the system has mounted it read-only;
- `clock_seconds`: how far the desk's clock is off.
"""

import datetime as dt
import errno
import json
import os
import sqlite3
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import bot.app
import bot.clockwork
import bot.store.tinydb.disk
import bot.store.tinydb.engine
import bot.store.tinydb.lock
from bot.cli import main

STATE = Path(os.environ["AILING"])


def ails(what: str) -> Any:
    """Return what the file says of one ailment; None without a word on it."""
    try:
        return json.loads(STATE.read_text()).get(what)
    except FileNotFoundError:
        return None


class AilingConnection(sqlite3.Connection):
    """A connection whose commits take long, or that may not write."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql.startswith(("BEGIN", "VACUUM")) and ails("read_only"):
            refused = sqlite3.OperationalError("attempt to write a readonly database")
            refused.sqlite_errorcode = sqlite3.SQLITE_READONLY
            raise refused
        if sql == "COMMIT":
            time.sleep(ails("write_seconds") or 0)
        return super().execute(sql, *parameters)


def now() -> dt.datetime:
    """Return the time by a clock that is off."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ails("clock_seconds") or 0)


def take_lock(path: Path) -> int:
    """Take the store's lock, where the disk can be written."""
    if ails("read_only"):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    return take(path)


take = bot.store.tinydb.lock.take_lock

if __name__ == "__main__":
    sqlite3.connect = partial(sqlite3.connect, factory=AilingConnection)
    bot.store.tinydb.disk.take_lock = take_lock
    bot.app.utc_now = now
    # What is waited for in the open, shortened for those who wait here.
    bot.store.tinydb.engine.TRY_AGAIN = 0.5
    bot.clockwork.EVERY = 0.5
    sys.exit(main(sys.argv[1:]))
