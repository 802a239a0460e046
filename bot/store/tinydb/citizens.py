"""Verbs for what citizens do: conversations, and the whole effect of one message."""

from dataclasses import replace
from datetime import datetime

from bot.errors import MessageSeen, NotFound, PoolMoved, SituationSettled, Stale, StoreError
from bot.models import Conversation, Inquiry, InquiryStatus, Situation, SituationStatus
from bot.store.base import Addition, Effect, Filing
from bot.store.rows import Counter, PoolCount, SeenMessage
from bot.store.tinydb.core import Core, verb
from bot.store.tinydb.shared import (
    follow_inquiries,
    mailing_of,
    oldest_in,
    owe,
    raise_alarm,
    remove_inquiry,
)


class CitizenVerbs(Core):
    """What one address can reach, and what its messages change."""

    @verb
    def message_seen(self, message: str) -> bool:
        """Tell whether the effect of this message was recorded."""
        return self._tables.messages.get(message) is not None

    @verb
    def conversation(self, key: str) -> Conversation | None:
        """Return the conversation of that keyed digest, if it is kept."""
        return self._tables.conversations.get(key)

    @verb
    def save_conversation(self, conversation: Conversation) -> None:
        """Keep the conversation; raise `Stale` if its version is not one above the stored one."""
        self._keep(conversation)

    @verb
    def record(self, effect: Effect) -> None:
        """Make the whole effect durable, or none of it."""
        if self._tables.messages.get(effect.message) is not None:
            raise MessageSeen("This message had its effect already; show what was replied then.")
        self._tables.messages.add(SeenMessage(digest=effect.message, at=effect.at))
        self._keep(effect.conversation)
        for name in effect.counts:
            counter = self._tables.counters.get(name) or Counter(name=name, count=0)
            self._tables.counters.put(replace(counter, count=counter.count + 1))
        if effect.filing is not None:
            self._file(effect.filing)
        if effect.addition is not None:
            self._add(effect.addition)
        if effect.withdrawn is not None:
            remove_inquiry(self._tables, self._unclosed(effect.withdrawn), effect.at)
        for inquiry_id in effect.erased:
            erased = self._tables.inquiries.get(inquiry_id)
            if erased is not None:
                remove_inquiry(self._tables, erased, effect.at)
        if effect.solved is not None:
            self._solve(self._unclosed(effect.solved), effect.at)

    @verb
    def inquiry(self, inquiry_id: str) -> Inquiry | None:
        """Return the inquiry, if it is kept."""
        return self._tables.inquiries.get(inquiry_id)

    def _keep(self, conversation: Conversation) -> None:
        stored = self._tables.conversations.get(conversation.key)
        version = 0 if stored is None else stored.version
        if conversation.version != version + 1:
            raise Stale(
                f"The conversation is at version {version}, so {conversation.version} cannot follow; "
                "read it again and repeat the change."
            )
        self._tables.conversations.put(conversation)

    def _file(self, filing: Filing) -> None:
        if self._tables.inquiry_by_reference.get(filing.inquiry.reference) is not None:
            raise Stale("The reference of the new inquiry is taken; file it with another.")
        if filing.inquiry.situation_id != filing.situation.id:
            raise StoreError(
                "The new inquiry names another situation than the one it opens; nothing was filed."
            )
        stored = self._tables.situations.get(filing.situation.id)
        if stored is not None and mailing_of(self._tables, stored.id) is not None:
            raise SituationSettled("The situation to join is being answered just now; open another one.")
        self._tables.inquiries.add(filing.inquiry)
        situation = self._opened(filing) if stored is None else self._joined(stored, filing)
        self._tables.situations.put(situation)
        if filing.situation.urgent is not None:
            raise_alarm(self._tables, situation, filing.inquiry.opened_at)
        owe(self._tables, filing.inquiry.id, filing.receipt)

    def _opened(self, filing: Filing) -> Situation:
        situation, compared = filing.situation, filing.compared
        if filing.inquiry.joined:
            raise SituationSettled("The situation to join is gone; open another one.")
        if situation.pool is None:
            return situation
        if compared is not None:
            later = self._tables.open_by_pool.after(situation.pool, compared.seen)
            if any(other.id not in compared.beside for other in self._tables.situations.all_at(later)):
                raise PoolMoved(
                    "Another situation was opened meanwhile; compare the new inquiry with it first."
                )
        count = self._tables.pools.get(situation.pool) or PoolCount(name=situation.pool, opened=0)
        count = replace(count, opened=count.opened + 1)
        self._tables.pools.put(count)
        return replace(situation, number=count.opened)

    def _joined(self, situation: Situation, filing: Filing) -> Situation:
        if situation.status is not SituationStatus.OPEN:
            raise SituationSettled(
                "The situation to join was answered or closed meanwhile; open another one."
            )
        return replace(
            situation,
            references=oldest_in(self._tables, situation.id),
            inquiries=situation.inquiries + 1,
            languages=tuple(dict.fromkeys((*situation.languages, filing.inquiry.language))),
            urgent=situation.urgent or filing.situation.urgent,
        )

    def _add(self, addition: Addition) -> None:
        inquiry = self._unclosed(addition.inquiry_id)
        situation = self._tables.situations.need(inquiry.situation_id)
        if inquiry.status is not InquiryStatus.OPEN:
            inquiry = replace(inquiry, status=InquiryStatus.OPEN, settled_at=None)
        mailing = mailing_of(self._tables, situation.id)
        if mailing is not None:
            inquiry = replace(inquiry, newer_than=mailing.id)
        if situation.status is not SituationStatus.OPEN:
            situation = replace(situation, status=SituationStatus.OPEN, settled_at=None, settled_by=None)
        self._tables.inquiries.put(
            replace(inquiry, words=(*inquiry.words, addition.words), updated_at=addition.at)
        )
        self._tables.situations.put(replace(situation, updated_at=addition.at))
        held = situation.claimed_until is not None and situation.claimed_until > addition.at
        if addition.urgent is not None and not held:
            raise_alarm(self._tables, situation, addition.at)
        if addition.receipt is not None:
            owe(self._tables, inquiry.id, addition.receipt)

    def _solve(self, inquiry: Inquiry, at: datetime) -> None:
        self._tables.inquiries.put(
            replace(inquiry, status=InquiryStatus.CLOSED, updated_at=at, settled_at=at)
        )
        follow_inquiries(self._tables, inquiry.situation_id, at)

    def _unclosed(self, inquiry_id: str) -> Inquiry:
        inquiry = self._tables.inquiries.need(inquiry_id)
        if inquiry.status is InquiryStatus.CLOSED:
            raise NotFound(f"Inquiry {inquiry.reference} is closed; open another one.")
        return inquiry
