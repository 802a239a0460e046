"""What surrounds every request to the web chat: problems told as problems, and headers that keep it safe."""

import logging
import traceback
from collections.abc import Collection

from aiohttp import web

from bot.channels.webchat.access import REQUEST_ID, Handler, log_access
from bot.channels.webchat.languages import asked
from bot.channels.webchat.page import problem_page
from bot.channels.webchat.parts import Parts
from bot.channels.webchat.problems import Problem
from bot.headers import harden, page_policy
from bot.visitor import is_https

log = logging.getLogger(__name__)


class Guard:
    """Guards the web chat's own resources, and addresses the application has no route for.

    Other parts of the application keep their own ways with errors and headers.
    """

    def __init__(self, parts: Parts, mine: Collection[web.AbstractResource]) -> None:
        self._parts = parts
        self._mine = mine

    def install(self, app: web.Application) -> None:
        """Put the guard around the application; the access log goes around all of it."""
        app.middlewares.append(log_access)
        app.middlewares.append(self.tell_problems)
        app.on_response_prepare.append(self.add_headers)

    @web.middleware
    async def tell_problems(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn what goes wrong into a problem in the citizen's language: a page for a browser, else JSON."""
        if not self._is_mine(request):
            return await handler(request)
        try:
            return await handler(request)
        except Problem as exc:
            problem = exc
        except web.HTTPMethodNotAllowed as exc:
            problem = Problem("method_not_allowed", headers={"Allow": exc.headers["Allow"]})
        except web.HTTPNotFound:
            problem = Problem("not_found")
        except web.HTTPException:
            raise
        except Exception as exc:
            _log_unexpected(request, exc)
            problem = Problem("internal")
        is_api = request.path.startswith("/api/")
        if not is_api and "text/html" in request.headers.get("Accept", ""):
            response = problem_page(request, problem)
        else:
            response = problem.as_json(asked(request), self._parts.assistant.say)
        if problem.status in (408, 413):
            response.force_close()  # what is left of the body is not worth reading
        return response

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers that every response of the web chat carries."""
        if not self._is_mine(request):
            return
        headers = response.headers
        headers["X-Request-Id"] = request[REQUEST_ID]
        settings = self._parts.settings
        if response.content_type == "text/html":
            headers["Content-Security-Policy"] = page_policy(" ".join(["'self'", *settings.embed_origins]))
        harden(response, https=is_https(request, settings.trusted_proxies, settings.public_url))
        if request.path.startswith("/api/"):
            self._share(request, response)

    def _is_mine(self, request: web.Request) -> bool:
        info = request.match_info
        if info.http_exception is not None:
            return len(info.apps) == 1  # no route, and not below a part of the application either
        return info.route.resource in self._mine

    def _share(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let pages of EMBED_ORIGINS, and no others, use the API from a browser."""
        headers = response.headers
        headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin not in self._parts.settings.embed_origins:
            return
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = "Retry-After"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = "GET, POST"
            headers["Access-Control-Allow-Headers"] = "Content-Type, Last-Event-ID"
            headers["Access-Control-Max-Age"] = "600"


async def preflight(_request: web.Request) -> web.Response:
    """Answer a browser that asks whether another site's page may use the API; the guard's headers say who may."""
    return web.Response(status=204)


def _log_unexpected(request: web.Request, exc: Exception) -> None:
    """Log the kind and the place of an error. Its own sentence may quote what somebody wrote."""
    log.error(
        "Unexpected error",
        extra={
            "request_id": request[REQUEST_ID],
            "error": type(exc).__name__,
            "trace": [
                f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(exc.__traceback__)
            ],
        },
    )
