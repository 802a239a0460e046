"""A desk as a process of its own, for benchmarks that ask it over HTTP, and what such a process uses."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN = 300.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A desk that runs."""

    url: str
    pid: int


@contextmanager
def running_desk(home: Path, more: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run a desk on the content and the data under `home`, with `more` settings; it is ready inside the block."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    environment |= {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PORT": "0",
        "INTENTS_DIR": str(home / "intents"),
        "KNOWLEDGE_DIR": str(home / "knowledge"),
        "DATA_DIR": str(home / "data"),
        "DESK_KEY_FILE": str(home / "desk.key"),
        **(more or {}),
    }
    with (home / "log").open("wb") as log:
        desk = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            yield Served(url=_address(desk, home / "log"), pid=desk.pid)
        finally:
            desk.send_signal(signal.SIGTERM)
            desk.wait(30)
            if desk.stdout is not None:
                desk.stdout.close()


def _address(desk: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address that the desk prints when it is ready."""
    assert desk.stdout is not None
    deadline = time.monotonic() + START_WITHIN
    for line in desk.stdout:
        found = re.search(rb"(http://127\.0\.0\.1:\d+)/", line)
        if found:
            return found[1].decode()
        if time.monotonic() > deadline:
            break
    raise SystemExit(f"The desk did not start:\n{log.read_text(encoding='utf-8')}")


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(pid: int, which: str = "VmRSS") -> float:
    """Return the memory a process holds, in MB; with `VmHWM` the most it ever held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"There is no process {pid}.")
