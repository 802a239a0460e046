"""What every engine must know of a change of the desk's key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from bot.models import Inquiry, Sealed
from bot.vault import Vault

SEALED_BY_DESK = {"entries": "entry", "staff": "second factor", "content_files": "content"}
"""The tables whose sealed fields the desk's own key seals, with the purpose. All else sealed has a key of its own."""
Moved = Callable[[Vault, Sequence[Inquiry]], Mapping[str, str]]
"""Returns what the digest of each inquiry's conversation becomes with the new key."""
Tell = Callable[[int, int], None]
"""Hears how many records of how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What has a new key around it, and what was let go."""

    keys: int
    entries: int
    conversations_let_go: int
    message_ids_let_go: int


def resealed(record: Any, purpose: str, old: Vault, new: Vault) -> Any:
    """Return the record with every byte string in it, at any depth, sealed anew: a record has no other bytes."""
    changed: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, bytes):
            changed[field.name] = new.seal(purpose, old.open(purpose, Sealed(value)))
        elif is_dataclass(value):
            changed[field.name] = resealed(value, purpose, old, new)
    return replace(record, **changed)
