"""The headers that every response carries, whoever answers; a part that needs others has set them by then."""

from collections.abc import Mapping

from aiohttp import web

SAFE: Mapping[str, str] = {
    # What is no page of ours shows nothing, runs nothing and stands in nobody's frame.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000"
"""A year of https only; not for subdomains, which may be others'."""


def page_policy(frame_ancestors: str = "'none'") -> str:
    """Return the content policy of our own pages: files of this host alone, nothing inline."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {frame_ancestors}"
    )


def harden(response: web.StreamResponse, *, https: bool) -> None:
    """Add every safe header that is not there yet; HSTS only where the browser came by https."""
    for name, value in SAFE.items():
        response.headers.setdefault(name, value)
    if https:
        response.headers["Strict-Transport-Security"] = HSTS
    response.headers.pop("Server", None)
