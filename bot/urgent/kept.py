"""A detector as arrays and back: what it learned can be kept, so that the next start need not train it.

The detector of the sample content comes with the code (`trained.npz`), since most desks start with those phrases.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.urgent.content import UrgentContent
from bot.urgent.detector import OTHER, SERVICES, Detector
from bot.urgent.features import WIDTH
from bot.urgent.model import Model

Arrays = dict[str, npt.NDArray[Any]]
SHIPPED = "trained.npz"
_KEY = "key"
_NAMES = ("columns", "weights", "scale", "rarest", "bias", "words")


def arrays_of(detector: Detector) -> Arrays:
    """Return all that the detector learned: numbers, and the words of the content."""
    model = detector._model
    # What no phrase has shown is as rare as can be, and speaks for nothing.
    rarest = model.scale.max()
    columns = np.flatnonzero((model.scale != rarest) | model.weights.any(axis=1))
    return {
        "columns": columns.astype(np.uint32),
        "weights": model.weights[columns].astype(np.float16),
        "scale": model.scale[columns].astype(np.float16),
        "rarest": np.array([rarest], np.float16),
        "bias": model.bias,
        "words": np.array(sorted(detector._words), np.str_),
    }


def detector_of(arrays: Mapping[str, npt.NDArray[Any]]) -> Detector:
    """Return the detector that `arrays` are of. Raises `ValueError` or `KeyError` where they are of none."""
    columns, kept, scale_of, rarest, bias, words = (arrays[name] for name in _NAMES)
    count, classes = len(columns.ravel()), OTHER + 1 + len(SERVICES)
    sound = (
        columns.dtype.kind == "u"
        and columns.max(initial=0) < WIDTH
        and (columns.shape, scale_of.shape, rarest.shape) == ((count,), (count,), (1,))
        and (kept.shape, bias.shape) == ((count, classes), (classes,))
        and words.dtype.kind == "U"
        and words.ndim == 1
    )
    if not sound:
        raise ValueError("these arrays are of no detector")
    weights = np.zeros((WIDTH, classes), np.float32)
    weights[columns] = kept
    scale = np.full(WIDTH, rarest[0], np.float32)
    scale[columns] = scale_of
    return Detector(Model(weights=weights, scale=scale, bias=bias), frozenset(words.tolist()))


def shipped(content: UrgentContent) -> Detector | None:
    """Return the detector that comes with the code, when it was trained on just these phrases; else None."""
    path = files("bot.urgent").joinpath(SHIPPED)
    with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
        if str(kept[_KEY]) != training_key(content):
            return None
        return detector_of(kept)


def ship(content: UrgentContent, detector: Detector) -> Path:
    """Write the file that comes with the code; return where."""
    path = Path(str(files("bot.urgent").joinpath(SHIPPED)))
    with path.open("wb") as file:
        np.savez_compressed(
            file, allow_pickle=False, **{_KEY: np.array(training_key(content)), **arrays_of(detector)}
        )
    return path


def training_key(content: UrgentContent) -> str:
    """Return a digest of all that a detector follows from: the phrases, and the code that reads and weighs them."""
    return hashlib.sha256(f"{_code()}\0{content.phrases!r}\0{content.lists!r}".encode()).hexdigest()


@cache
def _code() -> str:
    digest = hashlib.sha256()
    folder = files("bot.urgent")
    for name in sorted(each.name for each in folder.iterdir() if each.name.endswith(".py")):
        digest.update(f"\0{name}\0".encode() + folder.joinpath(name).read_bytes())
    digest.update(files("bot").joinpath("text.py").read_bytes())
    return digest.hexdigest()
