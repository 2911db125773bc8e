"""Lloyd's iterations: assign every row to its nearest centre, move the centres, begin again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._blocks import blocks

Report = Callable[[int, float], None]

# Iterations without bounds, and centres that are so few that bounds spare hardly anything.
_UNBOUND = 3
_FEWEST_BOUND = 256


@dataclass(frozen=True)
class Rows:
    """Rows to cluster."""

    X: NDArray[Any]
    """(n_rows, n_features): finite, of a type of the core's."""
    weight: NDArray[np.float64] | None
    """(n_rows,): None if all are 1."""
    n_threads: int

    def assign(
        self,
        centers: NDArray[Any],
        guess: NDArray[np.int32] | None = None,
        bounds: _core.CenterBounds | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return each row's nearest centre and its squared distance."""
        return _core.nearest_centers(
            self.X, centers, guess=guess, bounds=bounds, n_threads=self.n_threads, progress=None
        )

    def sums(
        self, labels: NDArray[np.int32], n_clusters: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weighted sum of each cluster's rows, and of its weights."""
        return _core.cluster_sums(
            self.X,
            labels,
            n_clusters,
            sample_weight=self.weight,
            n_threads=self.n_threads,
            progress=None,
        )

    def total(self, distances: NDArray[np.float64]) -> float:
        """Return the weighted sum of one number for each row."""
        return float(np.sum(distances if self.weight is None else distances * self.weight))

    def variance(self) -> float:
        """Return the mean of the features' variances, each row with its weight."""
        labels = np.zeros(len(self.X), np.int32)
        sums, weights = self.sums(labels, 1)
        _, distances = self.assign(sums / weights, labels)
        return self.total(distances) / float(weights[0] * self.X.shape[1])


@dataclass(frozen=True)
class Clustering:
    """What the iterations have come to."""

    centers: NDArray[Any]
    labels: NDArray[np.int32]
    inertia: float
    n_iter: int
    shift: float
    """Sum of squared movements of the centres in the last iteration."""
    is_converged: bool


def lloyd(
    rows: Rows,
    centers: NDArray[Any],
    *,
    max_iter: int,
    tolerance: float,
    report: Report | None = None,
) -> Clustering:
    """Iterate until no label changes, or the centres move no more than the tolerance.

    Parameters
    ----------
    rows : Rows
        What is clustered.
    centers : ndarray of shape (n_clusters, n_features)
        Where the centres start; their type is that in which they are kept.
    max_iter : int
        Iterations at most.
    tolerance : float
        The sum of squared movements that counts as none.
    report : callable, default=None
        Told the number of iterations done and the inertia of the last assignment.

    Returns
    -------
    Clustering
        Its labels are those of its centres.
    """
    labels: NDArray[np.int32] | None = None
    # What is known of distances is kept as soon as centres move little enough for it to stay true:
    # at first it would only cost, and the order of the centres would not be that of their lengths.
    bounds: _core.CenterBounds | None = None
    n_iter, shift, has_moved, is_converged = 0, np.inf, True, False
    while n_iter < max_iter and not is_converged:
        n_iter += 1
        before, previous = labels, centers
        if n_iter > _UNBOUND and len(centers) >= _FEWEST_BOUND:
            bounds = bounds or _core.CenterBounds()
        labels, distances = rows.assign(centers, before, bounds)
        centers = _moved(rows, centers, labels, distances)
        shift = _squared_movement(previous, centers)
        has_moved = not np.array_equal(centers, previous)
        is_stable = before is not None and np.array_equal(labels, before)
        is_converged = is_stable or shift <= tolerance
        if report is not None:
            report(n_iter, rows.total(distances))
    if has_moved:  # the labels are those of the centres before they moved
        labels, distances = rows.assign(centers, labels, bounds)
    assert labels is not None
    return Clustering(centers, labels, rows.total(distances), n_iter, shift, is_converged)


def _moved(
    rows: Rows,
    centers: NDArray[Any],
    labels: NDArray[np.int32],
    distances: NDArray[np.float64],
) -> NDArray[Any]:
    """Return the means of the clusters."""
    sums, weights = rows.sums(labels, len(centers))
    if not weights.all():
        _fill_empty(rows, labels, distances, sums, weights)
    moved = np.empty_like(centers)
    for block in blocks(*centers.shape):
        is_empty = weights[block, np.newaxis] == 0
        means = sums[block] / np.where(is_empty, 1, weights[block, np.newaxis])
        # Nowhere is better for a cluster without rows: every row has a centre at its place.
        moved[block] = np.where(is_empty, centers[block], means)
    return moved


def _squared_movement(before: NDArray[Any], after: NDArray[Any]) -> float:
    """Return the sum of the centres' squared movements.

    Block by block, between which Ctrl-C is heard: centres may be as large as the rows.
    """
    total = 0.0
    for block in blocks(*before.shape):
        total += float(np.sum(np.square(after[block].astype(np.float64) - before[block])))
    return total


def _fill_empty(
    rows: Rows,
    labels: NDArray[np.int32],
    distances: NDArray[np.float64],
    sums: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> None:
    """Move the rows farthest from their centres to the empty clusters, one to each.

    The first of rows that are equally far goes first. No row leaves a cluster that it would leave
    empty, and none that lies at its centre. `sums` and `weights` are changed.
    """
    weight = np.ones(len(labels)) if rows.weight is None else rows.weight
    weighs = weight > 0
    counts = np.bincount(labels[weighs], minlength=len(weights))
    farthest = np.argsort(np.where(weighs, -distances, 0), kind="stable")
    movable = iter(farthest[: np.count_nonzero(weighs & (distances > 0))])
    for empty in np.flatnonzero(weights == 0):
        row = next((row for row in movable if counts[labels[row]] > 1), None)
        if row is None:
            return
        part = rows.X[row].astype(np.float64) * weight[row]
        counts[labels[row]] -= 1
        sums[labels[row]] -= part
        weights[labels[row]] -= weight[row]
        sums[empty] = part
        weights[empty] = weight[row]
