"""`KNeighborsRegressor`: the mean of the neighbours' targets, or a plane through them."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from nearplane._persistence import Arrays, Facts, check_stored
from nearplane._targets import read_sample_weight, read_targets
from nearplane._validation import check_choice
from nearplane.neighbors._local_linear import local_linear
from nearplane.neighbors._supervised import SupervisedNeighborsBase
from nearplane.neighbors._weights import Weights, check_weights


class KNeighborsRegressor(RegressorMixin, SupervisedNeighborsBase):  # type: ignore[misc]
    """Predict numbers from those of the nearest fitted rows.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many neighbours have a say.
    weights : {"uniform", "distance"} or callable, default="uniform"
        How much a neighbour counts. "uniform": 1. "distance": the inverse of its distance;
        neighbours at distance 0, if there are any, count alone. A callable is given an array of
        distances, of shape (n_queries, n_neighbors) and ascending in every row, and returns as many
        weights: finite, not negative, and not all 0 in any row.
    local_fit : {"mean", "linear"}, default="mean"
        What is fitted to the neighbours: their weighted mean, or the plane closest to them by
        weighted least squares, evaluated at the query. Where neighbours do not determine a plane -
        no more of them than features, as with images - it is the least steep of the closest ones.
    algorithm : {"auto", "brute", "pruned"}, default="auto"
        How to search; every algorithm gives the same, exact answer. "brute": every distance is
        computed. "pruned": `fit` builds a sketch of the rows, short codes which tell that most of
        them are too far away to be measured. "auto": a search builds one as soon as it is predicted
        to pay for the queries so far.
    p : {1, 2}, default=2
        The power of "minkowski": 1 is "manhattan", 2 is "euclidean". Other metrics ignore it.
    metric : str, default="minkowski"
        "euclidean" (or "l2"), "sqeuclidean", "manhattan" (or "l1", "cityblock"), "minkowski" or
        "cosine" (1 - x.y / (|x| |y|); see `nearplane.pairwise_distances`).
    n_jobs : int, default=None
        Number of threads of the search. None: what OpenMP would use (``OMP_NUM_THREADS``,
        threadpoolctl); -1: every usable processor; -2: all but one.
    verbose : bool, default=False
        Show a bar while searching, if standard error is a terminal.

    Attributes
    ----------
    effective_metric_ : {"euclidean", "sqeuclidean", "manhattan", "cosine"}
        The metric under its own name.
    n_features_in_ : int
        Number of features; height * width * channels for images.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `fit` was given a data frame with names.
    n_samples_fit_ : int
        Number of fitted rows.
    search_plan_ : SearchPlan
        How the last search was done, or the next will be, and why; ``print`` shows it line by line.
        With ``algorithm="auto"`` there is none before the first search.

    See Also
    --------
    KNeighborsClassifier : The same for labels.

    Notes
    -----
    The fitted rows are kept, not copied: an array of uint8, float32 or float64 must not be changed
    as long as the estimator is in use. Queries and rows of different types meet in the wider one,
    for which the narrower of the two is converted anew by each call.

    `algorithm`, `metric` and `p` count when `fit` is called, and changing them takes effect with
    the next `fit`; all other parameters count when they are used. Any number of threads may search
    with the same fitted estimator; they share one sketch.

    Examples
    --------
    >>> from nearplane import KNeighborsRegressor
    >>> X, y = [[0], [1], [2], [3]], [0, 10, 20, 30]
    >>> KNeighborsRegressor(n_neighbors=2).fit(X, y).predict([[0.75]])
    array([5.])
    >>> KNeighborsRegressor(n_neighbors=2, local_fit="linear").fit(X, y).predict([[0.75]])
    array([7.5])
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        weights: Weights = "uniform",
        local_fit: str = "mean",
        algorithm: str = "auto",
        p: float = 2,
        metric: str = "minkowski",
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            n_neighbors=n_neighbors,
            weights=weights,
            algorithm=algorithm,
            metric=metric,
            p=p,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        self.local_fit = local_fit

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Take the rows to search and their targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, \
width) or (n_samples, height, width, channels)
            Real, finite numbers; see `nearplane.pairwise_distances` for the types.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Real, finite targets.
        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight w counts as w equal rows: it takes w of the `n_neighbors` places, or
            what is left of them. Weights may be fractions; a row of weight 0 has no say. None:
            every row has weight 1. `kneighbors` knows no weights.

        Returns
        -------
        KNeighborsRegressor
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If an argument or a parameter is not as described; the message names it.
        """
        self._check_rules()
        targets = read_targets(self, y, numeric=True).astype(np.float64)
        weight = read_sample_weight(sample_weight, len(targets))
        self._fit_rows(X, len(targets))
        self._y = targets
        self._sample_weight = weight
        return self

    def predict(self, X: ArrayLike | None) -> NDArray[np.float64]:
        """Predict the targets of the queries.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, or None
            The queries. None: the fitted rows, each judged by the others (leave one out).

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_outputs), float64

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            As in `kneighbors`; also if the weights callable misbehaves, or if the sample weights
            sum to less than `n_neighbors`.
        """
        check_is_fitted(self)
        self._check_rules()
        queries = self._read_queries(X)
        y = self._y.reshape(self.n_samples_fit_, -1)
        predicted = np.empty((len(queries), y.shape[1]))
        linear = self.local_fit == "linear"
        # Rows, their rooted and centred copy and its factors are all as large as the rows.
        size = y.shape[1] + (6 * self.n_features_in_ if linear else 0)
        for block in self._neighbourhoods(queries, leave_one_out=X is None, size=size):
            weights, targets = block.weights, y[block.indices]
            if linear:
                rows = self._searcher.rows[block.indices]
                height = local_linear(queries[block.queries], rows, targets, weights)
            else:
                total = weights.sum(axis=1, keepdims=True)
                height = (weights[:, :, None] * targets).sum(axis=1) / total
            predicted[block.queries] = height
        return predicted if self._y.ndim == 2 else predicted[:, 0]

    def score(
        self, X: ArrayLike | None, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the coefficient of determination of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, or None
            The queries. None: the fitted rows, each judged by the others (leave one out).
        y : array-like of shape (n_queries,) or (n_queries, n_outputs)
            The true targets.
        sample_weight : array-like of shape (n_queries,), default=None
            How much each query counts.

        Returns
        -------
        float
            1 for perfect predictions; 0 for those of a constant, the mean of `y`.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `predict`, and if `y` does not match `X`.
        """
        return float(super().score(X, y, sample_weight))

    def _restore_fitted(self, facts: Facts, arrays: Arrays, *, verify: bool) -> None:
        super()._restore_fitted(facts, arrays, verify=verify)
        stored = arrays["targets"]
        outputs = (None,) * (stored.ndim - 1)
        targets = check_stored(stored, "targets", "f", (self.n_samples_fit_, *outputs))
        if stored.ndim > 2 or targets.dtype != np.float64 or not np.isfinite(targets).all():
            raise ValueError("its targets are not finite numbers for one or several outputs")
        self._y = targets.copy()

    def _check_rules(self) -> None:
        check_weights(self.weights)
        check_choice("local_fit", self.local_fit, ("mean", "linear"))
