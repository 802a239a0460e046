"""Verbs for accounts, invitations and sessions of staff."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime

from bot.errors import CodeSpent, InviteSpent, NameTaken, NotFound
from bot.models import AuditAct, AuditEntry, FactorReset, Invite, Role, SecondFactor, Session, StaffAccount
from bot.store.base import AccountChange
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.shared import note
from bot.store.postgres.tables import INVITES, SESSIONS, STAFF
from bot.store.postgres.transaction import Transaction

ACCOUNT = f"SELECT {STAFF.selected()} FROM staff WHERE name = %s"


class AccountVerbs(Core):
    """Who may sign in, and who has."""

    @reading
    async def staff(self, tx: Transaction) -> Sequence[StaffAccount]:
        """Return all accounts by name."""
        return [
            STAFF.record(row) for row in await tx.rows(f"SELECT {STAFF.selected()} FROM staff ORDER BY name")
        ]

    @reading
    async def account(self, tx: Transaction, name: str) -> StaffAccount | None:
        """Return the account of that name, if any."""
        row = await tx.row(ACCOUNT, (name,))
        return None if row is None else STAFF.record(row)

    @verb
    async def save_invite(self, tx: Transaction, invite: Invite) -> None:
        """Keep an invitation."""
        await tx.run(INVITES.put, INVITES.row(invite))

    @reading
    async def invite(self, tx: Transaction, digest: str) -> Invite | None:
        """Return the invitation, if it was not spent."""
        row = await tx.row(f"SELECT {INVITES.selected()} FROM invites WHERE digest = %s", (digest,))
        return None if row is None else INVITES.record(row)

    @verb
    async def accept_invite(
        self, tx: Transaction, digest: str, account: StaffAccount, now: datetime
    ) -> StaffAccount:
        """Spend the invitation and make the account with the invitation's role, in one."""
        spent = await tx.row(
            "DELETE FROM invites WHERE digest = %s AND expires_at > %s RETURNING role", (digest, now)
        )
        if spent is None:
            raise InviteSpent("This invitation was used or has run out; ask for a new one.")
        made = replace(account, role=Role(spent[0]))
        if await tx.row(f"{STAFF.insert} ON CONFLICT DO NOTHING RETURNING 1", STAFF.row(made)) is None:
            raise NameTaken("An account of that name exists; choose another name.")
        tx.tell("staff", made.name)
        return made

    @verb
    async def change_account(
        self, tx: Transaction, name: str, change: AccountChange, recorded: AuditEntry | None = None
    ) -> StaffAccount:
        """Change an account; when anything but its language is another than before, its sessions end."""
        stored = await _need(tx, name)
        given = {field.name: getattr(change, field.name) for field in fields(change)}
        changed = replace(stored, **{field: value for field, value in given.items() if value is not None})
        await _put(tx, changed)
        if changed != replace(stored, language=changed.language):
            await _end_sessions(tx, name)
            if recorded is not None:
                await note(tx, self._chain, recorded)
        return changed

    @verb
    async def set_second_factor(self, tx: Transaction, name: str, factor: SecondFactor) -> None:
        """Keep a second factor; the account's sessions end."""
        await _put(tx, replace(await _need(tx, name), second_factor=factor, factor_reset=None))
        await _end_sessions(tx, name)

    @verb
    async def remove_second_factor(self, tx: Transaction, name: str, reset: FactorReset | None) -> None:
        """Forget the second factor; the account's sessions end."""
        stored = await _need(tx, name)
        await _put(tx, replace(stored, second_factor=None, factor_reset=reset))
        await _end_sessions(tx, name)
        if reset is not None and stored.second_factor is not None:
            act = AuditAct.FACTOR_RESET
            done = AuditEntry(at=reset.at, account=reset.by, act=act, situation_id="", second=name)
            await note(tx, self._chain, done)

    @verb
    async def spend_code(self, tx: Transaction, name: str, step: int) -> None:
        """Note that the code of that step was used."""
        stored, factor = await _need_factor(tx, name)
        if step <= factor.used_step:
            raise CodeSpent("This code was used already; wait for the next one.")
        await _put(tx, replace(stored, second_factor=replace(factor, used_step=step)))

    @verb
    async def spend_recovery_code(self, tx: Transaction, name: str, digest: str) -> int:
        """Forget a recovery code; return how many are left."""
        stored, factor = await _need_factor(tx, name)
        if digest not in factor.recovery:
            raise CodeSpent("This recovery code was used already, or never existed.")
        left = tuple(kept for kept in factor.recovery if kept != digest)
        await _put(tx, replace(stored, second_factor=replace(factor, recovery=left)))
        return len(left)

    @verb
    async def renew_recovery_codes(self, tx: Transaction, name: str, digests: tuple[str, ...]) -> None:
        """Keep these recovery codes instead of those before."""
        stored, factor = await _need_factor(tx, name)
        await _put(tx, replace(stored, second_factor=replace(factor, recovery=digests)))

    @verb
    async def save_session(self, tx: Transaction, session: Session) -> None:
        """Keep a session (new, or used again); one that was ended stays ended."""
        # Shared with other sessions, but not with who disables the account or ends all of them.
        account = await tx.row("SELECT disabled FROM staff WHERE name = %s FOR SHARE", (session.staff,))
        if account is None or account[0]:
            raise NotFound("There is no such account, or it is disabled; ask an administrator.")
        if session.used_at > session.started_at:
            used = "UPDATE sessions SET used_at = %s, csrf = %s WHERE digest = %s"
            await tx.run(used, (session.used_at, session.csrf, session.digest))
        else:
            await tx.run(SESSIONS.put, SESSIONS.row(session))

    @reading
    async def session(self, tx: Transaction, digest: str) -> Session | None:
        """Return the session, if it was not ended."""
        row = await tx.row(f"SELECT {SESSIONS.selected()} FROM sessions WHERE digest = %s", (digest,))
        return None if row is None else SESSIONS.record(row)

    @verb
    async def end_session(self, tx: Transaction, digest: str) -> None:
        """Forget the session; ending one that is gone is no error."""
        ended = await tx.row("DELETE FROM sessions WHERE digest = %s RETURNING staff", (digest,))
        if ended is not None:
            tx.tell("staff", ended[0])


async def _need(tx: Transaction, name: str) -> StaffAccount:
    """Return the account, which nobody else changes before the end of this. Raises `NotFound`."""
    row = await tx.row(f"{ACCOUNT} FOR UPDATE", (name,))
    if row is None:
        raise NotFound(f"There is no {name!r} among the staff (any more); look again.")
    return STAFF.record(row)


async def _need_factor(tx: Transaction, name: str) -> tuple[StaffAccount, SecondFactor]:
    account = await _need(tx, name)
    if account.second_factor is None:
        raise NotFound(f"{name} has no second factor (any more).")
    return account, account.second_factor


async def _put(tx: Transaction, account: StaffAccount) -> None:
    await tx.run(STAFF.put, STAFF.row(account))
    tx.tell("staff", account.name)


async def _end_sessions(tx: Transaction, name: str) -> None:
    await tx.run("DELETE FROM sessions WHERE staff = %s", (name,))
