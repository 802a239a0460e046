"""From a decision to what a citizen is shown. Only composes: every word comes from content."""

import datetime as dt
from dataclasses import dataclass, replace
from secrets import token_urlsafe

from bot.content import Content
from bot.models import (
    Act,
    Answer,
    Clarification,
    Language,
    Option,
    Referral,
    Reply,
    ReplyKind,
    Urgent,
    UrgentKind,
)
from bot.router import FILE, HUMAN, option_id
from bot.urgent import Tier, Verdict, card, followup, soft_line

TOPICS_SHOWN = 8
_LANGUAGE_NAMES: dict[Language, str] = {"zh-Hans": "简体中文", "zh-Hant": "繁體中文", "en": "English"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Whether somebody is there, said as the citizen should hear it."""

    on_duty: bool
    opens_at: dt.datetime | None
    """In the desk's time zone; None when hours are not stated."""
    stated: bool


def duty_now(content: Content, local: dt.datetime) -> Duty:
    """Return who is there at this local time."""
    hours = content.desk.hours
    return Duty(
        on_duty=hours.on_duty(local),
        opens_at=hours.opens_at(local),
        stated=any(hours.spans.values()),
    )


def new_id() -> str:
    """Return a random 128-bit id."""
    return token_urlsafe(16)


def notice(
    content: Content,
    key: str,
    language: Language,
    *options: Option,
    kind: ReplyKind = "notice",
    reference: str | None = None,
    **values: str,
) -> Reply:
    """Return one of the desk's own sentences."""
    if reference is not None:
        values["reference"] = reference
    return Reply(
        id=new_id(),
        kind=kind,
        text=content.say(key, language, **values),
        language=language,
        options=options,
        reference=reference,
    )


def human(content: Content, language: Language) -> Option:
    """Return the button that asks for a person."""
    return Option(id=HUMAN, title=content.say("option_human", language))


def about(content: Content, name: str, reference: str, language: Language) -> Option:
    """Return a button about one inquiry: `add`, `take-back` or `solved`."""
    key = {"add": "option_add", "take-back": "option_withdraw", "solved": "option_solved"}[name]
    values = {"reference": reference} if name == "add" else {}
    return Option(id=f"{name}.{reference}", title=content.say(key, language, **values))


def about_one(content: Content, reference: str, language: Language, *, answered: bool) -> Option:
    """Return a button for one of several inquiries, which it names."""
    name, key = ("solved", "option_solved_one") if answered else ("take-back", "option_withdraw_one")
    return Option(id=f"{name}.{reference}", title=content.say(key, language, reference=reference))


def new_question(content: Content, language: Language) -> Option:
    """Return the button for a new question."""
    return Option(id="new", title=content.say("option_new", language))


def languages() -> tuple[Option, ...]:
    """Return a button for each language, named in itself."""
    return tuple(Option(id=f"language.{code}", title=name) for code, name in _LANGUAGE_NAMES.items())


def topics(content: Content, language: Language, page: int = 0) -> tuple[Option, ...]:
    """Return one page of the menu, made from intent titles; those the desk names come first."""
    named = [name for name in content.desk.topics if name in content.intents]
    rest = [intent.id for intent in content.intents.values() if intent.menu and intent.id not in named]
    every = [*named, *rest]
    start = page * TOPICS_SHOWN
    options = [
        Option(id=option_id(f"intent:{name}"), title=content.title(f"intent:{name}", language))
        for name in every[start : start + TOPICS_SHOWN]
    ]
    if start + TOPICS_SHOWN < len(every):
        options.append(Option(id=f"topics.{page + 1}", title=content.say("option_more", language)))
    return tuple(options)


def answer(content: Content, decision: Answer, language: Language, *options: Option) -> Reply:
    """Return the approved words of the target, with their source and the day they were checked."""
    words = content.answer(decision.target, language)
    written = content.answer_language(decision.target, language)
    if written.partition("-")[0] != language.partition("-")[0]:
        words = f"{content.say('other_language', language)}\n{words}"
    source, dated = content.source(decision.target)
    return Reply(
        id=new_id(),
        kind="answer",
        text=_softly(content, decision.soft, language, words),
        language=written,
        options=(*options, human(content, language)),
        source=source,
        dated=dated,
    )


def clarification(content: Content, decision: Clarification, language: Language) -> Reply:
    """Return at most three titles to choose from, and always a person."""
    options = [
        Option(id=option_id(target), title=content.title(target, language)) for target in decision.options
    ]
    options.append(Option(id=HUMAN, title=content.say("option_none", language)))
    return Reply(
        id=new_id(),
        kind="clarification",
        text=_softly(content, decision.soft, language, content.say("clarify", language)),
        language=language,
        options=tuple(options),
    )


def receipt(
    content: Content,
    reference: str,
    language: Language,
    duty: Duty,
    *,
    soft: UrgentKind | None = None,
    before: str = "",
) -> Reply:
    """Return what says that a person has the question: the reference, when to expect an answer, how to undo it.

    `before` is said first: the words of an intent that hands over.
    """
    if not duty.stated:
        words = content.say("receipt_no_hours", language, reference=reference)
    elif duty.on_duty or duty.opens_at is None:
        words = content.say("receipt_on_duty", language, reference=reference)
    else:
        words = content.say(
            "receipt_off_duty", language, reference=reference, opens_at=spoken_time(duty.opens_at, language)
        )
    if before:
        words = f"{before}\n\n{words}"
    return Reply(
        id=new_id(),
        kind="receipt",
        text=_softly(content, soft, language, words),
        language=language,
        options=(
            about(content, "take-back", reference, language),
            about(content, "solved", reference, language),
        ),
        reference=reference,
        owed=True,
    )


def with_masking(content: Content, reply: Reply, reference: str) -> Reply:
    """Return the reply with the word that numbers were masked, and the button that sends them anyway."""
    option = Option(id=f"unmask.{reference}", title=content.say("option_unmask", reply.language))
    said = content.say("masked", reply.language)
    return replace(reply, text=f"{reply.text}\n\n{said}", options=(option, *reply.options))


def file_here(content: Content, language: Language) -> Option:
    """Return the button that passes on here what was pointed outside."""
    return Option(id=FILE, title=content.say("option_file", language))


def referral(content: Content, decision: Referral, language: Language) -> Reply:
    """Return who outside is named first; nothing is filed here unless the citizen taps."""
    options = (file_here(content, language), human(content, language))
    if decision.more:
        words = content.say("referral_more", language)
        return replace(
            notice(content, "referral_more", language, *options),
            text=_softly(content, decision.soft, language, words),
        )
    route = content.answer(decision.target, language)
    said = content.say("referral_not_filed", language)
    parts = (route, said) if decision.sure else (content.say("referral_maybe", language), route, said)
    source, dated = content.source(decision.target)
    return Reply(
        id=new_id(),
        kind="answer",
        text=_softly(content, decision.soft, language, "\n\n".join(parts)),
        language=language,
        options=options,
        source=source,
        dated=dated,
    )


def my_data(content: Content, language: Language) -> Reply:
    """Return the word that the file goes with."""
    erase = Option(id="erase", title=content.say("option_erase", language))
    return replace(notice(content, "mydata", language, erase, human(content, language)), document="mydata")


def erase_asked(content: Content, language: Language, inquiries: int) -> Reply:
    """Return what goes and what stays, with the button that does it."""
    options = (
        Option(id="erase-now", title=content.say("option_erase_now", language)),
        Option(id="keep", title=content.say("option_keep", language)),
        human(content, language),
    )
    return notice(content, "erase_ask", language, *options, count=str(inquiries))


def urgent_card(
    content: Content, decision: Urgent, language: Language, duty: Duty | None, reference: str | None
) -> Reply:
    """Return the full card; without `duty` it says that the message could not be passed on."""
    state = "not_filed" if duty is None else "on_duty" if duty.on_duty else "off_duty"
    opens_at = duty.opens_at if duty is not None else None
    verdict = Verdict(
        kind=decision.kind.value, tier=Tier.SURE, about_other=decision.about_other, service=decision.service
    )
    return Reply(
        id=new_id(),
        kind="urgent",
        text=card(
            content.urgent,
            verdict,
            language,
            duty=state,
            reference=reference,
            opens_at=spoken_time(opens_at, language) if opens_at else None,
        ),
        language=language,
        options=(human(content, language),),
        reference=reference,
        owed=reference is not None,
    )


def urgent_followup(content: Content, language: Language, reference: str) -> Reply:
    """Return the short card for a later urgent message in the same inquiry."""
    return Reply(
        id=new_id(),
        kind="urgent",
        text=followup(content.urgent, language, reference=reference),
        language=language,
        options=(human(content, language),),
        reference=reference,
        owed=True,
    )


def staff_answer(content: Content, reference: str, text: str, language: Language) -> Reply:
    """Return what a person wrote, under its reference."""
    return Reply(
        id=new_id(),
        kind="staff_answer",
        text=f"{content.say('staff_answer', language, reference=reference)}\n\n{text}",
        language=language,
        options=(about(content, "solved", reference, language), human(content, language)),
        reference=reference,
        owed=True,
    )


def emergency_called(content: Content, reference: str, language: Language) -> Reply:
    """Return the word that staff called emergency services."""
    person = human(content, language)
    told = notice(content, "emergency_called", language, person, kind="staff_note", reference=reference)
    return replace(told, owed=True)


def closed(content: Content, reference: str, language: Language, why: str = "closed") -> Reply:
    """Return the word that the question is closed without an answer; `why` is the sentence's key."""
    person = human(content, language)
    return replace(notice(content, why, language, person, reference=reference), owed=True)


def spoken_time(moment: dt.datetime, language: Language) -> str:
    """Return a local day and time the way a person says it."""
    if language == "en":
        return f"{moment.day} {moment:%B, %H:%M}"
    return f"{moment.month}月{moment.day}日{moment:%H:%M}"


def command(content: Content, act: Act, language: Language, argument: str | None = None) -> Reply:
    """Return what the desk says of itself: welcome, help, topics, privacy, or why it could not read a message."""
    person = human(content, language)
    menu = Option(id="topics", title=content.say("option_topics", language))
    match act:
        case Act.START:
            return notice(content, "welcome", language, *topics(content, language), person)
        case Act.TOPICS:
            page = int(argument[:6]) if argument and argument.isascii() and argument.isdigit() else 0
            listed = topics(content, language, page)
            key = "topics" if listed else "expired" if page else "topics_empty"
            return notice(content, key, language, *listed, person)
        case Act.PRIVACY:
            needed = content.desk.publish_needs
            publishing = (
                content.say("privacy_one_person", language)
                if needed == 1
                else content.say("privacy_several_people", language, people=str(needed))
            )
            return notice(content, "privacy", language, person, publishing=publishing)
        case Act.LANGUAGE:
            return notice(content, "language_ask", language, *languages(), person)
        case Act.STATUS:
            return notice(content, "status_none", language, person)
        case Act.KEEP:
            return notice(content, "kept", language, person)
        case Act.ABOUT:
            words = content.say("about", language, **about_values(content, language))
            return Reply(id=new_id(), kind="notice", text=words, language=language, options=(person,))
        case Act.EMPTY | Act.UNREADABLE | Act.EDITED | Act.EXPIRED:
            return notice(content, act.value, language, menu, person)
        case _:
            return notice(content, "help", language, menu, person)


def about_values(content: Content, language: Language) -> dict[str, str]:
    """Return what the desk says of itself, by placeholder: its trays, what it watches for, its content's version."""
    oldest, newest = content.checked()
    gap = ", " if language == "en" else "、"
    return {
        "lanes": gap.join(content.lane_title(lane, language) for lane in content.lanes),
        "urgent_kinds": gap.join(content.say(f"urgent_kind_{kind.value}", language) for kind in UrgentKind),
        "version": content.version,
        "checked_from": oldest.isoformat() if oldest else "–",
        "checked_to": newest.isoformat() if newest else "–",
    }


def with_soft_line(content: Content, kind: UrgentKind | None, reply: Reply) -> Reply:
    """Return the reply with the line of help before it, if one is due."""
    return replace(reply, text=_softly(content, kind, reply.language, reply.text))


def soft(content: Content, kind: UrgentKind, language: Language) -> str:
    """Return the one line of help that goes before an ordinary reply."""
    return soft_line(content.urgent, kind.value, language)


def _softly(content: Content, kind: UrgentKind | None, language: Language, words: str) -> str:
    return f"{soft(content, kind, language)}\n\n{words}" if kind else words
