"""Where a request came from and which language its sender reads: the same for the chat page and the console."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from aiohttp import web

from bot.models import Language
from bot.text import read_language

Networks = Iterable[IPv4Network | IPv6Network]


def client_address(request: web.Request, trusted: Networks) -> IPv4Address | IPv6Address | None:
    """Return the address the request came from; X-Forwarded-For counts only when a trusted proxy wrote it."""
    networks = tuple(trusted)
    address = _read(request.remote or "")
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    while forwarded and address is not None and any(address in network for network in networks):
        nearer = _read(forwarded.pop().strip())
        if nearer is None:
            break
        address = nearer
    return address


def household(address: IPv4Address | IPv6Address) -> str:
    """Return what one subscriber is given: an IPv4 address, or the /64 of an IPv6 one."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address)


def shared(address: IPv4Address | IPv6Address | None) -> bool:
    """Tell whether the address may stand for many people: this machine, a private network, an unnamed proxy.

    A limit on it would fall on everybody behind it, so none is set.
    """
    return address is None or not address.is_global


def is_trusted(request: web.Request, trusted: Networks) -> bool:
    """Tell whether a trusted proxy handed the request over."""
    address = _read(request.remote or "")
    return address is not None and any(address in network for network in trusted)


def is_https(request: web.Request, trusted: Networks, public_url: str | None) -> bool:
    """Tell whether the visitor's browser came by https, here or at a proxy in front."""
    if request.secure:
        return True
    told = request.headers.get("X-Forwarded-Proto", "").strip().lower()
    if told and is_trusted(request, trusted):
        return told == "https"
    public = urlsplit(public_url or "")
    return public.scheme == "https" and public.netloc == request.host


def preferred(header: str) -> Language | None:
    """Return the language an Accept-Language header likes best among the desk's."""
    best: tuple[float, Language] | None = None
    for item in header.split(",")[:20]:
        tag, _, quality = item.partition(";")
        language = read_language(tag)
        if language is None:
            continue
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if weight > 0 and (best is None or weight > best[0]):
            best = (weight, language)
    return best[1] if best else None


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
