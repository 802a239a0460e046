"""What time does: claims that run out, questions that close, words that go. Of several processes one does it."""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable

from bot import replies
from bot.corpus import LiveCorpus
from bot.errors import DeskError, NotFound, VaultError
from bot.exchange import forget, let_go, quieten
from bot.leap import Belief
from bot.mailing import owe
from bot.models import DeliveryKind, Inquiry, InquiryStatus
from bot.oversight import Oversight
from bot.quiet import not_before
from bot.store.base import Store
from bot.vault import Vault

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two rounds."""
BATCH = 200
SESSION_LIFE = dt.timedelta(hours=12)
SCRUB_EVERY = dt.timedelta(hours=1)
QUIETEN_EVERY = dt.timedelta(minutes=5)
EVERY_ONE = 100_000
A_MOMENT = dt.timedelta(minutes=1)
"""By so much the clocks of two processes may differ."""

Change = Callable[[Store, Vault, Inquiry, dt.datetime], Awaitable[None]]


class Clockwork:
    """Runs a round of everything that is due, again and again."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        live: LiveCorpus,
        clock: Callable[[], dt.datetime],
        oversight: Oversight,
        timezone: dt.tzinfo,
    ) -> None:
        self._oversight = oversight
        self._noted: dt.date | None = None
        """The day on which the newest row of the record of reads was last noted in the log."""
        self._store = store
        self._vault = vault
        self._live = live
        self._clock = clock
        self._timezone = timezone
        self._belief = Belief(store)
        self._quietened_at: dt.datetime | None = None
        self._scrubbed_at: dt.datetime | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin the rounds."""
        self._task = asyncio.create_task(self._run(), name="clockwork")

    async def stop(self) -> None:
        """End the rounds."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Do what is due now, when this process has the duty; what goes by age, only while the clock is believed."""
        now = self._clock()
        if not await self._store.leads("clockwork"):
            # Each process says above its own pages whether the record of reads is whole.
            await self._oversight.look(now - dt.timedelta(days=1))
            return
        claim = dt.timedelta(minutes=self._live.corpus.content.desk.claim_minutes)
        await self._store.expire_claims(now, now + claim + A_MOMENT)
        if await self._belief.holds(now):
            await self.round()

    async def round(self) -> None:
        """Do what is due by age."""
        now = self._clock()
        retention = self._live.corpus.content.desk.retention
        exchange = dt.timedelta(minutes=retention.exchange_minutes)
        for inquiry in await self._store.inquiries_opened_before(
            _days_before(now, retention.open_days), BATCH
        ):
            await self._close(inquiry, now, "closed_open")
        for urgent, kept_days in ((False, retention.closed_days), (True, retention.crisis_days)):
            for status, days, why in (
                (InquiryStatus.ANSWERED, retention.answered_days, None),
                (InquiryStatus.WAITING, retention.waiting_days, "closed_waiting"),
            ):
                for inquiry in await self._store.inquiries_settled_before(
                    _days_before(now, days), status, BATCH, urgent=urgent
                ):
                    await self._close(inquiry, now, why)
            for inquiry in await self._store.inquiries_settled_before(
                _days_before(now, kept_days), InquiryStatus.CLOSED, BATCH, urgent=urgent
            ):
                await self._in_conversation(forget, inquiry, now + exchange)
                await self._store.purge_inquiry(inquiry.id)
        if self._quietened_at is None or now - self._quietened_at >= QUIETEN_EVERY:
            self._quietened_at = now
            for inquiry in await self._store.inquiries_opened_before(now - exchange, EVERY_ONE):
                await self._in_conversation(quieten, inquiry, now - exchange)
                await asyncio.sleep(
                    0
                )  # there may be thousands, and somebody in danger must not wait for them
        await self._store.drop_expired(
            now, now - dt.timedelta(hours=retention.message_ids_hours), now - SESSION_LIFE
        )
        thoroughly = self._scrubbed_at is None or now - self._scrubbed_at >= SCRUB_EVERY
        await self._store.scrub(thoroughly=thoroughly)
        if thoroughly:
            self._scrubbed_at = now
        await self._store.trim_audit(now - dt.timedelta(days=retention.audit_days))
        if now.date() != self._noted:
            await self._note_the_record()
            self._noted = now.date()

    async def _note_the_record(self) -> None:
        """Look through the record of reads, and write its newest row where whoever alters it cannot reach."""
        found = await self._oversight.verify()
        where = {"row": found.last, "digest": found.digest}
        if found.sound:
            log.info("The record of reads is whole", extra=where)
        else:
            log.error("The record of reads was altered", extra={**where, "wrong": len(found.wrong)})

    async def _close(self, inquiry: Inquiry, now: dt.datetime, why: str | None) -> None:
        """Close it, and tell the citizen by the sentence `why`; an answered one is closed without a word."""
        told = None
        due = now if why is None else not_before(now, self._timezone)
        try:
            if why is not None and inquiry.status is not InquiryStatus.ANSWERED:
                content = self._live.corpus.content
                reply = replies.closed(content, inquiry.reference, inquiry.language, why)
                box = self._vault.unwrap(inquiry.id, inquiry.data_key)
                told = owe(box, inquiry.id, reply, now, kind=DeliveryKind.CLOSED, due_at=due)
        except VaultError:
            log.exception("A citizen cannot be told that an inquiry is closed", extra={"inquiry": inquiry.id})
        try:
            await self._store.close_inquiry(inquiry.id, now, was=inquiry.status, told=told)
        except NotFound:
            return
        minutes = self._live.corpus.content.desk.retention.exchange_minutes
        await self._in_conversation(let_go, inquiry, due + dt.timedelta(minutes=minutes))

    async def _in_conversation(self, change: Change, inquiry: Inquiry, time: dt.datetime) -> None:
        try:
            await change(self._store, self._vault, inquiry, time)
        except (VaultError, ValueError):
            log.exception("A conversation could not be opened to let it go", extra={"inquiry": inquiry.id})

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except (DeskError, OSError):
                log.exception("A round of the clockwork failed")
            await asyncio.sleep(EVERY)


def _days_before(now: dt.datetime, days: int) -> dt.datetime:
    return now - dt.timedelta(days=days)
