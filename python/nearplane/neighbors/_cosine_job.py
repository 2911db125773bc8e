"""What a search by cosine distance is asked, query by query."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nearplane._blocks import blocks
from nearplane._progress import Progress
from nearplane._validation import Groups, rows_left
from nearplane.neighbors._searcher import Answer


@dataclass(frozen=True)
class Job:
    """Queries that are searched together, and what rows each of them may have."""

    queries: NDArray[Any]
    """(n_all, n_features): these and perhaps others, as they were given."""
    places: NDArray[np.int64]
    """(n_queries,): where these are."""
    k: int
    own: NDArray[np.int64] | None
    """(n_queries,): the row that each query is, and that is not its neighbour."""
    groups: Groups | None
    """(n_queries,) and (n_rows,): rows of a query's own group are skipped."""
    left: NDArray[np.int64]
    """(n_queries,): how many rows each has to choose from."""
    n_threads: int
    progress: Progress | None

    @classmethod
    def read(
        cls,
        queries: NDArray[Any],
        k: int,
        n_rows: int,
        *,
        exclude_self: bool,
        groups: Groups | None,
        n_threads: int,
        progress: Progress | None,
    ) -> Self:
        """Return the job that the arguments of `Searcher.search` describe."""
        places = np.arange(len(queries))
        if groups is None:
            left = np.full(len(queries), n_rows - exclude_self)
        else:
            left = rows_left(groups, exclude_self=exclude_self)
        own = places if exclude_self else None
        return cls(queries, places, k, own, groups, left, n_threads, progress)

    def __len__(self) -> int:
        return len(self.places)

    def part(self, chosen: Any) -> Self:
        """Return the job of some of the queries."""
        return replace(
            self,
            places=self.places[chosen],
            own=None if self.own is None else self.own[chosen],
            groups=None if self.groups is None else (self.groups[0][chosen], self.groups[1]),
            left=self.left[chosen],
        )

    def first_of(self, pool: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each query the first k rows of a sorted pool that it may have, then -1."""
        first = np.full((len(self), self.k), -1)
        # Those it may not have are few, as a rule, so that the beginning of the pool will do.
        waiting, width = np.arange(len(self)), 2 * self.k + 2
        while len(waiting) and len(pool):
            head, short = pool[:width], []
            for block in blocks(len(waiting), len(head)):
                some = waiting[block]
                allowed = self.allows(some, head)
                number = allowed.cumsum(axis=1)
                query, column = np.nonzero(allowed & (number <= self.k))
                first[some[query], number[query, column] - 1] = head[column]
                short.append(some[number[:, -1] < self.k])
            waiting = np.concatenate(short) if len(head) < len(pool) else waiting[:0]
            width *= 4
        return first

    def allows(
        self, chosen: NDArray[np.int64] | slice, rows: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return whether some of the queries may have some of the rows: (n_chosen, n_rows)."""
        allowed = np.ones((len(self.places[chosen]), len(rows)), bool)
        if self.groups is not None:
            of_queries, of_rows = self.groups
            allowed &= of_queries[chosen, None] != of_rows[rows]
        if self.own is not None:
            allowed &= self.own[chosen, None] != rows
        return allowed


def k_nearest(distances: NDArray[np.float64], indices: NDArray[np.int64], k: int) -> Answer:
    """Return the first `k` of each query's candidates, by distance and then by index."""
    order = np.lexsort((indices, distances), axis=1)[:, :k]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1)


def without_own(
    distances: NDArray[np.float64], indices: NDArray[np.int64], own: NDArray[np.int64]
) -> Answer:
    """Take the query's own row, or the last if it is not there, out of its candidates."""
    kept = indices != own[:, None]
    kept[kept.all(axis=1), -1] = False
    shape = len(own), indices.shape[1] - 1
    return distances[kept].reshape(shape), indices[kept].reshape(shape)
