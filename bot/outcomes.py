"""From a decision to its outcome: what is said, what is remembered, what is filed. No input or output."""

import datetime as dt
from dataclasses import dataclass, replace

from bot import replies
from bot.exchange import Memory
from bot.filing import Filer
from bot.models import (
    LANGUAGES,
    Act,
    AddOrNew,
    Answer,
    Clarification,
    Command,
    Continue,
    Decision,
    Handoff,
    HandoffReason,
    InquiryStatus,
    Option,
    Referral,
    Reply,
    Urgent,
)
from bot.moment import (
    Moment,
    joined,
    language_spoken,
    last_kind,
    recently_unanswered,
    settled,
    tapped,
    together,
)
from bot.reference import new_reference
from bot.router import ConversationState, route
from bot.store.base import Addition, Filing
from bot.vault import Vault
from bot.withheld import Masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is said, what is remembered, and what is filed."""

    name: str
    """The anonymous counter to raise."""
    replies: tuple[Reply, ...]
    memory: Memory
    target: str | None = None
    filing: Filing | None = None
    addition: Addition | None = None
    masked: tuple[Masked, ...] = ()
    """What was masked in `filing` or `addition`, in full."""
    unmasked: str | None = None
    """The reference whose masked words were sent in full: they need not be held any more."""
    withdrawn: str | None = None
    solved: str | None = None
    erased: bool = False
    """Everything that this address can reach goes."""


class Outcomes:
    """Works out what becomes of a decision; seals what is to be filed."""

    def __init__(self, vault: Vault, timezone: dt.tzinfo) -> None:
        self._filer = Filer(vault, timezone)
        self._timezone = timezone

    def of(self, moment: Moment, decision: Decision) -> Outcome:
        """Return the outcome of the decision."""
        match decision:
            case Answer():
                return self._answered(moment, decision)
            case Clarification():
                return self._clarified(moment, decision)
            case Handoff():
                return self._handed_off(moment, decision)
            case Referral():
                return self._referred(moment, decision)
            case Urgent():
                return self._urgent(moment, decision)
            case Continue():
                return self._continued(moment, decision)
            case AddOrNew():
                return self._asked_where(moment, decision)
            case Command():
                return self._commanded(moment, decision)

    def _answered(self, moment: Moment, decision: Answer) -> Outcome:
        content, language = moment.content, moment.language
        options: tuple[Option, ...] = ()
        if (
            recently_unanswered(moment)
            and moment.memory.opened is not None
            and moment.find(moment.memory.opened)
        ):
            # The message before this one went to a person; with this answer it may not be needed any more.
            options = (replies.about(content, "solved", moment.memory.opened, language),)
        asked = moment.message.text if moment.message.option is None else moment.memory.question
        return Outcome(
            name="answered_" + decision.target.partition(":")[0],
            target=decision.target,
            replies=(replies.answer(content, decision, language, *options),),
            memory=replace(
                settled(moment.memory, question=asked),
                waiting=moment.memory.waiting,
                answered=decision.target,
            ),
        )

    def _clarified(self, moment: Moment, decision: Clarification) -> Outcome:
        # What the first half of the question opened seconds ago gets the second half, whatever is chosen now.
        opened = moment.find(moment.memory.opened) if recently_unanswered(moment) else None
        added = None if opened is None else self._filer.add(moment, opened, moment.message.text)
        reply = replies.clarification(moment.content, decision, moment.language)
        if added is not None and added.masked:
            reply = replies.with_masking(moment.content, reply, added.masked[0].reference)
        return Outcome(
            name="clarified",
            replies=(reply,),
            addition=None if added is None else added.addition,
            masked=() if added is None else added.masked,
            memory=replace(
                settled(moment.memory, question=joined(moment)),
                waiting=moment.memory.waiting,
                clarified=True,
                unanswered_at=moment.now,
                opened=None if opened is None else opened.inquiry.reference,
            ),
        )

    def _handed_off(self, moment: Moment, decision: Handoff) -> Outcome:
        if decision.earlier:
            # What already opened an inquiry is with a person; asking again must not file it twice.
            already = moment.memory.opened is not None
            asked = together(moment.memory.waiting, None if already else moment.memory.question)
            if asked is None:
                return self._person_wanted(moment)
        elif decision.target is not None and moment.message.option is not None:
            asked = moment.memory.question or moment.content.title(decision.target, moment.language)
        elif decision.target is not None:
            asked = joined(moment)
        else:
            asked = together(moment.memory.waiting, joined(moment)) or ""
        spoken = moment.content.answer(decision.target, moment.language) if decision.target else ""
        filed = self._filer.open(
            moment, asked, decision.candidates, decision.target, soft=decision.soft, before=spoken
        )
        return Outcome(
            name=f"handed_off_{decision.reason.value}",
            target=decision.target,
            replies=(filed.reply,),
            filing=filed.filing,
            masked=filed.masked,
            memory=replace(
                settled(moment.memory, question=asked),
                waiting=moment.memory.waiting if decision.target is not None else None,
                unanswered_at=moment.now,
                opened=filed.reply.reference,
            ),
        )

    def _referred(self, moment: Moment, decision: Referral) -> Outcome:
        """Name who is outside first; keep the words, in the exchange alone, for the citizen's own tap."""
        content, language, memory = moment.content, moment.language, moment.memory
        about = decision.target if not decision.more else memory.referred or decision.target
        said = None if moment.message.option is not None else joined(moment)
        if moment.message.option is not None and not decision.more:
            said = memory.question
        text = together(memory.referred_text if decision.more else memory.waiting, said)
        return Outcome(
            name="referred" if decision.sure else "referred_maybe",
            target=about if decision.sure else None,
            replies=(replies.referral(content, replace(decision, target=about), language),),
            memory=replace(settled(memory, question=text), referred=about, referred_text=text),
        )

    def _filed_on_tap(self, moment: Moment) -> Outcome:
        """The citizen wants it here as well: into the lane of the intent that pointed outside."""
        content, language, memory = moment.content, moment.language, moment.memory
        if memory.referred is None or not content.filed_on_tap(memory.referred):
            reply = replies.notice(content, "nothing_to_add", language, replies.human(content, language))
            return Outcome(name="command_file", replies=(reply,), memory=memory)
        if memory.referred_text is None:
            options = (replies.file_here(content, language), replies.human(content, language))
            reply = replies.notice(content, "referral_what", language, *options)
            return Outcome(name="command_file", replies=(reply,), memory=memory)
        filed = self._filer.open(moment, memory.referred_text, (), memory.referred)
        return Outcome(
            name="handed_off_policy",
            target=memory.referred,
            replies=(filed.reply,),
            filing=filed.filing,
            masked=filed.masked,
            memory=replace(
                settled(memory, question=memory.referred_text),
                waiting=memory.waiting,
                referred=None,
                referred_text=None,
                unanswered_at=moment.now,
                opened=filed.reply.reference,
            ),
        )

    def _person_wanted(self, moment: Moment) -> Outcome:
        content, language = moment.content, moment.language
        waiting = [known for known in moment.known if known.inquiry.status is InquiryStatus.OPEN]
        if waiting:
            reference = waiting[-1].inquiry.reference
            option = replies.new_question(content, language)
            reply = replies.notice(content, "already_waiting", language, option, reference=reference)
            return Outcome(name="command_human", replies=(reply,), memory=moment.memory)
        return Outcome(
            name="command_human",
            replies=(replies.notice(content, "ask_question", language),),
            memory=replace(moment.memory, wants_person=True),
        )

    def _urgent(self, moment: Moment, decision: Urgent) -> Outcome:
        content, language = moment.content, moment.language
        memory = replace(settled(moment.memory, question=None), waiting=moment.memory.waiting)
        for known in reversed(moment.known):
            if known.urgent and moment.find(known.inquiry.reference):
                reply = replies.urgent_followup(content, language, known.inquiry.reference)
                return Outcome(
                    name=f"urgent_{decision.kind.value}",
                    replies=(reply,),
                    addition=replace(
                        self._filer.add_whole(moment, known, moment.message.text, reply), urgent=decision.kind
                    ),
                    memory=memory,
                )
        duty = replies.duty_now(content, moment.now.astimezone(self._timezone))
        reference = new_reference()
        reply = replies.urgent_card(content, decision, language, duty, reference)
        filing = self._filer.open_urgent(moment, joined(moment), decision.kind, reply, reference)
        return Outcome(name=f"urgent_{decision.kind.value}", replies=(reply,), filing=filing, memory=memory)

    def _continued(self, moment: Moment, decision: Continue) -> Outcome:
        known = moment.find(decision.reference)
        if known is None:
            return self._handed_off(
                moment, Handoff(reason=HandoffReason.NO_MATCH, candidates=decision.candidates)
            )
        urgent = known.urgent
        # While a person writes, one word that the message arrived is enough; more would talk over them.
        option = moment.message.option
        added = self._filer.add(
            moment, known, moment.message.text if option is None else tapped(moment, option) or option
        )
        quiet = (
            decision.silent
            and not added.masked
            and last_kind(moment.memory) in ("held", "staff_answer", "staff_note")
        )
        reply = replies.notice(
            moment.content,
            "added_urgent" if urgent else "held" if decision.silent else "added",
            moment.language,
            *(
                replies.about(moment.content, name, decision.reference, moment.language)
                for name in (() if urgent else ("take-back", "solved"))
            ),
            replies.new_question(moment.content, moment.language),
            kind="held" if decision.silent else "receipt",
            reference=decision.reference,
        )
        if added.masked:
            reply = replies.with_masking(moment.content, reply, decision.reference)
        return Outcome(
            name="held" if decision.silent else "added",
            replies=() if quiet else (replies.with_soft_line(moment.content, decision.soft, reply),),
            addition=added.addition,
            masked=added.masked,
            memory=replace(moment.memory, unanswered_at=moment.now if recently_unanswered(moment) else None),
        )

    def _asked_where(self, moment: Moment, decision: AddOrNew) -> Outcome:
        content, language = moment.content, moment.language
        reference = decision.references[0]
        known = moment.find(reference)
        answered = known is not None and known.inquiry.status is InquiryStatus.ANSWERED
        options = [replies.about(content, "add", each, language) for each in decision.references]
        reply = replies.notice(
            content,
            "add_or_new_answered" if answered else "add_or_new",
            language,
            *options,
            replies.new_question(content, language),
            kind="clarification",
            reference=reference,
        )
        return Outcome(
            name="asked_where",
            replies=(replies.with_soft_line(content, decision.soft, reply),),
            memory=replace(
                settled(moment.memory, question=None),
                waiting=together(moment.memory.waiting, joined(moment)),
                clarified=moment.memory.clarified,
            ),
        )

    def _commanded(self, moment: Moment, decision: Command) -> Outcome:
        match decision.act:
            case Act.STATUS:
                said = self._status(moment)
            case Act.LANGUAGE:
                return self._language_chosen(moment, decision.argument)
            case Act.WITHDRAW | Act.SOLVED | Act.ADD:
                return self._about_inquiry(moment, decision)
            case Act.UNMASK:
                return self._unmasked(moment, decision.argument)
            case Act.FILE:
                return self._filed_on_tap(moment)
            case Act.MYDATA:
                said = replies.my_data(moment.content, moment.language)
            case Act.ERASE:
                said = replies.erase_asked(moment.content, moment.language, len(moment.known))
            case Act.ERASE_NOW:
                reply = replies.notice(
                    moment.content, "erased", moment.language, replies.human(moment.content, moment.language)
                )
                return Outcome(name="erased", replies=(reply,), memory=Memory(), erased=True)
            case Act.NEW:
                return self._asked_anew(moment)
            case _:
                said = replies.command(moment.content, decision.act, moment.language, decision.argument)
        return Outcome(name=f"command_{decision.act.value}", replies=(said,), memory=moment.memory)

    def _status(self, moment: Moment) -> Reply:
        content, language = moment.content, moment.language
        lines, options = [], []
        for known in moment.known:
            inquiry = known.inquiry
            if inquiry.status is InquiryStatus.CLOSED:
                continue
            answered = inquiry.status is InquiryStatus.ANSWERED
            asked_at = replies.spoken_time(inquiry.opened_at.astimezone(self._timezone), language)
            lines.append(
                content.say(
                    "status_answered" if answered else "status_open",
                    language,
                    reference=inquiry.reference,
                    asked_at=asked_at,
                )
            )
            # What somebody in danger wrote is not closed by a button: a person looks at it first.
            if answered or not known.urgent:
                options.append(replies.about_one(content, inquiry.reference, language, answered=answered))
        person = replies.human(content, language)
        if not lines:
            return replies.command(content, Act.STATUS, language)
        return Reply(
            id=replies.new_id(),
            kind="notice",
            text="\n".join(lines),
            language=language,
            options=(*options[-4:], person),
        )

    def _language_chosen(self, moment: Moment, argument: str | None) -> Outcome:
        content = moment.content
        chosen = next((code for code in LANGUAGES if (argument or "").casefold() == code.casefold()), None)
        if chosen is None:
            reply = replies.command(content, Act.LANGUAGE, moment.language)
            return Outcome(name="command_language", replies=(reply,), memory=moment.memory)
        reply = replies.notice(
            content,
            "language_set",
            chosen,
            *replies.topics(content, chosen)[:3],
            replies.human(content, chosen),
        )
        return Outcome(
            name="command_language", replies=(reply,), memory=replace(moment.memory, language=chosen)
        )

    def _about_inquiry(self, moment: Moment, decision: Command) -> Outcome:
        content, language, memory = moment.content, moment.language, moment.memory
        person = replies.human(content, language)
        known = moment.find(decision.argument)
        if known is None and decision.argument is None:
            # "Withdraw", said in words: clear when just one question is open, else the citizen chooses.
            current = [each for each in moment.known if each.inquiry.status is not InquiryStatus.CLOSED]
            if not current and decision.act is not Act.ADD:
                # "Never mind" also takes back the wish for a person.
                said = replies.notice(content, "nothing_open", language, person)
                forgotten = replace(memory, wants_person=False, wants_new=False, waiting=None)
                return Outcome(name=f"command_{decision.act.value}", replies=(said,), memory=forgotten)
            if len(current) != 1:
                return Outcome(name="command_status", replies=(self._status(moment),), memory=memory)
            known = current[0]
        if known is None:
            reply = replies.notice(content, "inquiry_gone", language, person)
            return Outcome(name=f"command_{decision.act.value}", replies=(reply,), memory=memory)
        inquiry = known.inquiry
        if decision.act is Act.ADD:
            if memory.waiting is None:
                reply = replies.notice(content, "nothing_to_add", language, person)
                return Outcome(name="command_add", replies=(reply,), memory=memory)
            back = replies.about(content, "take-back", inquiry.reference, language)
            reply = replies.notice(
                content, "added", language, back, person, kind="receipt", reference=inquiry.reference
            )
            added = self._filer.add(moment, known, memory.waiting)
            if added.masked:
                reply = replies.with_masking(content, reply, inquiry.reference)
            return Outcome(
                name="added",
                replies=(reply,),
                addition=added.addition,
                masked=added.masked,
                memory=replace(memory, waiting=None),
            )
        if known.urgent and inquiry.status not in (InquiryStatus.ANSWERED, InquiryStatus.CLOSED):
            # "Never mind" after a cry for help closes nothing: whoever reads it sees that it was said.
            return self._continued(moment, Continue(reference=inquiry.reference, silent=False))
        forgotten = replace(memory, question=None, opened=None, unanswered_at=None, clarified=False)
        if decision.act is Act.SOLVED:
            reply = replies.notice(content, "solved", language, person, reference=inquiry.reference)
            return Outcome(name="solved", replies=(reply,), memory=forgotten, solved=inquiry.id)
        key = "withdrawn_seen" if inquiry.seen_by_staff else "withdrawn"
        reply = replies.notice(content, key, language, person, reference=inquiry.reference)
        forgotten = forgotten.without(inquiry.reference, all_of_it=len(moment.known) == 1)
        return Outcome(name="withdrawn", replies=(reply,), memory=forgotten, withdrawn=inquiry.id)

    def _unmasked(self, moment: Moment, reference: str | None) -> Outcome:
        """The citizen wants staff to have the whole number."""
        content, language = moment.content, moment.language
        known, text = moment.find(reference), moment.withheld.of(reference)
        person = replies.human(content, language)
        if known is None or text is None:
            key = "inquiry_gone" if known is None else "withheld_gone"
            reply = replies.notice(content, key, language, person)
            return Outcome(name="command_unmask", replies=(reply,), memory=moment.memory)
        options = (replies.about(content, "take-back", known.inquiry.reference, language), person)
        reply = replies.notice(
            content, "unmasked", language, *options, kind="receipt", reference=known.inquiry.reference
        )
        return Outcome(
            name="added",
            replies=(reply,),
            addition=self._filer.add_whole(moment, known, text),
            memory=moment.memory,
            unmasked=reference,
        )

    def _asked_anew(self, moment: Moment) -> Outcome:
        """Route the waiting message as if nothing were open."""
        waiting = moment.memory.waiting
        if waiting is None:
            person = replies.human(moment.content, moment.language)
            reply = replies.notice(moment.content, "new_question", moment.language, person)
            memory = replace(settled(moment.memory, question=None), wants_new=True)
            return Outcome(name="command_new", replies=(reply,), memory=memory)
        fresh = replace(
            moment,
            message=replace(moment.message, text=waiting, option=None),
            memory=settled(moment.memory, question=None),
            language=language_spoken(replace(moment.message, text=waiting), moment.memory),
        )
        state = ConversationState(clarified=moment.memory.clarified)
        return self.of(fresh, route(fresh.message, state, fresh.corpus))
