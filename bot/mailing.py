"""What is owed: one reply, or from one row that owes a whole situation a reply to everybody in it."""

import datetime as dt
import hashlib
import logging
from asyncio import Task, create_task, sleep
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from secrets import token_hex
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
    Language,
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
PARTS_READ = 8
"""Parts whose inquiries are read together."""


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

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        live: LiveCorpus,
        made: Callable[[Sequence[Inquiry], Sequence[MadeOut]], None] | None = None,
    ) -> None:
        """`made` hears what was made out, once it is recorded: in the process that sends, which need not read it then."""
        self._store = store
        self._vault = vault
        self._live = live
        self._made = made

    async def begin(self, mailing: Mailing) -> None:
        """Make out the first part, which is all of it unless very many are in the situation."""
        await self._make_out(mailing, whole=False)

    async def finish(self, mailing: Mailing) -> None:
        """Make out all that is left. When somebody else does so too, this leaves it to them."""
        await self._make_out(mailing, whole=True)

    async def _make_out(self, mailing: Mailing, *, whole: bool) -> None:
        try:
            try:
                letters = _Letters(mailing, await self._said(mailing), self._live.corpus.content, self._vault)
            except UNREADABLE:
                # It can reach nobody. Without it, its situation goes back to a person.
                log.exception("A mailing cannot be read and is given up", extra={"mailing": mailing.id})
                await self._store.make_out(mailing, (), None)
            else:
                await self._record_all(mailing, letters, whole=whole)
        except Stale:
            log.info("Somebody else makes out this mailing", extra={"mailing": mailing.id})

    async def _record_all(self, mailing: Mailing, letters: "_Letters", *, whole: bool) -> None:
        recording: Task[None] | None = None
        async for part, after in self._parts(mailing, whole=whole):
            made = await letters.to(part)
            if recording is not None:  # one part is recorded while the next is sealed
                await recording
            recording = create_task(self._record(mailing, part, made, after))
            mailing = replace(mailing, after=after or "")
        if recording is not None:
            await recording

    async def _parts(
        self, mailing: Mailing, *, whole: bool
    ) -> AsyncIterator[tuple[Sequence[Inquiry], str | None]]:
        """Yield the inquiries part by part, each with where the mailing goes on from; None when it has come to its end."""
        most = self._store.made_out_at_once
        limit = most * PARTS_READ if whole else most
        after, at_end = mailing.after, False
        while not at_end:
            page = await self._store.recipients(replace(mailing, after=after), limit)
            at_end = len(page) < limit
            for start in range(0, max(1, len(page)), most):
                part = page[start : start + most]
                yield part, None if at_end and start + most >= len(page) else part[-1].id
            if not whole:
                return
            after = page[-1].id if page else after

    async def _record(
        self, mailing: Mailing, part: Sequence[Inquiry], made: Sequence[MadeOut], after: str | None
    ) -> None:
        await self._store.make_out(mailing, made, after)
        if self._made is not None:
            self._made(part, made)
        if mailing.kind is DeliveryKind.CLOSED:
            await self._let_go(part, mailing.due_at)

    async def _said(self, mailing: Mailing) -> Words | None:
        if mailing.body is None:
            return None
        situation = await self._store.situation(mailing.situation_id)
        if situation is None:
            return None  # it went with its mailing, which the store tells next
        box = self._vault.unwrap(situation.id, situation.data_key)
        return from_json(Words, box.open(PURPOSE, mailing.body))

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


class _Letters:
    """What a mailing tells: composed once for a language, with places for the reference and the delivery's id."""

    def __init__(self, mailing: Mailing, said: Words | None, content: Content, vault: Vault) -> None:
        self._mailing = mailing
        self._said = said
        self._content = content
        self._vault = vault
        self._words = None if said is None else to_json(said)
        self._reference, self._id = token_hex(16), token_hex(16)
        self._composed: dict[Language, bytes] = {}

    async def to(self, inquiries: Sequence[Inquiry]) -> list[MadeOut]:
        """Seal it for these inquiries, but for those it has nothing to tell, letting others have a turn meanwhile."""
        done = {InquiryStatus.CLOSED}
        if self._mailing.kind is DeliveryKind.ANSWER:
            done.add(InquiryStatus.ANSWERED)
        made: list[MadeOut] = []
        since = perf_counter()
        for inquiry in inquiries:
            if inquiry.status in done:
                continue
            try:
                made.append(self._made_out(inquiry))
            except UNREADABLE:
                # It stays open, and with it its situation: a person sees it again.
                log.exception("An inquiry cannot be sealed for", extra={"inquiry": inquiry.id})
            if perf_counter() - since > HOLD:
                await sleep(0)
                since = perf_counter()
        await sleep(0)
        return made

    def _made_out(self, inquiry: Inquiry) -> MadeOut:
        mailing = self._mailing
        box = self._vault.unwrap(inquiry.id, inquiry.data_key)
        delivery_id = _delivery_id(mailing, inquiry)
        body = self._letter(inquiry.language).replace(self._reference.encode(), inquiry.reference.encode())
        delivery = Delivery(
            id=delivery_id,
            inquiry_id=inquiry.id,
            body=box.seal("reply", body.replace(self._id.encode(), delivery_id.encode())),
            status=DeliveryStatus.OWED,
            created_at=mailing.created_at,
            due_at=mailing.due_at,
            kind=mailing.kind,
        )
        words = None if self._words is None else box.seal("words", self._words)
        return MadeOut(inquiry_id=inquiry.id, words=words, delivery=delivery)

    def _letter(self, language: Language) -> bytes:
        letter = self._composed.get(language)
        if letter is None:
            letter = self._composed[language] = to_json(replace(self._reply(language), id=self._id))
        return letter

    def _reply(self, language: Language) -> Reply:
        if self._said is not None:
            return replies.staff_answer(self._content, self._reference, self._said.text, language)
        if self._mailing.kind is DeliveryKind.CALLED:
            return replies.emergency_called(self._content, self._reference, language)
        return replies.closed(self._content, self._reference, language)


def _delivery_id(mailing: Mailing, inquiry: Inquiry) -> str:
    """Return the id of the one delivery that this mailing owes the inquiry, whoever makes it out; nobody can guess it."""
    digest = hashlib.blake2b(f"{mailing.id}\0{inquiry.id}".encode(), digest_size=16).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
