"""Numbers that were masked before filing: held in full, sealed, for as long as an exchange, and then gone.

While a conversation leads to an open inquiry it is kept for weeks, so nothing in it holds an id or card number. The
full words lie beside it, in a record that goes when an hour has passed, unless the citizen sends them anyway.
"""

import datetime as dt
from dataclasses import dataclass, replace

from bot.codec import from_json, to_json
from bot.exchange import Memory, seal_record
from bot.models import Conversation
from bot.privacy import mask
from bot.vault import Vault

_PURPOSE = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """Words that were masked before they were filed under a reference."""

    reference: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What a conversation's sealed memory holds with numbers masked, in full."""

    question: str | None = None
    waiting: str | None = None
    referred: str | None = None
    filed: tuple[Masked, ...] = ()

    def of(self, reference: str | None) -> str | None:
        """Return the full words of what was masked in that inquiry, if any are still here."""
        return "\n".join(each.text for each in self.filed if each.reference == reference) or None


NOTHING_WITHHELD = Withheld()


def withheld_key(vault: Vault, conversation: str) -> str:
    """Return the keyed digest it is found by."""
    return vault.digest(_PURPOSE, conversation)


def open_withheld(vault: Vault, record: Conversation | None, now: dt.datetime) -> Withheld:
    """Open what is withheld; nothing is when its time has passed."""
    if record is None or (record.keep_until is not None and record.keep_until <= now):
        return NOTHING_WITHHELD
    return from_json(Withheld, vault.unwrap(record.key, record.data_key).open(_PURPOSE, record.body))


def seal_withheld(
    vault: Vault, withheld: Withheld, key: str, before: Conversation | None, keep_until: dt.datetime
) -> Conversation:
    """Seal it as the next version of its record."""
    return seal_record(vault, _PURPOSE, to_json(withheld), key, before, keep_until)


def masked_memory(memory: Memory) -> Memory:
    """Return the memory as it may be kept for weeks."""
    return replace(
        memory,
        turns=tuple(replace(turn, text=mask(turn.text)) if turn.text else turn for turn in memory.turns),
        question=_masked(memory.question),
        waiting=_masked(memory.waiting),
        referred_text=_masked(memory.referred_text),
    )


def given_back(memory: Memory, withheld: Withheld) -> Memory:
    """Return the memory with its words in full, where they are still here."""
    return replace(
        memory,
        question=_full(memory.question, withheld.question),
        waiting=_full(memory.waiting, withheld.waiting),
        referred_text=_full(memory.referred_text, withheld.referred),
    )


def held_back(memory: Memory, filed: tuple[Masked, ...]) -> Withheld:
    """Return what `masked_memory` would leave out of the memory, beside what was masked in inquiries."""
    return Withheld(
        # What has opened an inquiry is filed, and not asked for again.
        question=None if memory.opened is not None else _withheld(memory.question),
        waiting=_withheld(memory.waiting),
        referred=_withheld(memory.referred_text),
        filed=filed,
    )


def _masked(text: str | None) -> str | None:
    return None if text is None else mask(text)


def _full(kept: str | None, full: str | None) -> str | None:
    return full if kept is not None and full is not None and mask(full) == kept else kept


def _withheld(text: str | None) -> str | None:
    return text if text is not None and mask(text) != text else None
