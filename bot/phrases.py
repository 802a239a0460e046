"""What the desk says by itself. Wording lives in `_phrases.yaml`; this module only fills it in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.intents.catalog import unknown_keys
from bot.intents.located import Document, Step
from bot.models import LANGUAGES, Act, Language
from bot.text import fold

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
NUMBERS = frozenset({"police", "fire", "ambulance", "traffic", "support"})

ASKED_FOR: Mapping[str, tuple[Act, str | None] | None] = {
    "human": None,
    "help": (Act.HELP, None),
    "topics": (Act.TOPICS, None),
    "status": (Act.STATUS, None),
    "privacy": (Act.PRIVACY, None),
    "mydata": (Act.MYDATA, None),
    "erase": (Act.ERASE, None),
    "about": (Act.ABOUT, None),
    "language": (Act.LANGUAGE, None),
    "simplified": (Act.LANGUAGE, "zh-Hans"),
    "traditional": (Act.LANGUAGE, "zh-Hant"),
    "english": (Act.LANGUAGE, "en"),
    "withdraw": (Act.WITHDRAW, None),
    "solved": (Act.SOLVED, None),
}
"""The lists under `commands:`, each with what it asks for; None asks for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Sentences by key and language, and the words that ask the desk to do something."""

    sentences: Mapping[str, Mapping[str, str]]
    words: Mapping[str, str]
    """A folded message to the name of the command it is."""

    def say(self, key: str, language: Language, **values: str) -> str:
        """Return the sentence with its placeholders filled. Raises `KeyError` for an unknown key or value."""
        return _PLACEHOLDER.sub(lambda found: values[found[1]], self.sentences[key][language])


def command_word(text: str) -> str:
    """Reduce a message to what is compared with the command words."""
    folded = fold(text)
    return folded.strip(" .,!?。，！？～~") or folded


def read_phrases(own: Document, product: Document | None = None) -> Phrases:
    """Read `_phrases.yaml`; what it leaves out is taken from the product's own file.

    Faults are noted in `own`: a missing language, a placeholder that nobody fills.
    """
    standard = read_phrases(product) if product is not None else None
    data = own.data if isinstance(own.data, Mapping) else {}
    if own.data is not None and not isinstance(own.data, Mapping):
        own.fault("must be a map with `phrases:` and `commands:`")
    unknown_keys(own, data, {"commands", "phrases"})
    sentences = {**(standard.sentences if standard else {}), **_sentences(own, data.get("phrases"), standard)}
    words = dict(standard.words) if standard else {}
    lists = data.get("commands")
    if isinstance(lists, Mapping):
        unknown_keys(own, lists, set(ASKED_FOR), "commands")
        for name in ASKED_FOR:
            for word in _listed(own, lists.get(name), "commands", name):
                words[command_word(word)] = name
    elif lists is not None:
        own.fault("must be a map of lists such as `human: [人工, human]`", "commands")
    return Phrases(sentences=sentences, words=words)


def _listed(own: Document, value: Any, *steps: Step) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        own.fault("must be a list of words such as [人工, human]", *steps)
        return ()
    for index, word in enumerate(value):
        if not isinstance(word, str) or not command_word(word):
            own.fault(f"is {word!r}; write a word, in quotes if it looks like yes or no", *steps, index)
    return tuple(word for word in value if isinstance(word, str) and command_word(word))


def _sentences(own: Document, data: Any, standard: Phrases | None) -> dict[str, Mapping[str, str]]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        own.fault("must be a map of sentences by key", "phrases")
        return {}
    if standard is not None:
        unknown_keys(own, data, set(standard.sentences), "phrases")
    found: dict[str, Mapping[str, str]] = {}
    for key, texts in data.items():
        if standard is not None and key not in standard.sentences:
            continue
        if not isinstance(texts, Mapping) or not all(
            isinstance(texts.get(language), str) and texts[language].strip() for language in LANGUAGES
        ):
            own.fault(f"{key} needs words in each of {', '.join(LANGUAGES)}", "phrases", key)
            continue
        if standard is not None:
            known = set(_PLACEHOLDER.findall(" ".join(standard.sentences[key].values()))) | NUMBERS
            for language in LANGUAGES:
                for name in set(_PLACEHOLDER.findall(texts[language])) - known:
                    own.fault(
                        f"{key} has {{{name}}}, which nobody fills; remove it", "phrases", key, language
                    )
        found[key] = {language: texts[language].strip() for language in LANGUAGES}
    return found
