"""The two questions the core answers: all distances, and the nearest rows."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane import _core
from nearplane._validation import (
    Metric,
    as_common_dtype,
    as_matrix,
    check_choice,
    check_n_neighbors,
    check_out,
    check_rows_left,
    check_same_features,
    float_dtype,
    read_array,
    read_groups,
    resolve_metric,
    resolve_n_jobs,
)
from nearplane.neighbors._cosine import cosine_distances
from nearplane.neighbors._searcher import ALGORITHMS
from nearplane.neighbors._searchers import make_searcher


def pairwise_distances(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    metric: str = "euclidean",
    *,
    p: float | None = None,
    n_jobs: int | None = None,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Compute the distance of every row of `X` to every row of `Y`.

    Parameters
    ----------
    X : array-like of shape (n_queries, n_features), or images of shape (n_queries, height, width) \
or (n_queries, height, width, channels)
        Real, finite numbers. uint8, float32 and float64 are read where they lie; bool is read as
        uint8; 8 and 16 bit integers and float16 are converted to float32, wider integers to
        float64, always without loss. If `X` and `Y` differ, both take the wider of the two types.
    Y : array-like like `X`, of shape (n_base, n_features), default=None
        None stands for `X`.
    metric : str, default="euclidean"
        "euclidean" (or "l2"), "sqeuclidean", "manhattan" (or "l1", "cityblock"), "minkowski" or
        "cosine": 1 - x.y / (|x| |y|), from 0 to 2; 1 from a row of zeros, as in scikit-learn.
    p : {1, 2}, default=None
        The power of "minkowski", 2 if None; no other metric has one.
    n_jobs : int, default=None
        Number of threads. None: what OpenMP would use (``OMP_NUM_THREADS``, threadpoolctl); -1:
        every usable processor; -2: all but one. It does not change a bit of the answer.
    out : ndarray of shape (n_queries, n_base), default=None
        Where to write: float32 or float64, C-contiguous, apart from the inputs.

    Returns
    -------
    ndarray of shape (n_queries, n_base)
        `out` if given; else float32 if `X` and `Y` are both given as float32, float64 otherwise.
        A distance beyond the range of its type is infinite.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; the message names it.

    See Also
    --------
    argkmin : The nearest rows, without the matrix.
    nearplane.NearestNeighbors : Its ``kneighbors(None)`` finds for each fitted row the nearest of
        the others, without the matrix.

    Notes
    -----
    Distances between uint8 rows are sums of integers and exact. Between other rows, a pair is
    measured by direct differences in float64 wherever the rounding of the fast formula could cost
    more than a relative 1e-5 (float32 output) or 1e-9 (float64 output); typical errors are 1e-7
    and 1e-15. So a row's distance to itself is exactly 0, and data far from the origin lose
    nothing. The distances of `argkmin` are those of direct differences always.

    Cosine distances are computed as |x / |x| - y / |y||^2 / 2, in float64 whatever the types, and
    so without the cancellation of 1 - cos. Rows that are multiples of each other are exactly 0
    apart. A row of zeros has distance 1 from every row; in ``pairwise_distances(X)``, where the
    diagonal is 0, from every other row.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane import pairwise_distances
    >>> X = np.array([[0, 0], [3, 4]], dtype=np.uint8)
    >>> pairwise_distances(X)
    array([[0., 5.],
           [5., 0.]])
    >>> pairwise_distances(X, [[1, 1]], metric="manhattan")
    array([[2.],
           [5.]])
    """
    core_metric = _resolve_metric(metric, p)
    n_threads = resolve_n_jobs(n_jobs)
    X_given = read_array(X, "X")
    Y_given = X_given if Y is None else read_array(Y, "Y")
    queries = as_matrix(X_given, "X", n_threads=n_threads)
    base = queries if Y is None else as_matrix(Y_given, "Y", n_threads=n_threads)
    check_same_features(X_given, Y_given)
    shape = (len(queries), len(base))
    if out is None:
        out = np.empty(shape, dtype=float_dtype(X_given.dtype, Y_given.dtype))
    else:
        check_out(out, shape, (queries, base))
    if core_metric == "cosine":
        cosine_distances(queries, base, out, n_threads=n_threads)
        return out
    queries, base = as_common_dtype(queries, base)
    _core.pairwise_distances(queries, base, core_metric, out, n_threads=n_threads, progress=None)
    return out


