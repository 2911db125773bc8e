"""`KNeighborsClassifier`: a vote among neighbours."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from nearplane._persistence import Arrays, Facts, check_stored, plain_text
from nearplane._targets import plain_labels, read_sample_weight, read_targets
from nearplane._validation import check_choice
from nearplane.neighbors._labels import encode_labels
from nearplane.neighbors._supervised import SupervisedNeighborsBase
from nearplane.neighbors._vote import count_votes, elect
from nearplane.neighbors._weights import Weights, check_weights


class _Ballot(NamedTuple):
    """One output's vote for some of the queries."""

    output: int
    queries: NDArray[np.int64]
    votes: NDArray[np.float64]
    winners: NDArray[np.intp]


class KNeighborsClassifier(ClassifierMixin, SupervisedNeighborsBase):  # type: ignore[misc]
    """Classify by the vote of the nearest fitted rows.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many neighbours vote.
    weights : {"uniform", "distance"} or callable, default="uniform"
        What a vote weighs. "uniform": 1. "distance": the inverse of the distance; neighbours at
        distance 0, if there are any, vote alone. A callable is given an array of distances, of
        shape (n_queries, n_neighbors) and ascending in every row, and returns as many weights:
        finite, not negative, and not all 0 in any row.
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
    ties : {"smallest", "nearest"}, default="smallest"
        Which class wins among those with equal votes: the one that comes first in `classes_`, as
        in scikit-learn, or the one that owns the nearest neighbour (of neighbours equally far, the
        one with the smaller index). Votes are equal if no more than rounding separates them.
    n_jobs : int, default=None
        Number of threads. None: what OpenMP would use (``OMP_NUM_THREADS``, threadpoolctl); -1:
        every usable processor; -2: all but one. It does not change a bit of the answer.
    verbose : bool, default=False
        Show a bar while searching, if standard error is a terminal.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        The sorted labels; one array for each output if there are several.
    outputs_2d_ : bool
        Whether `fit` was given several outputs.
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
    KNeighborsRegressor : The same for numbers.

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
    >>> from nearplane import KNeighborsClassifier
    >>> model = KNeighborsClassifier(n_neighbors=3).fit([[0], [1], [2], [3]], ["a", "a", "b", "b"])
    >>> model.predict([[0.9], [2.6]])
    array(['a', 'b'], dtype='<U1')
    >>> model.predict_proba([[0.9]])
    array([[0.66666667, 0.33333333]])
    >>> model.set_params(n_neighbors=1).score(None, ["a", "a", "b", "b"])
    0.75
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        weights: Weights = "uniform",
        algorithm: str = "auto",
        p: float = 2,
        metric: str = "minkowski",
        ties: str = "smallest",
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
        self.ties = ties

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Take the rows to search and their labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, \
width) or (n_samples, height, width, channels)
            Real, finite numbers; see `nearplane.pairwise_distances` for the types.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels: integers, booleans or text.
        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight w counts as w equal rows: it takes w of the `n_neighbors` places at the
            vote, or what is left of them. Weights may be fractions; a row of weight 0 never votes.
            None: every row has weight 1. `kneighbors` knows no weights.

        Returns
        -------
        KNeighborsClassifier
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If an argument or a parameter is not as described; the message names it.
        """
        self._check_rules()
        labels = plain_labels(read_targets(self, y, numeric=False))
        codes, classes = encode_labels(labels)
        weight = read_sample_weight(sample_weight, len(codes))
        self._fit_rows(X, len(codes))
        self.outputs_2d_ = labels.ndim == 2
        self.classes_: Any = classes if self.outputs_2d_ else classes[0]
        self._y = codes
        self._sample_weight = weight
        return self

    def predict(self, X: ArrayLike | None) -> NDArray[Any]:
        """Return the label that wins the vote.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, or None
            The queries. None: the fitted rows, each judged by the others (leave one out).

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_outputs)
            Of the type of `classes_`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            As in `kneighbors`; also if the weights callable misbehaves, or if the sample weights
            sum to less than `n_neighbors`.
        """
        queries = self._checked_queries(X)
        winners = np.empty((len(queries), self._y.shape[1]), dtype=np.intp)
        for ballot in self._vote(queries, leave_one_out=X is None):
            winners[ballot.queries, ballot.output] = ballot.winners
        labels = [classes[won] for classes, won in zip(self._classes(), winners.T, strict=True)]
        return np.stack(labels, axis=1) if self.outputs_2d_ else labels[0]

    def predict_proba(self, X: ArrayLike | None) -> NDArray[np.float64] | list[NDArray[np.float64]]:
        """Return each class's part of the vote.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, or None
            The queries. None: the fitted rows, each judged by the others (leave one out).

        Returns
        -------
        ndarray of shape (n_queries, n_classes), float64, or list of such arrays
            In the order of `classes_`; every row sums to 1. One array for each output if there are
            several. Classes that `predict` found tied have exactly equal parts.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `predict`.
        """
        queries = self._checked_queries(X)
        parts = [np.empty((len(queries), len(classes))) for classes in self._classes()]
        for ballot in self._vote(queries, leave_one_out=X is None):
            total = ballot.votes.sum(axis=1, keepdims=True)
            parts[ballot.output][ballot.queries] = ballot.votes / total
        return parts if self.outputs_2d_ else parts[0]

    def score(
        self, X: ArrayLike | None, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the fraction of the queries whose labels are predicted.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, or None
            The queries. None: the fitted rows, each judged by the others (leave one out).
        y : array-like of shape (n_queries,) or (n_queries, n_outputs)
            The true labels; several outputs count as one label that is right as a whole.
        sample_weight : array-like of shape (n_queries,), default=None
            How much each query counts.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `predict`, and if `y` does not match `X`.
        """
        labels = plain_labels(read_targets(self, y, numeric=False))
        return float(super().score(X, labels, sample_weight))

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        facts, arrays = super()._fitted_state()
        outputs = self._classes()
        facts["outputs_2d"] = self.outputs_2d_
        # A vote returns labels as `fit` was given them: boxed in objects, or as text.
        facts["boxed"] = [classes.dtype == object for classes in outputs]
        for output, classes in enumerate(outputs):
            arrays[f"classes {output}"] = plain_text(classes, "classes_")
        return facts, arrays

    def _restore_fitted(self, facts: Facts, arrays: Arrays, *, verify: bool) -> None:
        super()._restore_fitted(facts, arrays, verify=verify)
        several, boxed = facts["outputs_2d"], facts["boxed"]
        if not isinstance(several, bool) or not boxed or (len(boxed) > 1 and not several):
            raise ValueError("its outputs make no sense")
        names = [f"classes {output}" for output in range(len(boxed))]
        stored = [check_stored(arrays[name], name, "biufU", (None,)) for name in names]
        classes = [
            labels.astype(object if box else labels.dtype)
            for labels, box in zip(stored, boxed, strict=True)
        ]
        codes = check_stored(arrays["targets"], "targets", "i", (self.n_samples_fit_, len(classes)))
        if ((codes < 0) | (codes >= [len(labels) for labels in classes])).any():
            raise ValueError("some of its targets are none of its classes")
        self.outputs_2d_ = several
        self.classes_ = classes if several else classes[0]
        self._y = codes.astype(np.intp)

    def _check_rules(self) -> None:
        check_weights(self.weights)
        check_choice("ties", self.ties, ("smallest", "nearest"))

    def _checked_queries(self, X: ArrayLike | None) -> NDArray[Any]:
        check_is_fitted(self)
        self._check_rules()
        return self._read_queries(X)

    def _classes(self) -> list[NDArray[Any]]:
        return list(self.classes_) if self.outputs_2d_ else [self.classes_]

    def _vote(self, queries: NDArray[Any], *, leave_one_out: bool) -> Iterator[_Ballot]:
        """Hold the vote of every output for every query."""
        n_classes = [len(classes) for classes in self._classes()]
        for block in self._neighbourhoods(
            queries, leave_one_out=leave_one_out, size=max(n_classes)
        ):
            for output, count in enumerate(n_classes):
                labels = self._y[block.indices, output]
                votes = count_votes(labels, block.weights, count)
                nearest = self.ties == "nearest"
                winners = elect(votes, labels, block.weights, nearest=nearest)
                yield _Ballot(output, block.queries, votes, winners)
