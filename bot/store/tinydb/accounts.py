"""Verbs for accounts, invitations and sessions of staff."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime

from bot.errors import CodeSpent, InviteSpent, NameTaken, NotFound
from bot.models import AuditAct, AuditEntry, FactorReset, Invite, SecondFactor, Session, StaffAccount
from bot.store.base import AccountChange
from bot.store.tinydb.core import Core, verb
from bot.store.tinydb.shared import note


class AccountVerbs(Core):
    """Who may sign in, and who has."""

    @verb
    def staff(self) -> Sequence[StaffAccount]:
        """Return all accounts by name."""
        return sorted(self._tables.staff.all(), key=lambda account: account.name)

    @verb
    def account(self, name: str) -> StaffAccount | None:
        """Return the account of that name, if any."""
        return self._tables.staff.get(name)

    @verb
    def save_invite(self, invite: Invite) -> None:
        """Keep an invitation."""
        self._tables.invites.put(invite)

    @verb
    def invite(self, digest: str) -> Invite | None:
        """Return the invitation, if it was not spent."""
        return self._tables.invites.get(digest)

    @verb
    def accept_invite(self, digest: str, account: StaffAccount, now: datetime) -> StaffAccount:
        """Spend the invitation and make the account with the invitation's role, in one."""
        invite = self._tables.invites.get(digest)
        if invite is None or invite.expires_at <= now:
            raise InviteSpent("This invitation was used or has run out; ask for a new one.")
        if self._tables.staff.get(account.name) is not None:
            raise NameTaken("An account of that name exists; choose another name.")
        self._tables.invites.remove(digest)
        made = replace(account, role=invite.role)
        self._tables.staff.add(made)
        return made

    @verb
    def change_account(
        self, name: str, change: AccountChange, recorded: AuditEntry | None = None
    ) -> StaffAccount:
        """Change an account; when anything but its language is another than before, its sessions end."""
        stored = self._tables.staff.need(name)
        given = {field.name: getattr(change, field.name) for field in fields(change)}
        changed = replace(stored, **{field: value for field, value in given.items() if value is not None})
        self._tables.staff.put(changed)
        if changed != replace(stored, language=changed.language):
            self._end_sessions(name)
            if recorded is not None:
                note(self._tables, self._chain, recorded)
        return changed

    @verb
    def set_second_factor(self, name: str, factor: SecondFactor) -> None:
        """Keep a second factor; the account's sessions end."""
        stored = self._tables.staff.need(name)
        self._tables.staff.put(replace(stored, second_factor=factor, factor_reset=None))
        self._end_sessions(name)

    @verb
    def remove_second_factor(self, name: str, reset: FactorReset | None) -> None:
        """Forget the second factor; the account's sessions end."""
        stored = self._tables.staff.need(name)
        self._tables.staff.put(replace(stored, second_factor=None, factor_reset=reset))
        self._end_sessions(name)
        if reset is not None and stored.second_factor is not None:
            act = AuditAct.FACTOR_RESET
            done = AuditEntry(at=reset.at, account=reset.by, act=act, situation_id="", second=name)
            note(self._tables, self._chain, done)

    @verb
    def spend_code(self, name: str, step: int) -> None:
        """Note that the code of that step was used."""
        stored, factor = self._second_factor(name)
        if step <= factor.used_step:
            raise CodeSpent("This code was used already; wait for the next one.")
        self._tables.staff.put(replace(stored, second_factor=replace(factor, used_step=step)))

    @verb
    def spend_recovery_code(self, name: str, digest: str) -> int:
        """Forget a recovery code; return how many are left."""
        stored, factor = self._second_factor(name)
        if digest not in factor.recovery:
            raise CodeSpent("This recovery code was used already, or never existed.")
        left = tuple(kept for kept in factor.recovery if kept != digest)
        self._tables.staff.put(replace(stored, second_factor=replace(factor, recovery=left)))
        return len(left)

    @verb
    def renew_recovery_codes(self, name: str, digests: tuple[str, ...]) -> None:
        """Keep these recovery codes instead of those before."""
        stored, factor = self._second_factor(name)
        self._tables.staff.put(replace(stored, second_factor=replace(factor, recovery=digests)))

    @verb
    def save_session(self, session: Session) -> None:
        """Keep a session (new, or used again); one that was ended stays ended."""
        account = self._tables.staff.get(session.staff)
        if account is None or account.disabled:
            raise NotFound("There is no such account, or it is disabled; ask an administrator.")
        used_again = session.used_at > session.started_at
        if used_again and self._tables.sessions.get(session.digest) is None:
            return
        self._tables.sessions.put(session)

    @verb
    def session(self, digest: str) -> Session | None:
        """Return the session, if it was not ended."""
        return self._tables.sessions.get(digest)

    @verb
    def end_session(self, digest: str) -> None:
        """Forget the session; ending one that is gone is no error."""
        self._tables.sessions.remove(digest)

    def _end_sessions(self, name: str) -> None:
        self._tables.sessions.remove_at(self._tables.sessions_by_staff.get(name))

    def _second_factor(self, name: str) -> tuple[StaffAccount, SecondFactor]:
        account = self._tables.staff.need(name)
        if account.second_factor is None:
            raise NotFound(f"{name} has no second factor (any more).")
        return account, account.second_factor
