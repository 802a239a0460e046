"""How long people wait: from starting the desk to its first answer, and from a change to its being live.

Runs the desk with a copy of the sample content, as a process of its own and in this one. Seconds on a wall clock, so
they say something only beside the machine and its load; run it on an idle one.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from bot.app import App, running
from bot.config import PRODUCT, read_settings
from bot.models import Address, IncomingMessage

KNOWN = "How do I renew my residence permit?"
ENTRY = "Are sky lanterns allowed at the lake festival?"
ASKED = "may I bring a sky lantern to the lake festival"
WRITTEN = "Sky lanterns are not allowed at the lake festival; paper boats are."
LONGEST = 120.0


def main(data: Path | None = None) -> None:
    """Measure and print; `data` is not needed."""
    del data
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in ("intents", "knowledge"):
            shutil.copytree(PRODUCT / name, home / name)
        environ = _environ(home)
        print(f"load average          {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(f"first start to answer {_start(environ, home):.1f} s")
        print(f"later start to answer {_start(environ, home):.1f} s")
        published, edited = asyncio.run(_changes(environ, home))
        print(f"published to answered {published:.1f} s")
        print(f"file saved to live    {edited:.1f} s")


def _environ(home: Path) -> dict[str, str]:
    return {
        "PORT": "0",
        "DATA_DIR": str(home / "data"),
        "DESK_KEY_FILE": str(home / "desk.key"),
        "INTENTS_DIR": str(home / "intents"),
        "KNOWLEDGE_DIR": str(home / "knowledge"),
    }


def _start(environ: dict[str, str], home: Path) -> float:
    """Return the seconds from starting the process to its first answer over HTTP."""
    begun = time.monotonic()
    with (home / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            cwd=PRODUCT,
            env={**os.environ, **environ, "LANG": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            address = next(
                line.split()[-1] for line in iter(process.stdout.readline, "") if line.startswith("Chat page")
            )
            request = urllib.request.Request(
                address + "api/messages",
                json.dumps({"text": KNOWN}).encode(),
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=LONGEST) as response:
                assert any(reply["kind"] == "answer" for reply in json.load(response)["replies"])
            return time.monotonic() - begun
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()


async def _changes(environ: dict[str, str], home: Path) -> tuple[float, float]:
    async with running(read_settings(environ)) as app:
        entry = await app.desk.save_entry(
            None,
            "Lin",
            question=ENTRY,
            answer=WRITTEN,
            language="en",
            source=None,
            review_by=None,
            base_version=0,
        )
        published = entry.entry.id
        begun = time.monotonic()
        await app.desk.publish(published, entry.version, "Wei")
        first = await _until(app, ASKED, WRITTEN, begun)
        identity = home / "intents" / "residence.yaml"
        changed = identity.read_text().replace("It is free; online", "It costs nothing; online")
        begun = time.monotonic()
        identity.write_text(changed)
        return first, await _until(app, KNOWN, "It costs nothing; online", begun)


async def _until(app: App, text: str, words: str, begun: float) -> float:
    """Ask, as one citizen after the other, until the words come back; return the seconds since `begun`."""
    count = 0
    while time.monotonic() - begun < LONGEST:
        count += 1
        message = IncomingMessage(
            id="m",
            address=Address(channel="webchat", chat=f"{text}{count}"),
            text=text,
            received_at=datetime.now(UTC),
        )
        if any(words in reply.text for reply in await app.assistant.respond(message)):
            return time.monotonic() - begun
        await asyncio.sleep(0.05)
    raise SystemExit(f"“{text}” was not answered with the new words within {LONGEST:.0f} s")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
