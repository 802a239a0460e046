"""Requirement 19: opening situations faster than the set rate, or without a task, alerts a second person."""

import datetime as dt

from bot.intents.settings import Watch
from bot.models import AuditAct, AuditRow, Role
from bot.oversight import browsing
from tests.parts import NOON, UNANSWERED, Office

WATCH = Watch(most_left=3, within_minutes=60)


def opened(*minutes: float, account: str = "ada", act: AuditAct = AuditAct.OPENED) -> list[AuditRow]:
    """Return rows of another situation each, at these minutes."""
    return [
        AuditRow(
            number=number,
            at=NOON + dt.timedelta(minutes=minute),
            account=account,
            role=Role.STAFF,
            act=act,
            situation_id=f"s-{number}",
            references=(),
            reason=None,
            second=None,
            digest="",
        )
        for number, minute in enumerate(minutes, start=1)
    ]


def left(rows: list[AuditRow], worked_on: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    return [
        (each.account, each.left) for each in browsing(rows, lambda row: row.situation_id in worked_on, WATCH)
    ]


def test_r19_more_than_the_set_rate_is_a_pattern_and_just_as_many_is_none() -> None:
    assert left(opened(0, 1, 2)) == []
    assert left(opened(0, 1, 2, 3)) == [("ada", 4)]
    assert left(opened(0, 30, 59, 60)) == [("ada", 4)]
    assert left(opened(0, 30, 59, 61)) == []


def test_r19_what_was_worked_on_does_not_count() -> None:
    assert left(opened(0, 1, 2, 3), ("s-2",)) == []


def test_r19_one_situation_seen_again_and_again_is_one() -> None:
    rows = opened(0, 1, 2) + opened(3)
    assert left(rows) == []
    assert left(opened(0, 1, 2, 3, act=AuditAct.OPENED_MORE)) == []


def test_r19_each_account_is_counted_by_itself() -> None:
    rows = sorted(opened(0, 2, 4) + opened(1, 3, 5, account="bob"), key=lambda row: row.at)
    assert left(rows) == []


async def test_r19_the_rate_is_a_setting(office: Office) -> None:
    office.settings(watch=Watch(most_left=1, within_minutes=10))
    for chat in ("ann", "ben"):
        reference = await office.hand_over(UNANSWERED, chat)
        await office.desk.open(await office.situation_of(reference), "ada")
    (found,) = await office.oversight.browsing(recent=True)
    assert (found.account, found.left) == ("ada", 2)
    office.clock.forward(hours=25)
    assert not await office.oversight.browsing(recent=True)
    assert await office.oversight.browsing()
