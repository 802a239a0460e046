"""Verbs for the alarms of urgent situations."""

from collections.abc import Sequence
from datetime import datetime

from bot.models import Alarm
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.finding import locked, missing, readable
from bot.store.postgres.following import acknowledge
from bot.store.postgres.records import aware
from bot.store.postgres.tables import ALARMS
from bot.store.postgres.transaction import Transaction


class AlarmVerbs(Core):
    """What staff are told of until one of them takes note."""

    @reading
    async def alarms(self, tx: Transaction) -> Sequence[Alarm]:
        """Return the alarms nobody has acknowledged, oldest first."""
        rows = await tx.rows(
            f"SELECT {ALARMS.selected()} FROM alarms WHERE acknowledged_at IS NULL ORDER BY raised_at, situation_id"
        )
        return readable("alarm", rows, ALARMS.record)

    @verb
    async def advance_alarm(
        self, tx: Transaction, situation_id: str, rounds: int, due_at: datetime | None
    ) -> None:
        """Note that staff were told so many times, and when they are told next."""
        advanced = await tx.row(
            "UPDATE alarms SET rounds = %s, due_at = %s "
            "WHERE situation_id = %s AND acknowledged_at IS NULL AND rounds < %s RETURNING 1",
            (rounds, None if due_at is None else aware(due_at), situation_id, rounds),
        )
        if advanced is not None:
            tx.tell("alarm", situation_id)

    @verb
    async def acknowledge_alarm(self, tx: Transaction, situation_id: str, staff: str, at: datetime) -> Alarm:
        """Take note of the alarm, which is recorded; return it with the one who was first, for good."""
        situation = await locked(tx, situation_id)
        await acknowledge(tx, self._chain, situation, staff, aware(at))
        row = await tx.row(
            f"SELECT {ALARMS.selected()} FROM alarms WHERE situation_id = %s",
            (situation_id,),
        )
        if row is None:
            raise missing("alarms", situation_id)
        return ALARMS.record(row)
