"""Where the centres of k-means start."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane import _core
from nearplane._validation import as_matrix, check_choice, read_array
from nearplane.cluster._lloyd import Rows

Init = str | ArrayLike | Callable[..., ArrayLike]
NAMED = ("k-means++", "random")


def is_drawn(init: object) -> bool:
    """Return whether seeds are drawn anew each time, and not given as an array."""
    return isinstance(init, str) or callable(init)


def check_init(init: object) -> None:
    """Raise unless `init` may be where centres start; an array is checked when it is used."""
    if isinstance(init, str):
        check_choice("init", init, NAMED)
    elif not callable(init) and np.ndim(init) == 0:  # type: ignore[arg-type]
        raise ValueError(
            f"init must be 'k-means++', 'random', an array of centers or a function that returns "
            f"one; got {init!r}."
        )


def seed_centers(
    init: Init, rows: Rows, n_clusters: int, dtype: np.dtype[Any], random_state: Any
) -> NDArray[Any]:
    """Return centres to start from.

    Parameters
    ----------
    init : {"k-means++", "random"}, array-like or callable
        How they are chosen.
    rows : Rows
        The rows to cluster.
    n_clusters : int
        How many centres.
    dtype : dtype
        Of the centres.
    random_state : numpy.random.RandomState
        What they are drawn with.

    Returns
    -------
    ndarray of shape (n_clusters, n_features)
        A new array.

    Raises
    ------
    TypeError, ValueError
        If what is given or returned is not that many finite centres.
    """
    if isinstance(init, str):
        choose = _plus_plus if init == "k-means++" else _at_random
        return rows.X[choose(rows, n_clusters, random_state)].astype(dtype)
    given = init(rows.X, n_clusters, random_state=random_state) if callable(init) else init
    matrix = as_matrix(read_array(given, "init"), "init", n_threads=rows.n_threads)
    expected = (n_clusters, rows.X.shape[1])
    if matrix.shape != expected:
        raise ValueError(
            f"The shape of the initial centers {matrix.shape} does not match {expected}, "
            "n_clusters and the number of features of the data."
        )
    with np.errstate(over="ignore"):
        centers = np.array(matrix, dtype=dtype, order="C")
    if not np.isfinite(centers).all():
        raise ValueError(f"init holds values that {dtype} cannot hold.")
    return centers


def _shares(rows: Rows) -> NDArray[np.float64]:
    weight = np.ones(len(rows.X)) if rows.weight is None else rows.weight / rows.weight.max()
    shares: NDArray[np.float64] = weight / weight.sum()
    return shares


def _at_random(rows: Rows, n_clusters: int, random_state: Any) -> NDArray[np.intp]:
    """Return different rows, drawn with their weights."""
    shares = _shares(rows)
    n_weighing = int(np.count_nonzero(shares))
    if n_weighing < n_clusters:
        raise ValueError(
            f"init='random' needs {n_clusters} rows with a sample weight; there are {n_weighing}."
        )
    chosen: NDArray[np.intp] = random_state.choice(
        len(shares), size=n_clusters, replace=False, p=shares
    )
    return chosen


def _plus_plus(rows: Rows, n_clusters: int, random_state: Any) -> NDArray[np.intp]:
    """Return rows far from each other: greedy k-means++.

    Each seed is the best of some candidates drawn with their squared distances to the seeds before,
    as in scikit-learn: that which leaves the smallest sum of them (Arthur and Vassilvitskii,
    k-means++: the advantages of careful seeding, SODA 2007, who recommend 2 + log k candidates).
    """
    shares = _shares(rows)
    n_candidates = 2 + int(np.log(n_clusters))
    chosen = np.empty(n_clusters, np.intp)
    chosen[0] = random_state.choice(len(shares), p=shares)
    nearest = np.full(len(shares), np.inf)
    nearest, total = _best(rows, chosen[:1], nearest, shares)[1:]
    for seed in range(1, n_clusters):
        drawn = random_state.uniform(size=n_candidates) * total
        candidates = np.searchsorted(np.cumsum(nearest * shares), drawn)
        candidates = np.minimum(candidates, len(shares) - 1)  # what rounding leaves beyond the end
        chosen[seed], nearest, total = _best(rows, candidates, nearest, shares)
    return chosen


def _best(
    rows: Rows,
    candidates: NDArray[np.intp],
    nearest: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> tuple[np.intp, NDArray[np.float64], float]:
    """Return the best candidate, the distances to the nearest seed with it, and their sum."""
    distances, totals = _core.nearer_distances(
        rows.X,
        np.ascontiguousarray(rows.X[candidates]),
        nearest,
        sample_weight=shares,
        n_threads=rows.n_threads,
        progress=None,
    )
    best = int(np.argmin(totals))
    return candidates[best], distances[best], float(totals[best])
