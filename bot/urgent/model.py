"""A weighted logistic regression over hashed rows: what the urgent lane learns from its phrases."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from bot.urgent.features import WIDTH, Rows

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One weight per column and class, ready to multiply."""

    weights: Singles
    """WIDTH × classes; the inverse document frequency is multiplied in."""
    scale: Singles
    """WIDTH: inverse document frequency, for the length of a row."""
    bias: Floats

    def __post_init__(self) -> None:
        for name, shape in (
            ("weights", (WIDTH, len(self.bias))),
            ("scale", (WIDTH,)),
            ("bias", (len(self.bias),)),
        ):
            values = getattr(self, name)
            if values.shape != shape or values.dtype.kind != "f" or not np.isfinite(values).all():
                raise ValueError(f"{name} is not what a model has")

    def scores(self, rows: Rows) -> Floats:
        """Return log-odds, one row per text and one column per class."""
        starts, columns, values = rows
        owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        length = np.sqrt(np.bincount(owners, (values * self.scale[columns]) ** 2, len(starts) - 1))
        weighted = self.weights[columns] * values[:, None]
        sums = np.stack(
            [np.bincount(owners, weighted[:, k], len(starts) - 1) for k in range(weighted.shape[1])], axis=1
        )
        return np.asarray(sums / np.maximum(length, 1e-9)[:, None] + self.bias, np.float64)


def learn_scale(rows: Rows, texts: int) -> Floats:
    """Return the inverse document frequency of each column; unseen ones weigh as much as the rarest."""
    frequency = np.bincount(rows[1], minlength=WIDTH)
    return np.asarray(np.log((1.0 + texts) / (1.0 + frequency)) + 1.0, np.float64)


def learn(rows: Rows, targets: Floats, importance: Floats, scale: Floats, *, strength: float) -> Model:
    """Fit one binary classifier per column of `targets` (1, 0) with `importance` of the same shape (0 leaves out).

    `strength` is the inverse of the ridge penalty, as in scikit-learn's `C`.
    """
    # Their import takes most of a second, and a model that was kept needs none of it.
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    starts, columns, values = rows
    count = len(starts) - 1
    owners = np.repeat(np.arange(count), np.diff(starts))
    values = values * scale[columns]
    length = np.sqrt(np.bincount(owners, values**2, count))
    matrix = csr_matrix((values / length[owners], columns, starts), shape=(count, WIDTH))
    classes = targets.shape[1]
    weights = np.zeros((WIDTH, classes))
    bias = np.zeros(classes)
    for k in range(classes):
        used = np.flatnonzero(importance[:, k])
        regression = LogisticRegression(
            solver="liblinear", dual=True, C=strength, max_iter=15, tol=0.03, random_state=7
        )
        with warnings.catch_warnings():
            # Fifteen rounds are near enough: more move no verdict, and start-up waits for them.
            warnings.simplefilter("ignore", ConvergenceWarning)
            regression.fit(matrix[used], targets[used, k], sample_weight=importance[used, k])
        weights[:, k] = regression.coef_[0] * scale
        bias[k] = regression.intercept_[0]
    return Model(weights=_halved(weights), scale=_halved(scale), bias=bias)


def _halved(numbers: Floats) -> npt.NDArray[np.float32]:
    """Return `numbers` as sixteen bits hold them: a model judges the same before it is kept and after."""
    return numbers.astype(np.float16).astype(np.float32)
