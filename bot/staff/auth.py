"""Who may sign in at the console: invitations, passwords, sessions.

Passwords are argon2id hashes, made and checked by one thread beside the event loop. Of invitations and sessions the
store holds digests only, so that a copy of the data opens nothing.
"""

import asyncio
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from bot.errors import DeskError, InviteSpent, NotFound
from bot.models import AuditAct, AuditEntry, Invite, Language, Role, Session, StaffAccount
from bot.permissions import PERMISSIONS, Permission
from bot.staff.second_factor import CodeRefused, SecondFactors
from bot.store.base import AccountChange, Store
from bot.throttle import Failures, Throttled
from bot.vault import Vault

R = TypeVar("R")

INVITE_LASTS = timedelta(hours=24)
SESSION_IDLE = timedelta(hours=2)
SESSION_ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
"""A session in use is written no oftener than this."""
PASSWORD_LEAST, PASSWORD_MOST = 12, 256
PASSWORD_VARIETY = 5
NAME_LEAST, NAME_MOST = 2, 40
HASHES_WAITING_MOST = 16
"""Each hash costs about 0.2 s and 64 MiB, one after another; more in the line than this are turned away."""
FAILURES_BY_NAME, FAILURES_BY_CLIENT = 5, 60
FAILURE_WINDOW = timedelta(minutes=1)


class SignInRefused(DeskError):
    """Name and password do not open an account; never says which of them is wrong."""


class CodeWanted(DeskError):
    """The password is right, and the account has a second factor: `ticket` comes back with a code."""

    def __init__(self, ticket: str) -> None:
        super().__init__("A code is needed beside the password.")
        self.ticket = ticket


class Unsuitable(DeskError):
    """A name or password cannot be used; `reason` is the last part of the sentence's key in the catalogue."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This cannot be used: {reason.replace('_', ' ')}.")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody signed in, and the session they came with."""

    account: StaffAccount
    session: Session

    @property
    def name(self) -> str:
        return self.account.name

    def may(self, permission: Permission) -> bool:
        """Tell whether the account's role allows that."""
        return permission in PERMISSIONS.get(self.account.role, frozenset())


