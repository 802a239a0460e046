"""Tokens: the only key to a web conversation. The desk keeps a digest; the citizen keeps the token."""

import hmac
import re
from hashlib import blake2b
from secrets import token_bytes, token_urlsafe

from bot.models import Address

CHANNEL = "webchat"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def new_token() -> str:
    """Return a new unguessable token: 32 random bytes in base64url."""
    return token_urlsafe(32)


def is_token(text: str) -> bool:
    """Tell whether the text could be a token."""
    return _TOKEN.match(text) is not None


def address_of(token: str) -> Address:
    """Return the address that the token opens."""
    return Address(channel=CHANNEL, chat=token)


class Starts:
    """Tokens handed out with a page, before anything was said.

    A browser that repeats its first message, because the network swallowed the reply, then speaks in the same
    conversation again and asks nothing twice. A start is the token with a seal that only this process can make,
    so nobody can bring a token of their own choosing.
    """

    def __init__(self) -> None:
        self._key = token_bytes(32)

    def issue(self) -> str:
        """Return a new start."""
        token = new_token()
        return f"{token}.{self._seal(token)}"

    def token(self, start: str) -> str | None:
        """Return the token in a start this process issued, else None."""
        token, _, seal = start.partition(".")
        if is_token(token) and hmac.compare_digest(
            seal.encode("utf-8", "replace"), self._seal(token).encode()
        ):
            return token
        return None

    def _seal(self, token: str) -> str:
        return blake2b(token.encode(), key=self._key, digest_size=16).hexdigest()
