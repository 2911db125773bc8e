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
    Groups,
    Metric,
    as_matrix,
    check_choice,
    check_counts_images,
    check_n_neighbors,
    check_rows_left,
    read_array,
    resolve_metric,
    resolve_n_jobs,
    with_names,
)
from nearplane.neighbors._searcher import ALGORITHMS
from nearplane.neighbors._searchers import AnySearcher, make_searcher
from nearplane.neighbors._sketch import SearchPlan, Sketch

_SKETCH = "sketch "  # before the names of a sketch's arrays in a file


class NeighborsBase(PersistentEstimator):
    """Fit rows and find the nearest of them.

    The constructor's parameters are documented with each estimator.
    """

    effective_metric_: Metric
    n_samples_fit_: int
    _searcher: AnySearcher
    _row_shape: tuple[int, ...]

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

    @property
    def search_plan_(self) -> SearchPlan:
        """How the last search was done, or the next will be, and why."""
        check_is_fitted(self)
        plan = self._searcher.plan
        if plan is None:
            raise AttributeError(
                "there is no search_plan_ before the first search: with algorithm='auto' it is "
                "made for the queries."
            )
        return plan

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
        # Much of scikit-learn takes graphs with indices of 32 bits only.
        largest = max(n_queries * k, self.n_samples_fit_)
        dtype = scipy.sparse.get_index_dtype(maxval=largest)
        row_ends = np.arange(0, n_queries * k + 1, k, dtype=dtype)
        columns = indices.ravel().astype(dtype)
        return scipy.sparse.csr_array(
            (weights.ravel(), columns, row_ends), shape=(n_queries, self.n_samples_fit_)
        )

    def _fit_rows(self, X: ArrayLike, n_targets: int | None = None) -> Self:
        """Check the parameters and take `X` as the rows to search, one for each of the targets.

        Nothing that could still fail follows the first change to the estimator.
        """
        check_n_neighbors(self.n_neighbors)
        check_choice("algorithm", self.algorithm, ALGORITHMS)
        metric = resolve_metric(self.metric, self.p)
        n_threads = resolve_n_jobs(self.n_jobs)
        array = read_array(X, "X")
        matrix = as_matrix(array, "X", n_threads=n_threads, min_rows=1)
        if n_targets not in (None, len(matrix)):
            raise ValueError(
                f"X and y must have the same number of samples: X has {len(matrix)}, y has "
                f"{n_targets}."
            )
        searcher = make_searcher(matrix, metric, self.algorithm)
        if self.algorithm == "pruned":
            with progress_bar("sketch", enabled=self.verbose) as progress:
                searcher.build(n_threads=n_threads, progress=progress)
        validate_data(self, with_names(X, matrix), reset=True, skip_check_array=True)
        self._take(searcher, array.shape[1:])
        return self

    def _take(self, searcher: AnySearcher, row_shape: tuple[int, ...]) -> None:
        """Set what is known of the rows, whose shape may be that of images, all or nothing."""
        # One step for the interpreter, between whose steps Ctrl-C is heard.
        self.__dict__.update(
            effective_metric_=searcher.metric,
            n_samples_fit_=len(searcher.rows),
            _searcher=searcher,
            _row_shape=row_shape,
        )

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        searcher = self._searcher
        facts = {
            "metric": searcher.metric,
            "algorithm": searcher.algorithm,
            "row_shape": self._row_shape,
        }
        arrays = {"rows": searcher.rows}
        if searcher.sketch is not None:
            stored = searcher.sketch.arrays()
            arrays |= {f"{_SKETCH}{name}": array for name, array in stored.items()}
        return facts, arrays

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
        check_choice("algorithm", facts["algorithm"], ALGORITHMS)
        sketch = _stored_sketch(arrays, rows, metric)
        self.n_features_in_ = rows.shape[1]
        self._take(make_searcher(rows, metric, facts["algorithm"], sketch), row_shape)

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
        self, queries: NDArray[Any], k: int, *, exclude_self: bool, groups: Groups | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the distances and indices of the `k` nearest rows of each query.

        With `exclude_self` the queries are the fitted rows and none is its own neighbour. With
        `groups`, a number for each query and one for each fitted row, those of its group are not.
        """
        if k > self.n_samples_fit_ - exclude_self:
            bound = (
                "n_neighbors < n_samples_fit" if exclude_self else "n_neighbors <= n_samples_fit"
            )
            raise ValueError(
                f"Expected {bound}, but n_neighbors = {k}, n_samples_fit = {self.n_samples_fit_}, "
                f"n_samples = {len(queries)}."
            )
        if groups is not None:
            check_rows_left(groups, k, "n_neighbors", exclude_self=exclude_self)
        with progress_bar("nearest neighbours", enabled=self.verbose) as progress:
            return self._searcher.search(
                queries,
                k,
                exclude_self=exclude_self,
                groups=groups,
                n_threads=resolve_n_jobs(self.n_jobs),
                progress=progress,
            )


def _stored_sketch(arrays: Arrays, rows: NDArray[Any], metric: Metric) -> Sketch | None:
    """Return the sketch in a file, if it is one of these rows, or None if there is none."""
    stored = {
        name.removeprefix(_SKETCH): array
        for name, array in arrays.items()
        if name.startswith(_SKETCH)
    }
    if not stored:
        return None
    sketch = Sketch.from_arrays(stored)
    family = "manhattan" if metric == "manhattan" else "euclidean"
    if sketch.metric != family or sketch.n_rows > len(rows) or len(sketch.center) != rows.shape[1]:
        raise ValueError("its sketch is not one of its rows")
    return sketch
