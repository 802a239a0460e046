"""Settings from the environment, read once; every mistake is reported together, each with its remedy."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.encoder import folder_fault
from bot.errors import ConfigError, Fault

_GROUP = re.compile("-[0-9]{1,19}")
PRODUCT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the desk runs and with what."""

    host: str
    port: int
    data_dir: Path
    intents_dir: Path
    knowledge_dir: Path
    encoder_dir: Path | None
    """A sentence encoder to match with; None without one."""
    key: str | None = field(repr=False)
    key_file: Path
    timezone: ZoneInfo
    telegram_token: str | None = field(repr=False)
    telegram_api: str
    telegram_secret: str | None = field(repr=False)
    telegram_staff_chat: int | None
    """The group in which staff are told of urgent situations."""
    public_url: str | None
    embed_origins: tuple[str, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]


def _origin(text: str) -> SplitResult | None:
    """Return the parts of a web address, or None when it is none."""
    try:
        parts = urlsplit(text)
    except ValueError:  # brackets that hold no address
        return None
    return parts if parts.scheme in ("https", "http") and parts.hostname else None


def read_settings(environ: Mapping[str, str] = os.environ, *, host: str | None = None) -> Settings:
    """Read the settings. Raises `ConfigError` with every mistake found."""
    faults: list[Fault] = []

    def fault(name: str, sentence: str) -> None:
        faults.append(Fault(where=name, sentence=sentence))

    def text(name: str) -> str | None:
        return environ.get(name, "").strip() or None

    def folder(name: str, default: Path) -> Path:
        try:
            return Path(environ[name]).expanduser() if text(name) else default
        except RuntimeError:
            fault(name, f"is {environ[name]!r}, and there is no such user; write the whole path")
            return default

    port_text = text("PORT") or "8080"
    port = int(port_text) if port_text.isascii() and port_text.isdigit() else -1
    if not 0 <= port <= 65535:
        fault("PORT", f"is {port_text!r}; write a number from 0 to 65535, such as 8080")

    zone_name = text("DESK_TIMEZONE") or "Asia/Shanghai"
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
        fault("DESK_TIMEZONE", f"is {zone_name!r}; write a zone such as Asia/Shanghai")

    public_url = text("PUBLIC_URL")
    if public_url is not None:
        public_url = public_url.rstrip("/")
        if _origin(public_url) is None:
            fault(
                "PUBLIC_URL",
                f"is {public_url!r}; write the address people reach the desk at, such as https://desk.example",
            )

    origins = tuple(origin.rstrip("/") for origin in (text("EMBED_ORIGINS") or "").replace(",", " ").split())
    for origin in origins:
        parts = _origin(origin)
        if parts is None or parts.path or parts.query:
            fault(
                "EMBED_ORIGINS",
                f"holds {origin!r}; write origins such as https://www.city.example, separated by spaces",
            )

    proxies: list[IPv4Network | IPv6Network] = []
    for proxy in (text("TRUSTED_PROXIES") or "").replace(",", " ").split():
        try:
            proxies.append(ip_network(proxy))
        except ValueError:
            fault("TRUSTED_PROXIES", f"holds {proxy!r}; write addresses or networks such as 10.0.0.0/8")

    token, secret = text("TELEGRAM_TOKEN"), text("TELEGRAM_SECRET")
    staff_chat = text("TELEGRAM_STAFF_CHAT")
    faults.extend(_telegram_faults(token, secret, staff_chat))

    intents_dir = folder("INTENTS_DIR", PRODUCT / "intents")
    knowledge_dir = folder("KNOWLEDGE_DIR", PRODUCT / "knowledge")
    for name, path in (("INTENTS_DIR", intents_dir), ("KNOWLEDGE_DIR", knowledge_dir)):
        if not path.is_dir():
            fault(name, f"is {str(path)!r}, which is no folder; name the folder that holds the content")

    encoder_dir = folder("ENCODER_DIR", Path()) if text("ENCODER_DIR") else None
    sentence = None if encoder_dir is None else folder_fault(encoder_dir)
    if sentence is not None:
        fault("ENCODER_DIR", sentence)

    config_home = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    settings = Settings(
        host=host or text("HOST") or "127.0.0.1",
        port=port,
        data_dir=folder("DATA_DIR", Path("data")),
        intents_dir=intents_dir,
        knowledge_dir=knowledge_dir,
        encoder_dir=encoder_dir,
        key=text("DESK_KEY"),
        key_file=folder("DESK_KEY_FILE", config_home / "inquiry-desk" / "desk.key"),
        timezone=zone,
        telegram_token=token,
        telegram_api=(text("TELEGRAM_API") or "https://api.telegram.org").rstrip("/"),
        telegram_secret=secret,
        telegram_staff_chat=int(staff_chat) if staff_chat and _GROUP.fullmatch(staff_chat) else None,
        public_url=public_url,
        embed_origins=origins,
        trusted_proxies=tuple(proxies),
    )
    if faults:
        raise ConfigError(faults)
    return settings


def _telegram_faults(token: str | None, secret: str | None, staff_chat: str | None) -> list[Fault]:
    faults = []
    if token is not None and ":" not in token:
        faults.append(
            Fault(
                where="TELEGRAM_TOKEN", sentence="has no colon; copy the whole token that BotFather gave you"
            )
        )
    if secret is not None and not re.fullmatch("[A-Za-z0-9_-]{1,256}", secret):
        faults.append(
            Fault(
                where="TELEGRAM_SECRET",
                sentence="must be 1 to 256 of A-Z, a-z, 0-9, _ and -; leave it out for a derived one",
            )
        )
    if staff_chat is not None and not _GROUP.fullmatch(staff_chat):
        faults.append(
            Fault(
                where="TELEGRAM_STAFF_CHAT",
                sentence=f"is {staff_chat!r}; write the number of a group, such as -1001234567890",
            )
        )
    elif staff_chat is not None and token is None:
        faults.append(
            Fault(
                where="TELEGRAM_STAFF_CHAT",
                sentence="is set, but TELEGRAM_TOKEN is not; set both, or neither",
            )
        )
    return faults
