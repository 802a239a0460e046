"""Sends what is owed: by one process of several, in order per address, again with back-off, given up visibly."""

import asyncio
import contextlib
import datetime as dt
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.channels.base import Channel
from bot.codec import from_json
from bot.corpus import LiveCorpus
from bot.errors import UNREADABLE, DeskError, NotFound, Stale, TryLater, Unreachable
from bot.exchange import open_address
from bot.mailing import Mailer
from bot.models import Address, Delivery, DeliveryKind, DeliveryStatus, Inquiry, InquiryStatus, Reply
from bot.outbox import Item, Outbox
from bot.store.base import MadeOut, Owed, Store
from bot.store.giving import REACHED, UNSETTLED
from bot.vault import Vault

log = logging.getLogger(__name__)

BATCH = 200
HOLD = 0.004
"""Seconds of reading what is owed after which everybody else has a turn."""
AT_ONCE = 16
"""Sends under way on one channel: of what people wait for, and as many of what thousands may get."""
GIVE_UP_AFTER = dt.timedelta(days=3)
LEAST_ATTEMPTS = 20
"""Nothing is given up after fewer: a clock that leaps makes nothing old."""
FIRST_RETRY = 2.0
LONGEST_RETRY = 15 * 60.0
LONGEST_WAIT = 3600.0
"""Seconds that a retry waits at most when this process did not count them itself: the clock may have been set back."""
LOOK_AGAIN = 2.0
"""Seconds between looks when nothing announced itself."""
MOMENT = 0.05
SURE_FOR = 1.0
"""Seconds for which a process that was told that it sends does so without asking again."""
READ_ANEW = 60.0
"""Seconds between two readings of everything that is owed."""
READ_AGAIN = 0.5
"""Seconds after which it is read when too much changed to be told one by one."""
DRAIN = 5.0
"""Seconds for sends in hand when the desk stops."""


