"""What a fitted linear classifier says of new rows."""

from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from nearplane import _core
from nearplane._decorators import available_if
from nearplane._progress import progress_bar
from nearplane._targets import plain_labels, read_targets
from nearplane._validation import (
    as_matrix,
    check_counts_images,
    check_integer,
    float_dtype,
    read_array,
    resolve_n_jobs,
    with_names,
)
from nearplane.linear_model._preprocessing import dot

_PROBABILISTIC = ("softmax", "ovr_logistic")


def _has_probabilities(estimator: Any) -> bool:
    if estimator.loss in _PROBABILISTIC:
        return True
    raise AttributeError(
        f"loss={estimator.loss!r} has no probabilities; loss='softmax' and 'ovr_logistic' have."
    )


class LinearPrediction(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Predict from `coef_`, `intercept_` and `classes_`, which may be edited."""

    loss: str
    n_jobs: int | None
    verbose: bool
    classes_: NDArray[Any]
    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    mean_: NDArray[np.float64] | None
    image_shape_: tuple[int, ...]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Return the scores ``X @ coef_.T + intercept_``.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), or (n_queries,) for two classes
            float32 for uint8 and float32 rows, float64 for others. Of two classes it is the score
            of the second minus that of the first.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite, or of another width than the rows `fit` was given.
        """
        matrix = self._read_queries(X)
        if len(self.classes_) == 2:
            return self._scores(matrix, np.diff(self.coef_, axis=0), np.diff(self.intercept_))[:, 0]
        return self._scores(matrix, self.coef_, self.intercept_)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the label with the highest score; of equals the one first in `classes_`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_queries,)
            Of the type of `classes_`.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `decision_function`.
        """
        scores = self.decision_function(X)
        winners = (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)
        labels: NDArray[Any] = self.classes_[winners]
        return labels

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`, which cannot underflow.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), float64
            In the order of `classes_`.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `decision_function`.
        """
        scores = self._scores(self._read_queries(X), self.coef_, self.intercept_).astype(np.float64)
        if self.loss == "ovr_logistic":
            scores = scipy.special.log_expit(scores)
        return np.asarray(scipy.special.log_softmax(scores, axis=1))

    @available_if(_has_probabilities)
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class; for the losses "softmax" and "ovr_logistic".

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), float64
            In the order of `classes_`; rows sum to 1. For "softmax" exp(s_j) over its sum, for
            "ovr_logistic" 1 / (1 + exp(-s_j)) over its sum.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `decision_function`.
        """
        probabilities: NDArray[np.float64] = np.exp(self.predict_log_proba(X))
        return probabilities

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
        labels = plain_labels(read_targets(self, y, numeric=False))
        return float(super().score(X, labels, sample_weight))

    def top_k_accuracy(self, X: ArrayLike, y: ArrayLike, k: int = 5) -> float:
        """Return the fraction of the rows whose labels are among the `k` with the highest scores.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `fit`.
        y : array-like of shape (n_queries,)
            The true labels; one that `fit` has not seen is never among them.
        k : int, default=5
            At least 1. Of equal scores the class first in `classes_` counts as the higher.

        Returns
        -------
        float
            From 0 to 1; `score` for `k` 1, and 1 for as many as there are classes.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `score`, and if `k` is not a positive integer.
        """
        matrix = self._read_queries(X)
        check_integer("k", k, at_least=1)
        labels = plain_labels(read_targets(self, y, numeric=False))
        if labels.shape != (len(matrix),):
            raise ValueError(
                f"y must have shape ({len(matrix)},), one label for each row of X; got shape "
                f"{labels.shape}."
            )
        scores = self._scores(matrix, self.coef_, self.intercept_)
        highest = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return float((self.classes_[highest] == labels[:, np.newaxis]).any(axis=1).mean())

    def _read_queries(self, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        array = read_array(X, "X")
        check_counts_images(array, self.image_shape_, "X")
        matrix = as_matrix(array, "X", n_threads=resolve_n_jobs(self.n_jobs), min_rows=1)
        validate_data(self, with_names(X, matrix), reset=False, skip_check_array=True)
        return matrix

    def _scores(
        self, matrix: NDArray[Any], coef: NDArray[np.float64], intercept: NDArray[np.float64]
    ) -> NDArray[Any]:
        """Return X @ coef.T + intercept, without the cancellation of large means against it."""
        bias = intercept if self.mean_ is None else intercept + dot(coef, self.mean_)
        dtype = np.float32 if matrix.dtype == np.uint8 else float_dtype(matrix.dtype)
        with progress_bar("scores", enabled=self.verbose) as progress:
            return _core.linear_scores(
                matrix,
                np.column_stack([coef, bias]).astype(dtype, order="C"),
                center=self.mean_,
                scale=None,
                n_threads=resolve_n_jobs(self.n_jobs),
                progress=progress,
            )
