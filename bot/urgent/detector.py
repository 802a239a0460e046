"""Judging a message: a model trained on the content's phrases at start-up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.urgent.content import HARMLESS_KINDS, URGENT_KINDS, UrgentContent
from bot.urgent.features import rows
from bot.urgent.model import Model, learn, learn_scale
from bot.urgent.phrases import expand
from bot.urgent.reading import clean, pieces
from bot.urgent.verdict import Service, Tier, Verdict

CRISIS, DANGER, OTHER = 0, 1, 2
SERVICES: tuple[Service, ...] = ("police", "fire", "ambulance", "traffic")
_CRISIS_KINDS = ("explicit", "implicit", "third_person")
_MOST_WORDINGS = {"ordinary": 40}
_WORDINGS = 8
_STRENGTH = 6.0
SURE = {"crisis": 0.4, "danger": 0.4}
POSSIBLE = {"crisis": -0.8, "danger": -0.8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One training text: a wording of one line of the content."""

    text: str
    kind: str
    language: str
    line: int
    """Number of the line it comes from; wordings of a line are never split in cross-validation."""
    share: float
    """Its weight: wordings of one line count together for less than as many lines."""


class Detector:
    """Judges messages; made by `build_detector`, never changes."""

    __slots__ = ("_model",)

    def __init__(self, model: Model) -> None:
        self._model = model

    def judge(self, text: str) -> Verdict | None:
        """Return what is urgent about `text`, any string at all; None: nothing."""
        read = pieces(clean(text))
        scores = self._model.scores(rows(read))
        best = scores.argmax(axis=0)
        crisis, danger = float(scores[best[CRISIS], CRISIS]), float(scores[best[DANGER], DANGER])
        if crisis - SURE["crisis"] >= danger - SURE["danger"]:
            kind, score, at = "crisis", crisis, int(best[CRISIS])
        else:
            kind, score, at = "danger", danger, int(best[DANGER])
        if score < POSSIBLE[kind]:
            return None
        tier = Tier.SURE if score >= SURE[kind] else Tier.POSSIBLE
        if kind == "crisis":
            return Verdict(kind="crisis", tier=tier, about_other=bool(scores[at, OTHER] > 0))
        services = scores[at, OTHER + 1 :]
        lead = int(services.argmax())
        return Verdict(
            kind="danger",
            tier=tier,
            about_other=bool(scores[at, OTHER] > 0),
            service=SERVICES[lead] if services[lead] > -0.5 else None,
        )


def build_detector(content: UrgentContent) -> Detector:
    """Return a detector trained on the phrases of `content`; the same content gives the same detector."""
    return train(examples(content))


def examples(content: UrgentContent) -> list[Example]:
    """Return every wording of every line of `content`."""
    found = []
    line_number = 0
    for kind in (*URGENT_KINDS, *HARMLESS_KINDS):
        for language in ("zh", "en"):
            for line in content.phrases[kind][language]:
                texts = expand(line, content.lists, _MOST_WORDINGS.get(kind, _WORDINGS))
                share = len(texts) ** -0.5
                found += [
                    Example(text=clean(text), kind=kind, language=language, line=line_number, share=share)
                    for text in texts
                ]
                line_number += 1
    return found


def train(lines: Sequence[Example]) -> Detector:
    """Return a detector trained on `lines`."""
    matrix = rows([line.text for line in lines])
    kinds = np.array([line.kind for line in lines])
    share = np.array([line.share for line in lines])
    crisis = np.isin(kinds, _CRISIS_KINDS)
    danger = np.char.startswith(kinds, "danger_")
    scale = learn_scale(matrix, len(lines))
    targets = [crisis, danger, kinds == "third_person", *(kinds == f"danger_{service}" for service in SERVICES)]
    among = [~danger, ~crisis, crisis, danger, danger, danger, danger]
    importance = []
    for target, used in zip(targets, among, strict=True):
        weight = np.where(used, share, 0.0)
        importance.append(np.where(target, weight / max(weight[target].sum(), 1e-9), weight / max(weight[~target].sum(), 1e-9)) * weight.sum() / 2)
    return Detector(
        learn(matrix, np.stack(targets, 1).astype(np.float64), np.stack(importance, 1), scale, strength=_STRENGTH)
    )
