"""What somebody in danger is shown."""

import itertools
import re
from typing import Literal

import pytest

from bot.text import fold
from bot.urgent import Tier, UrgentContent, Verdict, card, duty_line, followup, soft_line
from bot.urgent.verdict import Service

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
SERVICES: tuple[Service | None, ...] = (None, "police", "fire", "ambulance", "traffic")
KINDS: tuple[Literal["crisis", "danger"], ...] = ("crisis", "danger")
DUTIES = ("on_duty", "off_duty", "not_filed")
REFERENCE = "7KQM-4TXA"


def _verdicts() -> list[Verdict]:
    own = [Verdict(kind="crisis", tier=Tier.SURE, about_other=other) for other in (False, True)]
    return own + [
        Verdict(kind="danger", tier=Tier.SURE, about_other=other, service=service)
        for other in (False, True)
        for service in SERVICES
    ]


def _every_text(content: UrgentContent) -> list[tuple[str, str]]:
    found = [
        (language, card(content, verdict, language, duty=duty, reference=reference, opens_at=opens_at))
        for verdict, language, duty, reference, opens_at in itertools.product(
            _verdicts(), LANGUAGES, DUTIES, (REFERENCE, None), ("08:00", None)
        )
    ]
    found += [
        (language, soft_line(content, kind, language))
        for kind in ("crisis", "danger")
        for language in LANGUAGES
    ]
    found += [
        (language, followup(content, language, reference=ref))
        for language in LANGUAGES
        for ref in (REFERENCE, None)
    ]
    return found


def test_every_card_says_first_that_no_person_wrote_it(content: UrgentContent) -> None:
    for verdict, language in itertools.product(_verdicts(), LANGUAGES):
        text = card(content, verdict, language, duty="on_duty", reference=REFERENCE)
        assert text.startswith(content.disclosure[language])


def test_every_card_keeps_to_its_length(content: UrgentContent) -> None:
    for language, text in _every_text(content):
        assert len(text.split()) <= 120 if language == "en" else len(text) <= 300


def test_every_number_shown_comes_from_the_list(content: UrgentContent) -> None:
    listed = {number.number for number in content.numbers.values()}
    for _, text in _every_text(content):
        assert set(re.findall(r"\d{3,}", text.replace(REFERENCE, ""))) <= listed


def test_no_text_holds_a_forbidden_phrase_or_an_open_placeholder(content: UrgentContent) -> None:
    assert len(content.forbidden) > 40
    for _, text in _every_text(content):
        assert not [phrase for phrase in content.forbidden if phrase in fold(text)]
        assert not re.search(r"[{}!！\U0001f300-\U0001faff]", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crisis_card_names_rescue_and_a_line_that_is_not_the_police(
    content: UrgentContent, language: str
) -> None:
    for other in (False, True):
        verdict = Verdict(kind="crisis", tier=Tier.SURE, about_other=other)
        text = card(content, verdict, language, duty="on_duty", reference=REFERENCE)
        assert {"110", "120", "12356"} <= set(re.findall(r"\d{3,}", text))
        assert REFERENCE in text
        assert text.count("？" if language.startswith("zh") else "?") == 1  # one open question


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_service_that_is_needed_leads(content: UrgentContent, language: str) -> None:
    for service in ("police", "fire", "ambulance", "traffic"):
        verdict = Verdict(kind="danger", tier=Tier.SURE, about_other=False, service=service)
        numbers = re.findall(r"\d{3,}", card(content, verdict, language, duty="not_filed", reference=None))
        assert numbers[0] == content.numbers[service].number


def test_a_report_about_another_person_reads_otherwise(content: UrgentContent) -> None:
    for kind, language in itertools.product(KINDS, LANGUAGES):
        texts = {
            card(
                content,
                Verdict(kind=kind, tier=Tier.SURE, about_other=other),
                language,
                duty="on_duty",
                reference=None,
            )
            for other in (False, True)
        }
        assert len(texts) == 2


def test_without_a_reference_no_card_claims_that_staff_have_the_message(content: UrgentContent) -> None:
    verdict = Verdict(kind="crisis", tier=Tier.SURE, about_other=False)
    for language, duty in itertools.product(LANGUAGES, ("on_duty", "off_duty")):
        text = card(content, verdict, language, duty=duty, reference=None)
        assert duty_line(content, language, duty=duty, reference=REFERENCE) not in text
        assert duty_line(content, language, duty=duty, reference=None) == ""


def test_the_duty_line_tells_which_of_the_truths_holds(content: UrgentContent) -> None:
    verdict = Verdict(kind="danger", tier=Tier.SURE, about_other=False)
    for language in LANGUAGES:
        lines = {
            duty_line(content, language, duty=duty, reference=REFERENCE, opens_at=opens_at)
            for duty, opens_at in (
                ("on_duty", None),
                ("off_duty", None),
                ("off_duty", "08:00"),
                ("not_filed", None),
            )
        }
        assert len(lines) == 4
        late = card(content, verdict, language, duty="off_duty", reference=REFERENCE, opens_at="08:00")
        assert "08:00" in late
        assert REFERENCE in late


def test_a_soft_line_is_one_sentence_with_a_number(content: UrgentContent) -> None:
    for language in LANGUAGES:
        assert "12356" in soft_line(content, "crisis", language)
        assert "110" in soft_line(content, "danger", language)
        for kind in ("crisis", "danger"):
            assert "\n" not in soft_line(content, kind, language)


def test_a_later_message_gets_a_shorter_card(content: UrgentContent) -> None:
    verdict = Verdict(kind="crisis", tier=Tier.SURE, about_other=False)
    for language in LANGUAGES:
        short = followup(content, language, reference=REFERENCE)
        assert REFERENCE in short
        assert len(short) < len(card(content, verdict, language, duty="on_duty", reference=REFERENCE))


def test_an_unknown_language_still_gets_a_card(content: UrgentContent) -> None:
    verdict = Verdict(kind="danger", tier=Tier.SURE, about_other=False)
    assert card(content, verdict, "fr", duty="not_filed", reference=None) == card(
        content, verdict, "en", duty="not_filed", reference=None
    )
