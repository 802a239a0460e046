"""What tells machines how this process does: /healthz, /readyz and /metrics."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from ipaddress import ip_address

import orjson
from aiohttp import web

from bot.config import Settings
from bot.corpus import LiveCorpus
from bot.errors import StoreError
from bot.metrics import Metrics
from bot.store.base import Store

STORE_WITHIN = 2.0
"""Seconds the store may take to say that it is there."""
KNOWN_FOR = 1.0
"""Seconds for which what was found about the store is told again: a balancer's questions are no load."""
STANDING_FOR = 10.0
"""The same of how the desk stands."""
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""A request that carries one of these came through a proxy, wherever that stands."""
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Health:
    """Whether this process lives, takes work, and what it counted."""

    def __init__(
        self,
        *,
        store: Store,
        live: LiveCorpus,
        metrics: Metrics,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._live = live
        self._metrics = metrics
        self._token = settings.metrics_token
        self._clock = clock
        self._looking = asyncio.Lock()
        self._store_seen: tuple[float, bool] | None = None
        self._stood_at: float | None = None
        self.draining = False
        """The end has begun: nothing new should come here."""

    def add_to(self, app: web.Application) -> None:
        """Add the routes, and count every request of the application."""
        app.middlewares.append(self._count)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)

    async def not_ready(self, *, without: Collection[str] = ()) -> str | None:
        """Return why nothing should be sent here: `draining`, `content` or `store`; None when all is well."""
        if self.draining:
            return "draining"
        if not self._live.started:
            return "content"
        if "store" not in without and not await self._store_answers():
            return "store"
        return None

    # --- handlers

    async def healthz(self, _: web.Request) -> web.Response:
        """Say that the process runs and its event loop turns."""
        return _said({"alive": True})

    async def readyz(self, request: web.Request) -> web.Response:
        """Say whether to send requests here; 503 with the reason when not.

        `?exclude=store` leaves the store out: without it emergency cards and approved answers are still given.
        """
        reason = await self.not_ready(without=request.query.getall("exclude", []))
        return _said({"ready": reason is None, **({} if reason is None else {"reason": reason})}, reason)

    async def metrics(self, request: web.Request) -> web.Response:
        """Tell what was counted, to whoever shows the token, or else to a program on this machine."""
        if not self._may_read(request):
            return web.Response(status=403, text="Set METRICS_TOKEN and send it as a bearer token.\n")
        if self._live.started:
            self._metrics.content(self._live.corpus.content.version, len(self._live.problems))
        await self._look()
        return web.Response(
            body=self._metrics.page(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    # ---

    def _may_read(self, request: web.Request) -> bool:
        if self._token is not None:
            sent = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            return hmac.compare_digest(sent, f"Bearer {self._token}".encode())
        try:
            here = ip_address(request.remote or "").is_loopback
        except ValueError:
            return False
        return here and not any(name in request.headers for name in FORWARDED)

    async def _store_answers(self) -> bool:
        async with self._looking:
            now = time.monotonic()
            if self._store_seen is None or now - self._store_seen[0] >= KNOWN_FOR:
                try:
                    async with asyncio.timeout(STORE_WITHIN):
                        await self._store.check()
                    answers = True
                except (StoreError, OSError):  # a timeout is an OSError too
                    answers = False
                self._store_seen = (time.monotonic(), answers)
            return self._store_seen[1]

    async def _look(self) -> None:
        """Read how the desk stands, unless that was done a moment ago."""
        async with self._looking:
            if self._stood_at is not None and time.monotonic() - self._stood_at < STANDING_FOR:
                return
            now = self._clock()
            try:
                async with asyncio.timeout(STORE_WITHIN):
                    queue = await self._store.queue_length()
                    alarms = await self._store.alarms()
                    oldest = await self._store.oldest_due(now)
            except (StoreError, OSError):
                self._metrics.store_down()
                self._stood_at = None
            else:
                self._metrics.standing(
                    now,
                    urgent=queue.urgent,
                    other=queue.other,
                    oldest=queue.oldest,
                    waiting=len(alarms),
                    owed_since=oldest,
                )
                self._stood_at = time.monotonic()

    @web.middleware
    async def _count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        route = "none" if resource is None else resource.canonical
        method = request.method if request.method in METHODS else "other"
        served = self._metrics.open_requests.labels(route)
        began, status = time.monotonic(), 500
        served.inc()
        try:
            response = await handler(request)
            status = response.status
            if self.draining and not response.prepared:
                # Whoever keeps the connection would come back on it to a process that ends.
                response.force_close()
            return response
        except web.HTTPException as exc:
            status = exc.status
            if self.draining:
                exc.force_close()
            raise
        finally:
            served.dec()
            streamed = route.endswith("/stream")
            self._metrics.served(method, route, status, None if streamed else time.monotonic() - began)


def _said(record: dict[str, object], reason: str | None = None) -> web.Response:
    return web.Response(
        status=200 if reason is None else 503,
        body=orjson.dumps(record) + b"\n",
        content_type="application/json",
    )
