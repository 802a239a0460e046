"""The sentences of the console, the web page and the command line, one catalogue per language."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from bot.models import Language


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return every sentence of the language by its key; values may hold `str.format` placeholders."""
    sentences: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / language).glob("*.yaml")):
        part: dict[str, str] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        sentences.update(part)
    return sentences
