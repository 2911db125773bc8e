"""What the benchmarks of linear classifiers share: features, the plan of an epoch, adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.methods import Array

LOSSES = ("softmax", "hinge")
LINEAR_DTYPES = ("uint8", "float32")


@dataclass(frozen=True)
class Rows:
    """Rows and their labels: the features are (X - center) * scale, or X itself without these."""

    X: Array
    y: Array
    center: Array | None = None
    scale: Array | None = None

    @property
    def n_classes(self) -> int:
        """Return how many classes the labels 0, 1, 2, ... name."""
        return int(self.y.max()) + 1


@dataclass(frozen=True)
class Features:
    """The same standardised features in two forms: bytes with their statistics, and a copy."""

    uint8: Rows
    float32: Rows

    def __getitem__(self, dtype: str) -> Rows:
        return self.uint8 if dtype == "uint8" else self.float32


@dataclass(frozen=True)
class Plan:
    """One epoch as everybody runs it: these rows in these batches, from weights of zero."""

    loss: str
    dtype: str
    order: Array
    batch_size: int
    learning_rate: float
    momentum: float
    n_threads: int
    alpha: float = 0.0

    def batches(self) -> list[Array]:
        """Return the indices of the rows of each batch: as few as may be, as even as can be."""
        return np.array_split(self.order, -(-len(self.order) // self.batch_size))


@dataclass(frozen=True)
class Epoch:
    """Something ready to learn: what is timed, and the loss of each batch before its step.

    `losses` is None if the library takes other steps, so that there is nothing to compare; `steps`
    then tells which.
    """

    run: Callable[[], object]
    losses: Callable[[], Array] | None = None
    momentum: bool = True
    steps: str = "the same"


@dataclass(frozen=True)
class EpochMethod:
    """One way in which a library runs an epoch.

    `reads` is the form of the features it is given; `build` gets them outside the timed part.
    """

    name: str
    reads: str
    build: Callable[[Rows, Plan], Epoch]


# Rows to train on, rows to validate with, the plan of an epoch and their number in.
ValidationLosses = Callable[[Rows, Rows, Plan, int], list[float]]
# W, b in; the loss, its gradient by W (features x classes) and by b out.
Gradient = Callable[[Array, Array], tuple[float, Array, Array]]


@dataclass(frozen=True)
class GradientMethod:
    """One way to the loss of all rows and its gradient."""

    name: str
    reads: str
    build: Callable[[Rows, str], Gradient]


def _no_epochs(plan: Plan) -> list[EpochMethod]:
    return []


def _no_gradients(dtype: str, n_threads: int) -> list[GradientMethod]:
    return []


def _no_classifiers(n_threads: int) -> dict[str, Any]:
    return {}


def _no_setting(n_threads: int) -> None:
    """Stand for libraries whose threads threadpoolctl or n_jobs set."""


@dataclass(frozen=True)
class LinearAdapter:
    """A library: the distribution it comes from, and its methods for each question."""

    distribution: str
    epochs: Callable[[Plan], list[EpochMethod]] = _no_epochs
    gradients: Callable[[str, int], list[GradientMethod]] = _no_gradients
    validation_losses: ValidationLosses | None = None
    """Train so many epochs on the first rows; return the mean loss of the others after each."""
    classifiers: Callable[[int], dict[str, Any]] = _no_classifiers
    """Estimators in scikit-learn's manner, to be asked how accurate they get."""
    set_threads: Callable[[int], None] = _no_setting


def make_features(X: Array, y: Array) -> Features:
    """Return bytes as they are and as a standardised copy in float32."""
    rows = Rows(X, y, *statistics(X))
    return Features(rows, standardised_copy(rows))


def standardised_copy(rows: Rows) -> Rows:
    """Return the features of all rows in float32."""
    return Rows(batch_features(rows, slice(None)), rows.y)


def statistics(X: Array) -> tuple[Array, Array]:
    """Return the mean of each column of bytes, and the inverse of its standard deviation."""
    center = X.mean(axis=0, dtype=np.float64)
    squares = np.einsum("ij,ij->j", X, X, dtype=np.int64) / len(X)
    deviation = np.sqrt(np.maximum(squares - center**2, 0))
    return center, 1 / np.where(deviation > 0, deviation, 1.0)


def batch_features(rows: Rows, batch: Array | slice) -> Array:
    """Return the features of some rows in float32, as people make them from bytes."""
    X: Array = rows.X[batch]
    if rows.center is None or rows.scale is None:
        return X
    X = X - rows.center.astype(np.float32)
    X *= rows.scale.astype(np.float32)
    return X


def as_json(plan: Plan) -> dict[str, Any]:
    """Return what a figure depends on, for the JSON file."""
    names = ("loss", "dtype", "batch_size", "learning_rate", "momentum", "alpha", "n_threads")
    return {name: getattr(plan, name) for name in names} | {"n_rows": len(plan.order)}
