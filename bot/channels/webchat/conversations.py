"""Tokens: the only key to a web conversation. The desk keeps a digest; the citizen keeps the token."""

import hmac
import re
from base64 import urlsafe_b64encode
from secrets import token_urlsafe

from bot.models import Address
from bot.vault import Vault

CHANNEL = "webchat"
UNGUESSABLE_ID = 16
"""Characters from which on a message id is taken to be nobody else's."""
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
    """Tokens of conversations in which nothing was said yet.

    Whoever repeats their first message, because the network swallowed the reply, then speaks in the same
    conversation again and asks nothing twice.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def issue(self) -> str:
        """Return a new start, handed out with a page: a token with a seal that only this desk can make."""
        token = new_token()
        return f"{token}.{self._seal(token)}"

    def token(self, start: str) -> str | None:
        """Return the token in a start this desk issued, else None: nobody brings a token of their own choosing."""
        token, _, seal = start.partition(".")
        if is_token(token) and hmac.compare_digest(
            seal.encode("utf-8", "replace"), self._seal(token).encode()
        ):
            return token
        return None

    def of_first_message(self, message_id: str, body: tuple[str | None, ...]) -> str | None:
        """Return the token that a first message always opens, told from its id and what it says.

        None for a short id: two people might choose the same one and say the same, and must not meet.
        """
        if len(message_id) < UNGUESSABLE_ID:
            return None
        digest = self._vault.digest("web first message", repr((message_id, body)))
        return urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")

    def _seal(self, token: str) -> str:
        return self._vault.digest("web start", token)[:32]
