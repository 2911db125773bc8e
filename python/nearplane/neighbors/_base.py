"""What all estimators share: the fitted rows, the checks of a query, and the search."""

from math import prod
from typing import Any, Self, get_args

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from nearplane._persistence import Arrays, Facts, PersistentEstimator, check_stored
from nearplane._progress import progress_bar
from nearplane._validation import (
    CORE_DTYPES,
    Metric,
    as_matrix,
    check_choice,
    check_counts_images,
    check_n_neighbors,
    read_array,
    resolve_metric,
    resolve_n_jobs,
    with_names,
)
from nearplane.neighbors._searcher import Searcher

_ALGORITHMS = ("auto", "brute")


class NeighborsBase(PersistentEstimator):
    """Fit rows and find the nearest of them.

    The constructor's parameters are documented with each estimator.
    """

    def __init__(
        self,
        *,
        n_neighbors: int,
        algorithm: str,
        metric: str,
        p: float,
        n_jobs: int | None,
        verbose: bool,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.algorithm = algorithm
        self.metric = metric
        self.p = p
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]] | NDArray[np.int64]:
        """Find the fitted rows nearest to every query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, default=None
            The queries. None: the fitted rows themselves, none of which is its own neighbour.
        n_neighbors : int, default=None
            How many; None: as many as the estimator says.
        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Ascending in every row. Only if `return_distance`.
        indices : ndarray of shape (n_queries, n_neighbors), int64
            Fitted rows; of those equally far the one with the smaller index first.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite or of another width than the fitted rows, or if there
            are fewer of these than `n_neighbors`.
        """
        check_is_fitted(self)
        k = check_n_neighbors(self.n_neighbors if n_neighbors is None else n_neighbors)
        distances, indices = self._search(self._read_queries(X), k, exclude_self=X is None)
        return (distances, indices) if return_distance else indices

    def kneighbors_graph(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        mode: str = "connectivity",
    ) -> scipy.sparse.csr_array:
        """Return the graph that joins every query to its nearest fitted rows.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, default=None
            The queries, as in `kneighbors`.
        n_neighbors : int, default=None
            How many; None: as many as the estimator says.
        mode : {"connectivity", "distance"}, default="connectivity"
            Whether an edge weighs 1 or its length.

        Returns
        -------
        scipy.sparse.csr_array of shape (n_queries, n_samples_fit_), float64
            Each row's entries in the order of `kneighbors`; those of length 0 are stored too.
        """
        check_choice("mode", mode, ("connectivity", "distance"))
        distances, indices = self.kneighbors(X, n_neighbors)
        n_queries, k = indices.shape
        weights = distances if mode == "distance" else np.ones_like(distances)
        row_ends = np.arange(0, n_queries * k + 1, k)
        return scipy.sparse.csr_array(
            (weights.ravel(), indices.ravel(), row_ends), shape=(n_queries, self.n_samples_fit_)
        )

    def _fit_rows(self, X: ArrayLike, n_targets: int | None = None) -> Self:
        """Check the parameters and take `X` as the rows to search, one for each of the targets.

        Nothing that could still fail follows the first change to the estimator.
        """
        check_n_neighbors(self.n_neighbors)
        check_choice("algorithm", self.algorithm, _ALGORITHMS)
        metric = resolve_metric(self.metric, self.p)
        n_threads = resolve_n_jobs(self.n_jobs)
        array = read_array(X, "X")
        matrix = as_matrix(array, "X", n_threads=n_threads, min_rows=1)
        if n_targets not in (None, len(matrix)):
            raise ValueError(
                f"X and y must have the same number of samples: X has {len(matrix)}, y has "
                f"{n_targets}."
            )
        searcher = Searcher(matrix, metric)
        validate_data(self, with_names(X, matrix), reset=True, skip_check_array=True)
        self._take(searcher, array.shape[1:])
        return self

    def _take(self, searcher: Searcher, row_shape: tuple[int, ...]) -> None:
        """Set what is known of the rows, which are images of that shape, or are not."""
        self.effective_metric_ = searcher.metric
        self.n_samples_fit_ = len(searcher.rows)
        self._searcher = searcher
        self._row_shape = row_shape

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        facts = {"metric": self.effective_metric_, "row_shape": self._row_shape}
        return facts, {"rows": self._searcher.rows}

    def _restore_fitted(self, facts: Facts, arrays: Arrays, *, verify: bool) -> None:
        rows = check_stored(arrays["rows"], "rows", "uf", (None, None))
        metric, row_shape = facts["metric"], tuple(facts["row_shape"])
        if rows.dtype not in CORE_DTYPES or not rows.size:
            raise ValueError(f"rows has dtype {rows.dtype} and shape {rows.shape}")
        if metric not in get_args(Metric):
            raise ValueError(f"the metric is {metric!r:.80}")
        lengths_are_plain = all(type(length) is int and length > 0 for length in row_shape)
        if not lengths_are_plain or prod(row_shape) != rows.shape[1]:
            raise ValueError(f"{rows.shape[1]} features are no row of shape {row_shape!r:.80}")
        if verify:  # and else not, for it reads all of a map
            rows = as_matrix(rows, "rows", n_threads=resolve_n_jobs(None))
        self.n_features_in_ = rows.shape[1]
        self._take(Searcher(rows, metric), row_shape)

    def _read_queries(self, X: ArrayLike | None) -> NDArray[Any]:
        """Return the queries as a matrix; None stands for the fitted rows."""
        if X is None:
            return self._searcher.rows
        array = read_array(X, "X")
        check_counts_images(array, self._row_shape, "X")
        matrix = as_matrix(array, "X", n_threads=resolve_n_jobs(self.n_jobs))
        validate_data(self, with_names(X, matrix), reset=False, skip_check_array=True)
        return matrix

    def _search(
        self, queries: NDArray[Any], k: int, *, exclude_self: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the distances and indices of the `k` nearest rows of each query.

        With `exclude_self` the queries are the fitted rows and none is its own neighbour.
        """
        if k > self.n_samples_fit_ - exclude_self:
            bound = (
                "n_neighbors < n_samples_fit" if exclude_self else "n_neighbors <= n_samples_fit"
            )
            raise ValueError(
                f"Expected {bound}, but n_neighbors = {k}, n_samples_fit = {self.n_samples_fit_}, "
                f"n_samples = {len(queries)}."
            )
        with progress_bar("nearest neighbours", enabled=self.verbose) as progress:
            return self._searcher.search(
                queries,
                k,
                exclude_self=exclude_self,
                n_threads=resolve_n_jobs(self.n_jobs),
                progress=progress,
            )
