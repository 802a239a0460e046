"""How many Telegram messages one process answers in a second, beside what python-telegram-bot itself can carry.

    python -m tests.benchmarks telegram

A small Bot API of its own process gives updates by long polling and takes 50 ms for every call. Four bots answer the same
questions, in turns, each as a process of its own:

- `library`: python-telegram-bot as its documentation sets it up, with its own HTTP client and 64 updates at the same time;
  the answer is a fixed sentence;
- `library, aiohttp`: the same with the desk's request class (the library's documented extension point);
- `library, aiohttp, route`: the same, and the answer is what `route` finds in the sample content;
- `the desk`: the whole desk with the sample content, polling as shipped: order in each chat, each update once, its effect
  durable before Telegram is told to forget it.
"""

import argparse
import asyncio
import datetime as dt
import multiprocessing
import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from aiohttp import web
from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bot.channels.telegram.request import AiohttpRequest
from bot.config import PRODUCT
from bot.content import read_content
from bot.corpus import build_corpus
from bot.models import Address, Answer, IncomingMessage
from bot.router import ConversationState, route
from tests.benchmarks.serving import cpu_seconds, running_desk

TOKEN = "7000000001:TEST-token_of-no-bot"
DELAY = 0.05
CHATS = 300
UPDATES = 3_000
TURNS = 3
AT_ONCE = 64
LONGEST = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a bot did with the updates."""

    per_second: float
    cpu_ms: float
    """Processor time of the bot for each update."""


def main(data: Path | None = None) -> None:
    """Measure and print; `data` is not needed."""
    del data
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    questions = _questions()
    found: dict[str, list[Answered]] = {}
    for _ in range(TURNS):
        for kind in ("library", "library, aiohttp", "library, aiohttp, route", "the desk"):
            found.setdefault(kind, []).append(_measure(kind, questions))
    print("| | answered updates/s | processor per update |")
    print("|---|---|---|")
    for kind, turns in found.items():
        middle = sorted(turns, key=lambda turn: turn.per_second)[len(turns) // 2]
        print(f"| {kind} | {middle.per_second:.0f} | {middle.cpu_ms:.2f} ms |")


def _questions() -> list[str]:
    """Return examples of the sample content that `route` answers."""
    decided = _decide()
    content = read_content([PRODUCT / "intents"], [PRODUCT / "knowledge"])
    phrases = [phrase for intent in content.intents.values() for phrase in intent.phrases()]
    random.Random(20261125).shuffle(phrases)
    return [phrase for phrase in phrases if decided(phrase)][:CHATS]


def _decide() -> Any:
    corpus = build_corpus(read_content([PRODUCT / "intents"], [PRODUCT / "knowledge"]))

    def decided(text: str) -> str:
        message = IncomingMessage(
            id="m",
            address=Address(channel="bare", chat="c"),
            text=text,
            received_at=dt.datetime.now(dt.UTC),
        )
        decision = route(message, ConversationState(), corpus)
        return corpus.content.answer(decision.target, "en") if isinstance(decision, Answer) else ""

    return decided


def _measure(kind: str, questions: list[str]) -> Answered:
    with _api() as api, _bot(kind, api.url) as pid:
        # Every chat has been welcomed, and the bot is warm, before it counts.
        api.bring([(chat, questions[chat % len(questions)]) for chat in range(CHATS)])
        api.wait()
        before = cpu_seconds(pid)
        begun = time.perf_counter()
        api.bring([(number % CHATS, questions[number * 7 % len(questions)]) for number in range(UPDATES)])
        api.wait()
        took = time.perf_counter() - begun
        return Answered(per_second=UPDATES / took, cpu_ms=(cpu_seconds(pid) - before) / UPDATES * 1e3)


# --- the Bot API


class _Api:
    def __init__(self, told: Connection) -> None:
        self._told = told
        self.url = f"http://127.0.0.1:{told.recv()}"

    def bring(self, messages: list[tuple[int, str]]) -> None:
        """Have these messages, of chat and text, wait to be asked for."""
        self._told.send(messages)

    def wait(self) -> None:
        """Wait until each was answered."""
        if not self._told.poll(LONGEST):
            raise SystemExit("The bot did not answer everything.")
        self._told.recv()


@contextmanager
def _api() -> Iterator[_Api]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield _Api(here)
    finally:
        process.terminate()
        process.join()


@dataclass(slots=True)
class _Pending:
    updates: dict[int, dict[str, Any]] = field(default_factory=dict)
    last: int = 1_000
    left: int = 0
    """Messages that were not answered yet."""
    came: asyncio.Event = field(default_factory=asyncio.Event)


def _serve(told: Connection) -> None:
    pending = _Pending()

    async def call(request: web.Request) -> web.Response:
        method = request.match_info["method"]
        sent = await request.post()
        await asyncio.sleep(DELAY)
        match method:
            case "getUpdates":
                result: Any = await updates(int(str(sent.get("offset", 0))), int(str(sent.get("timeout", 0))))
            case "sendMessage":
                answered(str(sent["chat_id"]))
                result = _message(str(sent["chat_id"]), str(sent["text"]), 1)
            case "getMe":
                result = {"id": 7000000001, "is_bot": True, "first_name": "Desk", "username": "desk_bot"}
            case _:
                result = True
        return web.Response(
            body=orjson.dumps({"ok": True, "result": result}), content_type="application/json"
        )

    async def updates(offset: int, seconds: int) -> list[dict[str, Any]]:
        for number in [number for number in pending.updates if number < offset]:
            del pending.updates[number]
        if not pending.updates:
            pending.came.clear()
            try:
                await asyncio.wait_for(pending.came.wait(), seconds)
            except TimeoutError:
                return []
        return [pending.updates[number] for number in list(pending.updates)[:100]]

    def answered(_chat: str) -> None:
        pending.left -= 1
        if pending.left == 0:
            told.send(None)

    def bring() -> None:
        for chat, text in told.recv():
            pending.last += 1
            pending.left += 1
            pending.updates[pending.last] = {
                "update_id": pending.last,
                "message": _message(str(chat + 1), text, pending.last),
            }
        pending.came.set()

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", call)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.send(runner.addresses[0][1])
        asyncio.get_running_loop().add_reader(told.fileno(), bring)
        await asyncio.Event().wait()

    asyncio.run(serve())


def _message(chat: str, text: str, number: int) -> dict[str, Any]:
    person = {"id": int(chat), "first_name": "A", "language_code": "en"}
    return {
        "message_id": number,
        "date": int(time.time()),
        "chat": {"id": int(chat), "type": "private", "first_name": "A"},
        "from": {**person, "is_bot": False},
        "text": text,
    }


# --- the bots


@contextmanager
def _bot(kind: str, api: str) -> Iterator[int]:
    """Run a bot as a process of its own; give its process."""
    if kind != "the desk":
        process = multiprocessing.get_context("spawn").Process(target=_library, args=(kind, api), daemon=True)
        process.start()
        try:
            yield process.pid or 0
        finally:
            process.kill()
            process.join()
        return
    with TemporaryDirectory(prefix="desk-telegram-") as folder:
        home = Path(folder)
        for name in ("intents", "knowledge"):
            shutil.copytree(PRODUCT / name, home / name)
        with running_desk(home, {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API": api}) as desk:
            yield desk.pid


def _library(kind: str, api: str) -> None:
    decided = _decide() if kind.endswith("route") else None

    async def answer(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        if message is not None:
            await message.reply_text((decided and decided(message.text)) or "Please see the page on this.")

    builder = Application.builder().token(TOKEN).base_url(f"{api}/bot").concurrent_updates(AT_ONCE)
    if "aiohttp" in kind:
        builder = builder.request(AiohttpRequest(connections=AT_ONCE)).get_updates_request(
            AiohttpRequest(connections=1)
        )
    else:
        builder = builder.connection_pool_size(AT_ONCE)
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, answer))
    application.run_polling(timeout=10, stop_signals=None)


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    main()
