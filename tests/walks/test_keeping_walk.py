"""A desk as people run it, through a backup, a new key and a restore: a citizen's private link goes on working."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.parts import INTENTS, KNOWLEDGE, UNANSWERED
from tests.walks.desk_process import ROOT, running_desk

pytestmark = pytest.mark.timeout(180)

ENVIRON = {"INTENTS_DIR": str(INTENTS), "KNOWLEDGE_DIR": str(KNOWLEDGE)}


def command(home: Path, *arguments: str, data: str = "data") -> str:
    """Run a command on the desk's data; return what it prints."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("TELEGRAM_", "DESK_"))
    }
    environ |= {"DATA_DIR": str(home / data), "DESK_KEY_FILE": str(home / "desk.key"), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


async def asked(address: str) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession(address) as client,
        client.post("/api/messages", json={"text": UNANSWERED, "message_id": "m"}) as response,
    ):
        found: dict[str, Any] = await response.json()
        return found


async def conversation(address: str, token: str) -> str:
    async with (
        aiohttp.ClientSession(address) as client,
        client.get(f"/api/conversations/{token}") as response,
    ):
        assert response.status == 200
        return await response.text()


async def test_a_private_link_outlives_a_new_key_and_a_restored_backup(tmp_path: Path) -> None:
    with running_desk(tmp_path, **ENVIRON) as desk:
        said = await asked(desk.address)
        reference = next(reply["reference"] for reply in said["replies"] if "reference" in reply)
        command(tmp_path, "backup", str(tmp_path / "copies"))  # beside the running desk
    key = (tmp_path / "desk.key").read_text()
    command(tmp_path, "key", "rotate")
    assert (tmp_path / "desk.key").read_text() != key
    with running_desk(tmp_path, **ENVIRON) as desk:
        assert reference in await conversation(desk.address, said["conversation"])
        command(tmp_path, "backup", str(tmp_path / "copies"))
    *_, words = sorted((tmp_path / "copies").glob("words-*"))
    keys = tmp_path / "copies" / "keys.sqlite3"
    command(tmp_path, "restore", str(words), str(keys), data="anew")
    with running_desk(tmp_path, **ENVIRON, DATA_DIR=str(tmp_path / "anew")) as desk:
        assert reference in await conversation(desk.address, said["conversation"])
