"""Texts by language: a plain string, or a map such as `{en: …, zh: …}`."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.intents.located import Document, Step
from bot.models import Language
from bot.text import language_of

Text = Mapping[str, str]
"""A text by content language; the key is empty for one given without a language."""

CONTENT_LANGUAGES = ("zh", "zh-Hans", "zh-Hant", "en")
_ORDER: dict[str, tuple[str, ...]] = {
    "zh-Hans": ("zh-Hans", "zh", "", "zh-Hant", "en"),
    "zh-Hant": ("zh-Hant", "zh", "zh-Hans", "", "en"),
    "en": ("en", "", "zh", "zh-Hans", "zh-Hant"),
}


def pick(text: Text, language: Language) -> str:
    """Return the text in the language, or the nearest there is; empty when there is none at all."""
    for key in _ORDER[language]:
        if text.get(key):
            return text[key]
    return ""


@lru_cache(maxsize=4096)
def language_written(written: str, asked: Language) -> Language:
    """Return the language approved words are in, for their `lang` attribute; the asked one when nothing tells.

    Worked out once for a text: the same answers are given all day. Nothing that a citizen wrote comes here.
    """
    return language_of(written) or asked


def read_text(document: Document, value: Any, *steps: Step, required: bool = True) -> Text:
    """Read a text that is plain or by language, noting faults."""
    if value is None:
        if required:
            document.fault(
                f"{_name(steps)} is missing; write it, plain or by language ({{en: …, zh: …}})", *steps
            )
        return {}
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        words = str(value).strip()
        if not words and required:
            document.fault(f"{_name(steps)} is empty; write it", *steps)
        return {"": words} if words else {}
    if not isinstance(value, Mapping):
        document.fault(
            f"{_name(steps)} must be a text or a map by language, such as {{en: …, zh: …}}", *steps
        )
        return {}
    result: dict[str, str] = {}
    for language, words in value.items():
        if not _known(document, language, *steps):
            continue
        if words is None or (isinstance(words, str) and not words.strip()):
            document.fault(
                f"{_name(steps)} has no words for {language}; write them or remove the line", *steps, language
            )
        elif isinstance(words, str | int | float) and not isinstance(words, bool):
            result[language] = str(words).strip()
        else:
            document.fault(
                f"{_name(steps)} in {language} must be one text, not a list or map", *steps, language
            )
    if not value and required:
        document.fault(f"{_name(steps)} is empty; write it", *steps)
    return result


def read_texts(document: Document, value: Any, *steps: Step) -> dict[str, tuple[str, ...]]:
    """Read a list of texts that is plain or by language, noting faults."""
    if value is None:
        return {}
    if isinstance(value, list):
        return {"": _items(document, value, *steps)}
    if not isinstance(value, Mapping):
        document.fault(
            f"{_name(steps)} must be a list, or lists by language ({{en: [...], zh: [...]}})", *steps
        )
        return {}
    result: dict[str, tuple[str, ...]] = {}
    for language, items in value.items():
        if not _known(document, language, *steps):
            continue
        if isinstance(items, list):
            result[language] = _items(document, items, *steps, language)
        elif items is not None:
            document.fault(
                f"{_name(steps)} in {language} must be a list; begin each line with '- '", *steps, language
            )
    return result


def _items(document: Document, items: list[Any], *steps: Step) -> tuple[str, ...]:
    result: list[str] = []
    for index, item in enumerate(items):
        if isinstance(item, str | int | float) and not isinstance(item, bool) and str(item).strip():
            result.append(str(item).strip())
        elif isinstance(item, Mapping):
            document.fault("is read as a map; put quotes around a text that holds a colon", *steps, index)
        else:
            document.fault("must be a text; put quotes around words such as yes, no or null", *steps, index)
    return tuple(result)


def _known(document: Document, language: str, *steps: Step) -> bool:
    if language in CONTENT_LANGUAGES:
        return True
    document.fault(
        f"has the language {language!r}; the desk speaks {', '.join(CONTENT_LANGUAGES)}", *steps, language
    )
    return False


def _name(steps: tuple[Step, ...]) -> str:
    return next((str(step) for step in reversed(steps) if isinstance(step, str)), "text")
