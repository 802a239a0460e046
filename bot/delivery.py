"""Sends what is owed: in order per address, again with back-off, given up visibly."""

import asyncio
import contextlib
import datetime as dt
import logging
import random
from collections.abc import Callable, Mapping, Sequence

from bot.channels.base import Channel
from bot.codec import from_json
from bot.errors import DeskError, NotFound, Stale, StoreError, TryLater, Unreachable, VaultError
from bot.exchange import open_address
from bot.models import Address, Delivery, DeliveryStatus, Inquiry, Reply
from bot.store.base import Store
from bot.vault import Vault

log = logging.getLogger(__name__)

BATCH = 500
GIVE_UP_AFTER = dt.timedelta(days=3)
FIRST_RETRY = 2.0
LONGEST_RETRY = 15 * 60.0
LOOK_AGAIN = 5.0
"""Seconds between looks when nothing announced itself."""


class Deliverer:
    """Takes owed deliveries from the store and hands them to their channels."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        channels: Mapping[str, Channel],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._store = store
        self._vault = vault
        self._channels = channels
        self._clock = clock
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._busy: set[Address] = set()
        self._not_before: dict[Address, dt.datetime] = {}
        """Addresses whose oldest delivery waits for another attempt; what came after it waits too."""
        self._sending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to deliver."""
        self._tasks = [
            asyncio.create_task(self._listen(), name="hear of deliveries"),
            asyncio.create_task(self._run(), name="deliver"),
        ]

    async def stop(self) -> None:
        """Finish the sends in hand, leaving the rest owed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _listen(self) -> None:
        async for change in self._store.changes():
            if change.kind == "delivery":
                self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except (StoreError, OSError):
                log.exception("The outbox could not be read")
            # Not `wait_for`: in Python 3.11 it can swallow the cancellation that ends this task.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._wake.wait()
            self._wake.clear()

    async def _look(self) -> None:
        """Start sending for every address that is owed something and has nothing under way."""
        waiting: dict[Address, list[tuple[Inquiry, Delivery]]] = {}
        # Whoever is busy now may be done when the outbox was read, and what it listed has been sent by then.
        busy = set(self._busy)
        now = self._clock()
        self._not_before = {address: due for address, due in self._not_before.items() if due > now}
        for delivery, inquiry in await self._due(now):
            try:
                address = open_address(self._vault, inquiry)
            except (VaultError, ValueError):
                log.exception("An address could not be opened", extra={"delivery": delivery.id})
                await self._settle(delivery, DeliveryStatus.FAILED, problem="address")
                continue
            waiting.setdefault(address, []).append((inquiry, delivery))
        for address, deliveries in waiting.items():
            if address not in busy and address not in self._not_before:
                self._busy.add(address)
                task = asyncio.create_task(self._send_in_order(address, deliveries))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _due(self, now: dt.datetime) -> Sequence[tuple[Delivery, Inquiry]]:
        found: list[tuple[Delivery, Inquiry]] = []
        page = await self._store.owed(BATCH)
        while page:
            found += [(each.delivery, each.inquiry) for each in page if each.delivery.due_at <= now]
            page = await self._store.owed(BATCH, page[-1].delivery)
        return sorted(found, key=lambda each: each[0].created_at)

    async def _send_in_order(self, address: Address, deliveries: Sequence[tuple[Inquiry, Delivery]]) -> None:
        try:
            for inquiry, delivery in deliveries:
                again_at = await self._send(address, inquiry, delivery)
                if again_at is not None:
                    self._not_before[address] = again_at
                    break
        except (StoreError, OSError):
            # Sent or not, it must not be tried again in a loop.
            self._not_before[address] = self._clock() + dt.timedelta(seconds=LOOK_AGAIN)
            log.exception("A delivery could not be settled")
        finally:
            self._busy.discard(address)
            self._wake.set()

    async def _send(self, address: Address, inquiry: Inquiry, delivery: Delivery) -> dt.datetime | None:
        """Try once; return when to try again, or None when the delivery is settled."""
        channel = self._channels.get(address.channel)
        if channel is None:
            return await self._retry(delivery, "no channel", LONGEST_RETRY)
        try:
            box = self._vault.unwrap(inquiry.id, inquiry.data_key)
            reply = from_json(Reply, box.open("reply", delivery.body))
        except (VaultError, ValueError):
            log.exception("A delivery could not be opened", extra={"delivery": delivery.id})
            await self._settle(delivery, DeliveryStatus.FAILED, problem="unreadable")
            return None
        try:
            status = await channel.send(address, reply)
        except Unreachable:
            await self._settle(delivery, DeliveryStatus.FAILED, problem="unreachable")
            return None
        except TryLater as exc:
            return await self._retry(delivery, "asked to wait", exc.seconds)
        except Exception as exc:
            if not isinstance(exc, DeskError | OSError):
                log.exception("A channel failed in a way it should not", extra={"channel": channel.name})
            wait = min(LONGEST_RETRY, FIRST_RETRY * 2**delivery.attempts) * random.uniform(0.8, 1.2)  # noqa: S311
            return await self._retry(delivery, type(exc).__name__, wait)
        await self._settle(delivery, status)
        return None

    async def _retry(self, delivery: Delivery, problem: str, seconds: float) -> dt.datetime | None:
        """Note the failed attempt; return when to try again, or None when it is given up."""
        now = self._clock()
        if now - delivery.created_at > GIVE_UP_AFTER:
            log.warning("A delivery is given up", extra={"delivery": delivery.id, "problem": problem})
            await self._settle(delivery, DeliveryStatus.FAILED, problem=problem)
            return None
        due_at = now + dt.timedelta(seconds=seconds)
        await self._settle(delivery, DeliveryStatus.OWED, due_at=due_at, problem=problem)
        return due_at

    async def _settle(
        self,
        delivery: Delivery,
        status: DeliveryStatus,
        *,
        due_at: dt.datetime | None = None,
        problem: str | None = None,
    ) -> None:
        with contextlib.suppress(NotFound, Stale):  # taken back, or recorded by another process meanwhile
            await self._store.settle_delivery(
                delivery.id, status, attempts=delivery.attempts, due_at=due_at, problem=problem
            )
