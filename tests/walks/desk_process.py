"""The desk as people run it: `python -m bot serve` in a process of its own, with the sample content."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskProcess:
    """A running desk."""

    address: str
    first_link: str | None
    intents: Path
    home: Path
    process: "subprocess.Popen[str]"


@contextmanager
def running_desk(home: Path, **environ: str) -> Iterator[DeskProcess]:
    """Run the desk with its data, key and a copy of the content under `home`."""
    intents, knowledge = home / "intents", home / "knowledge"
    for folder in (intents, knowledge):
        if not folder.exists():
            shutil.copytree(ROOT / folder.name, folder)
    log = (home / "log").open("a")
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        cwd=ROOT,
        env={
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("TELEGRAM_", "DESK_"))
            },
            "PORT": "0",
            "DATA_DIR": str(home / "data"),
            "DESK_KEY_FILE": str(home / "desk.key"),
            "INTENTS_DIR": str(intents),
            "KNOWLEDGE_DIR": str(knowledge),
            "LANG": "C.UTF-8",
            **environ,
        },
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        printed = _printed(process, home)
        link = re.search(r"http://\S+/staff/join/\S+", printed)
        chat = re.search(r"Chat page:\s+(http://\S+)/", printed)
        assert chat is not None, printed
        yield DeskProcess(
            address=chat[1], first_link=link[0] if link else None, intents=intents, home=home, process=process
        )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            process.stdout.close()
            log.close()


def _printed(process: "subprocess.Popen[str]", home: Path) -> str:
    """Return what the desk prints at its start; its last line tells of the first link, or that there is none."""
    lines: list[str] = []
    while line := process.stdout.readline():
        lines.append(line)
        if line.startswith(("First administrator", "Ready")):
            return "".join(lines)
    raise AssertionError(f"the desk ended: {''.join(lines)}\n{(home / 'log').read_text()}")
