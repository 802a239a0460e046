"""What a request says about where it came from and how."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from bot.config import Settings
from bot.models import LANGUAGES, Language
from bot.staff.keys import PREFIX

DEFAULT_LANGUAGE: Language = "zh-Hans"
_TRADITIONAL = {"hant", "tw", "hk", "mo"}

Networks = Iterable[IPv4Network | IPv6Network]


def client(request: web.Request, trusted: Networks) -> str:
    """Return what to count attempts by: an IPv4 address, or the /64 that one subscriber has of IPv6.

    X-Forwarded-For counts only as far as trusted proxies wrote it.
    """
    address = _address(request.remote or "")
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    while forwarded and _trusted(address, trusted):
        nearer = _address(forwarded.pop().strip())
        if nearer is None:
            break
        address = nearer
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def is_https(request: web.Request, settings: Settings) -> bool:
    """Tell whether the visitor's browser came by https, here or at a proxy in front."""
    if request.secure:
        return True
    if _trusted(_address(request.remote or ""), settings.trusted_proxies):
        return request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
    public = urlsplit(settings.public_url or "")
    return public.scheme == "https" and public.netloc == request.host


def origin(request: web.Request, settings: Settings) -> str:
    """Return the address people reach the desk at, for links that are sent to somebody."""
    return settings.public_url or f"{'https' if is_https(request, settings) else 'http'}://{request.host}"


def from_another_site(request: web.Request) -> bool:
    """Tell whether the browser says that another site's page sent this request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    sender = request.headers.get("Origin", "null")
    return sender != "null" and urlsplit(sender).netloc != request.host


def local_path(path: str) -> str:
    """Return `path` if it is one of the console's own, else the queue: nobody is sent elsewhere."""
    parts = urlsplit(path)
    own = path == PREFIX or path.startswith((PREFIX + "/", PREFIX + "?"))
    if not own or parts.netloc or "\\" in path or not path.isprintable():
        return PREFIX
    return path


def language(request: web.Request) -> Language:
    """Return the language of a visitor without an account: `?language=`, then what the browser prefers."""
    for tag in (request.query.get("language", ""), *_preferred(request.headers.get("Accept-Language", ""))):
        found = read_language(tag)
        if found is not None:
            return found
    return DEFAULT_LANGUAGE


def read_language(tag: str) -> Language | None:
    """Return the desk's language for a tag such as `zh-HK` or `en_GB`; None for one it does not speak."""
    for known in LANGUAGES:
        if tag == known:
            return known
    main, *rest = tag.strip().lower().replace("_", "-").split("-")
    if main == "en":
        return "en"
    if main != "zh":
        return None
    return "zh-Hant" if _TRADITIONAL.intersection(rest) and "hans" not in rest else "zh-Hans"


def _preferred(header: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for item in header.split(",")[:20]:
        tag, _, quality = item.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if weight > 0:
            weighed.append((weight, tag))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


def _trusted(address: IPv4Address | IPv6Address | None, networks: Networks) -> bool:
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