def argkmin(
    X: ArrayLike,
    Y: ArrayLike,
    k: int,
    metric: str = "euclidean",
    *,
    p: float | None = None,
    algorithm: str = "auto",
    X_groups: ArrayLike | None = None,
    Y_groups: ArrayLike | None = None,
    n_jobs: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find the `k` rows of `Y` nearest to every row of `X`.

    Parameters
    ----------
    X, Y : array-like of shape (n_queries, n_features) and (n_base, n_features), or images
        The queries and the rows searched; types and shapes as in `pairwise_distances`.
    k : int
        How many, from 1 to n_base.
    metric, p
        As in `pairwise_distances`.
    algorithm : {"auto", "brute", "pruned"}, default="auto"
        How to search; every algorithm gives the same, exact answer. "brute": every distance is
        computed. "pruned": a sketch of `Y` is built first, short codes of its rows which tell that
        most of them are too far away to be measured. "auto": whichever is predicted to be faster.
    X_groups, Y_groups : array-like of int, of shape (n_queries,) and (n_base,), default=None
        The group of each query and of each row, both or neither: rows of a query's own group are
        left out of its answer. Every query must have `k` rows left.
    n_jobs
        As in `pairwise_distances`.

    Returns
    -------
    distances : ndarray of shape (n_queries, k), float64
        Ascending in every row.
    indices : ndarray of shape (n_queries, k), int64
        The rows of `Y`. Of rows equally far the one with the smaller index comes first, so the
        answer is unique: the first of ten neighbours are the first of a hundred.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; the message names it.

    See Also
    --------
    nearplane.NearestNeighbors : The same as an estimator. Its ``kneighbors(None)`` leaves each row
        out of its own answer, where ``argkmin(X, X, k)`` finds the row itself.

    Examples
    --------
    >>> from nearplane import argkmin
    >>> distances, indices = argkmin([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0], [1.0, 0.0]], k=2)
    >>> distances
    array([[1., 1.]])
    >>> indices
    array([[1, 2]])

    Rows of the query's own group are no neighbours:

    >>> X = [[0], [1], [2], [3]]
    >>> argkmin(X, X, k=1, X_groups=[0, 0, 1, 1], Y_groups=[0, 0, 1, 1])[1].ravel()
    array([2, 2, 1, 1])
    """
    core_metric = _resolve_metric(metric, p)
    check_choice("algorithm", algorithm, ALGORITHMS)
    k = check_n_neighbors(k, "k")
    n_threads = resolve_n_jobs(n_jobs)
    X_given, Y_given = read_array(X, "X"), read_array(Y, "Y")
    queries = as_matrix(X_given, "X", n_threads=n_threads)
    base = as_matrix(Y_given, "Y", n_threads=n_threads)
    check_same_features(X_given, Y_given)
    if k > len(base):
        raise ValueError(f"k must be at most the number of rows of Y, {len(base)}; got {k}.")
    groups = read_groups(X_groups, Y_groups, len(queries), len(base))
    if groups is not None:
        check_rows_left(groups, k, "k")
    searcher = make_searcher(base, core_metric, algorithm)
    return searcher.search(queries, k, groups=groups, n_threads=n_threads)


def _resolve_metric(metric: str, p: float | None) -> Metric:
    if p is not None and metric != "minkowski":
        raise ValueError(
            f"p is the power of metric='minkowski' alone; got p={p!r} with {metric!r}."
        )
    return resolve_metric(metric, p)
