"""Verbs for accounts, invitations and sessions of staff."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import InviteSpent, NameTaken, NotFound
from bot.models import Invite, Session, StaffAccount
from bot.store.tinydb.core import Core, verb


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
    def save_account(self, account: StaffAccount) -> None:
        """Change an existing account; one that is disabled or has a new password loses its sessions."""
        stored = self._tables.staff.need(account.name)
        self._tables.staff.put(account)
        if account.disabled or account.password_hash != stored.password_hash:
            self._tables.sessions.remove_at(self._tables.sessions_by_staff.get(account.name))

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
