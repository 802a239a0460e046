"""The second factor of an account: codes of a program on a telephone (TOTP, RFC 6238), and recovery codes on paper.

The program's secret is sealed at rest and opened only to check a code. A code works once, and so does a recovery code;
of those the store holds digests. What a page must bring back (a secret not yet confirmed, a password just checked)
travels sealed in its form, so that nothing is kept of who has begun to sign in.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

import pyotp
import segno
from markupsafe import Markup

from bot.codec import from_json, to_json
from bot.errors import CodeSpent, DeskError, NotFound, VaultError
from bot.models import FactorReset, Sealed, SecondFactor, StaffAccount
from bot.reference import ALPHABET, READ_AS
from bot.store.base import Store
from bot.throttle import Failures
from bot.vault import Vault

SECRET_LENGTH = 32
"""Base 32 digits of a secret: 160 bits."""
DRIFT = 1
"""Steps of 30 s by which a telephone's clock may be off."""
RECOVERY_CODES = 10
RECOVERY_DIGITS = 16
"""Each tells one of 32: 80 bits, beyond what could be tried against a digest."""
TICKET_LASTS = timedelta(minutes=10)
FAILURES, FAILURE_WINDOW = 5, timedelta(minutes=15)
"""Of a million codes three fit at a time, so guessing at this pace finds one in about two years."""
PURPOSE, TICKET = "second factor", "second factor ticket"


class CodeRefused(DeskError):
    """The code does not fit, or was used before."""


class TicketOver(DeskError):
    """What the form brought back is too old or for somebody else: begin again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A secret to be confirmed by a code of it."""

    secret: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a form brings back sealed."""

    name: str
    at: datetime
    secret: str = ""
    """The secret proposed; empty while somebody signs in."""
    password: str = ""
    """A digest of the password's hash that was met, so that a new password ends it."""


def address(secret: str, name: str, issuer: str) -> str:
    """Return the otpauth address that a telephone's program reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name, issuer_name=issuer)


def picture(text: str) -> Markup:
    """Return the QR code of a text as SVG, dark on light whatever the page's colours."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))  # noqa: S704 - our own SVG


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the 30-second step whose code this is, at most `DRIFT` steps from now; None when it is none's."""
    totp = pyotp.TOTP(secret)
    here, given = totp.timecode(now), code.encode("utf-8", "replace")
    steps = range(here - DRIFT, here + DRIFT + 1)
    fitting = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)]
    return fitting[0] if fitting else None


def new_recovery_codes() -> tuple[str, ...]:
    """Return fresh recovery codes, in groups of four to copy by hand."""
    made = []
    for _ in range(RECOVERY_CODES):
        digits = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_DIGITS))
        made.append("-".join(digits[at : at + 4] for at in range(0, RECOVERY_DIGITS, 4)))
    return tuple(made)


def plain(code: str) -> str:
    """Return a code as it is compared: without spaces and hyphens, in capitals, look-alikes read as what was meant."""
    return "".join(code.split()).replace("-", "").upper().translate(READ_AS)[:64]


class SecondFactors:
    """Sets up, checks and removes the second factors of accounts."""

    def __init__(self, store: Store, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._failures = Failures(FAILURES, FAILURE_WINDOW)

    def propose(self, account: StaffAccount) -> Proposal:
        """Return a new secret for the account, and the ticket that brings it back."""
        secret = pyotp.random_base32(SECRET_LENGTH)
        return Proposal(
            secret=secret, ticket=self._seal(Ticket(name=account.name, at=self._clock(), secret=secret))
        )

    def proposed(self, account: StaffAccount, ticket: str) -> Proposal:
        """Return the proposal again whose confirming went wrong. Raises `TicketOver`."""
        secret = self._open(ticket, account).secret
        if not secret:
            raise TicketOver("This form is for something else; begin again.")
        return Proposal(secret=secret, ticket=ticket)

    async def switch_on(self, account: StaffAccount, ticket: str, code: str) -> tuple[str, ...]:
        """Keep the proposed secret, confirmed by a code of it; return recovery codes to show once.

        The account's sessions end. Raises `TicketOver`, `CodeRefused`, `Throttled`.
        """
        if account.second_factor is not None:
            raise TicketOver("There is a second factor already; switch it off first.")
        now = self._clock()
        secret = self.proposed(account, ticket).secret
        self._failures.mind(account.name, now)
        step = matching_step(secret, plain(code), now)
        if step is None:
            self._refuse(account, now)
        codes = new_recovery_codes()
        await self._store.set_second_factor(
            account.name,
            SecondFactor(
                secret=self._vault.seal(PURPOSE, secret.encode()),
                used_step=step,
                recovery=_kept(codes),
                since=now,
            ),
        )
        return codes

    def begin(self, account: StaffAccount) -> str:
        """Return the ticket of somebody whose password was right and who must show a code yet."""
        return self._seal(
            Ticket(name=account.name, at=self._clock(), password=_digest(account.password_hash))
        )

    async def account_of(self, ticket: str) -> StaffAccount:
        """Return whose password was right. Raises `TicketOver`, also when the account has changed since."""
        opened = self._open(ticket, None)
        account = await self._store.account(opened.name)
        if (
            account is None
            or account.disabled
            or account.second_factor is None
            or opened.password != _digest(account.password_hash)
        ):
            raise TicketOver("Sign in again from the beginning.")
        return account

    async def check(self, account: StaffAccount, code: str) -> None:
        """Spend a code of the account, or one of its recovery codes. Raises `CodeRefused`, `Throttled`."""
        now = self._clock()
        self._failures.mind(account.name, now)
        given = plain(code)
        try:
            if account.second_factor is not None and len(given) == RECOVERY_DIGITS:
                await self._store.spend_recovery_code(account.name, _digest(given))
                return
            if account.second_factor is not None:
                secret = self._vault.open(PURPOSE, account.second_factor.secret).decode()
                step = matching_step(secret, given, now)
                if step is not None:
                    await self._store.spend_code(account.name, step)
                    return
        except (CodeSpent, NotFound):
            pass  # said like a wrong one: whoever tries learns nothing
        self._refuse(account, now)

    async def renew(self, account: StaffAccount) -> tuple[str, ...]:
        """Return new recovery codes to show once; those before are void. Raises `NotFound`."""
        codes = new_recovery_codes()
        await self._store.renew_recovery_codes(account.name, _kept(codes))
        return codes

    async def remove(self, name: str, by: str | None = None) -> None:
        """Take the second factor away, and end the account's sessions; `by` is who did, if not its owner."""
        reset = None if by is None else FactorReset(by=by, at=self._clock())
        await self._store.remove_second_factor(name, reset)

    def _refuse(self, account: StaffAccount, now: datetime) -> NoReturn:
        self._failures.fail(account.name, now)
        raise CodeRefused("The code does not fit, or was used before.")

    def _seal(self, ticket: Ticket) -> str:
        return urlsafe_b64encode(self._vault.seal(TICKET, to_json(ticket))).decode()

    def _open(self, ticket: str, account: StaffAccount | None) -> Ticket:
        try:
            opened = from_json(Ticket, self._vault.open(TICKET, Sealed(urlsafe_b64decode(ticket))))
        except (VaultError, ValueError) as exc:
            raise TicketOver("This form cannot be read; begin again.") from exc
        if self._clock() - opened.at >= TICKET_LASTS or (account is not None and opened.name != account.name):
            raise TicketOver("This form is too old; begin again.")
        return opened


def _kept(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(_digest(plain(code)) for code in codes)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
