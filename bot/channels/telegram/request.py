"""How python-telegram-bot's calls travel: by aiohttp, at a fraction of the processor time of its own client."""

import json
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

_DEFAULT = BaseRequest.DEFAULT_NONE
_TOO_MANY = 429


class Flood(TelegramError):
    """Telegram asks to wait. (The library's own `RetryAfter` warns of its coming change whenever it is made.)"""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Telegram asks to wait {seconds:g} s.")
        self.seconds = seconds


class AiohttpRequest(BaseRequest):
    """Carries requests over at most `connections` kept-alive connections; opened when first used.

    Error texts say what kind of thing went wrong and never quote an address (it holds the token) or an answer
    (it holds what people wrote).
    """

    def __init__(self, *, connections: int, proxy: str | None = None, read_timeout: float = 10.0) -> None:
        self._connections = connections
        self._proxy = proxy
        self._read_timeout = read_timeout
        self._session: aiohttp.ClientSession | None = None
        self._shut = False

    @property
    def read_timeout(self) -> float:
        """Seconds an answer may take."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open for requests."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections), proxy=self._proxy
            )

    async def shutdown(self) -> None:
        """Let go of the connections for good."""
        self._shut = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = _DEFAULT,
        write_timeout: Any = _DEFAULT,
        connect_timeout: Any = _DEFAULT,
        pool_timeout: Any = _DEFAULT,
    ) -> tuple[int, bytes]:
        """Return status and body. Raises `Flood`, `TimedOut`, `NetworkError`."""
        if self._shut:
            raise NetworkError("The connection to Telegram is closed.")
        await self.initialize()
        assert self._session is not None  # noqa: S101 (just opened)
        read = _given(read_timeout, self._read_timeout)
        connect = _given(connect_timeout, 5.0)
        pool = _given(pool_timeout, 5.0)
        write = _given(write_timeout, 5.0)
        reach = _sum(pool, connect)
        try:
            async with self._session.request(
                method,
                url,
                data=_form(request_data),
                timeout=aiohttp.ClientTimeout(
                    total=_sum(reach, _sum(write, read)), connect=reach, sock_connect=connect, sock_read=read
                ),
            ) as response:
                body = await response.read()
        except TimeoutError as exc:
            raise TimedOut("Telegram took too long.") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise NetworkError(f"Telegram could not be reached ({type(exc).__name__}).") from exc
        if response.status == _TOO_MANY:
            raise Flood(_seconds_to_wait(self.parse_json_payload(body)))
        if response.ok and b'"result"' not in body:
            raise NetworkError("Telegram's answer could not be read.")
        return response.status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return Telegram's answer. Raises `TelegramError` when it is none, without logging what it was."""
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise NetworkError("Telegram's answer could not be read.")
        return answer


def _form(data: RequestData | None) -> aiohttp.FormData | dict[str, str] | None:
    """Return the parameters as a form; with a file in it, one of several parts."""
    if data is None or not data.contains_files:
        return data.json_parameters if data is not None else None
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, media_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    return form


def proxy_for(url: str) -> str | None:
    """Return the proxy that HTTPS_PROXY or HTTP_PROXY names for `url`; NO_PROXY and this machine go without.

    Asked once: aiohttp's own `trust_env` looks through the environment and ~/.netrc for every request.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in ("127.0.0.1", "localhost", "::1") or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)


def _seconds_to_wait(answer: dict[str, Any]) -> float:
    match answer:
        case {"parameters": {"retry_after": int() | float() as seconds}} if seconds > 0:
            return float(seconds)
    return 1.0


def _given(timeout: Any, default: float) -> float | None:
    """Return the timeout that was passed along (None: no limit), else the default."""
    return default if timeout is _DEFAULT else timeout


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second
