"""The web chat as a channel, and its routes."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from aiohttp import web

from bot.assistant import Assistant
from bot.channels.webchat import api, page
from bot.channels.webchat.conversations import CHANNEL, Starts
from bot.channels.webchat.following import Follower
from bot.channels.webchat.guard import Guard, preflight
from bot.channels.webchat.listeners import Streams
from bot.channels.webchat.parts import PARTS, Names, Parts
from bot.channels.webchat.static_files import StaticFile, get_static
from bot.channels.webchat.stream import get_stream
from bot.config import Settings
from bot.models import Address, Change, DeliveryStatus, Reply
from bot.vault import Vault


class WebChat:
    """Carries replies to web conversations; serves the page, the widget and the public API.

    `names` is called for each page, so that a changed desk name is shown at once.
    """

    name = CHANNEL

    def __init__(
        self,
        *,
        assistant: Assistant,
        names: Callable[[], Names],
        settings: Settings,
        vault: Vault,
        clock: Callable[[], datetime],
    ) -> None:
        self._streams = Streams()
        self._parts = Parts(
            assistant=assistant,
            names=names,
            settings=settings,
            clock=clock,
            streams=self._streams,
            starts=Starts(vault),
        )

    async def send(self, address: Address, reply: Reply) -> DeliveryStatus:
        """Place the reply in the conversation; `SENT` when an open page or a response took it, else `PLACED`."""
        handed = reply.id in self._parts.handed
        # A card is shown before it is kept: the store may be what is slow.
        live = reply.kind == "urgent" and not handed and self._streams.push(address.chat, reply)
        await self._parts.assistant.place(address, reply)
        if handed or live:
            return DeliveryStatus.SENT
        live = self._streams.push(address.chat, reply)
        return DeliveryStatus.SENT if live else DeliveryStatus.PLACED

    async def follow(self, changes: AsyncIterator[Change]) -> None:
        """Bring to open pages what other processes place, as the store's changes tell of it, until those end."""
        await Follower(self._parts.assistant, self._streams).follow(changes)

    def add_routes(self, app: web.Application) -> None:
        """Add the pages and the API, with what guards them. Streams end when the application shuts down."""
        app[PARTS] = self._parts
        description = StaticFile(api.describe(), "application/json")
        widget = StaticFile(page.widget(), "text/javascript", any_site=True)
        routes = (
            web.get("/", page.get_page),
            web.get("/about", page.get_about),
            web.post("/chat", page.post_chat),
            web.get("/c/{conversation}", page.get_private),
            web.get("/widget.js", widget.serve),
            web.get("/static/{name}", get_static),
            web.post("/api/messages", api.post_message),
            web.get("/api/conversations/{conversation}", api.get_conversation),
            web.get("/api/conversations/{conversation}/data", api.get_data),
            # A HEAD request to a stream would hold it open for nothing.
            web.get("/api/conversations/{conversation}/stream", get_stream, allow_head=False),
            web.get("/api/topics", api.get_topics),
            web.get("/api/openapi.json", description.serve),
        )
        added = list(app.add_routes(routes))
        paths = {route.resource.canonical for route in added if route.resource is not None}
        added += [
            app.router.add_route("OPTIONS", path, preflight)
            for path in sorted(paths)
            if path.startswith("/api/")
        ]
        mine = {route.resource for route in added if route.resource is not None}
        Guard(self._parts, mine).install(app)
        app.on_shutdown.append(self._end_streams)

    async def _end_streams(self, _app: web.Application) -> None:
        await self._streams.close()
