"""Logs: one JSON object a line on stderr. A line is a short sentence plus fields, never a citizen's words."""

import logging
import os
import socket
import sys
from datetime import UTC, datetime

import orjson

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def process_name() -> str:
    """Return what tells this process from others of the desk: the host's name and a number."""
    return f"{socket.gethostname()}:{os.getpid()}"


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def __init__(self) -> None:
        super().__init__()
        self._process = process_name()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; an exception is given by type and place, since its text may quote what was read."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "process": self._process,
            "says": record.getMessage(),
        }
        line.update({name: value for name, value in vars(record).items() if name not in _STANDARD})
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = _places(record.exc_info[2])
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def set_up_logs(level: int = logging.INFO) -> None:
    """Send every log line to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These libraries log addresses that hold the bot's token, or every request.
    for name in ("httpx", "httpcore", "aiohttp.access", "watchfiles", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _places(trace: object) -> list[str]:
    places = []
    while trace is not None:
        frame = trace.tb_frame  # type: ignore[attr-defined]
        places.append(f"{frame.f_code.co_filename}:{trace.tb_lineno} {frame.f_code.co_name}")  # type: ignore[attr-defined]
        trace = trace.tb_next  # type: ignore[attr-defined]
    return places[-12:]
