"""Rounds of an alarm: when, to whom, and what stops them."""

import asyncio
import datetime as dt

import pytest

from bot.errors import DeskError
from bot.intents.settings import Paging
from bot.models import Alarm, Role, Situation, StaffAccount, UrgentKind
from bot.paging import Audience, Pager, audience, schedule, told
from tests.parts import CRISIS, NOON, UNANSWERED, Office, until

PAGING = Paging()


def alarm(rounds: int = 0) -> Alarm:
    return Alarm(situation_id="s-1", kind=UrgentKind.CRISIS, raised_at=NOON, due_at=NOON, rounds=rounds)


def person(name: str, role: Role = Role.STAFF, *, disabled: bool = False) -> StaffAccount:
    return StaffAccount(
        name=name, role=role, password_hash="", language="en", created_at=NOON, disabled=disabled
    )


class Chat:
    """A staff chat that writes down what it is told, and fails when told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Audience]] = []
        self.failures: list[Exception] = []
        self.hangs = False

    async def __call__(self, alarm: Alarm, situation: Situation, wanted: Audience) -> None:
        if self.hangs:
            await asyncio.sleep(3600)
        if self.failures:
            raise self.failures.pop(0)
        self.heard.append((situation.references[0], wanted))


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def pager(office: Office, chat: Chat) -> Pager:
    return Pager(store=office.store, live=office.live, clock=office.clock, tell=chat)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minutes", "rounds", "next_minutes"),
    [(0, 1, 2), (1.9, 1, 2), (2, 2, 5), (4, 2, 5), (5, 3, 10), (7, 3, 10), (10, 4, None), (600, 4, None)],
)
def test_rounds_come_at_two_five_and_ten_minutes_and_those_slept_through_are_one(
    minutes: float, rounds: int, next_minutes: float | None
) -> None:
    now = NOON + dt.timedelta(minutes=minutes)
    due = None if next_minutes is None else NOON + dt.timedelta(minutes=next_minutes)
    assert schedule(alarm(), now, PAGING) == (rounds, due)


def test_each_round_goes_to_more_people() -> None:
    assert [audience(alarm(rounds)).name for rounds in range(6)] == [
        "DUTY", "DUTY", "SUPERVISORS", "ADMINISTRATORS", "EVERYBODY", "EVERYBODY",
    ]  # fmt: skip
    people = [person("Lin"), person("Wei"), person("Off", disabled=True), person("Ada", Role.ADMINISTRATOR)]
    assert told(people, Audience.DUTY, PAGING) == {"Lin", "Wei"}
    assert told(people, Audience.DUTY, Paging(on_duty=("Wei", "Off", "Nobody"))) == {"Wei"}
    assert told(people, Audience.ADMINISTRATORS, Paging(on_duty=("Wei",))) == {"Wei", "Ada"}
    assert told(people, Audience.EVERYBODY, Paging(on_duty=("Wei",))) == {"Lin", "Wei", "Ada"}


def test_where_nobody_has_a_role_the_alarm_goes_on_to_whoever_is_there() -> None:
    alone = [person("Ada", Role.ADMINISTRATOR)]
    assert told(alone, Audience.DUTY, PAGING) == {"Ada"}
    assert told([], Audience.DUTY, PAGING) == set()


async def test_the_chat_is_told_at_once_and_again_until_somebody_takes_note(
    office: Office, pager: Pager, chat: Chat
) -> None:
    card = await office.ask_one(CRISIS)
    for minutes in (0, 1, 1, 3, 5, 10):
        office.clock.forward(minutes=minutes)
        await pager.look()
        await pager.look()
    reference = str(card.reference)
    assert chat.heard == [
        (reference, Audience.DUTY),
        (reference, Audience.SUPERVISORS),
        (reference, Audience.ADMINISTRATORS),
        (reference, Audience.EVERYBODY),
    ]
    assert await office.store.alarms(), "still going: nobody has taken note"


async def test_nobody_is_told_after_somebody_has_taken_note(office: Office, pager: Pager, chat: Chat) -> None:
    card = await office.ask_one(CRISIS)
    await pager.look()
    await office.desk.acknowledge(await office.situation_of(str(card.reference)), "lin")
    office.clock.forward(minutes=3)
    await pager.look()
    assert len(chat.heard) == 1


async def test_an_ordinary_question_alarms_nobody(office: Office, pager: Pager, chat: Chat) -> None:
    await office.hand_over(UNANSWERED)
    await pager.look()
    assert chat.heard == []


async def test_paging_goes_on_after_a_restart(office: Office, pager: Pager, chat: Chat) -> None:
    await office.ask_one(CRISIS)
    await pager.look()
    office.clock.forward(minutes=6)
    again = Pager(store=office.store, live=office.live, clock=office.clock, tell=chat)  # type: ignore[arg-type]
    await again.start()
    await until(lambda: len(chat.heard) == 2)
    await again.stop()
    assert chat.heard[-1][1] is Audience.ADMINISTRATORS
    (going,) = await office.store.alarms()
    assert (going.rounds, going.due_at) == (3, NOON + dt.timedelta(minutes=10))


async def test_a_running_pager_hears_of_an_alarm_by_itself(office: Office, pager: Pager, chat: Chat) -> None:
    await pager.start()
    await asyncio.sleep(0)
    await office.ask_one(CRISIS)
    await until(lambda: len(chat.heard) == 1)
    await pager.stop()


async def test_a_chat_that_fails_is_told_again(
    office: Office, pager: Pager, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asyncio.sleep
    monkeypatch.setattr("bot.paging.asyncio.sleep", lambda _: real(0))
    chat.failures = [ConnectionError("gone"), DeskError("refused")]
    await office.ask_one(CRISIS)
    await pager.look()
    assert len(chat.heard) == 1


async def test_a_chat_that_hangs_holds_up_neither_the_rounds_nor_the_end(
    office: Office, pager: Pager, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.paging.TOLD_WITHIN", 0.02)
    chat.hangs = True
    await office.ask_one(CRISIS)
    await pager.look()
    (going,) = await office.store.alarms()
    assert going.rounds == 1
    await pager.stop()


async def test_without_a_chat_the_rounds_still_go_to_more_people(office: Office) -> None:
    pager = Pager(store=office.store, live=office.live, clock=office.clock, tell=None)  # type: ignore[arg-type]
    await office.ask_one(CRISIS)
    await pager.look()
    office.clock.forward(minutes=2)
    await pager.look()
    (going,) = await office.store.alarms()
    assert audience(going) is Audience.SUPERVISORS


async def test_of_several_processes_only_the_one_with_the_duty_tells(
    office: Office, pager: Pager, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    leading = False

    async def leads(duty: str) -> bool:
        return leading and duty == "clockwork"

    monkeypatch.setattr(office.store, "leads", leads)
    monkeypatch.setattr("bot.paging.LOOK_AGAIN", 0.01)
    await pager.start()
    await office.ask_one(CRISIS)
    await asyncio.sleep(0.05)
    assert chat.heard == []
    leading = True
    await until(lambda: len(chat.heard) == 1)
    await pager.stop()
