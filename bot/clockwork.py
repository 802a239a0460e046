"""What time does: claims that run out, questions that close, words that go."""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable

from bot.corpus import LiveCorpus
from bot.errors import DeskError, NotFound, VaultError
from bot.exchange import let_go
from bot.models import Inquiry, InquiryStatus
from bot.store.base import Store
from bot.vault import Vault

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two rounds."""
BATCH = 200
SESSION_LIFE = dt.timedelta(hours=12)


class Clockwork:
    """Runs a round of everything that is due, again and again."""

    def __init__(
        self, *, store: Store, vault: Vault, live: LiveCorpus, clock: Callable[[], dt.datetime]
    ) -> None:
        self._store = store
        self._vault = vault
        self._live = live
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin the rounds."""
        self._task = asyncio.create_task(self._run(), name="clockwork")

    async def stop(self) -> None:
        """End the rounds."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def round(self) -> None:
        """Do what is due now."""
        now = self._clock()
        retention = self._live.corpus.content.desk.retention
        await self._store.expire_claims(now)
        for urgent, kept_days in ((False, retention.closed_days), (True, retention.crisis_days)):
            answered_before = now - dt.timedelta(days=retention.answered_days)
            for inquiry in await self._store.inquiries_settled_before(
                answered_before, InquiryStatus.ANSWERED, BATCH, urgent=urgent
            ):
                await self._close(inquiry, now)
            closed_before = now - dt.timedelta(days=kept_days)
            for inquiry in await self._store.inquiries_settled_before(
                closed_before, InquiryStatus.CLOSED, BATCH, urgent=urgent
            ):
                await self._purge(inquiry, now)
        await self._store.drop_expired(
            now, now - dt.timedelta(hours=retention.message_ids_hours), now - SESSION_LIFE
        )

    async def _close(self, inquiry: Inquiry, now: dt.datetime) -> None:
        try:
            await self._store.close_inquiry(inquiry.id, now)
        except NotFound:
            return
        await self._let_go(inquiry, now)

    async def _purge(self, inquiry: Inquiry, now: dt.datetime) -> None:
        # Again, in case the desk died between closing the inquiry and letting its conversation go.
        await self._let_go(inquiry, now)
        await self._store.purge_inquiry(inquiry.id)

    async def _let_go(self, inquiry: Inquiry, now: dt.datetime) -> None:
        minutes = self._live.corpus.content.desk.retention.exchange_minutes
        try:
            await let_go(self._store, self._vault, inquiry, now + dt.timedelta(minutes=minutes))
        except (VaultError, ValueError):
            log.exception("A conversation could not be opened to let it go", extra={"inquiry": inquiry.id})

    async def _run(self) -> None:
        while True:
            try:
                await self.round()
            except (DeskError, OSError):
                log.exception("A round of the clockwork failed")
            await asyncio.sleep(EVERY)