class Accounts:
    """The accounts of the console and their sessions. `close` when the desk stops."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Callable[[], datetime],
        hasher: PasswordHasher | None = None,
    ) -> None:
        self.factors = SecondFactors(store, vault, clock)
        self._store = store
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._waiting = 0
        self._by_name = Failures(FAILURES_BY_NAME, FAILURE_WINDOW)
        self._by_client = Failures(FAILURES_BY_CLIENT, FAILURE_WINDOW)
        self._decoy: str | None = None

    def close(self) -> None:
        """Let the hashing thread go."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    # --- people

    async def needs_first_administrator(self) -> bool:
        """Tell whether nobody can administer the console yet."""
        return not any(a.role is Role.ADMINISTRATOR and not a.disabled for a in await self._store.staff())

    async def people(self) -> Sequence[StaffAccount]:
        """Return all accounts by name."""
        return await self._store.staff()

    async def invite(self, role: Role) -> str:
        """Return a one-time token, good for 24 h, by which somebody makes an account of that role."""
        token = token_urlsafe(32)
        await self._store.save_invite(
            Invite(digest=_digest(token), role=role, expires_at=self._clock() + INVITE_LASTS)
        )
        return token

    async def is_invited(self, token: str, *, client: str = "") -> bool:
        """Tell whether the invitation can still be accepted. Raises `Throttled` for somebody who guesses."""
        now = self._clock()
        self._by_client.mind(client, now)
        invite = await self._store.invite(_digest(token))
        if invite is None or invite.expires_at <= now:
            self._by_client.fail(client, now)
            return False
        return True

    async def accept(
        self, token: str, name: str, password: str, language: Language, *, client: str = ""
    ) -> str:
        """Spend the invitation, make the account and return a session token.

        Raises `Unsuitable`, `NameTaken`, `InviteSpent`, `Throttled`.
        """
        now = self._clock()
        self._by_client.mind(client, now)
        name = tidy_name(name)
        check_password(password, name)
        # Names differ by more than case. The store, asked for the taken spelling, refuses it, and says so only to
        # somebody whose invitation is good.
        taken = next((a.name for a in await self._store.staff() if _same_name(a.name, name)), name)
        account = StaffAccount(
            name=taken,
            role=Role.STAFF,  # the store takes the role from the invitation
            password_hash=await self._hash(password),
            language=language,
            created_at=now,
        )
        try:
            await self._store.accept_invite(_digest(token), account, self._clock())
        except InviteSpent:
            self._by_client.fail(client, now)
            raise
        return await self._start_session(name)

    async def set_disabled(self, name: str, disabled: bool) -> None:
        """Shut an account out at once, or let it in again. Raises `NotFound`."""
        await self._store.change_account(name, AccountChange(disabled=disabled))

    async def set_access(self, name: str, role: Role, lanes: Iterable[str], *, by: str) -> StaffAccount:
        """Give an account its role, and name it for just these restricted lanes.

        A change ends its sessions, and stands in the record that shows who read what. Raises `NotFound`.
        """
        given = AuditEntry(
            at=self._clock(), account=by, act=AuditAct.ACCESS_GIVEN, situation_id="", second=name
        )
        change = AccountChange(role=role, lanes=tuple(sorted(set(lanes))))
        return await self._store.change_account(name, change, given)

    async def begin_session(self, name: str) -> str:
        """Return the token of a new session, for somebody whose own change has just ended the one they came with."""
        return await self._start_session(name)

    async def set_language(self, name: str, language: Language) -> None:
        """Remember in which language the console speaks to this account. Raises `NotFound`."""
        await self._store.change_account(name, AccountChange(language=language))

    async def change_password(self, name: str, old: str, new: str, *, client: str = "") -> str:
        """Set a new password, end every session of the account and return the token of a new one.

        Raises `SignInRefused` when `old` is wrong, `Unsuitable`, `Throttled`.
        """
        check_password(new, name)
        await self.confirm(name, old, client=client)
        await self._store.change_account(name, AccountChange(password_hash=await self._hash(new)))
        return await self._start_session(name)

    async def confirm(self, name: str, password: str, *, client: str = "") -> StaffAccount:
        """Return the account when this is its password: asked again before what a stolen session must not do.

        Raises `SignInRefused`, `Throttled`, `NotFound`.
        """
        now = self._clock()
        self._mind(name, client, now)
        account = await self._account(name)
        if not await self._verify(account.password_hash, password):
            self._failed(name, client, now)
            raise SignInRefused("The present password is not right.")
        return account

    # --- sessions

    async def sign_in(self, name: str, password: str, *, client: str = "") -> str:
        """Return a session token.

        Raises `SignInRefused` with the same sentence, after the same work, whether the name, the password or
        both are wrong or the account is disabled; `CodeWanted` when only the code is missing; `Throttled` after
        too many failures.
        """
        now = self._clock()
        wanted = unicodedata.normalize("NFC", name).strip()[:NAME_MOST]
        self._mind(wanted, client, now)
        account = next((a for a in await self._store.staff() if _same_name(a.name, wanted)), None)
        decoy = await self._decoy_hash()
        fits = await self._verify(account.password_hash if account else decoy, password)
        if account is None or not fits or account.disabled:
            self._failed(wanted, client, now)
            raise SignInRefused("Name or password is not right.")
        if account.second_factor is not None:
            raise CodeWanted(self.factors.begin(account))
        return await self._start_session(account.name)

    async def sign_in_with_code(self, ticket: str, code: str, *, client: str = "") -> str:
        """Return a session token to whoever brings the ticket of `CodeWanted` and a code of the account.

        Raises `TicketOver` when they must begin again, `CodeRefused`, `Throttled`.
        """
        now = self._clock()
        self._by_client.mind(client, now)
        account = await self.factors.account_of(ticket)
        try:
            await self.factors.check(account, code)
        except CodeRefused:
            self._by_client.fail(client, now)
            raise
        return await self._start_session(account.name)

    async def visitor(self, token: str, *, touch: bool = True) -> Visitor | None:
        """Return who the session token belongs to, or None when it is over.

        `touch` counts this as activity: what a page fetches by itself must not keep a session alive.
        """
        session = await self._store.session(_digest(token))
        if session is None:
            return None
        now = self._clock()
        if now - session.used_at >= SESSION_IDLE or now - session.started_at >= SESSION_ABSOLUTE:
            await self._store.end_session(session.digest)
            return None
        account = await self._store.account(session.staff)
        if account is None or account.disabled:
            return None
        if touch and now - session.used_at >= TOUCH_EVERY:
            session = replace(session, used_at=now)
            await self._store.save_session(session)
        return Visitor(account=account, session=session)

    async def sign_out(self, token: str) -> None:
        """End the session; a token that is over already is no error."""
        await self._store.end_session(_digest(token))

    async def _start_session(self, name: str) -> str:
        token = token_urlsafe(32)
        now = self._clock()
        session = Session(
            digest=_digest(token), staff=name, csrf=token_urlsafe(24), started_at=now, used_at=now
        )
        try:
            await self._store.save_session(session)
        except NotFound as exc:  # disabled between the check and now
            raise SignInRefused("Name or password is not right.") from exc
        return token

    async def _account(self, name: str) -> StaffAccount:
        account = await self._store.account(name)
        if account is None:
            raise NotFound(f"There is no account named {name}.")
        return account

    # --- guesses

    def _mind(self, name: str, client: str, now: datetime) -> None:
        self._by_name.mind(name.casefold(), now)
        self._by_client.mind(client, now)

    def _failed(self, name: str, client: str, now: datetime) -> None:
        self._by_name.fail(name.casefold(), now)
        self._by_client.fail(client, now)

    # --- argon2, beside the loop

    async def _hash(self, password: str) -> str:
        return await self._in_thread(self._hasher.hash, password)

    async def _verify(self, stored: str, password: str) -> bool:
        if len(password) > PASSWORD_MOST:
            password = ""  # no stored hash fits it, and the work stays the same
        try:
            return await self._in_thread(self._hasher.verify, stored, password)
        except VerificationError:
            return False

    async def _decoy_hash(self) -> str:
        """A hash nothing fits, so that a wrong name takes as long as a wrong password."""
        if self._decoy is None:
            self._decoy = await self._hash(token_urlsafe(32))
        return self._decoy

    async def _in_thread(self, work: Callable[..., R], *args: str) -> R:
        if self._waiting >= HASHES_WAITING_MOST:
            raise Throttled(5)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        finally:
            self._waiting -= 1


def tidy_name(name: str) -> str:
    """Return the name as accounts carry it. Raises `Unsuitable`."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not NAME_LEAST <= len(tidy) <= NAME_MOST:
        raise Unsuitable("name_length")
    if not all(c.isalnum() or c in " .-_'·" or unicodedata.category(c).startswith("M") for c in tidy):
        raise Unsuitable("name_characters")
    return tidy


def check_password(password: str, name: str) -> None:
    """Raise `Unsuitable` unless the password is long and varied enough and does not hold the name."""
    if len(password) < PASSWORD_LEAST:
        raise Unsuitable("password_short")
    if len(password) > PASSWORD_MOST:
        raise Unsuitable("password_long")
    if len(set(password)) < PASSWORD_VARIETY:
        raise Unsuitable("password_plain")
    if len(name) >= 4 and name.casefold() in password.casefold():
        raise Unsuitable("password_name")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _same_name(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
