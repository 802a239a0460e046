"""What can go wrong, each with a sentence that says what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class DeskError(Exception):
    """Base of every error the desk raises on purpose; its text is one sentence with its remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake in content or settings, and where it stands."""

    where: str
    """`file:line:column`, or the name of a setting."""
    sentence: str
    """What is wrong and what to do about it."""
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


class Faults(DeskError):
    """Several mistakes reported together, so that they can be mended together."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class ConfigError(Faults):
    """The environment asks for something the desk cannot do."""


class ContentError(Faults):
    """Intents or knowledge that cannot be published as they stand."""


class BundleError(DeskError):
    """The files of a content version cannot be packed or unpacked."""


class VaultError(DeskError):
    """A key is missing or wrong, or sealed words were altered."""


UNREADABLE: tuple[type[Exception], ...] = (VaultError, ValueError)
"""What opening one damaged record raises: its seal does not hold, or it is not what was sealed. Everything else goes on."""


class StoreError(DeskError):
    """The store cannot do what it was asked."""


class StoreLocked(StoreError):
    """Another process has the store open."""


class StoreUnusable(StoreError):
    """The data is damaged, from a newer version, or sealed with another key; nothing was changed."""


class StoreStopped(StoreError):
    """A write failed, so the store takes no work until its disk is whole or it is opened again."""


class MessageSeen(StoreError):
    """This message already had its effect."""


class Stale(StoreError):
    """What was read has changed since; nothing was written. Read again and repeat."""


class PoolMoved(Stale):
    """Other situations were opened that the new one was not compared with."""


class NotFound(StoreError):
    """No such situation, inquiry, entry or account (any more)."""


class SituationTaken(StoreError):
    """Somebody else holds the situation."""

    def __init__(self, staff: str, until: datetime) -> None:
        super().__init__(
            f"{staff} holds this situation until {until:%H:%M} UTC; wait or ask them to release it."
        )
        self.staff = staff
        self.until = until


class SituationSettled(StoreError):
    """The situation was answered or closed already."""


class EntryChanged(StoreError):
    """Somebody saved a newer version of the entry first."""


class SamePerson(DeskError):
    """A second person is needed for this."""


class NotCleared(DeskError):
    """What looks like personal data must be cleared by a second person first."""


class NameTaken(StoreError):
    """An account of that name exists."""


class InviteSpent(StoreError):
    """The invitation was used, has run out, or never existed."""


class CodeSpent(StoreError):
    """The code of a second factor was used before, or never existed."""


class Unreachable(DeskError):
    """The address will not take messages any more (blocked, deleted)."""


class TryLater(DeskError):
    """The channel asks to wait; `seconds` says how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The channel asks to wait {seconds:g} s.")
        self.seconds = seconds
