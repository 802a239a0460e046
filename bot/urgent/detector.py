"""Judging a message: a model trained on the content's phrases at start-up, trusted as far as the evidence goes."""

import gc
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bot.urgent.concepts import NAMES, meanings
from bot.urgent.content import HARMLESS_KINDS, URGENT_KINDS, UrgentContent
from bot.urgent.evidence import evidence
from bot.urgent.features import rows
from bot.urgent.model import Model, learn, learn_scale
from bot.urgent.phrases import expand
from bot.urgent.reading import clean, divide, pieces, sentences, tokens
from bot.urgent.verdict import Service, Tier, Verdict

CRISIS, DANGER, OTHER = 0, 1, 2
SERVICES: tuple[Service, ...] = ("police", "fire", "ambulance", "traffic")
_CRISIS_KINDS = ("explicit", "implicit", "third_person")
_TAKEN_APART = ("ordinary", "administrative")
"""Kinds whose clauses are trained on too: messages are judged clause by clause, and most are of these kinds."""
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
_SURE = np.array([[1.8, 0.9, 0.3, -3.0, 3.2, 3.2], [0.85, 0.83, 2.2, 0.85, 3.2, 3.5]])
_POSSIBLE = np.array([[0.35, -0.7, -0.5, -3.0, 0.3, 2.7], [0.0, -0.1, -0.4, -3.0, 0.2, 2.7]])

_HAPPENS_TO_WRITER = re.compile(
    r"我们?(?:被|家|这|在|的|困|卡|躲|自己|胸|喘|流|撞|摔|掉|好|很|快)|[打砍追堵跟贴掐抢锁关骗摸]着?了?我|[救让帮对]我|对我"
    r"|\b(?:i am|i can not|i was|i got|i have|me|us|we are|we can not|we got|our|my (?:house|flat|apartment|room|door|car|kitchen|leg|arm|chest|throat))\b"
)
_OTHER_PEOPLE = frozenset({NAMES.index("other"), NAMES.index("vulnerable")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One training text: a wording of one line of the content, or a clause of it."""

    text: str
    kind: str
    language: str
    line: int
    """Number of the line it comes from; what comes of one line is never split in cross-validation."""
    share: float
    """Its weight: wordings of one line count together for less than as many lines."""
    clause: bool = False


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
        scores = self._model.scores(rows(read, meant))
        weight = np.array(
            [
                evidence(found, sentence=meant[around], message=meant[0])
                for found, around in zip(meant, sentences(read), strict=True)
            ]
        )
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
    """Return every wording of every line of `content`, and the clauses of the everyday ones."""
    found = []
    known: set[str] = set()
    line_number = 0
    for kind in (*URGENT_KINDS, *HARMLESS_KINDS):
        for language in ("zh", "en"):
            for line in content.phrases[kind][language]:
                wordings = expand(line, content.lists, _WORDINGS.get(kind, _URGENT_WORDINGS))
                share = len(wordings) ** -0.5
                for wording in wordings:
                    text = clean(wording)
                    example = Example(text=text, kind=kind, language=language, line=line_number, share=share)
                    found.append(example)
                    if kind in _TAKEN_APART:
                        clauses = [piece for piece in pieces(text) if piece != text and piece not in known]
                        known.update(clauses)
                        found += [
                            replace(example, text=piece, share=share / 2, clause=True) for piece in clauses
                        ]
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


def _best(
    scores: npt.NDArray[np.float64], weight: npt.NDArray[np.int64], thresholds: npt.NDArray[np.float64]
) -> tuple[int | None, int]:
    """Return the kind that passes its threshold by most, and the piece where; None: neither passes."""
    margins = np.stack([scores[:, kind] - thresholds[kind, weight[:, kind]] for kind in (CRISIS, DANGER)], 1)
    at, kind = divmod(int(margins.argmax()), 2)
    return (kind if margins[at, kind] >= 0 else None), at
