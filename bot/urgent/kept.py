"""A detector as arrays and back: what it learned can be kept, so that the next start need not train it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.urgent.detector import OTHER, SERVICES, Detector
from bot.urgent.model import Model

Arrays = dict[str, npt.NDArray[Any]]


def arrays_of(detector: Detector) -> Arrays:
    """Return all that the detector learned: numbers, and the words of the content."""
    model = detector._model
    words = np.array(sorted(detector._words), np.str_)
    return {"weights": model.weights, "scale": model.scale, "bias": model.bias, "words": words}


def detector_of(arrays: Mapping[str, npt.NDArray[Any]]) -> Detector:
    """Return the detector that `arrays` are of. Raises `ValueError` or `KeyError` where they are of none."""
    weights, scale, bias, words = (arrays[name] for name in ("weights", "scale", "bias", "words"))
    if bias.shape != (OTHER + 1 + len(SERVICES),) or words.dtype.kind != "U" or words.ndim != 1:
        raise ValueError("these arrays are of no detector")
    return Detector(Model(weights=weights, scale=scale, bias=bias), frozenset(words.tolist()))
