"""A desk that is broken on purpose, to see that the checker finds it: `python -m tests.faults.broken serve`.

It says that it filed some questions and files none of them, hands some replies to whom it handed the one before, and says some
answers twice.
"""

import itertools
import sys
from dataclasses import replace
from typing import Any

from bot.channels.webchat import WebChat
from bot.cli import main
from bot.models import Address, DeliveryStatus, Reply
from bot.store.base import Effect
from bot.store.tinydb import TinyDBStore

files, sends = itertools.count(), itertools.count()
before: list[Address] = []
record, send = TinyDBStore.record, WebChat.send


async def record_or_not(self: TinyDBStore, effect: Effect) -> None:
    """Forget every third new question."""
    if effect.filing is None or next(files) % 3:
        await record(self, effect)


async def send_astray(self: WebChat, address: Address, reply: Reply) -> DeliveryStatus:
    """Say every answer of a person twice, and hand every fourth reply to somebody else."""
    if reply.kind == "staff_answer":
        await send(self, address, replace(reply, id=f"{reply.id}-again"))
    before.append(address)
    other = next((each for each in before if each != address), address)
    return await send(self, address if next(sends) % 4 else other, reply)


if __name__ == "__main__":
    broken: Any = {TinyDBStore: ("record", record_or_not), WebChat: ("send", send_astray)}
    for kind, (name, verb) in broken.items():
        setattr(kind, name, verb)
    sys.exit(main(sys.argv[1:]))
