"""How much a piece of text itself gives for an emergency, apart from what the model makes of its words."""

from collections.abc import Iterable
from enum import IntEnum

from bot.urgent.concepts import NAMES


class Evidence(IntEnum):
    """Kinds of evidence; each has its own thresholds, because each needs another share of trust in the model."""

    NONE = 0
    WEAK = 1
    """One word family of farewell, burden, place or the like."""
    STRONG = 2
    """A family that names the thing, or an event asked about, exaggerated or complained of."""
    TOLD = 3
    """An event told plainly."""
    FRAMED = 4
    """Strong or told, but as news, study, fiction, past, denied or a set phrase."""
    ERRAND = 5
    """In words of an errand or of complaint, and nothing told: a question or anger is not urgent."""


def _numbers(*names: str) -> frozenset[int]:
    return frozenset(NAMES.index(name) for name in names)


_CRISIS_EVENTS = _numbers("own_death", "own_harm", "other_death")
_CRISIS_CORE = _numbers("suicide", "deathwish", "selfharm", "neverwake")
_CRISIS_HINTS = _numbers(
    "on_edge",
    "note",
    "farewell",
    "beyond",
    "burden",
    "exhausted",
    "nohope",
    "afterme",
    "jump",
    "pills",
    "edge",
    "finish",
)
_DANGER_EVENTS = _numbers(
    "burning", "attacked", "collapsed", "vanished", "in_water", "stuck", "crashed", "cry"
)
_DANGER_CORE = _numbers("body", "fire", "violence", "intrusion", "follow", "water", "crash")
_DANGER_HINTS = _numbers("missing", "trapped", "collapse", "help", "edge", "silent")
_OTHER_FRAMES = _numbers("banter", "news", "study", "fiction", "denial", "past")
_HEARSAY = _numbers("news", "denial")
_AROUND_DANGER = _numbers("fiction", "banter", "study")
_PAST, _NOW = _numbers("past"), _numbers("now")
_ERRANDS = _numbers("office", "complaint")
_QUESTIONS = _numbers("office", "complaint", "asking")
_GRIEVANCE = _numbers("complaint")
_OWN = _numbers("own_death", "own_harm")
_OTHER = _numbers("other")
_CONCERN = _numbers("silent", "illness", "fear")
"""Hints too where it is about another person: they fell silent, are ill, the writer is afraid."""
_SUPPOSING = _numbers("supposing")
_MORTAL = _numbers("dieword")
_NOT_OF_DYING = _numbers("hyperbole", "banter", "gadget", "other")
_CRISIS_DOUBT = _numbers("office", "hyperbole", "complaint")
"""Asking is no doubt here: "how do I stop a friend who …" asks for help."""
_DANGER_DOUBT = _numbers("asking", "office", "hyperbole", "complaint")


def evidence(
    meant: Iterable[int], *, sentence: Iterable[int], message: Iterable[int]
) -> tuple[Evidence, Evidence]:
    """Return the evidence for crisis and for danger in a piece of which `meanings` found `meant`.

    `sentence` is what it found in the sentence the piece stands in, `message` in all: "is that true?" frames what
    stands before it. What the writer says of themselves is taken at its word wherever it stands.
    """
    found = frozenset(meant)
    framed = bool(found & _OTHER_FRAMES)
    hearsay = not _HEARSAY.isdisjoint(message)
    hints = found & _CRISIS_HINTS
    own = bool(found & _OWN)
    concerns = len(found & _CONCERN) if found & _OTHER else 0
    grieved = not _GRIEVANCE.isdisjoint(sentence)
    errand = not _QUESTIONS.isdisjoint(sentence)
    return (
        _weigh(
            errand=errand,
            told=bool(found & _CRISIS_EVENTS),
            core=bool(found & _CRISIS_CORE) or len(hints) + concerns > 1,
            # Death in a sentence that is about nobody else and no thing: the writer's own, more often than not.
            hint=bool(hints) or bool(found & _MORTAL and not found & _NOT_OF_DYING),
            framed=framed or (hearsay and not own),
            doubtful=bool(found & _CRISIS_DOUBT),
        ),
        Evidence.ERRAND
        if grieved
        else _weigh(
            errand=errand,
            told=bool(found & _DANGER_EVENTS),
            core=bool(found & _DANGER_CORE),
            hint=bool(found & _DANGER_HINTS),
            framed=framed or hearsay or bool(found & _SUPPOSING) or _frames_danger(frozenset(sentence)),
            doubtful=bool(found & _DANGER_DOUBT) or not _ERRANDS.isdisjoint(sentence),
        ),
    )


def _frames_danger(whole: frozenset[int]) -> bool:
    """Return whether the rest of the message takes an emergency back to a story, or to a past that is over."""
    return bool(whole & _AROUND_DANGER) or (bool(whole & _PAST) and not whole & _NOW)


def _weigh(*, told: bool, core: bool, hint: bool, framed: bool, doubtful: bool, errand: bool) -> Evidence:
    if not told and not core:
        if hint:
            return Evidence.WEAK
        return Evidence.ERRAND if errand else Evidence.NONE
    if framed:
        return Evidence.FRAMED
    return Evidence.TOLD if told and not doubtful else Evidence.STRONG
