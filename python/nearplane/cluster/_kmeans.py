"""`KMeans`."""

import warnings
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from nearplane import _core
from nearplane._persistence import Arrays, Facts, PersistentEstimator, check_stored
from nearplane._progress import progress_bar
from nearplane._targets import read_sample_weight
from nearplane._validation import (
    as_common_dtype,
    as_matrix,
    check_counts_images,
    check_flag,
    check_integer,
    check_real,
    read_array,
    resolve_n_jobs,
    with_names,
)
from nearplane.cluster._fitting import best_clustering, check_settings
from nearplane.cluster._lloyd import Clustering, Rows
from nearplane.cluster._seeding import Init


class KMeans(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClusterMixin,  # type: ignore[misc]
    PersistentEstimator,
):
    """Cluster rows around centres: k-means by Lloyd's iterations, each of them exact.

    Parameters
    ----------
    n_clusters : int, default=8
        How many clusters, and centres.
    init : {"k-means++", "random"}, array-like of shape (n_clusters, n_features) or callable, \
default="k-means++"
        Where the centres start. "k-means++": at rows far from each other, found by scikit-learn's
        greedy way; "random": at rows drawn with their weights; an array: there; a function: at what
        ``init(X, n_clusters, random_state=...)`` returns.
    n_init : "auto" or int, default="auto"
        How often to start; the result with the smallest inertia is kept. "auto": 10 times for
        "random" and functions, else once. An array is started from once in any case.
    max_iter : int, default=300
        Iterations of a start at most.
    tol : float, default=1e-4
        Stop as soon as the sum of the centres' squared movements is at most so many times the mean
        variance of the features. 0: go on until nothing changes.
    verbose : bool, default=False
        Show a bar with the iterations and the inertia, if standard error is a terminal.
    random_state : int, RandomState instance or None, default=None
        What seeds are drawn with. An int gives the same clusters each time.
    n_jobs : int, default=None
        Number of threads. None: what OpenMP would use (``OMP_NUM_THREADS``, threadpoolctl); -1:
        every usable processor; -2: all but one. It does not change a bit of the result.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centres: float32 for uint8 and float32 rows, else float64.
    labels_ : ndarray of shape (n_samples,), int32
        The nearest of these centres to each row that was fitted.
    inertia_ : float
        Sum of the squared distances of the rows to their centres, times their weights.
    n_iter_ : int
        Number of iterations.
    n_features_in_ : int
        Number of features; height * width * channels for images.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `fit` was given a data frame with names.

    See Also
    --------
    nearplane.features.VisualWords : Features of images by the clusters of their patches.

    Notes
    -----
    Each row has the label of the centre that is nearest by differences in float64, and of centres
    equally far the first: no label is a matter of rounding. Most centres are ruled out by codes of
    a byte a feature, whose error is bounded; only the few others are measured. With 256 centres and
    more, bounds of at most 256 bytes a row spare comparisons from the fourth iteration on. A centre
    is the mean of its rows, summed in float64.

    A cluster that loses all rows gets the row that is farthest from its centre, as in
    scikit-learn; but no row is taken that is alone, or at its centre already.

    Parameters, attributes and defaults are scikit-learn's, and from the same start so are the
    results, up to rounding. There is one algorithm, and `X` is never copied but to change its type.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane import KMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> kmeans = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> kmeans.cluster_centers_
    array([[10.,  2.],
           [ 1.,  2.]])
    >>> kmeans.predict([[0, 0], [12, 3]])
    array([1, 0], dtype=int32)
    >>> kmeans.inertia_
    16.0
    """

    cluster_centers_: NDArray[Any]
    labels_: NDArray[np.int32]
    inertia_: float
    n_iter_: int
    _row_shape: tuple[int, ...]

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Init = "k-means++",
        n_init: str | int = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: bool = False,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Find the clusters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, \
