"""What is owed: one reply, or from one row that owes a whole situation a reply to everybody in it."""

import datetime as dt
import hashlib
import logging
from asyncio import sleep
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

from bot import replies
from bot.codec import from_json, to_json
from bot.content import Content
from bot.corpus import LiveCorpus
from bot.errors import UNREADABLE, Stale
from bot.exchange import let_go
from bot.models import (
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    Inquiry,
    InquiryStatus,
    Mailing,
    Reply,
    Situation,
    Words,
)
from bot.store.base import MadeOut, Store
from bot.vault import Box, Vault

log = logging.getLogger(__name__)

PURPOSE = "mailing"
HOLD = 0.004
"""Seconds of sealing after which everybody else has a turn."""


def owe(
    box: Box,
    inquiry_id: str,
    reply: Reply,
    now: dt.datetime,
    *,
    kind: DeliveryKind = DeliveryKind.RECEIPT,
    due_at: dt.datetime | None = None,
) -> Delivery:
    """Return the delivery that owes `reply`, now or at `due_at`, to the address of the inquiry whose key is in `box`."""
    return Delivery(
        id=reply.id,
        inquiry_id=inquiry_id,
        body=box.seal("reply", to_json(reply)),
        status=DeliveryStatus.OWED,
        created_at=now,
        due_at=due_at or now,
        kind=kind,
    )


def mailing_to(
    vault: Vault,
    situation: Situation,
    kind: DeliveryKind,
    staff: str,
    now: dt.datetime,
    *,
    said: Words | None = None,
    due_at: dt.datetime | None = None,
) -> Mailing:
    """Return what owes everybody in the situation the words `said`, or the desk's own sentence of that kind."""
    body = None
    if said is not None:
        body = vault.unwrap(situation.id, situation.data_key).seal(PURPOSE, to_json(said))
    return Mailing(
        id=replies.new_id(),
        situation_id=situation.id,
        kind=kind,
        body=body,
        staff=staff,
        created_at=now,
        due_at=due_at or now,
    )


class Mailer:
    """Makes mailings out. Any process may, and take over from another at any moment: the store lets only one go on."""

    def __init__(self, *, store: Store, vault: Vault, live: LiveCorpus) -> None:
        self._store = store
        self._vault = vault
        self._live = live

    async def begin(self, mailing: Mailing) -> None:
        """Make out the first part, which is all of it unless very many are in the situation."""
        await self._go_on(mailing, parts=1)

    async def finish(self, mailing: Mailing) -> None:
        """Make out all that is left. When somebody else does so too, this leaves it to them."""
        await self._go_on(mailing, parts=None)

    async def _go_on(self, mailing: Mailing, parts: int | None) -> None:
        going: Mailing | None = mailing
        try:
            said = await self._said(mailing)
        except UNREADABLE:
            # It can reach nobody. Without it, its situation goes back to a person.
            log.exception("A mailing cannot be read and is given up", extra={"mailing": mailing.id})
            await self._give_up(mailing)
            return
        try:
            while going is not None and parts != 0:
                going = await self._part(going, said)
                parts = None if parts is None else parts - 1
        except Stale:
            log.info("Somebody else makes out this mailing", extra={"mailing": mailing.id})

    async def _said(self, mailing: Mailing) -> Words | None:
        if mailing.body is None:
            return None
        situation = await self._store.situation(mailing.situation_id)
        if situation is None:
            return None  # it went with its mailing, which the store tells next
        box = self._vault.unwrap(situation.id, situation.data_key)
        return from_json(Words, box.open(PURPOSE, mailing.body))

    async def _give_up(self, mailing: Mailing) -> None:
        try:
            await self._store.make_out(mailing, (), None)
        except Stale:
            log.info("Somebody else gave up this mailing", extra={"mailing": mailing.id})

    async def _part(self, mailing: Mailing, said: Words | None) -> Mailing | None:
        most = self._store.made_out_at_once
        inquiries = await self._store.recipients(mailing, most)
        made: list[MadeOut] = []
        since = perf_counter()
        for inquiry in inquiries:
            if inquiry.status in _passed_over(mailing.kind):
                continue
            try:
                made.append(self._made_out(mailing, inquiry, said))
            except UNREADABLE:
                # It stays open, and with it its situation: a person sees it again.
                log.exception("An inquiry cannot be sealed for", extra={"inquiry": inquiry.id})
            if perf_counter() - since > HOLD:
                await sleep(0)
                since = perf_counter()
        await sleep(0)
        at_end = len(inquiries) < most
        going = await self._store.make_out(mailing, made, None if at_end else inquiries[-1].id)
        if mailing.kind is DeliveryKind.CLOSED:
            await self._let_go(inquiries, mailing.due_at)
        return going

    def _made_out(self, mailing: Mailing, inquiry: Inquiry, said: Words | None) -> MadeOut:
        box = self._vault.unwrap(inquiry.id, inquiry.data_key)
        reply = replace(
            _reply(self._live.corpus.content, mailing.kind, inquiry, said), id=_delivery_id(mailing, inquiry)
        )
        return MadeOut(
            inquiry_id=inquiry.id,
            words=None if said is None else box.seal("words", to_json(said)),
            delivery=owe(
                box, inquiry.id, reply, mailing.created_at, kind=mailing.kind, due_at=mailing.due_at
            ),
        )

    async def _let_go(self, inquiries: Sequence[Inquiry], due: dt.datetime) -> None:
        """Let conversations that lead to nothing open any more go in their time."""
        minutes = self._live.corpus.content.desk.retention.exchange_minutes
        until = due + dt.timedelta(minutes=minutes)
        for inquiry in inquiries:
            try:
                await let_go(self._store, self._vault, inquiry, until)
            except UNREADABLE:
                log.exception(
                    "A conversation could not be opened to let it go", extra={"inquiry": inquiry.id}
                )
            await sleep(0)


def _passed_over(kind: DeliveryKind) -> frozenset[InquiryStatus]:
    """Return where an inquiry stands that such a mailing has nothing for."""
    if kind is DeliveryKind.ANSWER:
        return frozenset({InquiryStatus.ANSWERED, InquiryStatus.CLOSED})
    return frozenset({InquiryStatus.CLOSED})


def _reply(content: Content, kind: DeliveryKind, inquiry: Inquiry, said: Words | None) -> Reply:
    if said is not None:
        return replies.staff_answer(content, inquiry.reference, said.text, inquiry.language)
    if kind is DeliveryKind.CALLED:
        return replies.emergency_called(content, inquiry.reference, inquiry.language)
    return replies.closed(content, inquiry.reference, inquiry.language)


def _delivery_id(mailing: Mailing, inquiry: Inquiry) -> str:
    """Return the id of the one delivery that this mailing owes the inquiry, whoever makes it out; nobody can guess it."""
    digest = hashlib.blake2b(f"{mailing.id}\0{inquiry.id}".encode(), digest_size=16).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
