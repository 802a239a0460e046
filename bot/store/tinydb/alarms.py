"""Verbs for the alarms of urgent situations."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.models import Alarm
from bot.store.tinydb.core import Core, verb
from bot.store.tinydb.shared import acknowledge


class AlarmVerbs(Core):
    """What staff are told of until one of them takes note."""

    @verb
    def alarms(self) -> Sequence[Alarm]:
        """Return the alarms nobody has acknowledged, oldest first."""
        return self._tables.alarms.all_at(self._tables.alarms_going.all())

    @verb
    def advance_alarm(self, situation_id: str, rounds: int, due_at: datetime | None) -> None:
        """Note that staff were told so many times, and when they are told next."""
        alarm = self._tables.alarms.get(situation_id)
        if alarm is not None and alarm.acknowledged_at is None and rounds > alarm.rounds:
            self._tables.alarms.put(replace(alarm, rounds=rounds, due_at=due_at))

    @verb
    def acknowledge_alarm(self, situation_id: str, staff: str, at: datetime) -> Alarm:
        """Take note of the alarm, which is recorded; return it with the one who was first, for good."""
        self._tables.alarms.need(situation_id)
        acknowledge(self._tables, self._chain, self._tables.situations.need(situation_id), staff, at)
        return self._tables.alarms.need(situation_id)
