"""Cosine neighbours of the few queries whose answer float32 leaves undecided, and of ties."""

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._blocks import blocks
from nearplane._progress import Progress
from nearplane._validation import Groups
from nearplane.neighbors._cosine import (
    COMPARED_SIZE,
    OF_ZEROS,
    measure,
    squared_distances,
    unit_rows,
)
from nearplane.neighbors._searcher import Answer

# A pair of a matrix of squared distances is within 1e-9 of its own, so rows that exceed another by
# more than twice that are farther. Behind opposite rows, which are equally far, there are none.
_TOLERANCE = 4e-9

# Distances held at a time, 64 MB: for each matrix all rows are brought to length 1 once more.
_MATRIX_SIZE = 2**23

# What the squared distance of rows that are multiples of each other may come out as.
_NEARLY_PARALLEL = 2.0**-94


def exact_neighbours(
    queries: NDArray[Any],
    rows: NDArray[Any],
    zeros: NDArray[np.int64],
    k: int,
    *,
    own: NDArray[np.int64] | None,
    groups: Groups | None,
    n_threads: int,
    progress: Progress | None,
) -> Answer:
    """Find the rows nearest by cosine distance, by brute force in float64.

    Parameters
    ----------
    queries, rows : ndarray of shape (n_queries, n_features) and (n_rows, n_features)
        As they were given; no query is a row of zeros.
    zeros : ndarray of int64
        Which of the rows are.
    k : int
        How many; every query has so many rows to choose from.
    own : ndarray of shape (n_queries,), default=None
        A row for each query that is not its neighbour.
    groups : tuple of two ndarrays of int64, default=None
        A number for each query and one for each row: rows of a query's own group are skipped.
    n_threads : int
        Number of threads.
    progress : callable or None
        Told the fraction done.
    """
    distances, indices = np.empty((len(queries), k)), np.empty((len(queries), k), np.int64)
    for block in blocks(len(queries), len(rows), size=_MATRIX_SIZE):
        squares = _squares(queries[block], rows, n_threads)
        squares[:, zeros] = 2 * OF_ZEROS
        if own is not None:
            squares[np.arange(len(squares)), own[block]] = inf
        if groups is not None:
            squares[groups[0][block, None] == groups[1]] = inf
        kth = np.partition(squares, k - 1, axis=1)[:, k - 1]
        limits = kth * (1 + _TOLERANCE) + _NEARLY_PARALLEL
        for offset, limit in enumerate(limits):
            query = block.start + offset
            candidates = np.flatnonzero(squares[offset] <= limit)[None, :]
            measured = measure(queries[query : query + 1], rows, candidates)
            measured[np.isin(candidates, zeros)] = OF_ZEROS
            distances[query], indices[query] = k_nearest(measured, candidates, k)
        if progress is not None:
            progress(block.stop / len(queries), "(again, in float64)")
    return distances, indices


def k_nearest(distances: NDArray[np.float64], indices: NDArray[np.int64], k: int) -> Answer:
    """Return the first `k` of each row's candidates, by distance and then by index."""
    order = np.lexsort((indices, distances), axis=1)[:, :k]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1)


def first_allowed(
    pool: NDArray[np.int64],
    k: int,
    n_queries: int,
    *,
    own: NDArray[np.int64] | None,
    groups: Groups | None,
) -> NDArray[np.int64]:
    """Return for each query the first `k` rows of a sorted pool that it may have, then -1."""
    first = np.full((n_queries, k), -1)
    waiting, width = np.arange(n_queries), 2 * k + 2
    while len(waiting) and len(pool):
        head, short = pool[:width], []
        for block in blocks(len(waiting), len(head)):
            some = waiting[block]
            allowed = np.ones((len(some), len(head)), bool)
            if groups is not None:
                allowed &= groups[0][some, None] != groups[1][head]
            if own is not None:
                allowed &= own[some, None] != head
            number = allowed.cumsum(axis=1)
            place, column = np.nonzero(allowed & (number <= k))
            first[some[place], number[place, column] - 1] = head[column]
            short.append(some[number[:, -1] < k])
        waiting = np.concatenate(short) if len(head) < len(pool) else waiting[:0]
        width *= 4
    return first


def _squares(queries: NDArray[Any], rows: NDArray[Any], n_threads: int) -> NDArray[np.float64]:
    """Return |x^ - y^|^2 of all pairs, to within the tolerance."""
    units = unit_rows(queries)
    squares = np.empty((len(queries), len(rows)))
    for block in blocks(*rows.shape, size=COMPARED_SIZE):
        squares[:, block] = squared_distances(units, unit_rows(rows[block]), n_threads=n_threads)
    return squares
