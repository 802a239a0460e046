"""The webhook: Telegram brings each update to the desk's own server, again and again until it is told 200."""

import asyncio
import hmac
import json
from collections.abc import Callable

from aiohttp import web

from bot.channels.telegram.incoming import Update

PATH = "/telegram/webhook"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
CONNECTIONS = 64
"""How many updates Telegram may bring at the same time."""
LARGEST = 1024 * 1024
"""Bytes of one update: a long message that quotes another is larger than anything citizens may post here."""


class Webhook:
    """Checks that a call comes from Telegram, and hands its update to `take`.

    `take` gives a future that tells whether Telegram may forget the update, or None when nothing is taken now.
    """

    def __init__(self, secret: str, take: Callable[[Update], "asyncio.Future[bool] | None"]) -> None:
        self._secret = secret.encode()
        self._take = take

    async def receive(self, request: web.Request) -> web.Response:
        """Answer 200 once the update had its effect; 503 lets Telegram bring it again."""
        sent = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(sent, self._secret):
            return web.Response(status=403)
        body = await request.clone(client_max_size=LARGEST).read()
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if not isinstance(update, dict):
            return web.Response(status=400)
        taken = self._take(update)
        return web.Response(status=200 if taken is not None and await taken else 503)
