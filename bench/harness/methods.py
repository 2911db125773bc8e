"""What an adapter tells of its library, and the few steps several of them share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

Array = NDArray[Any]
# Queries in; (distances, indices) of a search out, or a matrix of distances.
Compute = Callable[[Array], Any]

# Distances held at a time by the peers that make a matrix first: 512 MB of float64.
_MATRIX_VALUES = 2**26


@dataclass(frozen=True)
class Method:
    """One way in which a library answers.

    `build` takes the base rows, outside the timed part; `dtype` is what it reads: if this is not
    the type of the data, the harness makes a copy, outside the timed part too, and says so.
    """

    name: str
    dtype: str
    build: Callable[[Array], Compute]


@dataclass(frozen=True)
class Task:
    """What is asked of a library, and on how many threads."""

    metric: str
    dtype: str
    n_threads: int


def _no_search(task: Task, k: int) -> list[Method]:
    return []


def _no_matrix(task: Task) -> list[Method]:
    return []


def _no_setting(n_threads: int) -> None:
    """Stand for libraries whose threads threadpoolctl or n_jobs set."""


@dataclass(frozen=True)
class Adapter:
    """A library: the distribution it comes from, and its methods for each question."""

    distribution: str
    searches: Callable[[Task, int], list[Method]] = _no_search
    matrices: Callable[[Task], list[Method]] = _no_matrix
    set_threads: Callable[[int], None] = _no_setting


def as_float(dtype: str) -> str:
    """Return the type for libraries without uint8: float32 holds every byte, and is the fastest."""
    return "float32" if dtype == "uint8" else dtype


def estimator_search(name: str, dtype: str, estimator: Any) -> Method:
    """Search with anything that has scikit-learn's `fit` and `kneighbors`."""

    def build(base: Array) -> Compute:
        fitted = clone(estimator).fit(base)
        compute: Compute = fitted.kneighbors
        return compute

    return Method(name, dtype, build)


def k_smallest(distances: Array, k: int) -> tuple[Array, Array]:
    """Return the k smallest values of each row in ascending order, and where they are."""
    some = np.argpartition(distances, k - 1, axis=1)[:, :k]
    values = np.take_along_axis(distances, some, axis=1)
    order = np.argsort(values, axis=1)
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(some, order, axis=1)


def in_blocks(search: Compute, n_base: int) -> Compute:
    """Let a search that makes a matrix first see only so many queries at a time."""
    rows = max(1, _MATRIX_VALUES // n_base)

    def run(queries: Array) -> tuple[Array, Array]:
        blocks = range(0, len(queries), rows)
        answers = [search(queries[start : start + rows]) for start in blocks]
        return np.concatenate([d for d, _ in answers]), np.concatenate([i for _, i in answers])

    return run
