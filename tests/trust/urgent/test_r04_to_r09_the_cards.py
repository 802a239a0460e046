"""Requirements 4, 5, 8 and 9: what a card holds, what nothing may say, whom it is for, where its numbers come from."""

import itertools
import re
from pathlib import Path

import pytest

from bot.content import Content, unsayable_answers
from bot.corpus import Corpus
from bot.text import fold
from bot.urgent import Detector, Tier, UrgentContent, Verdict, card, followup
from tests.trust.urgent.conftest import ROOT

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
REFERENCE = "7KQM-4TXA"
CRISIS = Verdict(kind="crisis", tier=Tier.SURE, about_other=False)
ABOUT_OTHER = Verdict(kind="crisis", tier=Tier.SURE, about_other=True)
DANGER = Verdict(kind="danger", tier=Tier.SURE, about_other=False)
TRUTHS = (("on_duty", None), ("off_duty", "08:00"), ("off_duty", None), ("not_filed", None))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", [CRISIS, ABOUT_OTHER, DANGER])
@pytest.mark.parametrize(("duty", "opens_at"), TRUTHS)
def test_r04_a_card_discloses_names_help_tells_one_truth_and_asks_once(
    urgent: UrgentContent, language: str, verdict: Verdict, duty: str, opens_at: str | None
) -> None:
    reference = None if duty == "not_filed" else REFERENCE
    text = card(urgent, verdict, language, duty=duty, reference=reference, opens_at=opens_at)
    assert text.startswith(urgent.disclosure[language])
    numbers = re.findall(r"\d{3,}", text.replace(REFERENCE, "").replace("08:00", ""))
    assert {"110", "120"} <= set(numbers)
    if verdict.kind == "crisis":
        assert "12356" in numbers
    assert text.count("？" if language.startswith("zh") else "?") == 1
    truths = [
        line.split("{")[0].split("（")[0].split("(")[0]
        for key, lines in urgent.duty.items()
        for line in [lines[language]]
        if key != "off_duty_until"
    ]
    assert sum(truth in text for truth in truths) <= 1
    assert (REFERENCE in text) == (reference is not None)
    assert len(text.split()) <= 120 if language == "en" else len(text) <= 300


@pytest.mark.parametrize("language", LANGUAGES)
def test_r04_rescue_stands_before_talk_and_talk_before_the_truth_about_staff(
    urgent: UrgentContent, language: str
) -> None:
    text = card(urgent, CRISIS, language, duty="on_duty", reference=REFERENCE)
    places = [text.index(part) for part in ("120", "12356", REFERENCE)]
    assert places == sorted(places)


@pytest.mark.parametrize("language", LANGUAGES)
def test_r04_a_later_message_in_the_same_inquiry_gets_a_short_followup(
    urgent: UrgentContent, language: str
) -> None:
    short = followup(urgent, language, reference=REFERENCE)
    whole = card(urgent, CRISIS, language, duty="on_duty", reference=REFERENCE)
    assert len(short) < len(whole)
    assert REFERENCE in short


def test_r05_no_answer_title_or_sentence_says_what_must_never_be_said(corpus: Corpus) -> None:
    content: Content = corpus.content
    assert len(content.urgent.forbidden_everywhere) >= 30
    spoken = [
        *(text for intent in content.intents.values() for text in intent.answer.values()),
        *(text for sentences in content.phrases.sentences.values() for text in sentences.values()),
    ]
    assert [text for text in spoken if content.urgent.never_said(text)] == []
    assert unsayable_answers(content) == []


def test_r05_no_card_says_what_is_forbidden_in_any_language(urgent: UrgentContent) -> None:
    for verdict, language, (duty, opens_at) in itertools.product(
        (CRISIS, ABOUT_OTHER, DANGER), LANGUAGES, TRUTHS
    ):
        text = fold(card(urgent, verdict, language, duty=duty, reference=REFERENCE, opens_at=opens_at))
        assert [phrase for phrase in urgent.forbidden if phrase in text] == []


@pytest.mark.parametrize(
    "text",
    [
        "我室友说她不想活了，把自己锁在房间里",
        "有个男孩站在天台边上要往下跳",
        "my brother texted goodbye and wants to kill himself",
        "a woman is standing on the ledge and says she will jump",
    ],
)
def test_r08_a_report_about_another_person_gets_its_own_card(
    detector: Detector, urgent: UrgentContent, text: str
) -> None:
    verdict = detector.judge(text)
    assert verdict is not None
    assert verdict.about_other
    for language in LANGUAGES:
        said = card(urgent, verdict, language, duty="on_duty", reference=REFERENCE)
        assert said != card(urgent, CRISIS, language, duty="on_duty", reference=REFERENCE)
        assert re.findall(r"\d{3,}", said.replace(REFERENCE, ""))[0] == "110"


def test_r09_no_number_of_the_urgent_lane_is_written_in_code_or_templates(urgent: UrgentContent) -> None:
    numbers = "|".join(number.number for number in urgent.numbers.values())
    found = re.compile(rf"(?<![\d.#-])(?:{numbers})(?![\d.:])")
    files = [
        *(ROOT / "bot").rglob("*.html"),
        *(ROOT / "bot" / "locale").rglob("*.yaml"),
        ROOT / "bot" / "urgent" / "cards.py",
        ROOT / "bot" / "replies.py",
    ]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    assert [str(Path(file).relative_to(ROOT)) for file, text in texts.items() if found.search(text)] == []


def test_r09_every_number_has_a_source(urgent: UrgentContent) -> None:
    assert all(number.source for number in urgent.numbers.values())
    assert {"hotline", "complaints"} <= set(urgent.numbers)
