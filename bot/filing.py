"""What is filed of a citizen's words: sealed under the inquiry's own key, with id and card numbers masked first."""

import datetime as dt
from dataclasses import dataclass

from bot import replies
from bot.codec import to_json
from bot.mailing import owe
from bot.matching.near import gist
from bot.models import (
    Candidate,
    Inquiry,
    InquiryStatus,
    Reply,
    Situation,
    SituationStatus,
    UrgentKind,
    Words,
)
from bot.moment import Known, Moment, said_before
from bot.privacy import mask
from bot.reference import new_reference
from bot.store.base import Addition, Filing
from bot.vault import Vault
from bot.withheld import Masked

LEAST_NEAR = 0.1
"""A topic less likely than this says nothing about a question."""
SURELY_PERSONAL = 0.4
"""A report of something public is in no lane of personal affairs, unless its topic is at least this likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A new inquiry, what is said of it, and what was masked in it."""

    filing: Filing
    reply: Reply
    masked: tuple[Masked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """More words for an inquiry, and what was masked in them."""

    addition: Addition
    masked: tuple[Masked, ...] = ()


class Filer:
    """Files and adds under one vault. Does no input or output."""

    def __init__(self, vault: Vault, timezone: dt.tzinfo) -> None:
        self._vault = vault
        self._timezone = timezone

    def open(
        self,
        moment: Moment,
        asked: str,
        candidates: tuple[Candidate, ...],
        target: str | None,
        *,
        soft: UrgentKind | None = None,
        before: str = "",
    ) -> Filed:
        """Open an inquiry and a situation, and owe the receipt; `before` is said first."""
        content = moment.content
        if not candidates:
            found = moment.corpus.matcher.rank(asked, limit=1).candidates
            candidates = tuple(Candidate(target=each.key, confidence=each.confidence) for each in found)
        likely = bool(candidates) and candidates[0].confidence >= LEAST_NEAR
        nearest = target or (candidates[0].target if likely else None)
        if target is None and content.filed_on_tap(nearest):
            # The citizen asked for a person; who else can help must be known all the same.
            assert nearest is not None  # noqa: S101 (only a target can be filed on a tap)
            before = "\n\n".join(part for part in (before, content.answer(nearest, moment.language)) if part)
        reference = new_reference()
        duty = replies.duty_now(content, moment.now.astimezone(self._timezone))
        reply = replies.receipt(content, reference, moment.language, duty, soft=soft, before=before)
        text = mask(asked)
        masked: tuple[Masked, ...] = ()
        if text != asked:
            masked = (Masked(reference=reference, text=asked),)
            reply = replies.with_masking(content, reply, reference)
        sure = target is not None or (likely and candidates[0].confidence >= SURELY_PERSONAL)
        lane = content.lane(nearest)
        if lane in content.desk.personal_lanes and not sure and self._is_public(moment, asked):
            lane = "general"
        return Filed(
            filing=self._filing(moment, reply, reference, text, nearest, lane, None),
            reply=reply,
            masked=masked,
        )

    def _is_public(self, moment: Moment, asked: str) -> bool:
        """Tell whether the question names something that happens to many at once."""
        found = gist(asked, moment.now.astimezone(self._timezone).date(), moment.content.own_names)
        return bool(found.kinds) and not found.personal

    def open_urgent(
        self, moment: Moment, asked: str, kind: UrgentKind, reply: Reply, reference: str
    ) -> Filing:
        """Open an urgent inquiry with its card as the receipt. Every word is filed as it stands: none may be missing."""
        # What is near to "there is a fire" among ordinary topics would only mislead.
        return self._filing(moment, reply, reference, asked, None, "urgent", kind)

    def add(self, moment: Moment, known: Known, text: str) -> Added:
        """Add words to an inquiry; in an urgent one they stay as they stand."""
        reference = known.inquiry.reference
        urgent = known.situation is not None and known.situation.urgent is not None
        careful = text if urgent else mask(text)
        masked = () if careful == text else (Masked(reference=reference, text=text),)
        return Added(addition=self.add_whole(moment, known, careful), masked=masked)

    def add_whole(self, moment: Moment, known: Known, text: str, receipt: Reply | None = None) -> Addition:
        """Add words as they stand, and owe the receipt if there is one."""
        inquiry = known.inquiry
        box = self._vault.unwrap(inquiry.id, inquiry.data_key)
        return Addition(
            inquiry_id=inquiry.id,
            words=box.seal("words", to_json(Words(who="citizen", at=moment.now, text=text))),
            at=moment.now,
            receipt=None if receipt is None else owe(box, inquiry.id, receipt, moment.now),
        )

    def _filing(
        self,
        moment: Moment,
        receipt: Reply,
        reference: str,
        asked: str,
        nearest: str | None,
        lane: str,
        urgent: UrgentKind | None,
    ) -> Filing:
        now = moment.now
        inquiry_id, situation_id = replies.new_id(), replies.new_id()
        data_key, box = self._vault.new_box(inquiry_id)
        words = [Words(who="citizen", at=now, text=asked)]
        said = said_before(moment)
        if said:
            words.append(Words(who="desk", at=now, text=said))
        inquiry = Inquiry(
            id=inquiry_id,
            reference=reference,
            situation_id=situation_id,
            status=InquiryStatus.OPEN,
            channel=moment.message.address.channel,
            data_key=data_key,
            address=box.seal("address", to_json(moment.message.address)),
            words=tuple(box.seal("words", to_json(each)) for each in words),
            language=moment.language,
            urgent=urgent,
            opened_at=now,
            updated_at=now,
        )
        situation = Situation(
            id=situation_id,
            status=SituationStatus.OPEN,
            lane=lane,
            nearest=nearest,
            urgent=urgent,
            languages=(moment.language,),
            references=(reference,),
            data_key=self._vault.new_key(situation_id),
            opened_at=now,
            updated_at=now,
        )
        return Filing(inquiry=inquiry, situation=situation, receipt=owe(box, inquiry_id, receipt, now))
