"""What the cosine distance of two rows is: their arithmetic, a pair, a list and a matrix of them.

It is |x^ - y^|^2 / 2 of the rows x^ = x / |x|, which is 1 - x^ y^ without its cancellation: of rows
a thousandth of a degree apart, 1 - cos has lost all but six digits, and this has lost none.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._blocks import blocks

# Rows that are multiples of each other come out below the first, or above the second if they point
# in opposite directions; docs/numerics.md derives both. So they are 0 or 2 from each other.
_PARALLEL = 2.0**-96
_OPPOSITE = 2 - 2.0**-45

OF_ZEROS = 1.0
"""What a row of zeros, which has no direction, is from every row, as in scikit-learn."""

MOST = 2.0
"""The distance of rows that point in opposite directions."""

# Numbers worked on at a time. What is measured is gone through some ten times, so that it should
# stay in a core's cache; to compare all rows of two blocks is worth more of them.
_MEASURED_SIZE = 2**17
COMPARED_SIZE = 2**22
_MOST_COMPARED_ROWS = 2**11

# Within which the exponents of the largest numbers of rows are left by scaling, in float64.
_LARGEST_SCALE = 1000


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows divided by their lengths, in float64; those of zeros stay zeros.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Finite. The same numbers give the same bits, whatever their type and the other rows are.
    """
    units = np.array(rows, dtype=np.float64, order="C")
    with np.errstate(under="ignore", invalid="ignore"):
        if rows.dtype == np.float64:  # the squares of narrower types neither overflow nor underflow
            largest = np.maximum(units.max(axis=1), -units.min(axis=1))
            exponents = np.clip(-np.frexp(largest)[1], -_LARGEST_SCALE, _LARGEST_SCALE)
            units *= np.ldexp(1.0, exponents)[:, None]  # a power of two, so that nothing is rounded
        lengths = np.sqrt(np.add.reduce(np.square(units), axis=1))
        units /= np.where(lengths == 0, 1, lengths)[:, None]
    return units


def measure(
    queries: NDArray[Any],
    places: NDArray[np.int64],
    rows: NDArray[Any],
    candidates: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the distances of queries from some rows each, none of which is a row of zeros.

    Parameters
    ----------
    queries : ndarray of shape (n_all, n_features)
        As they were given.
    places : ndarray of shape (n_queries,)
        Which of them.
    rows : ndarray of shape (n_rows, n_features)
        As they were given.
    candidates : ndarray of shape (n_queries, n_candidates)
        The rows to measure.

    Returns
    -------
    ndarray of shape (n_queries, n_candidates), float64
        A pair has the same bits in every call.
    """
    n_features = rows.shape[1]
    distances = np.empty(candidates.shape)
    width = max(1, min(candidates.shape[1], _MEASURED_SIZE // n_features))
    for block in blocks(len(places), n_features * width, size=_MEASURED_SIZE):
        units = unit_rows(queries[places[block]])[:, None, :]
        for columns in blocks(candidates.shape[1], 1, size=width):
            chosen = candidates[block, columns]
            others = unit_rows(rows[chosen.ravel()]).reshape(*chosen.shape, n_features)
            np.subtract(units, others, out=others)
            # A reduction along the last axis of an array in one piece adds in an order that depends
            # on nothing but its length.
            sums = np.add.reduce(np.square(others, out=others), axis=2)
            distances[block, columns] = from_squares(sums)
    return distances


def from_squares(squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn squared distances of unit rows into cosine distances, in place."""
    squares *= 0.5
    squares[squares < _PARALLEL] = 0
    squares[squares > _OPPOSITE] = MOST
    return squares


def cosine_distances(
    X: NDArray[Any], Y: NDArray[Any], out: NDArray[Any], *, n_threads: int
) -> None:
    """Write the distance of every row of `X` to every row of `Y` into `out`.

    If both are one array, a row of zeros is 0 from itself, as in scikit-learn.
    """
    width = max(X.shape[1], COMPARED_SIZE // _MOST_COMPARED_ROWS)
    for columns in blocks(len(Y), width, size=COMPARED_SIZE):
        base = unit_rows(Y[columns])
        base_is_zero = ~base.any(axis=1)
        for block in blocks(len(X), width, size=COMPARED_SIZE):
            queries = unit_rows(X[block])
            squares = squared_distances(queries, base, n_threads=n_threads)
            found = from_squares(squares)
            found[:, base_is_zero] = OF_ZEROS
            found[~queries.any(axis=1)] = OF_ZEROS
            out[block, columns] = found
    if X is Y:
        np.fill_diagonal(out, 0)


def squared_distances(
    units: NDArray[np.float64], others: NDArray[np.float64], *, n_threads: int
) -> NDArray[np.float64]:
    """Return |x - y|^2 of all pairs, to a relative 1e-9 at worst."""
    squares = np.empty((len(units), len(others)))
    _core.pairwise_distances(
        units, others, "sqeuclidean", squares, n_threads=n_threads, progress=None
    )
    return squares
