"""Staff who work at the console over HTTP, two at the same queue, and note whether an answer was taken."""

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from tests.faults.ledger import Answer, Ledger, Told, Words

PASSWORD = "a long walk by the river"
LOOKS_EVERY = 0.15
TEXT = "Thank you for asking. {} is what our colleague found out."
_FIELD = re.compile(r'name="(csrf|form_token)" value="([^"]+)"')
_SITUATION = re.compile(r"/staff/situations/([A-Za-z0-9_-]+)")


@dataclass
class Member:
    """One member of staff, signed in."""

    name: str
    http: aiohttp.ClientSession
    csrf: str
    address: Callable[[], str]
    ledger: Ledger
    words: Words
    random: random.Random

    async def work(self) -> None:
        """Answer whatever is in the queue, until cancelled: from its top, so that two of them fight for the same."""
        while True:
            waiting = await self._queue()
            if waiting:
                await self._answer(self.random.choice(waiting[:2]))
            else:
                await asyncio.sleep(LOOKS_EVERY * self.random.uniform(0.5, 1.5))

    async def _queue(self) -> list[str]:
        self.ledger.operations += 1
        try:
            async with self.http.get(f"{self.address()}/staff/queue") as response:
                page = await response.text()
                return list(dict.fromkeys(_SITUATION.findall(page))) if response.status == 200 else []
        except (aiohttp.ClientError, TimeoutError, OSError):
            return []

    async def _answer(self, situation: str) -> None:
        answer = Answer(situation, self.words.new())
        self.ledger.answers.append(answer)
        self.ledger.operations += 1
        form = {"csrf": self.csrf, "text": TEXT.format(answer.word)}
        where = f"{self.address()}/staff/situations/{situation}/answer"
        try:
            async with self.http.post(where, data=form, allow_redirects=False) as response:
                await response.read()
                if response.status in (302, 303) and "notice=answered" in response.headers["Location"]:
                    answer.told = Told.ACCEPTED
                elif response.status in (404, 409):
                    answer.told = Told.REFUSED
        except (aiohttp.ClientError, TimeoutError, OSError):
            await asyncio.sleep(LOOKS_EVERY)


async def join(http: aiohttp.ClientSession, link: str, name: str) -> str:
    """Make an account by a link and sign in; return what every form of the session carries."""
    async with http.get(link) as response:
        token = dict(_FIELD.findall(await response.text()))["form_token"]
    form = {"form_token": token, "name": name, "password": PASSWORD, "language": "en"}
    async with http.post(link, data=form) as response:
        assert response.status == 200, await response.text()
    async with http.get(link.partition("/staff")[0] + "/staff/account") as response:
        return dict(_FIELD.findall(await response.text()))["csrf"]
