"""The page's own files, read once at start and served with an entity tag."""

from hashlib import blake2b
from pathlib import Path

from aiohttp import web

from bot.channels.webchat.problems import Problem

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class StaticFile:
    """A file and its entity tag."""

    def __init__(self, body: bytes, content_type: str, *, any_site: bool = False) -> None:
        self._body = body
        self._tag = blake2b(body, digest_size=12).hexdigest()
        self._content_type = content_type
        self._headers = {"Cache-Control": "no-cache"}
        if any_site:
            self._headers["Cross-Origin-Resource-Policy"] = "cross-origin"

    async def serve(self, request: web.Request) -> web.Response:
        """Send the file, or 304 to a browser that has it."""
        known = {tag.value for tag in request.if_none_match or ()}
        if known & {self._tag, "*"}:
            response = web.Response(status=304, headers=self._headers)
        else:
            response = web.Response(
                body=self._body, content_type=self._content_type, charset="utf-8", headers=self._headers
            )
        response.etag = self._tag
        return response


_FILES = {
    path.name: StaticFile(path.read_bytes(), _TYPES[path.suffix])
    for path in sorted(_FOLDER.iterdir())
    if path.suffix in _TYPES
}


async def get_static(request: web.Request) -> web.Response:
    """Serve one of the page's files."""
    file = _FILES.get(request.match_info["name"])
    if file is None:
        raise Problem("not_found")
    return await file.serve(request)
