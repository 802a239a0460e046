"""Tells staff of urgent situations, again and to more of them, until one takes note. Its state is in the store."""

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from enum import IntEnum

from bot.corpus import LiveCorpus
from bot.errors import DeskError
from bot.intents.settings import Paging
from bot.models import Alarm, Role, Situation, StaffAccount
from bot.permissions import PERMISSIONS, Permission
from bot.store.base import Store

log = logging.getLogger(__name__)

LOOK_AGAIN = 5.0
"""Seconds between looks when nothing announced itself."""
TOLD_WITHIN = 5.0
"""Seconds for an attempt to reach the staff chat."""
ATTEMPTS = 5


class Audience(IntEnum):
    """To whom an alarm goes by now; each includes those before."""

    DUTY = 0
    """The accounts that `on_duty` lists, or all whose role is staff."""
    SUPERVISORS = 1
    ADMINISTRATORS = 2
    EVERYBODY = 3


TOLD_LATER = {Audience.SUPERVISORS: Role.SUPERVISOR, Audience.ADMINISTRATORS: Role.ADMINISTRATOR}

Tell = Callable[[Alarm, Situation, Audience], Awaitable[None]]
"""Tells the staff chat; raises `DeskError` or `OSError` when the attempt failed and is worth repeating."""


def audience(alarm: Alarm) -> Audience:
    """Return to whom the alarm goes after so many rounds."""
    return Audience(min(max(alarm.rounds - 1, 0), Audience.EVERYBODY))


def told(people: Sequence[StaffAccount], wanted: Audience, paging: Paging) -> frozenset[str]:
    """Return the names of the accounts that an audience is made of; never nobody while somebody could be told.

    Only those who may work on situations are told.
    """
    able = [
        person for person in people if not person.disabled and Permission.WORK in PERMISSIONS[person.role]
    ]
    names: set[str] = set()
    for step in Audience:
        if step is Audience.EVERYBODY:
            names = {person.name for person in able}
        elif step is Audience.DUTY:
            listed = {person.name for person in able if person.name in paging.on_duty}
            names = listed or {person.name for person in able if person.role is Role.STAFF}
        else:
            names |= {person.name for person in able if person.role is TOLD_LATER[step]}
        if step >= wanted and names:
            break
    return frozenset(names)


def schedule(alarm: Alarm, now: dt.datetime, paging: Paging) -> tuple[int, dt.datetime | None]:
    """Return which round is due at `now` and when the next one is: rounds that were slept through are one."""
    times = [alarm.raised_at + dt.timedelta(minutes=minutes) for minutes in paging.again_after_minutes]
    passed = sum(1 for time in times if time <= now)
    return 1 + passed, times[passed] if passed < len(times) else None


class Pager:
    """Runs the rounds of every alarm that is going."""

    def __init__(
        self, *, store: Store, live: LiveCorpus, clock: Callable[[], dt.datetime], tell: Tell | None
    ) -> None:
        """`tell` reaches the staff chat; None when there is none, and the console alone tells."""
        self._store = store
        self._live = live
        self._clock = clock
        self._tell = tell
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._telling: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin the rounds; what was going when the desk stopped goes on."""
        self._tasks = [
            asyncio.create_task(self._listen(), name="hear of alarms"),
            asyncio.create_task(self._run(), name="page"),
        ]

    async def stop(self) -> None:
        """End the rounds; what is not told is due at the next start."""
        tasks = [*self._tasks, *self._telling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self) -> None:
        """Do the rounds that are due now."""
        now = self._clock()
        due = [
            alarm for alarm in await self._store.alarms() if alarm.due_at is not None and alarm.due_at <= now
        ]
        await asyncio.gather(*(self._round(alarm, now) for alarm in due))

    async def _round(self, alarm: Alarm, now: dt.datetime) -> None:
        rounds, due_at = schedule(alarm, now, self._live.corpus.content.desk.paging)
        wanted = audience(replace(alarm, rounds=rounds))
        log.warning("An urgent situation waits", extra={"situation": alarm.situation_id, "round": rounds})
        if self._tell is not None:
            # Told first and noted afterwards: told twice after a crash is better than not at all.
            telling = asyncio.create_task(self._insist(alarm, wanted, self._tell))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
            await asyncio.wait({telling}, timeout=TOLD_WITHIN)
        await self._store.advance_alarm(alarm.situation_id, rounds, due_at)

    async def _insist(self, alarm: Alarm, wanted: Audience, tell: Tell) -> None:
        """Tell the staff chat, again after a failure while nobody has taken note."""
        for attempt in range(ATTEMPTS):
            situation = await self._store.situation(alarm.situation_id)
            going = {each.situation_id for each in await self._store.alarms()}
            if situation is None or alarm.situation_id not in going:
                return
            try:
                async with asyncio.timeout(TOLD_WITHIN):
                    await tell(alarm, situation, wanted)
            except (DeskError, OSError) as exc:  # a timeout is an OSError too
                log.warning("The staff chat was not told", extra={"problem": type(exc).__name__})
                await asyncio.sleep(2.0**attempt)
            else:
                return

    async def _listen(self) -> None:
        async for change in self._store.changes():
            if change.kind == "alarm":
                self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                # With the duty of what time does, so that of several processes one tells.
                if await self._store.leads("clockwork"):
                    await self.look()
            except (DeskError, OSError):
                log.exception("The alarms could not be looked at")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._wake.wait()
            self._wake.clear()
