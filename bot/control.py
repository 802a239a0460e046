"""How commands act through the running desk: a Unix socket that only its owner may open."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson

from bot.audit import Verified
from bot.codec import to_json
from bot.errors import DeskError
from bot.models import Role

log = logging.getLogger(__name__)

ANSWERED_WITHIN = 60.0
"""Seconds: a large record of reads takes some to go through."""
LONGEST_ANSWER = 1024 * 1024
LONGEST_PATH = 100
"""Unix allows about 107 bytes for a socket's path."""


class Control:
    """Listens for commands: one JSON line in, one JSON line out."""

    def __init__(
        self,
        path: Path,
        invite: Callable[[Role], Awaitable[str]],
        verify: Callable[[tuple[int, str] | None], Awaitable[Verified]],
        back_up: Callable[[Path], Awaitable[tuple[Path, Path]]],
    ) -> None:
        self._path = path
        self._invite = invite
        self._verify = verify
        self._back_up = back_up
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen; the store's lock says that nobody else does. A path too long is only logged."""
        if len(str(self._path).encode()) > LONGEST_PATH:
            log.warning("The data directory's path is too long for commands to reach the running desk")
            return
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path=self._path)
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = orjson.loads(await asyncio.wait_for(reader.readline(), 5))
            if request.get("command") == "invite":
                answer = {"link": await self._invite(Role(request["role"]))}
            elif request.get("command") == "verify":
                noted = (int(request["row"]), request["digest"]) if "row" in request else None
                answer = {"verified": to_json(await self._verify(noted)).decode()}
            elif request.get("command") == "backup":
                words, keys = await self._back_up(Path(request["folder"]))
                answer = {"words": str(words), "keys": str(keys)}
            else:
                answer = {
                    "error": "The running desk does not know this command; restart it with this version."
                }
        except (ValueError, KeyError, AttributeError, TimeoutError):
            answer = {"error": "The running desk could not read the command."}
        except DeskError as exc:
            answer = {"error": str(exc)}
        with contextlib.suppress(OSError):
            writer.write(orjson.dumps(answer) + b"\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()


async def ask_running_desk(
    path: Path | None, request: dict[str, str], *, within: float = ANSWERED_WITHIN
) -> dict[str, str] | None:
    """Send a command to the running desk; None when none listens, and without a path.

    Raises `DeskError` when it refuses, or says nothing for `within` seconds.
    """
    if path is None:
        return None
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_ANSWER)
    except OSError:
        return None
    try:
        writer.write(orjson.dumps(request) + b"\n")
        await writer.drain()
        answer: dict[str, str] = orjson.loads(await asyncio.wait_for(reader.readline(), within))
    except (OSError, ValueError) as exc:
        raise DeskError("The running desk did not answer; look at its log, then try again.") from exc
    finally:
        writer.close()
    if "error" in answer:
        raise DeskError(answer["error"])
    return answer
