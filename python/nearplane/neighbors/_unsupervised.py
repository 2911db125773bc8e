"""`NearestNeighbors`: the search alone."""

from typing import Self

from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data

from nearplane._validation import (
    as_matrix,
    check_counts_images,
    read_array,
    resolve_n_jobs,
    with_names,
)
from nearplane.neighbors._base import NeighborsBase


class NearestNeighbors(NeighborsBase):
    """Find the nearest of the fitted rows.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many neighbours `kneighbors` returns if it is not told.
    algorithm : {"auto", "brute", "pruned"}, default="auto"
        How to search; every algorithm gives the same, exact answer. "brute": every distance is
        computed. "pruned": `fit` builds a sketch of the rows, short codes which tell that most of
        them are too far away to be measured. "auto": a search builds one as soon as it is predicted
        to pay for the queries so far.
    metric : str, default="minkowski"
        "euclidean" (or "l2"), "sqeuclidean", "manhattan" (or "l1", "cityblock"), "minkowski" or
        "cosine" (1 - x.y / (|x| |y|); see `nearplane.pairwise_distances`).
    p : {1, 2}, default=2
        The power of "minkowski": 1 is "manhattan", 2 is "euclidean". Other metrics ignore it.
    n_jobs : int, default=None
        Number of threads. None: what OpenMP would use (``OMP_NUM_THREADS``, threadpoolctl); -1:
        every usable processor; -2: all but one. It does not change a bit of the answer.
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
    nearplane.argkmin : The same as a function.

    Notes
    -----
    The fitted rows are kept, not copied: an array of uint8, float32 or float64 must not be changed
    as long as the estimator is in use. Queries and rows of different types meet in the wider one,
    for which the narrower of the two is converted anew by each call. For "cosine" the rows are kept
    a second time, divided by their lengths, in float32; ``fit`` and ``load`` make them.

    `algorithm`, `metric` and `p` count when `fit` is called, and changing them takes effect with
    the next `fit`; all other parameters count when they are used. Any number of threads may search
    with the same fitted estimator; they share one sketch.

    Examples
    --------
    >>> from nearplane import NearestNeighbors
    >>> search = NearestNeighbors(n_neighbors=2, metric="manhattan").fit([[0, 0], [1, 1], [5, 5]])
    >>> search.kneighbors([[1, 0]])
    (array([[1., 1.]]), array([[0, 1]]))
    >>> search.kneighbors(n_neighbors=1, return_distance=False)
    array([[1],
           [0],
           [1]])
    >>> print(search.search_plan_.algorithm)
    brute
    """

    def __init__(
        self,
        *,
        n_neighbors: int = 5,
        algorithm: str = "auto",
        metric: str = "minkowski",
        p: float = 2,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            n_neighbors=n_neighbors,
            algorithm=algorithm,
            metric=metric,
            p=p,
            n_jobs=n_jobs,
            verbose=verbose,
        )

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Take the rows to search.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, \
width) or (n_samples, height, width, channels)
            Real, finite numbers; see `nearplane.pairwise_distances` for the types.
        y : None
            Ignored; there for scikit-learn's pipelines.

        Returns
        -------
        NearestNeighbors
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If `X` or a parameter is not as described; the message names it.
        """
        return self._fit_rows(X)

    def partial_fit(self, X: ArrayLike, y: object = None) -> Self:
        """Append rows to those that are searched.

        Every answer is that of an estimator fitted to all rows at once. If it fails, the estimator
        is as it was.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Rows as in `fit`, which the first call stands for; their type may differ from that of
            the rows before them.
        y : None
            Ignored; there for scikit-learn's pipelines.

        Returns
        -------
        NearestNeighbors
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If `X` is not as described or of another width than the fitted rows.

        Notes
        -----
        The rows are copied to memory with room for half as many again, so that a row is copied
        twice on average, however few come at a time. A sketch takes in the new rows at the next
        search, and is built anew when they do not fit into it. The parameters `algorithm`, `metric`
        and `p` are those of the first call.

        Examples
        --------
        >>> from nearplane import NearestNeighbors
        >>> search = NearestNeighbors(n_neighbors=1).partial_fit([[0, 0], [5, 5]])
        >>> search.kneighbors([[1, 1]], return_distance=False)
        array([[0]])
        >>> search.partial_fit([[1, 2]]).kneighbors([[1, 1]], return_distance=False)
        array([[2]])
        """
        if not hasattr(self, "_searcher"):
            return self.fit(X)
        array = read_array(X, "X")
        check_counts_images(array, self._row_shape, "X")
        matrix = as_matrix(array, "X", n_threads=resolve_n_jobs(self.n_jobs), min_rows=1)
        validate_data(self, with_names(X, matrix), reset=False, skip_check_array=True)
        self._take(self._searcher.append(matrix), self._row_shape)
        return self