width) or (n_samples, height, width, channels)
            Real, finite numbers; see `nearplane.pairwise_distances` for the types.
        y : None
            Ignored; there for scikit-learn's pipelines.
        sample_weight : array-like of shape (n_samples,), default=None
            What each row counts, 0 or more. None: 1.

        Returns
        -------
        KMeans
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If `X`, `sample_weight` or a parameter is not as described, there are fewer rows than
            clusters, or rows are so far apart that their squared distances overflow.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If the centres still move after `max_iter` iterations, or if there are fewer different
            rows than clusters.
        """
        settings = check_settings(self)
        array = read_array(X, "X")
        matrix = as_matrix(array, "X", n_threads=settings.n_threads, min_rows=1)
        if len(matrix) < settings.n_clusters:
            raise ValueError(
                f"n_samples={len(matrix)} should be >= n_clusters={settings.n_clusters}."
            )
        weight = read_sample_weight(sample_weight, len(matrix))
        rows = Rows(matrix, weight, settings.n_threads)
        found = best_clustering(rows, settings, check_random_state(self.random_state))
        self._warn(found, len(np.unique(found.labels)))
        validate_data(self, with_names(X, matrix), reset=True, skip_check_array=True)
        # One step for the interpreter, between whose steps Ctrl-C is heard.
        self.__dict__.update(
            cluster_centers_=found.centers,
            labels_=found.labels,
            inertia_=found.inertia,
            n_iter_=found.n_iter,
            _row_shape=array.shape[1:],
        )
        return self

    def fit_predict(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> NDArray[np.int32]:
        """Find the clusters and return each row's, as `fit` and ``labels_`` do.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            The rows.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            What each row counts.

        Returns
        -------
        ndarray of shape (n_samples,), int32
            The number of each row's cluster.
        """
        return self.fit(X, sample_weight=sample_weight).labels_

    def fit_transform(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Find the clusters and return each row's distances to their centres.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            The rows.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            What each row counts.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters)
            As from `transform`.
        """
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def predict(self, X: ArrayLike) -> NDArray[np.int32]:
        """Return the number of the centre nearest to each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Rows as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), int32
            Of centres equally far, the first.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite or of another width than the fitted rows.
        """
        return self._assign(X)[0]

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return the distance of each row to each centre.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Rows as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters)
            float32 for uint8 and float32 rows and centres, else float64.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite or of another width than the fitted rows.
        """
        matrix, n_threads = self._read_queries(X)
        rows, centers = as_common_dtype(matrix, self.cluster_centers_)
        out = np.empty((len(rows), len(centers)), rows.dtype)
        with progress_bar("distances", enabled=check_flag("verbose", self.verbose)) as progress:
            _core.pairwise_distances(
                rows, centers, "euclidean", out, n_threads=n_threads, progress=progress
            )
        return out

    def score(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the negative inertia that rows have with these centres: more is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Rows as in `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            What each row counts.

        Returns
        -------
        float
            Minus the sum of squared distances to the nearest centres.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` or `sample_weight` is not as described.
        """
        _, distances = self._assign(X)
        weight = read_sample_weight(sample_weight, len(distances))
        return -float(np.sum(distances if weight is None else distances * weight))

    @property
    def _n_features_out(self) -> int:
        return len(self.cluster_centers_)

    def _warn(self, found: Clustering, n_distinct: int) -> None:
        if n_distinct < len(found.centers):
            warnings.warn(
                f"Number of distinct clusters ({n_distinct}) found smaller than n_clusters "
                f"({len(found.centers)}). Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=3,
            )
        elif not found.is_converged:
            warnings.warn(
                f"The centers still move after max_iter={found.n_iter} iterations: the last moved "
                f"them by {found.shift:.3g}, squared and summed. Increase max_iter, or tol.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _read_queries(self, X: ArrayLike) -> tuple[NDArray[Any], int]:
        """Return rows like those fitted, and the number of threads."""
        check_is_fitted(self)
        n_threads = resolve_n_jobs(self.n_jobs)
        array = read_array(X, "X")
        check_counts_images(array, self._row_shape, "X")
        matrix = as_matrix(array, "X", n_threads=n_threads, min_rows=1)
        validate_data(self, with_names(X, matrix), reset=False, skip_check_array=True)
        return matrix, n_threads

    def _assign(self, X: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return each row's nearest centre and its squared distance."""
        matrix, n_threads = self._read_queries(X)
        with progress_bar("clusters", enabled=check_flag("verbose", self.verbose)) as progress:
            return _core.nearest_centers(
                matrix, self.cluster_centers_, guess=None, n_threads=n_threads, progress=progress
            )

    @classmethod
    def _encode_parameter(cls, value: object) -> object:
        if callable(value) or np.ndim(value) < 2:  # type: ignore[arg-type]
            return value
        array = np.asarray(value, dtype=np.float64)
        return {"array": array.tolist()} if np.isfinite(array).all() else value

    @classmethod
    def _decode_parameter(cls, name: str, stored: dict[str, Any]) -> object:
        if set(stored) != {"array"} or name != "init":
            return super()._decode_parameter(name, stored)
        return np.array(stored["array"], dtype=np.float64)

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        facts = {"inertia": self.inertia_, "n_iter": self.n_iter_, "row_shape": self._row_shape}
        return facts, {"centers": self.cluster_centers_, "labels": self.labels_}

    def _restore_fitted(self, facts: Facts, arrays: Arrays, *, verify: bool) -> None:
        row_shape = tuple(check_integer("row_shape", n, at_least=1) for n in facts["row_shape"])
        shape = (None, prod(row_shape))
        centers = check_stored(arrays["centers"], "centers", "f", shape)
        labels = check_stored(arrays["labels"], "labels", "i", (None,))
        inertia = check_real("inertia", facts["inertia"], at_least=0)
        if not centers.size or centers.dtype not in (np.float32, np.float64):
            raise ValueError(f"its centers are {centers.shape} of {centers.dtype}")
        if verify and not np.isfinite(centers).all():
            raise ValueError("its centers are not finite")
        self.n_features_in_ = shape[1]
        self.__dict__.update(
            cluster_centers_=centers,
            labels_=labels,
            inertia_=inertia,
            n_iter_=check_integer("n_iter", facts["n_iter"], at_least=1),
            _row_shape=row_shape,
        )
