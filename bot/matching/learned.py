"""What a fit found out by trying its content: costly to learn, small to keep, and nothing but numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.matching.gate import Gate, Gates, Tried
from bot.matching.held_out import HeldOut
from bot.matching.linear import Trained

Array = npt.NDArray[Any]

_GATES = ("quick", "first", "three")
_SENSED = "sensed."
_WHETHER = frozenset({"outside", "right", "listed", "real"})
"""Arrays of yes and no; the others are of numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was tried on held-out examples, of the fusion and of the classifier, as far as a content has them."""

    fusion: HeldOut | None = None
    meant: HeldOut | None = None
    """The same with an encoder's evidence, where there is one."""
    classified: Gates | None = None
    sensed: Gates | None = None
    """Of words and meaning together, where there is an encoder."""
    trained: Trained | None = None
    """The classifier's weights: of this very content alone."""

    def arrays(self) -> dict[str, Array]:
        """Return it as named arrays."""
        found: dict[str, Array] = {}
        for kind, tried in (("fusion", self.fusion), ("meant", self.meant)):
            if tried is not None:
                found |= {f"{kind}.{each.name}": getattr(tried, each.name) for each in fields(HeldOut)}
        if self.trained is not None:
            found |= {
                f"trained.{each.name}": np.asarray(getattr(self.trained, each.name))
                for each in fields(Trained)
            }
        for prefix, gates in (("", self.classified), (_SENSED, self.sensed)):
            if gates is None:
                continue
            found |= {f"{prefix}tried.{each.name}": getattr(gates.tried, each.name) for each in fields(Tried)}
            for name in _GATES:
                gate: Gate = getattr(gates, name)
                found |= {
                    f"{prefix}{name}.{each.name}": np.asarray(getattr(gate, each.name))
                    for each in fields(Gate)
                }
        return found

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Learned:
        """Return what `arrays` made. Raises `ValueError` or `KeyError` where they could not have."""
        return cls(
            fusion=_held_out("fusion", arrays),
            meant=_held_out("meant", arrays),
            classified=_gates("", arrays),
            sensed=_gates(_SENSED, arrays),
            trained=_trained(arrays),
        )


def _held_out(kind: str, arrays: Mapping[str, Array]) -> HeldOut | None:
    if f"{kind}.first" not in arrays:
        return None
    return HeldOut(**_rows(kind, [each.name for each in fields(HeldOut)], arrays))


def _gates(prefix: str, arrays: Mapping[str, Array]) -> Gates | None:
    if f"{prefix}tried.first" not in arrays:
        return None
    tried = Tried(**_rows(f"{prefix}tried", [each.name for each in fields(Tried)], arrays))
    quick, first, three = (_gate(f"{prefix}{name}", arrays) for name in _GATES)
    return Gates(quick, first, three, tried)


def _trained(arrays: Mapping[str, Array]) -> Trained | None:
    if "trained.weights" not in arrays:
        return None
    place, weights, constants, source = (arrays[f"trained.{each.name}"] for each in fields(Trained))
    if [each.dtype.name for each in (place, weights, constants)] != ["int32", "float16", "float32"]:
        raise ValueError("trained holds arrays of another kind")
    if source.shape != () or place.ndim != 1 or weights.ndim != 2 or constants.shape != weights.shape[1:]:
        raise ValueError("trained holds arrays of another shape")
    if not ((place >= -1) & (place < len(weights))).all() or not all(
        np.isfinite(part).all() for part in (weights, constants)
    ):
        raise ValueError("trained holds what is no weight")
    return Trained(place, weights, constants, int(source))


def _rows(kind: str, names: list[str], arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return arrays of one value for each held-out message."""
    found = {name: arrays[f"{kind}.{name}"] for name in names}
    for name, values in found.items():
        wanted = np.bool_ if name in _WHETHER else np.floating
        if values.shape != (len(found[names[0]]),) or not np.issubdtype(values.dtype, wanted):
            raise ValueError(f"{kind}.{name} is no column of the table")
        if not np.isfinite(values).all():
            raise ValueError(f"{kind}.{name} holds what is no number")
    return found


def _gate(name: str, arrays: Mapping[str, Array]) -> Gate:
    mean, scale, weights = (arrays[f"{name}.{part}"] for part in ("mean", "scale", "weights"))
    constant = arrays[f"{name}.constant"]
    if not mean.shape == scale.shape == weights.shape or mean.ndim != 1 or constant.shape != ():
        raise ValueError(f"{name} is no gate")
    if not all(np.isfinite(part).all() for part in (mean, scale, weights, constant)) or not (scale > 0).all():
        raise ValueError(f"{name} holds what is no weight")
    return Gate(mean, scale, weights, float(constant))
