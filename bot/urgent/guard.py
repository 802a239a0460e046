"""The guard against a lane that watches opinions: content whose detector fires on criticism is refused."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import yaml
from scipy.sparse import csr_matrix

from bot.errors import Fault
from bot.urgent.concepts import meanings
from bot.urgent.content import URGENT_KINDS, UrgentContent
from bot.urgent.detector import Detector
from bot.urgent.features import WIDTH, rows
from bot.urgent.phrases import expand
from bot.urgent.reading import clean, pieces

_FILE = Path(__file__).with_name("criticism.yaml")
_WORDINGS = 12
"""Wordings of one phrase that are held against a sentence, to find the phrase that drew it in."""


@cache
def criticism() -> Mapping[str, tuple[str, ...]]:
    """Return the shipped sentences of criticism, petition, protest, journalism and complaint, by `zh` and `en`."""
    data = cast("dict[str, list[str]]", yaml.load(_FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    return {language: tuple(sentences) for language, sentences in data.items()}


def watched_opinions(content: UrgentContent, detector: Detector) -> tuple[Fault, ...]:
    """Return a fault for each sentence of `criticism` in which `detector`, trained on `content`, sees urgency.

    `where` is the urgent phrase nearest to the sentence, such as `phrases.explicit.zh[3]`: the one to mend or remove.
    """
    fired = [
        sentence
        for sentences in criticism().values()
        for sentence in sentences
        if detector.judge(sentence) is not None
    ]
    if not fired:
        return ()
    places, wordings = _urgent_wordings(content)
    against = _matrix(wordings)
    return tuple(
        Fault(
            where=places[_nearest(sentence, against)],
            sentence=f"makes the urgent lane fire on criticism, which it must leave alone: {sentence!r}; "
            "say the phrase more narrowly, or remove it",
        )
        for sentence in fired
    )


def _urgent_wordings(content: UrgentContent) -> tuple[list[str], list[str]]:
    places: list[str] = []
    wordings: list[str] = []
    for kind in URGENT_KINDS:
        for language, lines in content.phrases[kind].items():
            for at, line in enumerate(lines):
                for wording in expand(line, content.lists, _WORDINGS):
                    places.append(f"phrases.{kind}.{language}[{at}]")
                    wordings.append(clean(wording))
    return places, wordings


def _nearest(sentence: str, against: csr_matrix) -> int:
    """Return the row of `against` that is most like any piece of the sentence."""
    likeness: npt.NDArray[np.float64] = (against @ _matrix(pieces(clean(sentence))).T).toarray()
    return int(likeness.max(axis=1).argmax())


def _matrix(texts: list[str]) -> csr_matrix:
    """Return one row of unit length per text."""
    starts, columns, values = rows(texts, meanings(texts))
    owners = np.repeat(np.arange(len(texts)), np.diff(starts))
    length = np.sqrt(np.bincount(owners, values**2, len(texts)))
    return csr_matrix((values / np.maximum(length, 1e-9)[owners], columns, starts), shape=(len(texts), WIDTH))
