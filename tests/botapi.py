"""A small Bot API server on loopback that speaks Telegram's documented wire format.

It keeps updates until they are confirmed by an offset, or brings them to a webhook until it is told 2xx; checks what
it is sent as Telegram does; and fails on demand with Telegram's own error answers. https://core.telegram.org/bots/api
"""

import asyncio
import contextlib
import io
import itertools
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web

TOKEN = "7000000001:TEST-token_of-no-bot"
CANARY = "canary"
"""Stands in every name, user name and number that this server sends with an update."""

LONGEST_TEXT = 4096
LONGEST_DATA = 64
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Refusal(Exception):
    """An error answer of the Bot API."""

    def __init__(self, status: int, description: str, **parameters: object) -> None:
        super().__init__(description)
        self.status = status
        self.body: dict[str, object] = {"ok": False, "error_code": status, "description": description}
        if parameters:
            self.body["parameters"] = parameters


def too_many_requests(seconds: int) -> Mapping[str, object]:
    """The body of a 429."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds).body


@dataclass(frozen=True)
class Call:
    """One call of a method."""

    method: str
    parameters: Mapping[str, Any]
    at: float


@dataclass
class _Webhook:
    url: str
    secret: str | None
    lanes: dict[int, asyncio.Task[None]] = field(default_factory=dict)


class BotApi:
    """`async with BotApi() as api` serves on a free loopback port; `api.base_url` is what TELEGRAM_API wants."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.base_url = ""
        self.calls: list[Call] = []
        self.deliveries: list[tuple[int, int]] = []
        """Update id and status of every call of the webhook."""
        self.blocked: set[int] = set()
        self.files: dict[int, list[tuple[str, bytes]]] = defaultdict(list)
        """Names and contents of the files that chats were sent."""
        self._numbers = itertools.count(500_000_001)
        self._message_numbers = itertools.count(1)
        self._pending: dict[int, dict[str, Any]] = {}
        self._again: list[dict[str, Any]] = []
        self._sent: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self._failures: dict[str, deque[tuple[int, bytes]]] = defaultdict(deque)
        self._delays: dict[str, deque[float]] = defaultdict(deque)
        self._lost: dict[str, int] = defaultdict(int)
        self._changed = asyncio.Condition()
        self._poller: asyncio.Event | None = None
        self._webhook: _Webhook | None = None
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- life

    async def start(self, port: int = 0) -> None:
        """Serve on `port`, or on one that is free."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._client = aiohttp.ClientSession()

    async def stop(self) -> None:
        """Stop serving; what is pending stays for a next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._poller is not None:
            self._poller.set()
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- what citizens do

    async def say(self, chat_id: int, text: str, **more: object) -> int:
        """Write `text` to the bot; `more` are further fields of the message. Return the update's id."""
        return await self.send_update({"message": self.message(chat_id, text=text, **more)})

    async def tap(self, chat_id: int, data: str) -> int:
        """Tap the button that carries `data`."""
        number = next(self._message_numbers)
        return await self.send_update(
            {
                "callback_query": {
                    "id": f"tap-{number}",
                    "from": self.user(chat_id),
                    "message": self.message(chat_id, text="…"),
                    "chat_instance": "1",
                    "data": data,
                }
            }
        )

    async def send_update(self, update: Mapping[str, Any]) -> int:
        """Bring an update to the bot; its id is added unless it has one. Return the id."""
        whole = {"update_id": next(self._numbers), **update}
        number = int(whole["update_id"])
        async with self._changed:
            self._pending[number] = whole
            self._changed.notify_all()
        self._bring(whole)
        return number

    async def redeliver(self, update: Mapping[str, Any]) -> None:
        """Bring an update once more, confirmed or not, as Telegram does when an answer got lost on the way."""
        async with self._changed:
            if self._webhook is None:
                self._again.append(dict(update))
            self._changed.notify_all()
        self._bring(update)

    def user(self, chat_id: int, language_code: str | None = None) -> dict[str, Any]:
        """Return a citizen with everything Telegram tells of one."""
        user = {
            "id": chat_id,
            "is_bot": False,
            "first_name": f"{CANARY} first",
            "last_name": f"{CANARY} last",
            "username": f"{CANARY}_{abs(chat_id)}",
        }
        return user | ({"language_code": language_code} if language_code else {})

    def message(self, chat_id: int, *, language_code: str | None = None, **more: object) -> dict[str, Any]:
        """Return a message of that citizen in their private chat."""
        user = self.user(chat_id, language_code)
        chat = {key: value for key, value in user.items() if key not in ("is_bot", "language_code")}
        return {
            "message_id": next(self._message_numbers),
            "date": int(time.time()),
            "from": user,
            "chat": {**chat, "type": "private"},
            **more,
        }

    async def set_webhook(self, url: str, secret: str | None = None) -> None:
        """Have a webhook, as if set by somebody before."""
        await self._do_setwebhook({"url": url, "secret_token": secret})

    # --- what happened

    @property
    def has_webhook(self) -> bool:
        """Whether updates are brought to a webhook."""
        return self._webhook is not None

    def sent(self, chat_id: int) -> list[dict[str, Any]]:
        """Return the messages the chat was sent, as parameters of sendMessage, with reply_markup read."""
        return self._sent[chat_id]

    def texts(self, chat_id: int) -> list[str]:
        """Return the texts the chat was sent."""
        return [message["text"] for message in self._sent[chat_id]]

    def called(self, method: str) -> list[Call]:
        """Return the calls of a method, oldest first."""
        return [call for call in self.calls if call.method == method]

    @property
    def unconfirmed(self) -> set[int]:
        """The ids of updates that the bot has not confirmed."""
        return set(self._pending)

    async def wait_for_message(self, chat_id: int, n: int = 1, timeout: float = 10) -> list[dict[str, Any]]:  # noqa: ASYNC109
        """Wait until the chat was sent `n` messages; return them."""
        await self.wait_until(lambda: len(self._sent[chat_id]) >= n, timeout)
        return self._sent[chat_id]

    async def wait_until(self, true: Callable[[], bool], timeout: float = 10) -> None:  # noqa: ASYNC109
        """Wait until something holds."""
        async with asyncio.timeout(timeout):
            while not true():
                with contextlib.suppress(TimeoutError):
                    # What else than a call can make it true announces itself to nobody.
                    async with asyncio.timeout(0.02), self._changed:
                        await self._changed.wait()

    # --- mishaps

    def fail_next(
        self, method: str, status: int, body: Mapping[str, object] | bytes | None = None, *, times: int = 1
    ) -> None:
        """Answer the next calls of `method` with an error; the body is Telegram's own unless given."""
        if body is None:
            body = Refusal(status, _DESCRIPTIONS.get(status, "Internal Server Error")).body
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._failures[method].extend([(status, data)] * times)

    def delay_next(self, method: str, seconds: float) -> None:
        """Answer the next call of `method` only after a while."""
        self._delays[method].append(seconds)

    def lose_next(self, method: str, *, times: int = 1) -> None:
        """Do what the next calls of `method` ask, and let their answers get lost on the way."""
        self._lost[method] += times

    def heal(self) -> None:
        """Let nothing fail any more that was to."""
        for mishaps in (self._failures, self._delays, self._lost):
            mishaps.clear()

    def block(self, chat_id: int) -> None:
        """The citizen blocks the bot."""
        self.blocked.add(chat_id)

    # --- the server

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        parameters = await _parameters(request)
        async with self._changed:
            self.calls.append(Call(method, parameters, time.monotonic()))
            self._changed.notify_all()
        if self._delays[method]:
            await asyncio.sleep(self._delays[method].popleft())
        if self._failures[method]:
            status, body = self._failures[method].popleft()
            return web.Response(status=status, body=body, content_type="application/json")
        try:
            if request.match_info["token"] != self.token:
                raise Refusal(401, "Unauthorized")
            carry_out = getattr(self, f"_do_{method.lower()}", None)
            if carry_out is None:
                raise Refusal(404, "Not Found")
            result = await carry_out(parameters)
            if self._lost[method] and request.transport is not None:
                self._lost[method] -= 1
                request.transport.abort()
            return web.json_response({"ok": True, "result": result})
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        finally:
            async with self._changed:
                self._changed.notify_all()

    async def _do_getme(self, _: Mapping[str, Any]) -> object:
        return self._me()

    async def _do_getupdates(self, parameters: Mapping[str, Any]) -> object:
        if self._webhook is not None:
            raise Refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        if self._poller is not None:
            self._poller.set()
        ended = self._poller = asyncio.Event()
        offset = int(parameters.get("offset", 0))
        limit = min(100, int(parameters.get("limit", 100)))
        ends_at = time.monotonic() + float(parameters.get("timeout", 0))
        while True:
            if ended.is_set():
                raise Refusal(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
            for number in [number for number in self._pending if number < offset]:
                del self._pending[number]
            waiting = [*self._again, *(self._pending[number] for number in sorted(self._pending))][:limit]
            left = ends_at - time.monotonic()
            if waiting or left <= 0:
                self._again.clear()
                if self._poller is ended:
                    self._poller = None
                return waiting
            try:
                async with asyncio.timeout(min(left, 0.2)), self._changed:
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _do_setwebhook(self, parameters: Mapping[str, Any]) -> object:
        url, secret = str(parameters.get("url", "")), parameters.get("secret_token")
        if not url.startswith(
            ("https://", "http://127.0.0.1")
        ):  # http as a Bot API server of one's own allows
            raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret is not None and not _SECRET.fullmatch(str(secret)):
            raise Refusal(400, "Bad Request: secret token contains unallowed characters")
        self._webhook = _Webhook(url, secret)
        for number in sorted(self._pending):
            self._bring(self._pending[number])
        return True

    async def _do_deletewebhook(self, _: Mapping[str, Any]) -> object:
        self._webhook = None
        return True

    async def _do_getwebhookinfo(self, _: Mapping[str, Any]) -> object:
        return {
            "url": self._webhook.url if self._webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._pending),
        }

    async def _do_sendmessage(self, parameters: Mapping[str, Any]) -> object:
        chat_id = self._chat(parameters)
        text = parameters.get("text", "")
        if not text.strip():
            raise Refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
            raise Refusal(400, "Bad Request: message is too long")
        message = dict(parameters)
        keyboard = message.get("reply_markup", {}).get("inline_keyboard", [])
        for button in itertools.chain.from_iterable(keyboard):
            if not 1 <= len(button["callback_data"].encode()) <= LONGEST_DATA or not button["text"]:
                raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
        self._sent[chat_id].append(message)
        return {
            "message_id": next(self._message_numbers),
            "date": int(time.time()),
            "from": self._me(),
            "chat": {"id": chat_id, "type": "private", "first_name": f"{CANARY} first"},
            "text": text,
        }

    async def _do_senddocument(self, parameters: Mapping[str, Any]) -> object:
        chat_id = self._chat(parameters)
        document = parameters.get("document")
        if isinstance(document, str) and document.startswith("attach://"):
            document = parameters.get(document.removeprefix("attach://"))
        if not isinstance(document, web.FileField):
            raise Refusal(400, "Bad Request: there is no document in the request")
        self.files[chat_id].append((document.filename, document.file.read()))
        return {
            "message_id": next(self._message_numbers),
            "date": int(time.time()),
            "chat": {"id": chat_id, "type": "private", "first_name": f"{CANARY} first"},
            "document": {"file_id": "f", "file_unique_id": "u", "file_name": document.filename},
        }

    async def _do_sendchataction(self, parameters: Mapping[str, Any]) -> object:
        self._chat(parameters)
        return True

    async def _do_answercallbackquery(self, _: Mapping[str, Any]) -> object:
        return True

    async def _do_leavechat(self, _: Mapping[str, Any]) -> object:
        return True

    async def _do_setmycommands(self, _: Mapping[str, Any]) -> object:
        return True

    def _me(self) -> dict[str, Any]:
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Desk",
            "username": "desk_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _chat(self, parameters: Mapping[str, Any]) -> int:
        try:
            chat_id = int(parameters["chat_id"])
        except (KeyError, ValueError):
            raise Refusal(400, "Bad Request: chat not found") from None
        if chat_id in self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return chat_id

    # --- the webhook's side: updates of one chat in order, chats beside each other, again until 2xx

    def _bring(self, update: Mapping[str, Any]) -> None:
        hook = self._webhook
        if hook is None:
            return
        lane = _chat_of(update)
        before = hook.lanes.get(lane)
        task = asyncio.create_task(self._bring_after(before, hook, dict(update)))
        hook.lanes[lane] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring_after(
        self, before: asyncio.Task[None] | None, hook: _Webhook, update: dict[str, Any]
    ) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        wait = 0.05
        while self._webhook is hook:
            status = await self.call_webhook(update, hook.secret)
            if 200 <= status < 300:
                async with self._changed:
                    self._pending.pop(update["update_id"], None)
                    self._changed.notify_all()
                return
            await asyncio.sleep(wait)
            wait = min(1.0, wait * 2)

    async def call_webhook(self, update: Mapping[str, Any] | bytes, secret: str | None) -> int:
        """Call the webhook once; return the status, or 0 when nobody answers."""
        assert self._webhook is not None
        assert self._client is not None
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        try:
            async with self._client.post(
                self._webhook.url, data=io.BytesIO(body), headers=headers
            ) as response:
                await response.read()
                status = response.status
        except aiohttp.ClientError:
            status = 0
        number = update.get("update_id", 0) if isinstance(update, Mapping) else 0
        async with self._changed:
            self.deliveries.append((number, status))
            self._changed.notify_all()
        return status


_DESCRIPTIONS = {
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    502: "Bad Gateway",
}


async def _parameters(request: web.Request) -> dict[str, Any]:
    """Return the parameters, however they were sent; structures arrive as JSON in a form's field."""
    found: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        found.update(await request.json())
    else:
        found.update(await request.post())
    for name in ("reply_markup", "link_preview_options", "allowed_updates", "commands"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found


def _chat_of(update: Mapping[str, Any]) -> int:
    for part in update.values():
        match part:
            case {"chat": {"id": int(chat)}} | {"message": {"chat": {"id": int(chat)}}}:
                return chat
    return 0
