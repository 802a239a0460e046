"""One process at a time: a lock that the kernel lets go when its process ends, however it ends."""

import fcntl
import os
from pathlib import Path

from bot.errors import StoreLocked


def take_lock(path: Path) -> int:
    """Lock the file, making it if needed, and return its descriptor; closing that lets go.

    Raises `StoreLocked` when somebody else has it, OSError when it cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(descriptor)
        raise StoreLocked(
            f"A running desk holds {path}; use that one, or stop it before you start another on the same data."
        ) from exc
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
