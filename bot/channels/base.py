"""What the desk needs of a channel."""

from typing import Protocol

from bot.models import Address, DeliveryStatus, Reply


class Channel(Protocol):
    """A transport that carries replies to addresses."""

    name: str

    async def send(self, address: Address, reply: Reply) -> DeliveryStatus:
        """Hand the reply to the address.

        Returns `SENT` when the transport took it, `PLACED` when it waits for the citizen to return. May be
        called again with the same `reply.id`; a channel that can tell shows it once. Raises `Unreachable` when
        the address will never take it, `TryLater` when the transport asks to wait, and any other `OSError` or
        `DeskError` when the attempt failed and is worth repeating.
        """
