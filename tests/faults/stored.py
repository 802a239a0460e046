"""What the store holds in the end, opened as the desk would."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.codec import from_json
from bot.exchange import open_address
from bot.models import DeliveryStatus, Inquiry, Reply, Words
from bot.store.base import Store
from bot.vault import Vault
from tests.faults.ledger import Who

LATE = datetime(2100, 1, 1, tzinfo=UTC)
ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Said:
    """Words that stand in an inquiry."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Owed:
    """A reply that an inquiry is owed or was sent."""

    id: str
    status: DeliveryStatus
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Stored:
    """One inquiry with all that belongs to it."""

    id: str
    reference: str
    situation: str
    who: Who
    said: tuple[Said, ...]
    replies: tuple[Owed, ...]


async def read(store: Store, vault: Vault) -> list[Stored]:
    """Return every inquiry that is not closed: the harness closes none."""
    return [await _stored(store, vault, each) for each in await store.inquiries_opened_before(LATE, ALL)]


async def _stored(store: Store, vault: Vault, inquiry: Inquiry) -> Stored:
    box = vault.unwrap(inquiry.id, inquiry.data_key)
    address = open_address(vault, inquiry)
    words = [from_json(Words, box.open("words", sealed)) for sealed in inquiry.words]
    replies = []
    for delivery in await store.deliveries_of(inquiry.id):
        reply = from_json(Reply, box.open("reply", delivery.body))
        replies.append(Owed(delivery.id, delivery.status, reply.kind, reply.text))
    return Stored(
        id=inquiry.id,
        reference=inquiry.reference,
        situation=inquiry.situation_id,
        who=Who(address.channel, address.chat),
        said=tuple(Said(each.who, each.text) for each in words),
        replies=tuple(replies),
    )
