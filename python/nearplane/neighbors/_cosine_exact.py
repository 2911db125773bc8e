"""Cosine neighbours of the few queries whose answer float32 leaves undecided, and of ties."""

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._blocks import blocks
from nearplane.neighbors._cosine import (
    COMPARED_SIZE,
    OF_ZEROS,
    measure,
    squared_distances,
    unit_rows,
)
from nearplane.neighbors._cosine_job import Job, k_nearest
from nearplane.neighbors._searcher import Answer

# A pair of a matrix of squared distances is within 1e-9 of its own, so rows that exceed another by
# more than twice that are farther. Behind opposite rows, which are equally far, there are none.
_TOLERANCE = 4e-9

# What the squared distance of rows that are multiples of each other may come out as.
_NEARLY_PARALLEL = 2.0**-94

# Distances held at a time, 64 MB: for each matrix all rows are brought to length 1 once more.
_MATRIX_SIZE = 2**23


def exact_neighbours(job: Job, rows: NDArray[Any], zeros: NDArray[np.int64]) -> Answer:
    """Find the rows nearest by cosine distance, by brute force in float64.

    Parameters
    ----------
    job : Job
        No query of it is a row of zeros.
    rows : ndarray of shape (n_rows, n_features)
        As they were given.
    zeros : ndarray of int64
        Which of the rows are rows of zeros.
    """
    distances, indices = np.empty((len(job), job.k)), np.empty((len(job), job.k), np.int64)
    everything = np.arange(len(rows))
    for block in blocks(len(job), len(rows), size=_MATRIX_SIZE):
        places = job.places[block]
        squares = _squares(job.queries[places], rows, job.n_threads)
        squares[:, zeros] = 2 * OF_ZEROS
        squares[~job.allows(block, everything)] = inf
        kth = np.partition(squares, job.k - 1, axis=1)[:, job.k - 1]
        limits = kth * (1 + _TOLERANCE) + _NEARLY_PARALLEL
        for offset, limit in enumerate(limits):
            candidates = np.flatnonzero(squares[offset] <= limit)[None, :]
            measured = measure(job.queries, places[offset : offset + 1], rows, candidates)
            measured[np.isin(candidates, zeros)] = OF_ZEROS
            query = block.start + offset
            distances[query], indices[query] = k_nearest(measured, candidates, job.k)
        if job.progress is not None:
            job.progress(block.stop / len(job), "(again, in float64)")
    return distances, indices


def _squares(queries: NDArray[Any], rows: NDArray[Any], n_threads: int) -> NDArray[np.float64]:
    """Return |x^ - y^|^2 of all pairs, to within the tolerance."""
    units = unit_rows(queries)
    squares = np.empty((len(queries), len(rows)))
    for block in blocks(*rows.shape, size=COMPARED_SIZE):
        squares[:, block] = squared_distances(units, unit_rows(rows[block]), n_threads=n_threads)
    return squares
