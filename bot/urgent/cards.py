"""What somebody in danger is shown: fixed texts with numbers, the truth about duty and the reference put in."""

from bot.urgent.content import LANGUAGES, UrgentContent, spoken
from bot.urgent.verdict import Verdict


def card(
    content: UrgentContent,
    verdict: Verdict,
    language: str,
    *,
    duty: str,
    reference: str | None,
    opens_at: str | None = None,
) -> str:
    """Return the full card for `verdict`.

    `duty` is `on_duty`, `off_duty` (until `opens_at`, a local time written out, where it is known) or `not_filed`.
    Without a `reference` nothing is known to be filed, so the card makes no claim about staff unless `duty` is
    `not_filed`; `duty_line` gives the claim afterwards. An unknown language is served as English: a card never fails.
    """
    language = _served(language)
    name = verdict.kind + ("_other" if verdict.about_other else "")
    values = {
        "disclosure": content.disclosure[language],
        "duty": duty_line(content, language, duty=duty, reference=reference, opens_at=opens_at),
        "call": spoken(content.calls[verdict.service or "any"][language], content, {}),
    }
    return spoken(content.cards[name][language], content, values)


def duty_line(
    content: UrgentContent, language: str, *, duty: str, reference: str | None, opens_at: str | None = None
) -> str:
    """Return the one true sentence about who will read this and when; empty while that is not known."""
    language = _served(language)
    if duty == "not_filed":
        return spoken(content.duty["not_filed"][language], content, {})
    if reference is None:
        return ""
    if duty == "off_duty" and opens_at:
        duty = "off_duty_until"
    return spoken(content.duty[duty][language], content, {"reference": reference, "opens_at": opens_at or ""})


def soft_line(content: UrgentContent, kind: str, language: str) -> str:
    """Return the one sentence that goes before an ordinary answer; `kind` is `crisis` or `danger`."""
    return spoken(content.soft[kind][_served(language)], content, {})


def followup(content: UrgentContent, language: str, *, reference: str | None) -> str:
    """Return the short card for a later urgent message in the same inquiry."""
    language = _served(language)
    values = {"disclosure": content.disclosure[language], "reference": reference or ""}
    return spoken(content.followup["filed" if reference else "unfiled"][language], content, values)


def _served(language: str) -> str:
    if language in LANGUAGES:
        return language
    return "zh-Hans" if language.startswith("zh") else "en"
