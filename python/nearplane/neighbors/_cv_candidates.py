"""The candidates of a cross-validation: what users list, and the table of what came of it."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.model_selection import ParameterGrid

from nearplane._cv_results import Results, make_cv_results
from nearplane._validation import (
    Metric,
    check_n_neighbors,
    resolve_metric,
)
from nearplane.neighbors._cv_search import Scores
from nearplane.neighbors._weights import Weights, check_weights


@dataclass(frozen=True)
class Candidates:
    """Every combination of these values."""

    ks: list[int]
    metrics: list[str]
    weights: list[Weights]

    @classmethod
    def read(cls, n_neighbors: Any, metric: Any, weights: Any) -> Self:
        """Return the candidates that lists, or single values, name.

        Raises
        ------
        TypeError, ValueError
            If a value is not what `KNeighborsClassifier` takes, or if there is none.
        """
        ks = [check_n_neighbors(k) for k in _as_list("n_neighbors", n_neighbors)]
        candidates = cls(ks, _as_list("metric", metric), _as_list("weights", weights))
        for name in candidates.metrics:
            resolve_metric(name)
        for rule in candidates.weights:
            check_weights(rule)
        return candidates

    def results(self, found: Mapping[Metric, Scores], *, split_columns: bool) -> Results:
        """Return the table of all candidates, in the order of scikit-learn's ParameterGrid."""
        grid = ParameterGrid(
            {"metric": self.metrics, "n_neighbors": self.ks, "weights": self.weights}
        )
        # The grid goes through the weights first, then through k, then through the metrics.
        of_metrics = [found[resolve_metric(name)] for name in self.metrics]
        scores = np.concatenate([of.scores.reshape(-1, of.scores.shape[2]) for of in of_metrics])
        n_rows = len(self.ks) * len(self.weights)
        times = {
            "fit_time": np.repeat([of.search_seconds for of in of_metrics], n_rows, axis=0),
            "score_time": np.repeat([of.vote_seconds for of in of_metrics], n_rows, axis=0),
        }
        return make_cv_results(list(grid), scores, times, split_columns=split_columns)


def _as_list(name: str, values: Any) -> list[Any]:
    """Return values as a list: of one if it is a number, a name or a function."""
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, str) or callable(values) or not isinstance(values, Iterable):
        return [values]
    listed = list(values)
    # Of a set, nobody knows what comes first and wins among equals.
    if not listed or isinstance(values, Set | Mapping):
        raise ValueError(f"{name} must be one value or a list of at least one; got {values!r}.")
    return [value.item() if isinstance(value, np.generic) else value for value in listed]
