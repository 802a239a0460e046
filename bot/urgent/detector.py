"""Judging a message: a model trained on the content's phrases at start-up, trusted as far as the evidence goes."""

import gc
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.urgent.concepts import NAMES, meanings
from bot.urgent.content import HARMLESS_KINDS, URGENT_KINDS, UrgentContent
from bot.urgent.evidence import Evidence, evidence
from bot.urgent.features import rows
from bot.urgent.model import Model, learn, learn_scale
from bot.urgent.phrases import expand
from bot.urgent.reading import clean, divide, pieces, sentences, tokens
from bot.urgent.verdict import Service, Tier, Verdict

CRISIS, DANGER, OTHER = 0, 1, 2
SERVICES: tuple[Service, ...] = ("police", "fire", "ambulance", "traffic")
_CRISIS_KINDS = ("explicit", "implicit", "third_person")
_WORDINGS = {"ordinary": 7, "administrative": 5, "idiom": 5, "news": 5}
_URGENT_WORDINGS = 6
_STRENGTH = 24.0
_SHORTEST = 2
"""Characters below which a message says nothing."""
_NOT_WORDS = frozenset("bcdefghjklmnopqrstuvwxyz")
"""Letters that stand alone in phrases ("5 x 3") but are no words to cut a run into."""
_LEAD = -0.5

# Log-odds from which a piece counts, by kind (crisis, danger) and by evidence (none, weak, strong, told, framed, errand).
# Chosen by cross-validation over lines, see docs/urgent.md; -9 lets through always.
_SURE = np.array([[1.5, 0.7, 0.4, -3.0, 2.2, 2.4], [0.8, 0.75, 1.4, 0.75, 2.0, 3.5]])
_POSSIBLE = np.array([[0.2, -0.6, -1.0, -3.0, -0.3, 2.5], [0.0, 0.3, -0.4, -0.9, 0.2, 3.5]])

_HAPPENS_TO_WRITER = re.compile(
    r"我们?(?:被|家|这|在|的|困|卡|躲|自己|胸|喘|流|撞|摔|掉|好|很|快)|[打砍追堵跟贴掐抢锁关骗摸]着?了?我|[救让帮对]我|对我"
    r"|\b(?:i am|i can not|i was|i got|i have|me|us|we are|we can not|we got|our|my (?:house|flat|apartment|room|door|car|kitchen|leg|arm|chest|throat))\b"
)
_OTHER_PEOPLE = frozenset({NAMES.index("other"), NAMES.index("vulnerable")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One training text: a wording of one line of the content."""

    text: str
    kind: str
    language: str
    line: int
    """Number of the line it comes from; what comes of one line is never split in cross-validation."""
    share: float
    """Its weight: wordings of one line count together for less than as many lines."""


class Detector:
    """Judges messages; made by `build_detector`, never changes."""

    __slots__ = ("_model", "_words")

    def __init__(self, model: Model, words: frozenset[str]) -> None:
        self._model = model
        self._words = words

    def judge(self, text: str) -> Verdict | None:
        """Return what is urgent about `text`, any string at all; None: nothing."""
        cleaned = divide(clean(text), self._words)
        if len(cleaned) < _SHORTEST:
            return None
        read = pieces(cleaned)
        meant = meanings(read)
        around = sentences(read)
        weight = np.array(
            [
                evidence(found, sentence=meant[whole], message=meant[0])
                for found, whole in zip(meant, around, strict=True)
            ]
        )
        scores = _in_context(self._model.scores(rows(read, meant)), weight, around)
        sure, at = _best(scores, weight, _SURE)
        tier = Tier.SURE
        if sure is None:
            tier = Tier.POSSIBLE
            sure, at = _best(scores, weight, _POSSIBLE)
        if sure is None:
            return None
        if sure == CRISIS:
            return Verdict(kind="crisis", tier=tier, about_other=bool(scores[at, OTHER] > 0))
        services = scores[at, OTHER + 1 :]
        lead = int(services.argmax())
        return Verdict(
            kind="danger",
            tier=tier,
            about_other=not _OTHER_PEOPLE.isdisjoint(meant[at]) and not _HAPPENS_TO_WRITER.search(cleaned),
            service=SERVICES[lead] if services[lead] > _LEAD else None,
        )


def build_detector(content: UrgentContent) -> Detector:
    """Return a detector trained on the phrases of `content`; the same content gives the same detector."""
    collecting = gc.isenabled()
    # Half a million small objects and no cycle among them: looking for some takes a quarter of a second.
    gc.disable()
    try:
        return train(examples(content))
    finally:
        if collecting:
            gc.enable()


def examples(content: UrgentContent) -> list[Example]:
    """Return every wording of every line of `content`."""
    found = []
    line_number = 0
    for kind in (*URGENT_KINDS, *HARMLESS_KINDS):
        for language in ("zh", "en"):
            for line in content.phrases[kind][language]:
                wordings = expand(line, content.lists, _WORDINGS.get(kind, _URGENT_WORDINGS))
                share = len(wordings) ** -0.5
                for wording in wordings:
                    found.append(
                        Example(
                            text=clean(wording), kind=kind, language=language, line=line_number, share=share
                        )
                    )
                line_number += 1
    return found


def train(lines: Sequence[Example]) -> Detector:
    """Return a detector trained on `lines`."""
    texts = [line.text for line in lines]
    matrix = rows(texts, meanings(texts))
    kinds = np.array([line.kind for line in lines])
    share = np.array([line.share for line in lines])
    crisis = np.isin(kinds, _CRISIS_KINDS)
    danger = np.char.startswith(kinds, "danger_")
    targets = [
        crisis,
        danger,
        kinds == "third_person",
        *(kinds == f"danger_{service}" for service in SERVICES),
    ]
    # A crisis is no example against danger, nor the other way: one message may be both.
    among = [~danger, ~crisis, crisis, danger, danger, danger, danger]
    return Detector(
        learn(
            matrix,
            np.stack(targets, 1).astype(np.float64),
            np.stack(
                [_balanced(target, share * used) for target, used in zip(targets, among, strict=True)], 1
            ),
            learn_scale(matrix, len(lines)),
            strength=_STRENGTH,
        ),
        frozenset(word for line in lines if line.language == "en" for word in tokens(line.text)) - _NOT_WORDS,
    )


def _balanced(target: npt.NDArray[np.bool_], weight: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return `weight` scaled so that both sides of `target` weigh the same and the whole as much as before."""
    half = weight.sum() / 2
    factor = np.where(target, half / weight[target].sum(), half / weight[~target].sum())
    return np.asarray(weight * factor, np.float64)


def _in_context(
    scores: npt.NDArray[np.float64], weight: npt.NDArray[np.int64], around: Sequence[int]
) -> npt.NDArray[np.float64]:
    """Return `scores` where a clause that tells little ("I have pictures") counts half for the sentence around it."""
    judged = scores.copy()
    for kind in (CRISIS, DANGER):
        slight = weight[:, kind] <= Evidence.WEAK
        judged[slight, kind] = (scores[slight, kind] + scores[around, kind][slight]) / 2
    return judged


def _best(
    scores: npt.NDArray[np.float64], weight: npt.NDArray[np.int64], thresholds: npt.NDArray[np.float64]
) -> tuple[int | None, int]:
    """Return the kind that passes its threshold by most, and the piece where; None: neither passes."""
    margins = np.stack([scores[:, kind] - thresholds[kind, weight[:, kind]] for kind in (CRISIS, DANGER)], 1)
    at, kind = divmod(int(margins.argmax()), 2)
    return (kind if margins[at, kind] >= 0 else None), at
