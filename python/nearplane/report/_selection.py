"""Choosing k: a validation split, and one search that serves every k."""

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets._splits import stratified_order
from nearplane.neighbors import KNeighborsClassifier

# A fifth of the training images, but never so many that choosing k outlasts the test itself.
_VALIDATION_FRACTION = 0.2
_MOST_VALIDATION_ROWS = 5_000
_DEFAULT_MOST_NEIGHBORS = 20
# Validation images are copied out of the training images, so many at a time.
_BLOCK_BYTES = 2**22


def validation_rows(y: NDArray[np.int64], random_state: int) -> NDArray[np.intp]:
    """Choose the training rows to set aside for validation, every class in proportion.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    random_state : int

    Returns
    -------
    ndarray of int, shape (n_validation,)
        Ascending.

    Raises
    ------
    ValueError
        If there are fewer than 2 rows.
    """
    if len(y) < 2:
        raise ValueError(f"choosing k needs at least 2 training images, got {len(y)}")
    n_validation = min(max(1, round(_VALIDATION_FRACTION * len(y))), _MOST_VALIDATION_ROWS)
    order = stratified_order(y, np.random.RandomState(random_state))
    return np.sort(order[:n_validation])


def check_ks(ks: Sequence[int] | None, n_fit: int) -> list[int]:
    """Return the values of k to try, ascending and each once.

    Parameters
    ----------
    ks : sequence of int or None
        None means 1 to 20, or to `n_fit` if that is less.
    n_fit : int
        How many rows the validation images are searched in.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        If `ks` is empty or holds a value below 1 or above `n_fit`.
    """
    if ks is None:
        return list(range(1, min(_DEFAULT_MOST_NEIGHBORS, n_fit) + 1))
    chosen = sorted(set(ks))
    if not chosen:
        raise ValueError("no value of k to try: give at least one")
    if chosen[0] < 1:
        raise ValueError(f"k must be at least 1, got {chosen[0]}")
    if chosen[-1] > n_fit:
        raise ValueError(
            f"k = {chosen[-1]} is more than the {n_fit} training images left for the search once "
            "those for validation are set aside: use a smaller k or more training images"
        )
    return chosen


def search_other_rows(
    model: KNeighborsClassifier,
    X: NDArray[Any],
    rows: NDArray[np.intp],
    n_neighbors: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find the nearest of the training rows that are not among `rows`, for each of `rows`.

    The search runs over all of `X` for a few more neighbours than asked, and `rows` are struck
    from the answers; the few queries left with too little are searched again for more. That is
    exact, because neighbours have one order, and spares a copy of nearly all the images.

    Parameters
    ----------
    model : KNeighborsClassifier
        Fitted to all of `X`.
    X : ndarray of shape (n, ...)
        Training images.
    rows : ndarray of int, shape (n_rows,)
        The queries' rows, none of which may be an answer.
    n_neighbors : int
        At most ``n - n_rows``.

    Returns
    -------
    distances, indices : ndarray of shape (n_rows, n_neighbors)
        The neighbours, as rows of `X`, nearest first.
    """
    held_out = np.zeros(len(X), dtype=bool)
    held_out[rows] = True
    n_blocks = ceil(len(rows) * X[0].nbytes / _BLOCK_BYTES)
    found = [
        _search_block(model, X, block, held_out, n_neighbors)
        for block in np.array_split(rows, n_blocks)
    ]
    distances, indices = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return distances, indices


def _search_block(
    model: KNeighborsClassifier,
    X: NDArray[Any],
    rows: NDArray[np.intp],
    held_out: NDArray[np.bool_],
    n_neighbors: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    share = held_out.mean()
    # Expected number struck out (the row itself among them), and four standard deviations more.
    wanted = ceil((n_neighbors + 4 * sqrt(n_neighbors * share)) / (1 - share)) + 1
    distances = np.empty((len(rows), n_neighbors))
    indices = np.empty((len(rows), n_neighbors), dtype=np.int64)
    pending = np.arange(len(rows))
    while pending.size:
        wanted = min(wanted, len(X))
        found = model.kneighbors(X[rows[pending]], wanted)
        struck = held_out[found[1]]
        enough = (~struck).sum(axis=1) >= n_neighbors
        # A stable sort brings those that remain to the front and leaves their order alone.
        front = np.argsort(struck[enough], axis=1, kind="stable")[:, :n_neighbors]
        for kept, seen in zip((distances, indices), found, strict=True):
            kept[pending[enough]] = np.take_along_axis(seen[enough], front, axis=1)
        pending = pending[~enough]
        wanted *= 2
    return distances, indices
