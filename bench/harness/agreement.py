"""Do two libraries give the same answer? Oracles by direct differences in float64, and judgement.

Neighbours are compared by the true distances of the rows a library names, not by the distances it
reports: rows equally far may come in any order, and rounding in the report is another matter.
"""

from dataclasses import dataclass

import numpy as np

from harness.methods import Array

# Relative to the distance of the k-th neighbour: float32 arithmetic on a few thousand features may
# confuse rows that are nearer to each other than this.
TOLERANCE = 1e-5
# Direct differences in float64 leave no more than this.
_ROUNDING = 1e-12
# Differences held at a time: 64 MB of float64.
_BLOCK_VALUES = 2**23


class WrongAnswerError(RuntimeError):
    """nearplane itself gave an answer that is not exact: nothing is worth timing then."""


@dataclass(frozen=True)
class Agreement:
    """How the neighbours a library names compare with the true ones."""

    n_same: int
    n_queries: int
    worst_excess: float
    distance_error: float

    @property
    def text(self) -> str:
        """Say it in a few characters."""
        if self.n_same == self.n_queries:
            return f"{self.n_same}/{self.n_queries}"
        return f"{self.n_same}/{self.n_queries} (off by {self.worst_excess:.0e})"


def direct_distances(rows: Array, others: Array, metric: str) -> Array:
    """Return the distances along the last axis of two arrays that broadcast, in float64."""
    difference = np.subtract(rows, others, dtype=np.float64)
    distances: Array
    if metric == "manhattan":
        distances = np.abs(difference, out=difference).sum(axis=-1)
    else:
        distances = np.sqrt(np.einsum("...d,...d->...", difference, difference))
    return distances


def distance_matrix(queries: Array, base: Array, metric: str) -> Array:
    """Return all distances by direct differences in float64: slow, simple, exact."""
    distances = np.empty((len(queries), len(base)))
    step = max(1, _BLOCK_VALUES // base.shape[1])
    for start in range(0, len(base), step):
        block = base[start : start + step].astype(np.float64)
        for row, query in enumerate(queries):
            distances[row, start : start + step] = direct_distances(block, query, metric)
    return distances


def distances_of(queries: Array, base: Array, indices: Array, metric: str) -> Array:
    """Return the true distances of the rows named; infinite if one is named twice, or is none."""
    true = np.full(indices.shape, np.inf)
    for row, (query, chosen) in enumerate(zip(queries, indices, strict=True)):
        if chosen.min() >= 0 and chosen.max() < len(base) and len(set(chosen)) == len(chosen):
            true[row] = direct_distances(base[chosen], query, metric)
    return true


class NeighborJudge:
    """Compares neighbours with those of nearplane's brute force, which are checked first."""

    def __init__(self, queries: Array, base: Array, metric: str, ours: tuple[Array, Array]) -> None:
        self._queries, self._base, self._metric = queries, base, metric
        self._distances, self._indices = ours
        self._true = np.sort(distances_of(queries, base, self._indices, metric), axis=1)
        if not np.allclose(self._distances, self._true, rtol=_ROUNDING, atol=0):
            raise WrongAnswerError(f"{metric}: reported distances are not those of the neighbours")

    def check_with_oracle(self, n_queries: int) -> None:
        """Raise unless the first few answers are those of the oracle."""
        k = self._true.shape[1]
        oracle = distance_matrix(self._queries[:n_queries], self._base, self._metric)
        nearest = np.sort(np.partition(oracle, k - 1, axis=1)[:, :k], axis=1)
        if not np.allclose(self._true[:n_queries], nearest, rtol=_ROUNDING, atol=0):
            raise WrongAnswerError(f"{self._metric}: not the neighbours of the NumPy oracle")

    def check_bytes(self, label: str, distances: Array, indices: Array) -> None:
        """Raise unless another algorithm of ours gives the same answer to the last bit."""
        answers = (distances, self._distances), (indices, self._indices)
        if any(ours.tobytes() != reference.tobytes() for ours, reference in answers):
            raise WrongAnswerError(f"{label}, {self._metric}: not the answer of brute force")

    def compare(self, distances: Array, indices: Array) -> Agreement:
        """Compare a library's answer to the first queries with ours.

        Should it know a nearer row than we do, ours is wrong.
        """
        n_queries = len(indices)
        true = distances_of(self._queries[:n_queries], self._base, indices, self._metric)
        ours = self._true[:n_queries]
        scale = np.maximum(ours[:, -1:], np.finfo(float).tiny)
        excess = (np.sort(true, axis=1) - ours) / scale
        if excess.min() < -_ROUNDING:
            raise WrongAnswerError(f"{self._metric}: a peer found a nearer row")
        same = (excess <= TOLERANCE).all(axis=1)
        error = np.abs(distances - true) / scale
        return Agreement(int(same.sum()), n_queries, float(excess.max()), float(error.max()))
