"""Settings from the environment, read once; every mistake is reported together, each with its remedy."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.encoder import folder_fault
from bot.errors import ConfigError, Fault

_GROUP = re.compile("-[0-9]{1,19}")
_METRICS_TOKEN = re.compile("[!-~]{16,256}")
_NOTICE = re.compile("[0-9]|10")
PRODUCT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the desk runs and with what."""

    host: str
    port: int
    data_dir: Path
    """The embedded store, and what was learned; with a database only the latter, which processes may share."""
    database_url: str | None = field(repr=False)
    """The PostgreSQL database; None for the embedded store."""
    database_direct_url: str | None = field(repr=False)
    """The same database without a pooler in between: for what hangs on one connection."""
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
    metrics_token: str | None = field(repr=False)
    """Who shows it may read /metrics from anywhere; None leaves that to this machine."""
    drain_notice: float
    """Seconds at the end between "not ready" and the last connection taken: what a balancer needs to notice."""

    @property
    def socket(self) -> Path | None:
        """Where commands reach the running desk; None with a database, where they go to that."""
        return None if self.database_url is not None else self.data_dir / "desk.sock"


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


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
    zone = _zone(zone_name)
    if zone is None:
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
    faults.extend(_origin_faults(origins))
    proxies, proxy_faults = _proxies(text("TRUSTED_PROXIES") or "")
    faults.extend(proxy_faults)

    database, direct = text("DATABASE_URL"), text("DATABASE_DIRECT_URL")
    faults.extend(_database_faults(database, direct))
    metrics_token = text("METRICS_TOKEN")
    if metrics_token is not None and not _METRICS_TOKEN.fullmatch(metrics_token):
        fault("METRICS_TOKEN", "must be 16 to 256 letters, digits and signs, without a space")
    notice = text("DRAIN_NOTICE") or ("3" if database else "0")
    if not _NOTICE.fullmatch(notice):
        fault("DRAIN_NOTICE", f"is {notice!r}; write a number of seconds from 0 to 10, such as 5")
        notice = "0"

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
        database_url=database,
        database_direct_url=direct or database,
        intents_dir=intents_dir,
        knowledge_dir=knowledge_dir,
        encoder_dir=encoder_dir,
        key=text("DESK_KEY"),
        key_file=folder("DESK_KEY_FILE", config_home / "inquiry-desk" / "desk.key"),
        timezone=zone or ZoneInfo("UTC"),
        telegram_token=token,
        telegram_api=(text("TELEGRAM_API") or "https://api.telegram.org").rstrip("/"),
        telegram_secret=secret,
        telegram_staff_chat=int(staff_chat) if staff_chat and _GROUP.fullmatch(staff_chat) else None,
        public_url=public_url,
        embed_origins=origins,
        trusted_proxies=proxies,
        metrics_token=metrics_token,
        drain_notice=float(notice),
    )
    if faults:
        raise ConfigError(faults)
    return settings


def _origin_faults(origins: Sequence[str]) -> list[Fault]:
    faults = []
    for origin in origins:
        parts = _origin(origin)
        if parts is None or parts.path or parts.query:
            sentence = (
                f"holds {origin!r}; write origins such as https://www.city.example, separated by spaces"
            )
            faults.append(Fault(where="EMBED_ORIGINS", sentence=sentence))
    return faults


def _proxies(text: str) -> tuple[tuple[IPv4Network | IPv6Network, ...], list[Fault]]:
    """Return the networks that are named, and what is wrong with others."""
    proxies: list[IPv4Network | IPv6Network] = []
    faults = []
    for proxy in text.replace(",", " ").split():
        try:
            proxies.append(ip_network(proxy))
        except ValueError:
            sentence = f"holds {proxy!r}; write addresses or networks such as 10.0.0.0/8"
            faults.append(Fault(where="TRUSTED_PROXIES", sentence=sentence))
    return tuple(proxies), faults


def _database_faults(url: str | None, direct: str | None) -> list[Fault]:
    """Return what is wrong with the database's addresses; no sentence repeats one, since it holds a password."""
    faults = [
        Fault(where=name, sentence=sentence)
        for name, address in (("DATABASE_URL", url), ("DATABASE_DIRECT_URL", direct))
        if address is not None and (sentence := _database_fault(address)) is not None
    ]
    if direct is not None and url is None:
        faults.append(
            Fault(
                where="DATABASE_DIRECT_URL", sentence="is set, but DATABASE_URL is not; set both, or neither"
            )
        )
    return faults


def _database_fault(address: str) -> str | None:
    such = "write an address such as postgresql://desk:password@db.example:5432/desk"
    encode = "write signs such as @ : / # ? % in a password as %40 %3A %2F %23 %3F %25"
    if not address.startswith(("postgresql://", "postgres://")):
        return f"does not begin with postgresql://; {such}"
    if not address.isprintable() or " " in address:
        return f"holds a space or a sign that cannot be seen; {such}"
    try:
        parts = urlsplit(address)
        asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
        # Several hosts (one primary and its standbys) stand side by side; each may have a port.
        hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
        # The port is read, and judged, only here.
        ports = [host.port for host in hosts]
    except ValueError:
        return f"cannot be read; {such}, and {encode}"
    if parts.fragment or parts.netloc.count("@") > 1 or 0 in ports:
        return f"cannot be read; {such}, and {encode}"
    if not parts.path.strip("/") and not asked.keys() & {"dbname", "service"}:
        return "names no database; end it with one, such as /desk"
    return None


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