class Deliverer:
    """Makes out mailings, and hands to their channels the replies that are owed."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        live: LiveCorpus,
        channels: Mapping[str, Channel],
        clock: Callable[[], dt.datetime],
        running: Callable[[], float] = time.monotonic,
    ) -> None:
        """`running` counts seconds, whatever the clock does: what waits, waits by it."""
        self._store = store
        self._vault = vault
        self._live = live
        self._mailer = Mailer(store=store, vault=vault, live=live, made=self._hear_made)
        self._channels = channels
        self._clock = clock
        self._running = running
        self._outbox = Outbox()
        self._sure_until: float | None = None
        """Until when this process need not ask whether it is the one that sends; None while it is not."""
        self._read_at: float | None = None
        """When all that is owed was read last; None when it has to be read."""
        self._changed: set[str] = set()
        """Deliveries that changed since."""
        self._made: list[Owed] = []
        """What this process made out itself since."""
        self._making_out = False
        self._own: set[str] = set()
        """Deliveries that this process made out or settled, of which the store is about to tell."""
        self._wake = asyncio.Event()
        self._owing = asyncio.Event()
        """Somebody was owed something: perhaps everybody in a situation."""
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._sending: dict[tuple[str, bool], set[asyncio.Task[None]]] = {}
        """Sends under way by channel, receipts and others apart."""

    async def start(self) -> None:
        """Begin to deliver."""
        self._stopping, self._sure_until = False, None
        self._tasks = [
            asyncio.create_task(self._listen(), name="hear of deliveries"),
            asyncio.create_task(self._again_and_again(self._look, self._wake), name="deliver"),
            asyncio.create_task(self._again_and_again(self._make_out, self._owing), name="make out"),
        ]

    async def stop(self) -> None:
        """Finish the sends in hand, leaving the rest owed."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        sending = [task for tasks in self._sending.values() for task in tasks]
        if sending:
            _, late = await asyncio.wait(sending, timeout=DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # --- what there is to send

    async def _listen(self) -> None:
        async for change in self._store.changes():
            if (
                change.kind != "delivery" or self._sure_until is None
            ):  # whoever begins to send reads everything
                continue
            if not change.id:  # so many that they were not told one by one
                self._own.clear()
                if self._read_at is not None:
                    self._read_at = min(self._read_at, self._running() - READ_ANEW + READ_AGAIN)
            elif change.id in self._own:
                self._own.discard(change.id)
                continue
            else:
                self._changed.add(change.id)
            self._wake.set()
            self._owing.set()

    async def _again_and_again(self, look: Callable[[], Awaitable[None]], wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            pause = LOOK_AGAIN
            try:
                if await self._sends():
                    await look()
                    pause = self._pause()
            except (DeskError, OSError):
                log.exception("The outbox could not be read")
                await asyncio.sleep(LOOK_AGAIN)
            except Exception:
                log.exception("The outbox failed in a way it should not; it goes on")
                await asyncio.sleep(LOOK_AGAIN)
            # Not `wait_for`: in Python 3.11 it can swallow the cancellation that ends this task.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await wake.wait()

    def _pause(self) -> float:
        """Return after how many seconds to look again when nothing changes."""
        now = self._running()
        at = self._outbox.next_at(now)
        return LOOK_AGAIN if at is None else min(LOOK_AGAIN, at - now)

    async def _sends(self) -> bool:
        """Tell whether this process is the one that sends; one that was not has to read everything anew."""
        now = self._running()
        if self._sure_until is not None and now < self._sure_until:
            return True
        leads = await self._store.leads("outbox")
        if not leads or self._sure_until is None:
            self._read_at = None
        self._sure_until = now + SURE_FOR if leads else None
        return leads

    async def _make_out(self) -> None:
        await asyncio.sleep(MOMENT)  # most of the time nobody is owed anything but a receipt
        for mailing in await self._store.mailings():
            if await self._sends():
                # First everybody is owed it, and then it is sent: only receipts go out meanwhile.
                self._making_out = True
                try:
                    await self._mailer.finish(mailing)
                finally:
                    self._making_out = False
                    self._wake.set()

    def _hear_made(self, inquiries: Sequence[Inquiry], made: Sequence[MadeOut]) -> None:
        known = {inquiry.id: inquiry for inquiry in inquiries}
        self._made += [Owed(delivery=each.delivery, inquiry=known[each.inquiry_id]) for each in made]
        self._own.update(each.delivery.id for each in made)

    async def _look(self) -> None:
        """Take in what is owed, and begin to send."""
        await self._take_in_changed()
        if self._read_at is None or self._running() - self._read_at >= READ_ANEW:
            await self._read_everything()
        if not self._making_out:
            made, self._made = self._made, []
            await self._take_in_all(made)
        self._begin()

    async def _take_in_changed(self) -> None:
        changed, self._changed = self._changed, set()
        for delivery_id in changed:
            if delivery_id not in self._outbox:
                owed = await self._store.delivery(delivery_id)
                if owed is not None:
                    await self._take_in(owed)

    async def _read_everything(self) -> None:
        self._read_at = self._running()
        page = await self._store.owed(BATCH)
        while page:
            await self._take_in_all(page)
            await self._take_in_changed()
            page = await self._store.owed(BATCH, page[-1].delivery)

    async def _take_in_all(self, listed: Sequence[Owed]) -> None:
        since = time.perf_counter()
        for owed in listed:
            await self._take_in(owed)
            if time.perf_counter() - since > HOLD:
                self._begin()
                await asyncio.sleep(0)
                since = time.perf_counter()

    async def _take_in(self, owed: Owed) -> None:
        delivery, inquiry = owed.delivery, owed.inquiry
        if delivery.status is not DeliveryStatus.OWED or delivery.id in self._outbox:
            return
        try:
            address = open_address(self._vault, inquiry)
        except UNREADABLE:
            log.exception("An address could not be opened", extra={"delivery": delivery.id})
            await self._settle(delivery, DeliveryStatus.FAILED, problem="address")
            return
        self._outbox.add(address, self._item(delivery, inquiry.situation_id), self._running())

    def _item(self, delivery: Delivery, situation_id: str) -> Item:
        # By the distance between its own times where the clock was set back, so that nothing waits for hours.
        wait = delivery.due_at - self._clock()
        if delivery.attempts == 0:
            wait = min(wait, delivery.due_at - delivery.created_at)
        most = LONGEST_WAIT if delivery.attempts else float("inf")
        return Item(
            created_at=delivery.created_at,
            id=delivery.id,
            situation_id=situation_id,
            receipt=delivery.kind is DeliveryKind.RECEIPT,
            ready_at=self._running() + min(most, max(0.0, wait.total_seconds())),
            tried=delivery.attempts > 0,
        )

    # --- sending

    def _begin(self) -> None:
        """Send as much as may be under way."""
        if self._sure_until is None or self._stopping:
            return
        for channel in {*self._channels, *self._outbox.channels()}:
            for receipts in (True,) if self._making_out else (True, False):
                sending = self._sending.setdefault((channel, receipts), set())
                while len(sending) < AT_ONCE:
                    taken = self._outbox.take(channel, self._running(), receipts=receipts)
                    if taken is None:
                        break
                    task = asyncio.create_task(self._deliver(*taken))
                    sending.add(task)
                    task.add_done_callback(sending.discard)

    async def _deliver(self, address: Address, item: Item) -> None:
        again: Item | None = item
        try:
            again = await self._attempt(address, item)
        except (DeskError, OSError):
            # Sent or not, it must not be tried again in a loop.
            again = _later(item, self._running() + LOOK_AGAIN)
            log.exception("A delivery could not be settled", extra={"delivery": item.id})
        finally:
            self._outbox.done(address, item, self._running(), again)
        if again is not None:
            self._wake.set()  # for the next look to be in time
        self._begin()

    async def _attempt(self, address: Address, item: Item) -> Item | None:
        """Try once; return what to try again, or None when the delivery is settled."""
        if not await self._sends():
            return None  # whoever sends now has read it
        owed = await self._store.delivery(item.id)
        if owed is None or owed.delivery.status is not DeliveryStatus.OWED:
            return None
        delivery = owed.delivery
        channel = self._channels.get(address.channel)
        if channel is None:
            return await self._retry(item, delivery, "no channel", LONGEST_RETRY)
        try:
            box = self._vault.unwrap(owed.inquiry.id, owed.inquiry.data_key)
            reply = from_json(Reply, box.open("reply", delivery.body))
        except UNREADABLE:
            log.exception("A delivery could not be opened", extra={"delivery": delivery.id})
            await self._settle(delivery, DeliveryStatus.FAILED, problem="unreadable")
            return None
        if not await self._still_right(owed):
            await self._settle(delivery, DeliveryStatus.DROPPED)
            return None
        try:
            status = await channel.send(address, reply)
        except Unreachable:
            await self._settle(delivery, DeliveryStatus.FAILED, problem="unreachable")
            return None
        except TryLater as exc:
            return await self._retry(item, delivery, "asked to wait", exc.seconds)
        except Exception as exc:
            if not isinstance(exc, DeskError | OSError):
                log.exception("A channel failed in a way it should not", extra={"channel": channel.name})
            wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(delivery.attempts, 20))
            return await self._retry(
                item,
                delivery,
                type(exc).__name__,
                wait * random.uniform(0.8, 1.2),  # noqa: S311
            )
        await self._settle(delivery, status)
        return None

    async def _still_right(self, owed: Owed) -> bool:
        """Tell whether it may still be said: receipts and what people wrote always may, in their order."""
        inquiry, delivery = owed.inquiry, owed.delivery
        if delivery.kind is DeliveryKind.CLOSED:
            return inquiry.status is InquiryStatus.CLOSED
        if delivery.kind is DeliveryKind.RECEIPT and delivery.attempts and inquiry.status not in UNSETTLED:
            # It was given up, and is tried again after the answer: that staff have the question is true no more.
            others = await self._store.deliveries_of(inquiry.id)
            return not any(
                each.kind is not DeliveryKind.RECEIPT and each.status in REACHED for each in others
            )
        return True

    async def _retry(self, item: Item, delivery: Delivery, problem: str, seconds: float) -> Item | None:
        """Note the failed attempt; return what to try again, or None when it is given up."""
        now = self._clock()
        if now - delivery.created_at > GIVE_UP_AFTER and delivery.attempts + 1 >= LEAST_ATTEMPTS:
            log.warning("A delivery is given up", extra={"delivery": delivery.id, "problem": problem})
            await self._settle(delivery, DeliveryStatus.FAILED, problem=problem)
            return None
        again = _later(item, self._running() + seconds)
        due_at = now + dt.timedelta(seconds=seconds)
        await self._settle(delivery, DeliveryStatus.OWED, due_at=due_at, problem=problem)
        return again

    async def _settle(
        self,
        delivery: Delivery,
        status: DeliveryStatus,
        *,
        due_at: dt.datetime | None = None,
        problem: str | None = None,
    ) -> None:
        self._own.add(delivery.id)
        try:
            await self._store.settle_delivery(
                delivery.id, status, attempts=delivery.attempts, due_at=due_at, problem=problem
            )
        except (NotFound, Stale):  # taken back, or recorded by another process meanwhile
            self._own.discard(delivery.id)
        except BaseException:
            self._own.discard(delivery.id)
            raise


def _later(item: Item, ready_at: float) -> Item:
    return Item(
        created_at=item.created_at,
        id=item.id,
        situation_id=item.situation_id,
        receipt=item.receipt,
        ready_at=ready_at,
        tried=True,
    )
