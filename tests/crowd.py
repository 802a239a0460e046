"""Many citizens in one situation, filed as the desk files them."""

import asyncio
import datetime as dt
from secrets import token_urlsafe

from bot import replies
from bot.codec import to_json
from bot.content import Content
from bot.exchange import Memory, Reach, conversation_key, seal_memory
from bot.mailing import owe
from bot.models import Address, Inquiry, InquiryStatus, Situation, SituationStatus, Turn, Words
from bot.reference import new_reference
from bot.store.base import Effect, Filing, Store
from bot.vault import Vault

QUESTION = "where can my parrot see a dentist"
AT_ONCE = 100


def person(number: int, channel: str = "webchat") -> Address:
    """Return the address of one of the crowd."""
    return Address(channel=channel, chat=f"crowd-{number}")


async def crowd(
    store: Store,
    vault: Vault,
    content: Content,
    count: int,
    now: dt.datetime,
    *,
    channel: str = "webchat",
    receipts_due: dt.timedelta = dt.timedelta(0),
) -> str:
    """File `count` inquiries in one situation, with conversations that lead to them; return its id."""
    situation_id = token_urlsafe(16)
    situation = Situation(
        id=situation_id,
        status=SituationStatus.OPEN,
        lane="general",
        nearest=None,
        urgent=None,
        languages=("en",),
        references=(),
        data_key=vault.new_key(situation_id),
        opened_at=now,
        updated_at=now,
    )
    effects = [
        _asked(vault, content, situation, number, person(number, channel), now, receipts_due)
        for number in range(count)
    ]
    await store.record(effects[0])
    for start in range(1, count, AT_ONCE):
        await asyncio.gather(*(store.record(effect) for effect in effects[start : start + AT_ONCE]))
    return situation_id


def _asked(
    vault: Vault,
    content: Content,
    situation: Situation,
    number: int,
    address: Address,
    now: dt.datetime,
    receipts_due: dt.timedelta,
) -> Effect:
    inquiry_id, reference = token_urlsafe(16), new_reference()
    data_key = vault.new_key(inquiry_id)
    box = vault.unwrap(inquiry_id, data_key)
    duty = replies.Duty(on_duty=True, opens_at=None, stated=True)
    reply = replies.receipt(content, reference, "en", duty)
    inquiry = Inquiry(
        id=inquiry_id,
        reference=reference,
        situation_id=situation.id,
        status=InquiryStatus.OPEN,
        channel=address.channel,
        data_key=data_key,
        address=box.seal("address", to_json(address)),
        words=(box.seal("words", to_json(Words(who="citizen", at=now, text=QUESTION))),),
        language="en",
        opened_at=now,
        updated_at=now,
        joined=number > 0,
    )
    memory = Memory(
        reaches=(Reach(id=inquiry_id, reference=reference),),
        turns=(
            Turn(who="citizen", at=now, text=QUESTION, message_id=reference),
            Turn(who="desk", at=now, reply=reply, message_id=reference),
        ),
    )
    key = conversation_key(vault, address)
    return Effect(
        message=vault.digest("message", f"{key}\0{reference}"),
        at=now,
        conversation=seal_memory(vault, memory, key, None, None),
        filing=Filing(
            inquiry=inquiry,
            situation=situation,
            receipt=owe(box, inquiry_id, reply, now, due_at=now + receipts_due),
        ),
    )
