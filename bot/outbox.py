"""What is owed, as the process that sends holds it in memory: in order for each address, fair between them.

Addresses are opened here and stand in no store, so that nothing there tells which inquiries are one person's. Does no
input or output.
"""

import heapq
from bisect import insort
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from bot.models import Address

RECEIPTS = ""
"""The queue of addresses that wait for a receipt; the others are named by their situations."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Item:
    """A delivery that is owed; items are in the order in which one address is to hear them."""

    created_at: datetime
    id: str
    situation_id: str = field(compare=False)
    receipt: bool = field(compare=False)
    """Somebody waits for it: it goes before what many are sent."""
    ready_at: float = field(compare=False)
    """When it may go out, on the clock that `Outbox` is asked by."""
    tried: bool = field(default=False, compare=False)
    """An attempt failed: until it is ready, what comes after it waits too. What was never tried holds up nothing."""


@dataclass(slots=True)
class _Line:
    """What one address is owed."""

    items: list[Item] = field(default_factory=list)
    busy: bool = False
    queue: str | None = None
    """Where the address stands in line."""


@dataclass(slots=True)
class _Queues:
    """The addresses of one channel that have something ready."""

    receipts: deque[Address] = field(default_factory=deque)
    others: OrderedDict[str, deque[Address]] = field(default_factory=OrderedDict)
    """By situation; one that had a turn goes to the end."""


class Outbox:
    """Everything owed: gives out one address at a time for each, receipts first, then every situation in turn."""

    def __init__(self) -> None:
        self._lines: dict[Address, _Line] = {}
        self._known: dict[str, Address] = {}
        self._queues: dict[str, _Queues] = {}
        self._timers: list[tuple[float, int, Address]] = []
        self._numbers = count()

    def __contains__(self, delivery_id: str) -> bool:
        return delivery_id in self._known

    def __len__(self) -> int:
        return len(self._known)

    def add(self, address: Address, item: Item, now: float) -> None:
        """Take in what is owed to the address, unless it is known."""
        if item.id in self._known:
            return
        self._known[item.id] = address
        line = self._lines.setdefault(address, _Line())
        insort(line.items, item)
        if item.ready_at > now:
            self._wake_at(item.ready_at, address)
        self._line_up(address, line, now)

    def take(self, channel: str, now: float, *, receipts: bool) -> tuple[Address, Item] | None:
        """Give out the next address with the first thing it is to hear; None when nothing is ready.

        With `receipts` only an address that waits for one. Until `done`, the address is given out to nobody else.
        """
        self._ring(now)
        queues = self._queues.get(channel)
        if queues is None:
            return None
        if receipts:
            return self._give_out(queues.receipts, RECEIPTS, now)
        while queues.others:
            name, addresses = queues.others.popitem(last=False)
            given = self._give_out(addresses, name, now)
            if addresses:
                queues.others[name] = addresses
            if given is not None:
                return given
        return None

    def done(self, address: Address, item: Item, now: float, again: Item | None = None) -> None:
        """Take back the address; the item is settled, or `again` stands for it."""
        line = self._lines[address]
        line.busy = False
        line.items.remove(item)
        if again is not None:
            insort(line.items, again)
            self._wake_at(again.ready_at, address)
        else:
            del self._known[item.id]
        if line.items:
            self._line_up(address, line, now)
        else:
            del self._lines[address]

    def channels(self) -> Collection[str]:
        """Return the channels of which something was owed."""
        return self._queues.keys()

    def next_at(self, now: float) -> float | None:
        """Return when the next thing is ready that waits for its time beyond `now`."""
        self._ring(now)
        return self._timers[0][0] if self._timers else None

    def _give_out(self, addresses: deque[Address], name: str, now: float) -> tuple[Address, Item] | None:
        while addresses:
            address = addresses.popleft()
            line = self._lines.get(address)
            if line is None or line.queue != name:  # it stands in another queue by now
                continue
            line.queue = None
            item = self._first_ready(line, now)
            if item is not None:
                line.busy = True
                return address, item
        return None

    def _first_ready(self, line: _Line, now: float) -> Item | None:
        for item in line.items:
            if item.ready_at <= now:
                return item
            if item.tried:
                return None
        return None

    def _line_up(self, address: Address, line: _Line, now: float) -> None:
        item = None if line.busy else self._first_ready(line, now)
        if item is None:
            return
        name = RECEIPTS if any(each.receipt for each in line.items) else item.situation_id
        if line.queue != name:
            line.queue = name
            queues = self._queues.setdefault(address.channel, _Queues())
            queue = queues.receipts if name == RECEIPTS else queues.others.setdefault(name, deque())
            queue.append(address)

    def _wake_at(self, moment: float, address: Address) -> None:
        heapq.heappush(self._timers, (moment, next(self._numbers), address))

    def _ring(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            _, _, address = heapq.heappop(self._timers)
            line = self._lines.get(address)
            if line is not None:
                self._line_up(address, line, now)
