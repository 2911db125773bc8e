"""Where the centres of k-means start."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane import _core
from nearplane._blocks import blocks
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
    centers = np.empty(expected, dtype)
    for block in blocks(*expected):  # between which Ctrl-C is heard
        with np.errstate(over="ignore"):
            centers[block] = matrix[block]
        if not np.isfinite(centers[block]).all():
            raise ValueError(f"init holds values that {dtype} cannot hold.")
    return centers


def _lots(rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the rows with a weight, equal ones side by side, and the share of each.

    Their order depends on what they hold alone. So does whatever is drawn with it, and to repeat a
    row is the same as to give it twice the weight.
    """
    hashes = _core.row_hashes(rows.X, n_threads=rows.n_threads)
    order = np.argsort(hashes, kind="stable")
    if rows.weight is None:
        return order, np.full(len(order), 1 / len(order))
    order = order[rows.weight[order] > 0]
    weight = rows.weight[order] / rows.weight.max()
    return order, weight / weight.sum()


def _at_random(rows: Rows, n_clusters: int, random_state: Any) -> NDArray[np.intp]:
    """Return rows drawn with their weights, all different as long as there are such rows."""
    order, shares = _lots(rows)
    hashes = _core.row_hashes(rows.X, n_threads=rows.n_threads)[order]
    firsts = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]])
    lots = np.add.reduceat(shares, firsts)
    n_drawn = min(n_clusters, np.count_nonzero(lots))
    drawn = random_state.choice(len(lots), size=n_drawn, replace=False, p=lots / lots.sum())
    return order[firsts[np.resize(drawn, n_clusters)]]


def _plus_plus(rows: Rows, n_clusters: int, random_state: Any) -> NDArray[np.intp]:
    """Return rows far from each other: greedy k-means++.

    Each seed is the best of some candidates drawn with their squared distances to the seeds before,
    as in scikit-learn: that which leaves the smallest sum of them (Arthur and Vassilvitskii,
    k-means++: the advantages of careful seeding, SODA 2007, who recommend 2 + log k candidates).
    """
    order, shares = _lots(rows)
    weight = np.zeros(len(rows.X))
    weight[order] = shares
    n_candidates = 2 + int(np.log(n_clusters))
    chosen = np.empty(n_clusters, np.intp)
    nearest = np.full(len(weight), np.inf)
    for seed in range(n_clusters):
        # Far rows are likelier; the first seed is drawn by weight alone, and once.
        lots = np.cumsum(shares if seed == 0 else nearest[order] * shares)
        drawn = random_state.uniform(size=n_candidates if seed else 1) * lots[-1]
        places = np.minimum(np.searchsorted(lots, drawn, side="right"), len(lots) - 1)
        candidates = order[places]
        distances, totals = _core.nearer_distances(
            rows.X,
            np.ascontiguousarray(rows.X[candidates]),
            nearest,
            sample_weight=weight,
            n_threads=rows.n_threads,
            progress=None,
        )
        best = int(np.argmin(totals))
        chosen[seed], nearest = candidates[best], distances[best]
    return chosen
