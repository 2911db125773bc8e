"""What the votes of a cross-validation are worth: accuracy, or what a scorer makes of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import _safe_indexing, indexable

from nearplane._cv_scoring import part_of, read_score
from nearplane.neighbors._cv_rounds import Round
from nearplane.neighbors._vote import count_votes
from nearplane.neighbors._weights import Weights, neighbour_weights


@dataclass(frozen=True)
class Found:
    """The neighbours of a round's queries, and who won their votes by one rule of weights."""

    distances: NDArray[np.float64]
    """(n_queries, n_found), ascending."""
    indices: NDArray[np.int64]
    """(n_queries, n_found): rows of all data."""
    weights: Weights
    ks: Sequence[int]
    winners: NDArray[np.intp]
    """(n_k, n_queries): numbers of classes."""

    def of(self, queries: NDArray[np.int64]) -> "Found":
        """Return what was found for some of the queries."""
        return Found(
            self.distances[queries],
            self.indices[queries],
            self.weights,
            self.ks,
            self.winners[:, queries],
        )


class Judge(Protocol):
    """What gives scores."""

    def __call__(self, round_: Round, found: Found) -> NDArray[np.float64]:
        """Return the scores of each k on each split of the round, of shape (n_k, n_splits)."""


class AccuracyJudge:
    """The fraction of a split's queries whose class has won.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        The class of each row, as a number.
    """

    def __init__(self, codes: NDArray[np.intp]) -> None:
        self._codes = codes

    def __call__(self, round_: Round, found: Found) -> NDArray[np.float64]:
        """Count, for all splits at once: with one row left out at a time there are many."""
        of, n_splits = round_.split_of_query, len(round_.splits)
        right = found.winners == self._codes[round_.queries]
        counts = [np.bincount(of, weights=row, minlength=n_splits) for row in right]
        accuracy: NDArray[np.float64] = np.stack(counts) / np.bincount(of, minlength=n_splits)
        return accuracy


class ScorerJudge:
    """What a scikit-learn scorer says of each split, which it is shown as a fitted classifier.

    Parameters
    ----------
    scorer : callable
        Takes an estimator, queries and their labels, and returns a number.
    X : array-like of shape (n_samples, ...)
        The rows as the user gave them.
    codes : ndarray of shape (n_samples,)
        The class of each row, as a number.
    classes : ndarray of shape (n_classes,)
        The labels.
    metadata : dict
        What else the scorer takes; arrays with a value for each row are parted like the rows.
    """

    def __init__(
        self,
        scorer: Callable[..., Any],
        X: ArrayLike,
        codes: NDArray[np.intp],
        classes: NDArray[Any],
        metadata: Mapping[str, Any],
    ) -> None:
        self._scorer = scorer
        self._X = indexable(X)[0]
        self._codes = codes
        self._classes = classes
        self._metadata = metadata

    def __call__(self, round_: Round, found: Found) -> NDArray[np.float64]:
        """Show the scorer one split and one k after the other."""
        scores = np.empty((len(found.ks), len(round_.splits)))
        ends = np.cumsum(np.bincount(round_.split_of_query, minlength=len(round_.splits)))
        in_order = np.argsort(round_.split_of_query, kind="stable")
        for column, queries in enumerate(np.split(in_order, ends[:-1])):
            scores[:, column] = list(self._scores_of_split(round_, queries, found.of(queries)))
        return scores

    def _scores_of_split(
        self, round_: Round, queries: NDArray[np.int64], found: Found
    ) -> Iterator[float]:
        rows = round_.queries[queries]
        base = slice(None) if round_.base is None else round_.base
        training = round_.base_groups != round_.query_groups[queries[0]]
        present = np.bincount(self._codes[base][training], minlength=len(self._classes)) > 0
        X, y = _safe_indexing(self._X, rows), self._classes[self._codes[rows]]
        metadata = part_of(self._metadata, rows, len(self._codes))
        for place in range(len(found.ks)):
            model = _Elected(
                X,
                codes=self._codes,
                classes=self._classes,
                present=present,
                found=found,
                place=place,
            )
            yield read_score(self._scorer(model, X, y, **metadata), self._scorer)


class _Elected(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier fitted to a split's training rows, which answers for its test rows alone."""

    def __init__(
        self,
        X: Any,
        *,
        codes: NDArray[np.intp],
        classes: NDArray[Any],
        present: NDArray[np.bool_],
        found: Found,
        place: int,
    ) -> None:
        self._X = X
        self._codes = codes
        self._all_classes = classes
        self._present = present
        self._found = found
        self._place = place
        self.classes_ = classes[present]

    @property
    def n_neighbors(self) -> int:
        return self._found.ks[self._place]

    @property
    def weights(self) -> Weights:
        return self._found.weights

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        # What it was made from is nobody's business, least of all that of its representation.
        return {"n_neighbors": self.n_neighbors, "weights": self.weights}

    def predict(self, X: Any) -> NDArray[Any]:
        self._check_known(X)
        labels: NDArray[Any] = self._all_classes[self._found.winners[self._place]]
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        self._check_known(X)
        k, found = self._found.ks[self._place], self._found
        weights = neighbour_weights(found.weights, found.distances[:, :k])
        labels = self._codes[found.indices[:, :k]]
        votes = count_votes(labels, weights, len(self._all_classes))
        parts: NDArray[np.float64] = (votes / votes.sum(axis=1, keepdims=True))[:, self._present]
        return parts

    def _check_known(self, X: Any) -> None:
        if X is not self._X and not np.array_equal(np.asarray(X), np.asarray(self._X)):
            raise ValueError(
                "in a cross-validation from one search the estimator that scoring is given answers "
                "for the rows that scoring is given only; got others."
            )
