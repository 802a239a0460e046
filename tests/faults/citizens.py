"""Citizens who write, write again when they hear nothing, and note what they are told and shown."""

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

import aiohttp

from tests.botapi import BotApi
from tests.faults.ledger import Ledger, Question, Shown, Told, Who, Words
from tests.parts import CRISIS

REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
LOOKS_EVERY = 0.25
TRIES_AGAIN = 0.15
REFUSED_ON_TELEGRAM = "not recorded"
QUESTIONS = (
    "where can my parrot {} see a dentist",
    "my uncle {} would like to plant a palm tree on the roof, whom does he ask",
    "is the museum of kites called {} open to camels",
    "鹦鹉{}去哪里看牙医",
    "我想在楼顶给{}搭一个风车，要找谁",
)
MORE = "he is green and called {}"


@dataclass
class Field:
    """Where citizens act: the desk's addresses, Telegram, and the book they note everything in."""

    ledger: Ledger
    words: Words
    random: random.Random
    http: aiohttp.ClientSession
    address: Callable[[], str]
    """An address of the desk, as a balancer gives one: another at each call."""
    api: BotApi


async def on_the_page(field: Field, *, in_danger: bool = False, more: bool = False) -> None:
    """Ask on web chat until it is taken, perhaps add something, and wait for the answer of a person."""
    word = field.words.new()
    text = f"{CRISIS} {word}" if in_danger else field.random.choice(QUESTIONS).format(word)
    message = {"text": text, "message_id": token_urlsafe(16), "language": "en"}
    said = await _taken(field, message)
    who = Who("webchat", said["conversation"])
    _waits_as(f"{word} on the page")
    question = Question(who, word)
    field.ledger.questions.append(question)
    reference = _reference(said)
    if reference is not None:
        question.told, question.reference = Told.ACCEPTED, reference
    elif not in_danger:
        raise AssertionError(f"a question was answered without a person: {said}")
    if more and not in_danger:
        again = field.words.new()
        message = {"text": MORE.format(again), "message_id": token_urlsafe(16), "conversation": who.chat, "language": "en"}  # fmt: skip
        said = await _taken(field, message)
        kinds = {reply["kind"] for reply in said["replies"]}
        added = Question(who, again, reference=reference)
        added.told = Told.ACCEPTED if kinds == {"receipt"} else Told.NOTHING
        field.ledger.questions.append(added)
    await _answered(field, who, sure=question.told is Told.ACCEPTED)


async def _taken(field: Field, message: dict[str, str]) -> dict[str, Any]:
    """Send a message until the desk says that it was taken; the same id each time, as a page does."""
    while True:
        field.ledger.operations += 1
        try:
            async with field.http.post(f"{field.address()}/api/messages", json=message) as response:
                if response.status == 200:
                    said: dict[str, Any] = await response.json()
                    return said
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        await asyncio.sleep(TRIES_AGAIN * field.random.uniform(0.5, 1.5))


def _reference(said: dict[str, Any]) -> str | None:
    return next((reply["reference"] for reply in said["replies"] if "reference" in reply), None)


async def _answered(field: Field, who: Who, *, sure: bool) -> None:
    """Look at the conversation until a person's answer is there. Whoever is not sure to have an inquiry (a card that
    could not be filed in time) waits for the receipt, or that none comes."""
    looks = 0
    while True:
        try:
            exchange = await look(field, who)
            if exchange is not None:
                looks += 1
                said = any(turn.get("kind") == "staff_answer" for turn in exchange["exchange"])
                if said and exchange["state"] == "answered":
                    return
                if not sure and looks > 40 and not exchange["inquiries"]:
                    return
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        await asyncio.sleep(LOOKS_EVERY * field.random.uniform(0.5, 1.5))


async def look(field: Field, who: Who) -> dict[str, Any] | None:
    """Load the conversation, and note what is shown in it; None when the desk does not answer well."""
    field.ledger.operations += 1
    async with field.http.get(f"{field.address()}/api/conversations/{who.chat}") as response:
        if response.status != 200:
            return None
        exchange: dict[str, Any] = await response.json()
    field.ledger.shown[who][:] = [_shown(turn) for turn in exchange["exchange"] if turn["from"] == "desk"]
    return exchange


def _waits_as(name: str) -> None:
    """Name whoever runs now, for the case that they wait in vain."""
    task = asyncio.current_task()
    if task is not None:
        task.set_name(name)


def _shown(turn: dict[str, Any]) -> Shown:
    return Shown(turn["text"], turn.get("reference"), turn["id"])


async def on_telegram(field: Field, chat: int) -> None:
    """Ask on Telegram; when it was refused ask again, later; wait for the answer of a person."""
    who = Who("telegram", str(chat))
    api, ledger = field.api, field.ledger
    _waits_as(f"{chat} on Telegram")
    refused: list[str] = []
    while True:
        word = field.words.new()
        question = Question(who, word, again=tuple(refused))
        ledger.questions.append(question)
        before = len(api.texts(chat))
        ledger.operations += 1
        await api.say(chat, field.random.choice(QUESTIONS[:3]).format(word), language_code="en")
        while question.told is Told.NOTHING:
            await asyncio.sleep(LOOKS_EVERY)
            for text in api.texts(chat)[before:]:
                reference = REFERENCE.search(text)
                if reference is not None:
                    question.told, question.reference = Told.ACCEPTED, reference[0]
                elif REFUSED_ON_TELEGRAM in text:
                    question.told = Told.REFUSED
        if question.told is Told.ACCEPTED:
            break
        refused.append(word)
        await asyncio.sleep(0.5)
    answers = {answer.word for answer in ledger.answers}
    while not any(answers.intersection(text.split()) for text in api.texts(chat)):
        await asyncio.sleep(LOOKS_EVERY)
        answers = {answer.word for answer in ledger.answers}


def note_telegram(ledger: Ledger, api: BotApi) -> None:
    """Note everything that chats were shown, in the end."""
    for who in {question.who for question in ledger.questions if question.who.channel == "telegram"}:
        ledger.shown[who][:] = [
            Shown(text, found[0] if (found := REFERENCE.search(text)) else None)
            for text in api.texts(int(who.chat))
        ]
