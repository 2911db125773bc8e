"""What a fitted sweep says of new rows: what its best classifier says."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin

from nearplane._cv_scoring import best_estimator_of
from nearplane._decorators import available_if
from nearplane._storage import FilePath
from nearplane.linear_model._classifier import LinearClassifier


def _best_has(name: str) -> Callable[[Any], bool]:
    """Return whether the best classifier, or before `fit` all that may be it, have a method."""

    def check(sweep: Any) -> bool:
        fitted = hasattr(sweep, "best_estimator_")
        for model in [sweep.best_estimator_] if fitted else sweep._prototypes():
            getattr(model, name)  # its own AttributeError
        return True

    return check


class SweepPrediction(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Predict by `best_estimator_`."""

    estimator: LinearClassifier | None
    best_estimator_: LinearClassifier

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "best_estimator_")

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Return the scores; see `LinearClassifier.decision_function`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), or (n_queries,) for two classes

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`, or if it left no `best_estimator_`.
        TypeError, ValueError
            If `X` is not as described.
        """
        return self._best().decision_function(X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the labels; see `LinearClassifier.predict`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_queries,)

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `decision_function`.
        """
        return self._best().predict(X)

    @available_if(_best_has("predict_log_proba"))
    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return logarithms of probabilities; see `LinearClassifier.predict_log_proba`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), float64

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `decision_function`.
        """
        return self._best().predict_log_proba(X)

    @available_if(_best_has("predict_proba"))
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return probabilities, if the loss has any; see `LinearClassifier.predict_proba`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), float64

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `decision_function`.
        """
        return self._best().predict_proba(X)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the fraction of the rows whose labels are predicted.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.
        y : array-like of shape (n_queries,)
            The true labels.
        sample_weight : array-like of shape (n_queries,), default=None
            How much each row counts.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `decision_function`, and if `y` does not match `X`.
        """
        return self._best().score(X, y, sample_weight)

    def top_k_accuracy(self, X: ArrayLike, y: ArrayLike, k: int = 5) -> float:
        """Return the fraction of the rows whose labels have one of the `k` highest scores.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.
        y : array-like of shape (n_queries,)
            The true labels.
        k : int, default=5
            At least 1.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `score`, and if `k` is not a positive integer.
        """
        return self._best().top_k_accuracy(X, y, k)

    def save(self, path: FilePath) -> None:
        """Write `best_estimator_` to a file, which `LinearClassifier.load` reads.

        Parameters
        ----------
        path : str or path-like
            The file. One that exists is replaced when the new one is complete, not before.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            As in `decision_function`.
        ValueError, OSError
            As in `LinearClassifier.save`.
        """
        self._best().save(path)

    def _prototypes(self) -> list[LinearClassifier]:
        """Return classifiers not yet fitted, of all kinds that the best may be of."""
        return [LinearClassifier() if self.estimator is None else self.estimator]

    def _best(self) -> LinearClassifier:
        best: LinearClassifier = best_estimator_of(self)
        return best
