"""What a cross-validated classifier answers, by way of the best candidate."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane._cv_scoring import ScoringCV
from nearplane._storage import FilePath
from nearplane.neighbors._classification import KNeighborsClassifier


class ChosenClassifier(ScoringCV):
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

    def _prototype(self) -> KNeighborsClassifier:
        return KNeighborsClassifier()

    def _best(self) -> KNeighborsClassifier:
        best: KNeighborsClassifier = super()._best()
        return best
