"""What a request says about where it came from and how."""

from urllib.parse import urlsplit

from aiohttp import web

from bot import visitor
from bot.config import Settings
from bot.models import Language
from bot.staff.keys import PREFIX
from bot.text import read_language
from bot.visitor import Networks, client_address, household, preferred

DEFAULT_LANGUAGE: Language = "zh-Hans"


def client(request: web.Request, trusted: Networks) -> str:
    """Return what to count attempts by: an IPv4 address, or the /64 that one subscriber has of IPv6."""
    address = client_address(request, trusted)
    return "None" if address is None else household(address)


def is_https(request: web.Request, settings: Settings) -> bool:
    """Tell whether the visitor's browser came by https, here or at a proxy in front."""
    return visitor.is_https(request, settings.trusted_proxies, settings.public_url)


def cookie_name(name: str, *, https: bool) -> str:
    """Return the name a cookie goes by: over https one that no other host, nor a page without https, can set."""
    return f"__Host-{name}" if https else name


def cookie_path(*, https: bool) -> str:
    """Return the path a cookie is for; a `__Host-` cookie must be for all."""
    return "/" if https else PREFIX


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
    asked = read_language(request.query.get("language", ""))
    return asked or preferred(request.headers.get("Accept-Language", "")) or DEFAULT_LANGUAGE
