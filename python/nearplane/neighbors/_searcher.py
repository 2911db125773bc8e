"""`Searcher`: rows, and all that is known about how to search them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._progress import Progress
from nearplane._validation import Metric, as_common_dtype


class Searcher:
    """Answer searches among the same rows.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        What is searched: finite, of a type of the core's.
    metric : {"euclidean", "sqeuclidean", "manhattan"}
        How far rows are from each other.
    """

    def __init__(self, rows: NDArray[Any], metric: Metric) -> None:
        self.rows = rows
        self.metric = metric

    def search(
        self,
        queries: NDArray[Any],
        k: int,
        *,
        exclude_self: bool = False,
        n_threads: int,
        progress: Progress | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the distances and indices of the `k` rows nearest to each query.

        With `exclude_self` the queries are the rows and none is its own neighbour.
        """
        queries, base = as_common_dtype(queries, self.rows)
        return _core.argkmin(
            queries,
            base,
            k,
            self.metric,
            exclude_self=exclude_self,
            n_threads=n_threads,
            progress=progress,
        )
