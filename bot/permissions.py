"""Who may do what at the console: a table from roles to permissions. Restricted lanes are opened by name, not by role."""

from collections.abc import Mapping
from enum import StrEnum

from bot.models import Role


class Permission(StrEnum):
    """Something that not everybody at the console may do."""

    WORK = "work"
    """See the queue; open, claim, answer and close situations, in the lanes open to the account."""
    DRAFT = "draft"
    """Read the knowledge base and write drafts for it."""
    PUBLISH = "publish"
    """Publish and withdraw what the desk answers with."""
    CLEAR = "clear"
    """Clear what looks like personal data in a draft."""
    AUDIT = "audit"
    """See who read what; the record holds no words."""
    PEOPLE = "people"
    """Invite and disable people, give roles, name accounts for restricted lanes, reset second factors."""


PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    # Staff publish too: what guards that is a second person, whom a small desk finds among its staff or nowhere.
    Role.STAFF: frozenset({Permission.WORK, Permission.DRAFT, Permission.PUBLISH}),
    Role.SUPERVISOR: frozenset(
        {Permission.WORK, Permission.DRAFT, Permission.PUBLISH, Permission.CLEAR, Permission.AUDIT}
    ),
    # Whoever tends the content has no business with what citizens wrote.
    Role.MAINTAINER: frozenset({Permission.DRAFT, Permission.PUBLISH}),
    Role.ADMINISTRATOR: frozenset(Permission),
}
"""What each role may do; a role that is not listed may do nothing."""
