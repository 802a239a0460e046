"""What a question would get, without a store, a key or a network: `ask`, and the content's own tests."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot import replies
from bot.corpus import Corpus
from bot.explain import Explanation, explain
from bot.models import (
    Act,
    Address,
    Answer,
    Clarification,
    Command,
    Decision,
    Handoff,
    IncomingMessage,
    Language,
    Referral,
    Urgent,
)
from bot.router import ConversationState, route
from bot.text import language_of

_UNREAD = {Act.EMPTY, Act.UNREADABLE, Act.EDITED, Act.EXPIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question and what the desk would do with it."""

    text: str
    decision: str
    """`answer`, `clarify`, `handoff`, `crisis` or `danger`."""
    target: str | None
    options: tuple[str, ...]
    confidence: float
    urgent: str | None
    reply: str
    explanation: Explanation | None = None

    def plain(self) -> Mapping[str, Any]:
        """Return it as JSON values; the explanation only where one was asked for."""
        explained = {} if self.explanation is None else {"explanation": self.explanation.plain()}
        return {
            "text": self.text,
            "decision": self.decision,
            "target": self.target,
            "options": list(self.options),
            "confidence": self.confidence,
            "urgent": self.urgent,
            "reply": self.reply,
            **explained,
        }


def ask(
    corpus: Corpus,
    text: str,
    now: dt.datetime,
    handed_over: Callable[[Language], str],
    *,
    explained: bool = False,
) -> Asked:
    """Route one question as a conversation of its own; nothing is filed.

    `handed_over` says, in a language, that the question would go to a person. With `explained`, why.
    """
    message = IncomingMessage(
        id="ask", address=Address(channel="console", chat="ask"), text=text, received_at=now
    )
    decision = route(message, ConversationState(), corpus)
    language: Language = language_of(text) or "en"
    candidates = () if isinstance(decision, Command) else decision.candidates
    return Asked(
        text=text,
        decision=_name(decision),
        target=decision.target if isinstance(decision, Answer | Handoff | Referral) else None,
        options=decision.options if isinstance(decision, Clarification) else (),
        confidence=candidates[0].confidence if candidates else 0.0,
        urgent=_urgent(decision),
        reply=_reply(corpus, decision, language, handed_over(language)),
        explanation=explain(corpus, text, language, now) if explained else None,
    )


def _name(decision: Decision) -> str:
    match decision:
        case Answer():
            return "answer"
        case Clarification():
            return "clarify"
        case Urgent():
            return decision.kind.value
        case Command(act=act):
            return "handoff" if act in _UNREAD else "answer"
        case _:
            return "handoff"


def _urgent(decision: Decision) -> str | None:
    match decision:
        case Urgent():
            return decision.kind.value
        case Command():
            return None
        case _:
            return "soft" if decision.soft else None


def _reply(corpus: Corpus, decision: Decision, language: Language, handed_over: str) -> str:
    content = corpus.content
    match decision:
        case Answer():
            return replies.answer(content, decision, language).text
        case Clarification():
            said = replies.clarification(content, decision, language)
            return "\n".join((said.text, *(f"- {option.title}" for option in said.options)))
        case Urgent():
            return replies.urgent_card(
                content, decision, language, replies.Duty(on_duty=True, opens_at=None, stated=False), None
            ).text
        case Command(act=act):
            return replies.command(content, act, language).text
        case Referral():
            return replies.referral(content, decision, language).text
        case _:
            spoken = (
                content.answer(decision.target, language)
                if isinstance(decision, Handoff) and decision.target
                else ""
            )
            soft = replies.soft(content, decision.soft, language) if decision.soft else ""
            return "\n\n".join(part for part in (soft, spoken, handed_over) if part)


def failed_tests(corpus: Corpus, now: dt.datetime, say: Mapping[str, str]) -> tuple[int, list[str]]:
    """Run the tests in the content; return how many there are, and a sentence for each that fails."""
    count, failed = 0, []
    for intent in corpus.content.intents.values():
        for text, wanted in (
            *((text, True) for text in intent.matches),
            *((text, False) for text in intent.rejects),
        ):
            count += 1
            asked = ask(corpus, text, now, lambda _: "")
            reached = intent.key == asked.target or (wanted and intent.key in asked.options)
            if reached is not wanted:
                urgent = asked.decision in ("crisis", "danger")
                key = "cli.test_urgent" if urgent else "cli.test_missed" if wanted else "cli.test_stole"
                got = asked.target or ", ".join(asked.options) or asked.decision
                failed.append(f"{intent.where}: " + say[key].format(intent=intent.id, text=text, got=got))
    return count, failed
