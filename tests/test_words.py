"""The wording of the product in every language: whole, alike, and short enough to be sent."""

import re
from string import Formatter

import pytest

from bot import replies
from bot.content import PRODUCT_INTENTS, Content, read_content
from bot.locale import catalogue
from bot.models import LANGUAGES, Act, Answer, Clarification, Language, Urgent, UrgentKind

TELEGRAM_LIMIT = 4096


@pytest.fixture(scope="module")
def content() -> Content:
    return read_content([PRODUCT_INTENTS], [PRODUCT_INTENTS.parent / "knowledge"])


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_has_the_same_keys_and_placeholders(language: Language) -> None:
    standard, own = catalogue("en"), catalogue(language)
    assert set(own) == set(standard)
    for key, sentence in own.items():
        assert isinstance(sentence, str), key
        assert sentence.strip() or key == "staff.gap", key
        assert placeholders(sentence) == placeholders(standard[key]), key


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_no_sentence_of_a_catalogue_is_left_in_english(language: Language) -> None:
    english = catalogue("en")
    for key, sentence in catalogue(language).items():
        if len(re.findall("[A-Za-z]{2,}", re.sub(r"{\w*}", "", english[key]))) > 2:
            assert re.search("[\u4e00-\u9fff]", sentence), key


def test_every_phrase_has_the_same_placeholders_in_every_language(content: Content) -> None:
    for key, texts in content.phrases.sentences.items():
        assert set(texts) == set(LANGUAGES), key
        held = {language: set(re.findall(r"{(\w+)}", text)) for language, text in texts.items()}
        assert held["en"] == held["zh-Hans"] == held["zh-Hant"], key


def test_every_phrase_fits_a_message(content: Content) -> None:
    longest = {"publishing": "x" * 200, "reference": "7KQ2-M9XA", "opens_at": "x" * 40, "asked_at": "x" * 40, "source": "x" * 300, "date": "2026-11-24", "people": "5", "count": "99", "lanes": "x" * 200, "urgent_kinds": "x" * 80, "version": "0" * 16, "checked_from": "2026-11-24", "checked_to": "2026-11-24"}  # fmt: skip
    for key, texts in content.phrases.sentences.items():
        for language in LANGUAGES:
            wanted = set(re.findall(r"{(\w+)}", texts[language]))
            said = content.say(key, language, **{k: v for k, v in longest.items() if k in wanted})
            assert len(said) < TELEGRAM_LIMIT, key
            assert "{" not in said, key


def test_every_phrase_is_said_somewhere(content: Content) -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (PRODUCT_INTENTS.parent / "bot").rglob("*.py")
    )
    built = {f"option_{name}" for name in ("add", "withdraw", "solved")} | {act.value for act in Act}
    built |= {f"urgent_kind_{kind.value}" for kind in UrgentKind}
    for key in content.phrases.sentences:
        assert re.search(f"[\"']{key}[\"']", sources) or key in built, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_and_title_fits_a_message_and_a_button(content: Content, language: Language) -> None:
    for target in (
        *(f"intent:{name}" for name in content.intents),
        *(f"knowledge:{name}" for name in content.entries),
    ):
        reply = replies.answer(content, Answer(target=target, soft=UrgentKind.DANGER), language)
        assert len(reply.text) + len(reply.source or "") + 100 < TELEGRAM_LIMIT
        asked = replies.clarification(content, Clarification(options=(target,)), language)
        assert all(len(option.id.encode()) <= 40 and option.title for option in asked.options)
    for name in content.intents:
        assert len(content.title(f"intent:{name}", language)) <= 48, name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(UrgentKind))
@pytest.mark.parametrize("about_other", [True, False])
def test_every_card_names_a_number_and_claims_nothing_that_is_not_known(
    content: Content, language: Language, kind: UrgentKind, about_other: bool
) -> None:
    decision = Urgent(kind=kind, about_other=about_other)
    reference = "7KQ2-M9XA"
    filed = replies.urgent_card(content, decision, language, replies.Duty(on_duty=True, opens_at=None, stated=True), reference)  # fmt: skip
    unfiled = replies.urgent_card(content, decision, language, None, None)
    for card in (filed, unfiled):
        assert "110" in card.text
        assert "{" not in card.text
        assert card.text.startswith(content.urgent.disclosure[language])
    assert reference in filed.text
    assert reference not in unfiled.text
    assert (filed.owed, unfiled.owed) == (True, False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("act", list(Act))
def test_whatever_is_asked_of_the_desk_it_has_words_for(
    content: Content, language: Language, act: Act
) -> None:
    reply = replies.command(content, act, language)
    assert reply.text
    assert "{" not in reply.text
    assert reply.language == language
