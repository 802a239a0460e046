"""How many connections this process may hold: each open page of a citizen or of staff is one."""

import logging
import resource

log = logging.getLogger(__name__)

WANTED = 65_536
ENOUGH = 4_096


def raise_file_limit() -> int:
    """Raise what this process may have open as far as the system lets it; return that.

    Many systems begin with 1024 and allow far more to whoever asks.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft != resource.RLIM_INFINITY and soft < ENOUGH:
        log.warning(
            "This process may hold few connections; raise the limit of open files (ulimit -n)",
            extra={"limit": soft},
        )
    return soft
