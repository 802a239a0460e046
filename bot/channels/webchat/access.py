"""The access log: which route, how it ended and how long it took; no path, no token, no text, no address."""

import logging
import time
from collections.abc import Awaitable, Callable
from secrets import token_hex

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST_ID = web.RequestKey("request_id", str)

log = logging.getLogger("bot.access")

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines every few seconds: their lines would bury the others."""
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


@web.middleware
async def log_access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log one line for the request, under an id that other lines about it carry too."""
    request[REQUEST_ID] = token_hex(6)
    started = time.monotonic()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as exc:
        status = exc.status
        raise
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        log.log(
            logging.DEBUG if route in QUIET else logging.INFO,
            "Request served",
            extra={
                "request_id": request[REQUEST_ID],
                # A method is the client's own word; only known ones are repeated.
                "method": request.method if request.method in _METHODS else "other",
                "route": route,
                "status": status,
                "ms": round((time.monotonic() - started) * 1000, 1),
            },
        )
