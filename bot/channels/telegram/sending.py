"""Replies as Telegram messages."""

from collections import OrderedDict
from typing import TYPE_CHECKING

from bot.channels.telegram.client import Client
from bot.channels.telegram.incoming import CHANNEL
from bot.channels.telegram.splitting import split
from bot.models import Address, Reply
from bot.mydata import NAME

if TYPE_CHECKING:
    from bot.assistant import Assistant

REMEMBERED = 5_000


class Sender:
    """Sends a reply as one or more messages; a reply sent in part is taken up where it broke off.

    What was sent is remembered in memory only: after a crash a reply may be shown twice, never lost.
    """

    def __init__(self, client: Client, assistant: "Assistant") -> None:
        self._client = client
        self._assistant = assistant
        self._parts_sent: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def send(self, chat: str, reply: Reply) -> None:
        """Send what of the reply this chat has not been sent yet. Raises what `Client` does."""
        parts = split(self._written(reply))
        key = (chat, reply.id)
        for index in range(self._parts_sent.get(key, 0), len(parts)):
            last = index == len(parts) - 1
            await self._client.send_text(chat, parts[index], reply.options if last else ())
            self._parts_sent[key] = index + 1
        if reply.document is not None and self._parts_sent[key] == len(parts):
            # Fetched now and for this chat alone; when there is nothing any more there is nothing to send.
            data = await self._assistant.my_data(Address(channel=CHANNEL, chat=chat))
            if data is not None:
                await self._client.send_file(chat, NAME, data)
            self._parts_sent[key] = len(parts) + 1
        if len(self._parts_sent) > REMEMBERED:
            self._parts_sent.popitem(last=False)

    def _written(self, reply: Reply) -> str:
        """Return the text with the place and the day of its words, unless it names them itself."""
        lines = [reply.text]
        if reply.source and reply.source not in reply.text:
            lines.append(self._assistant.say("source", reply.language, source=reply.source))
        if reply.dated and reply.dated.isoformat() not in reply.text:
            lines.append(self._assistant.say("checked", reply.language, date=reply.dated.isoformat()))
        # Half a surrogate pair cannot be sent; Telegram would refuse the whole text.
        return "\n".join(lines).encode("utf-8", "replace").decode()
