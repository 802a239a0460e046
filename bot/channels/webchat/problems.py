"""What can be wrong with a request, told as problem+json (RFC 9457) in the citizen's language."""

from collections.abc import Callable, Mapping

import orjson
from aiohttp import web

from bot.locale import catalogue
from bot.models import Language

STATUSES: Mapping[str, int] = {
    "body_not_utf8": 400,
    "body_not_json": 400,
    "body_not_object": 400,
    "body_unreadable": 400,
    "not_found": 404,
    "conversation_unknown": 404,
    "method_not_allowed": 405,
    "body_too_slow": 408,
    "body_too_large": 413,
    "media_type": 415,
    "field_type": 422,
    "field_missing": 422,
    "field_both": 422,
    "field_length": 422,
    "text_too_long": 422,
    "language_unknown": 422,
    "too_many": 429,
    "internal": 500,
    "not_recorded": 503,
    "too_many_streams": 503,
}
"""Every kind of problem with its status; `problem.<kind>` and `problem.<kind>.detail` are its sentences."""

SAID_BY_THE_DESK: Mapping[str, str] = {"too_many": "throttled", "not_recorded": "not_recorded"}
"""Problems that may stop somebody in danger: their detail is the desk's own sentence, with the numbers to call."""

Say = Callable[[str, Language], str]


class Problem(Exception):
    """A request the desk cannot serve, and what to say about it.

    `values` fill the sentence; `field` names the part of the body that is wrong; `retry_after` is in seconds.
    """

    def __init__(
        self,
        kind: str,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
        **values: str | int,
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = STATUSES[kind]
        self.field = field
        self.retry_after = retry_after
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.values: dict[str, str | int] = {"field": field or "", **values}

    def title(self, language: Language) -> str:
        """Return what is wrong, in a few words."""
        return catalogue(language)[f"problem.{self.kind}"]

    def detail(self, language: Language, say: Say) -> str:
        """Return what is wrong and what to do, in a sentence or two."""
        if self.kind in SAID_BY_THE_DESK:
            return say(SAID_BY_THE_DESK[self.kind], language)
        return catalogue(language)[f"problem.{self.kind}.detail"].format(**self.values)

    def as_json(self, language: Language, say: Say) -> web.Response:
        """Return the problem as application/problem+json."""
        body: dict[str, str | int] = {
            "type": f"urn:inquiry-desk:problem:{self.kind}",
            "title": self.title(language),
            "status": self.status,
            "detail": self.detail(language, say),
        }
        if self.field:
            body["field"] = self.field
        return web.Response(
            status=self.status,
            body=orjson.dumps(body),
            content_type="application/problem+json",
            headers={**self.headers, "Content-Language": language, "Cache-Control": "no-store"},
        )
