"""What clients were told, as they would swear to it. Every text carries a word that no other text has."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aiou"]


class Told(StrEnum):
    """What came back to whoever asked for something."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOTHING = "nothing"
    """No answer, or one that says only that something went wrong: it may have happened or not."""


@dataclass(frozen=True, slots=True)
class Who:
    """A citizen's address."""

    channel: str
    chat: str


@dataclass(slots=True)
class Question:
    """Something a citizen wrote for staff: a question, or more words for one."""

    who: Who
    word: str
    told: Told = Told.NOTHING
    reference: str | None = None
    again: tuple[str, ...] = ()
    """Words of questions that were refused before and are asked again with it. A refusal may have been kept after all
    (its commit got no answer), and whoever hears so by a receipt cannot tell for which of them it is."""


@dataclass(slots=True)
class Answer:
    """What a member of staff sent as an answer to a situation."""

    situation: str
    word: str
    told: Told = Told.NOTHING


@dataclass(frozen=True, slots=True)
class Shown:
    """Something a citizen was shown."""

    text: str
    reference: str | None
    id: str | None = None
    """By which a page shows it once; Telegram has none."""


@dataclass
class Ledger:
    """Everything that clients know."""

    questions: list[Question] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    shown: Mapping[Who, list[Shown]] = field(default_factory=lambda: defaultdict(list))
    operations: int = 0
    """Requests that clients made, and updates that Telegram brought."""


class Words:
    """Makes words that were not used before."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._used: set[str] = set()

    def new(self) -> str:
        """Return a word of four syllables."""
        while True:
            word = "".join(self._random.choices(SYLLABLES, k=4))
            if word not in self._used:
                self._used.add(word)
                return word
