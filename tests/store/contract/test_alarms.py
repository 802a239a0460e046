"""Alarms of urgent situations: raised with them, told again and again, acknowledged by one."""

import asyncio

import pytest

from bot.errors import NotFound
from bot.models import Alarm, AuditAct, Change, InquiryStatus, UrgentKind
from bot.store.base import Store
from tests.store.builders import NOW, addition, answer, at, close, effect, file


async def urgent(store: Store, name: str = "1", **other: object) -> None:
    await file(store, name, urgent=UrgentKind.CRISIS, **other)  # type: ignore[arg-type]


async def going(store: Store) -> list[str]:
    return [alarm.situation_id for alarm in await store.alarms()]


async def test_an_urgent_filing_raises_its_alarm_in_the_same_transaction(store: Store) -> None:
    changes = store.changes()
    await file(store, "calm")
    await urgent(store, opened_at=at(1))
    assert await store.alarms() == [
        Alarm(situation_id="s-1", kind=UrgentKind.CRISIS, raised_at=at(1), due_at=at(1))
    ]
    seen = set()
    while Change(kind="alarm", id="s-1") not in seen:
        seen.add(await anext(changes))


async def test_alarms_come_oldest_first(store: Store) -> None:
    for name, minute in (("late", 5), ("early", 2)):
        await urgent(store, name, opened_at=at(minute))
    assert await going(store) == ["s-early", "s-late"]


async def test_only_one_of_many_acknowledges_and_it_is_recorded_once(store: Store) -> None:
    await urgent(store)
    taken = await asyncio.gather(*(store.acknowledge_alarm("s-1", f"p{n}", at(n)) for n in range(5)))
    ((first, when),) = {(alarm.acknowledged_by, alarm.acknowledged_at) for alarm in taken}
    assert (first, when) in [(f"p{n}", at(n)) for n in range(5)]
    (row,) = await store.audit_rows(limit=9)
    assert (row.act, row.account, row.references) == (AuditAct.ACKNOWLEDGED, first, ("R-1",))
    assert await going(store) == []
    assert not (await store.inquiries_in("s-1"))[0].seen_by_staff


async def test_there_is_nothing_to_acknowledge_in_a_calm_situation(store: Store) -> None:
    await file(store)
    for situation in ("s-1", "s-9"):
        with pytest.raises(NotFound):
            await store.acknowledge_alarm(situation, "ada", NOW)
    assert await store.audit_rows(limit=9) == []


@pytest.mark.parametrize("act", ["claim", "open", "answer", "close"])
async def test_whoever_works_on_it_has_taken_note(store: Store, act: str) -> None:
    await urgent(store)
    match act:
        case "claim":
            await store.claim_situation("s-1", "ada", at(1), at(9))
        case "open":
            await store.open_situation("s-1", "ada", at(1))
        case "answer":
            await answer(store, "1", when=at(1))
        case "close":
            await close(store, "1", at(1))
    assert await going(store) == []
    alarm = await store.acknowledge_alarm("s-1", "bob", at(2))
    assert (alarm.acknowledged_by, alarm.acknowledged_at) == ("ada", at(1))
    acts = [row.act for row in await store.audit_rows(limit=9)]
    assert acts.count(AuditAct.ACKNOWLEDGED) == 1


async def test_a_round_is_noted_once_and_only_while_it_is_going(store: Store) -> None:
    await urgent(store)
    await store.advance_alarm("s-1", 1, at(2))
    await store.advance_alarm("s-1", 1, at(99))
    (alarm,) = await store.alarms()
    assert (alarm.rounds, alarm.due_at) == (1, at(2))
    await store.advance_alarm("s-1", 3, None)
    (alarm,) = await store.alarms()
    assert (alarm.rounds, alarm.due_at) == (3, None)
    await store.acknowledge_alarm("s-1", "ada", at(3))
    await store.advance_alarm("s-1", 4, at(9))
    await store.advance_alarm("s-9", 1, at(9))
    assert await store.alarms() == []
    assert (await store.acknowledge_alarm("s-1", "ada", at(3))).rounds == 3


async def test_danger_told_anew_raises_it_again_unless_somebody_holds_it(store: Store) -> None:
    await urgent(store)
    await store.acknowledge_alarm("s-1", "ada", at(1))
    await store.record(effect("m-2", addition=addition("1", at=at(2))))
    assert await going(store) == []
    await store.record(effect("m-3", addition=addition("1", at=at(3), urgent=UrgentKind.CRISIS)))
    (alarm,) = await store.alarms()
    assert (alarm.raised_at, alarm.rounds) == (at(3), 0)
    await store.claim_situation("s-1", "ada", at(4), at(14))
    await store.record(effect("m-4", addition=addition("1", at=at(5), urgent=UrgentKind.CRISIS)))
    assert await going(store) == []
    await store.record(effect("m-5", addition=addition("1", at=at(20), urgent=UrgentKind.CRISIS)))
    assert await going(store) == ["s-1"]


async def test_an_alarm_that_is_going_is_not_begun_anew(store: Store) -> None:
    await urgent(store)
    await store.advance_alarm("s-1", 2, at(5))
    await store.record(effect("m-3", addition=addition("1", at=at(3), urgent=UrgentKind.DANGER)))
    (alarm,) = await store.alarms()
    assert (alarm.raised_at, alarm.rounds) == (NOW, 2)


async def test_an_urgent_inquiry_that_joins_raises_the_alarm_of_the_situation(store: Store) -> None:
    await file(store, "1")
    await file(store, "2", joins="1", urgent=UrgentKind.DANGER, opened_at=at(2))
    (alarm,) = await store.alarms()
    assert (alarm.situation_id, alarm.kind, alarm.raised_at) == ("s-1", UrgentKind.DANGER, at(2))


async def test_an_alarm_goes_with_what_it_is_about(store: Store) -> None:
    await urgent(store, "1")
    await store.record(effect("m-2", withdrawn="i-1"))
    await urgent(store, "3")
    await store.record(effect("m-4", solved="i-3"))
    assert await going(store) == []
    await urgent(store, "5")
    await answer(store, "5")
    await store.close_inquiry("i-5", at(70), was=InquiryStatus.ANSWERED)
    await store.purge_inquiry("i-5")
    with pytest.raises(NotFound):
        await store.acknowledge_alarm("s-5", "ada", NOW)
