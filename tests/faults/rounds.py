"""Rounds of load and faults: each kills something at a random moment, lets everything come to rest, and looks."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from bot.channels.telegram.client import ANSWER_SECONDS
from bot.store.base import Store
from bot.vault import Vault, decode_key, encode_key
from tests.botapi import BotApi, too_many_requests
from tests.faults.checker import Checked, Finding, Kind, check
from tests.faults.citizens import Field, look, note_telegram, on_telegram, on_the_page
from tests.faults.ledger import Ledger, Told, Words
from tests.faults.staff import Member, join
from tests.faults.stored import read

KEY = encode_key(b"k" * 32)
SETTLES = 4.0
"""Seconds in the end in which everything that was shown is marked so."""


class Site(Protocol):
    """A desk with its engine, and how it is hurt."""

    name: str
    faults: Sequence[str]
    """What `hurt` takes."""

    def address(self) -> str:
        """Return where to reach the desk now; of several processes one that runs."""

    def environ(self, api: BotApi) -> dict[str, str]:
        """Return what tells the processes of Telegram."""

    async def start(self, environ: dict[str, str]) -> None:
        """Start what is not running."""

    async def invite(self, role: str) -> str:
        """Return a link to make an account by."""

    async def hurt(self, fault: str, rng: random.Random) -> None:
        """Do it, and mend it: what was killed is started again."""

    async def rest(self, *, well: bool) -> None:
        """After a round: let the store be opened by somebody else, ending what keeps it `well` or by a kill."""

    def opened(self, vault: Vault) -> Awaitable[Store]:
        """Open the store as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much happens in a round."""

    pages: int = 8
    chats: int = 4
    in_danger: int = 1
    staff: int = 2
    hurt_within: float = 1.2
    """Seconds of load in which the fault comes."""
    hurt_again: float = 0.25
    """How likely another comes after the first."""
    patience: float = 120.0
    """Seconds after which what somebody still waits for counts as lost."""


@dataclass
class Report:
    """What all rounds together did and found."""

    engine: str
    seed: int
    rounds: int = 0
    operations: int = 0
    questions: int = 0
    answers: int = 0
    fights: int = 0
    """Answers that were refused because somebody else had the situation or had answered it."""
    seconds: float = 0.0
    again_on_telegram: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[int, Finding]] = field(default_factory=list)

    def add(self, ledger: Ledger, checked: Checked) -> None:
        """Count a round; what was found before is found once."""
        self.rounds += 1
        self.operations = ledger.operations
        self.questions, self.answers = len(ledger.questions), len(ledger.answers)
        self.fights = sum(1 for answer in ledger.answers if answer.told is Told.REFUSED)
        self.again_on_telegram = checked.again_on_telegram
        known = {finding for _, finding in self.findings}
        self.findings += [(self.rounds, each) for each in checked.findings if each not in known]

    def of(self, *kinds: Kind) -> int:
        """Return how many findings are of these kinds."""
        return sum(1 for _, finding in self.findings if finding.kind in kinds)

    def lines(self) -> list[str]:
        """Return the report for people."""
        faults = ", ".join(f"{name} {times}" for name, times in sorted(self.faults.items()))
        return [
            f"{self.engine}, seed {self.seed}: {self.rounds} rounds in {self.seconds:.0f} s",
            f"  faults: {faults}",
            f"  operations {self.operations}, questions {self.questions}, answers tried {self.answers}, "
            f"of which {self.fights} lost a fight for the same situation",
            f"  losses {self.of(Kind.LOST)}, kept untold {self.of(Kind.UNTOLD)}, "
            f"stored twice {self.of(Kind.STORED_TWICE)}, shown twice on web chat {self.of(Kind.SHOWN_TWICE)}, "
            f"situations with two answers {self.of(Kind.TWO_ANSWERS)}, "
            f"to another address {self.of(Kind.WRONG_ADDRESS)}",
            f"  repeated on Telegram, where Telegram cannot tell: {self.again_on_telegram}",
            *(f"  round {number}: {finding.kind}: {finding.what}" for number, finding in self.findings),
        ]


TELEGRAM = ("telegram 429", "telegram 500", "telegram answers lost", "telegram slow", "telegram times out")
"""How Telegram fails, beside what happens to the desk."""


def hurt_telegram(api: BotApi, fault: str) -> None:
    """Let the next calls fail so."""
    match fault:
        case "telegram 429":
            api.fail_next("sendMessage", 429, too_many_requests(1), times=3)
        case "telegram 500":
            api.fail_next("sendMessage", 500, times=2)
            api.fail_next("getUpdates", 502, times=1)
        case "telegram answers lost":
            api.lose_next("sendMessage", times=2)
            api.lose_next("getUpdates", times=1)
        case "telegram slow":
            for _ in range(3):
                api.delay_next("sendMessage", 1.0)
        case _:
            # Done in the end, long after the desk has ceased to wait for it.
            api.delay_next("sendMessage", ANSWER_SECONDS + 1)


async def run(
    site: Site,
    seed: int,
    rounds: int,
    size: Size,
    *,
    tell: Callable[[str], None] = lambda _: None,
    until: float | None = None,
) -> Report:
    """Run rounds, at most until the monotonic time `until`, and return what they found."""
    rng, words = random.Random(seed), Words(seed)
    report = Report(site.name, seed)
    vault = Vault(decode_key(KEY, "the harness"))
    begun = time.monotonic()
    ledger, chat = Ledger(), 8_000_000_000
    async with BotApi() as api:
        await site.start(site.environ(api))
        async with staff_sessions(site, size.staff) as sessions:
            for _ in range(rounds):
                if until is not None and time.monotonic() > until:
                    break
                await site.start(site.environ(api))
                async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as http:
                    ground = Field(ledger, words, rng, http, site.address, api)
                    members = [
                        Member(name, session, csrf, site.address, ledger, words, rng)
                        for name, session, csrf in sessions
                    ]
                    left = await _round(site, ground, members, size, chat, report)
                chat += size.chats
                await site.rest(well=rng.random() < 0.5)
                checked = await compare(site, vault, ledger, api, final=False)
                waits = [Finding(Kind.LOST, f"{name} waits in vain") for name in left]
                checked = Checked((*checked.findings, *waits), checked.again_on_telegram)
                report.add(ledger, checked)
                report.seconds = time.monotonic() - begun
                tell(f"{site.name} {report.rounds}/{rounds}, {report.operations} operations")
                for number, finding in report.findings:
                    if number == report.rounds:
                        tell(f"  FOUND {finding.kind}: {finding.what}")
        await site.start(site.environ(api))
        await asyncio.sleep(SETTLES)
        async with aiohttp.ClientSession() as http:
            ground = Field(ledger, words, rng, http, site.address, api)
            for who in [who for who in ledger.shown if who.channel == "webchat"]:
                await look(ground, who)
        await site.rest(well=True)
        report.add(ledger, await compare(site, vault, ledger, api, final=True))
        report.rounds -= 1
    return report


async def compare(site: Site, vault: Vault, ledger: Ledger, api: BotApi, *, final: bool) -> Checked:
    """Compare what clients know with what the store holds now."""
    note_telegram(ledger, api)
    store = await site.opened(vault)
    try:
        return check(ledger, await read(store, vault), final=final)
    finally:
        await store.close()


@asynccontextmanager
async def staff_sessions(
    site: Site, number: int
) -> AsyncIterator[list[tuple[str, aiohttp.ClientSession, str]]]:
    """Let so many members of staff join; sessions outlive every process."""
    sessions = []
    try:
        for name in [f"member{number}" for number in range(number)]:
            http = aiohttp.ClientSession(
                cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=15)
            )
            sessions.append((name, http, await join(http, await site.invite("staff"), name)))
        yield sessions
    finally:
        for _, http, _ in sessions:
            await http.close()


async def _round(
    site: Site, ground: Field, members: Sequence[Member], size: Size, chat: int, report: Report
) -> list[str]:
    """Let citizens ask and staff answer while things break; return who waited in vain."""
    rng = ground.random
    citizens = [
        *(asyncio.create_task(on_the_page(ground, more=rng.random() < 0.25)) for _ in range(size.pages)),
        *(asyncio.create_task(on_the_page(ground, in_danger=True)) for _ in range(size.in_danger)),
        *(asyncio.create_task(on_telegram(ground, chat + number)) for number in range(size.chats)),
    ]
    staff = [asyncio.create_task(member.work()) for member in members]
    try:
        await _hurt(site, ground.api, rng, size, report)
        _, waiting = await asyncio.wait(citizens, timeout=size.patience)
        for task in citizens:
            if task not in waiting:
                task.result()
        return [task.get_name() for task in waiting]
    finally:
        for task in (*citizens, *staff):
            task.cancel()
        await asyncio.gather(*citizens, *staff, return_exceptions=True)


async def _hurt(site: Site, api: BotApi, rng: random.Random, size: Size, report: Report) -> None:
    if rng.random() < 0.5:
        fault = rng.choice(TELEGRAM)
        report.faults[fault] += 1
        hurt_telegram(api, fault)
    again = True
    while again:
        await asyncio.sleep(rng.uniform(0.02, size.hurt_within))
        fault = rng.choice(site.faults)
        report.faults[fault] += 1
        await site.hurt(fault, rng)
        again = rng.random() < size.hurt_again
