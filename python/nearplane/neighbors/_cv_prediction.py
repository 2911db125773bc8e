"""What a cross-validated classifier answers, by way of the best candidate."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import check_is_fitted

from nearplane._storage import FilePath
from nearplane._targets import plain_labels, read_targets
from nearplane.neighbors._classification import KNeighborsClassifier


class ChosenClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Answer as `best_estimator_`, which a subclass sets in `fit` along with `scorer_`."""

    def predict(self, X: ArrayLike | None) -> NDArray[Any]:
        """Return what the best candidate predicts, see `KNeighborsClassifier.predict`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, or None
            The queries. None: the fitted rows, each judged by the others (leave one out).

        Returns
        -------
        ndarray of shape (n_queries,)
            Labels.
        """
        return self._best().predict(X)

    def predict_proba(self, X: ArrayLike | None) -> NDArray[np.float64]:
        """Return each class's part of the vote, see `KNeighborsClassifier.predict_proba`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, or None
            The queries, as in `predict`.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), float64
            In the order of `classes_`.
        """
        parts: Any = self._best().predict_proba(X)
        return np.asarray(parts)

    def score(self, X: ArrayLike | None, y: ArrayLike, **params: Any) -> float:
        """Return the score of the best candidate: accuracy, or what `scoring` says.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, or None
            The queries, as in `predict`.
        y : array-like of shape (n_queries,)
            The true labels.
        **params : dict
            For the scorer, such as `sample_weight`.

        Returns
        -------
        float
        """
        best = self._best()
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, "score", **params).scorer.score
        labels = plain_labels(read_targets(self, y, numeric=False))
        return float(self.scorer_(best, X, labels, **params))

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]] | NDArray[np.int64]:
        """Find neighbours as the best candidate does, see `KNeighborsClassifier.kneighbors`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images, default=None
            The queries. None: the fitted rows themselves, none of which is its own neighbour.
        n_neighbors : int, default=None
            How many; None: as many as are best.
        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Only if `return_distance`.
        indices : ndarray of shape (n_queries, n_neighbors), int64
        """
        return self._best().kneighbors(X, n_neighbors, return_distance)

    def save(self, path: FilePath) -> None:
        """Write `best_estimator_` to a file, which `KNeighborsClassifier.load` reads.

        Parameters
        ----------
        path : str or path-like
            The file, see `KNeighborsClassifier.save`.
        """
        self._best().save(path)

    def _best(self) -> KNeighborsClassifier:
        check_is_fitted(self)
        if not hasattr(self, "best_estimator_"):
            raise AttributeError(
                "there is no best_estimator_ to answer, since the estimator was fitted with "
                "refit=False; fit it with refit=True."
            )
        best: KNeighborsClassifier = self.best_estimator_
        return best
