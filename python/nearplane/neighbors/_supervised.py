"""What classification and regression share: who has a say in an answer, and how much."""

from collections.abc import Iterator
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import MultiOutputMixin

from nearplane._persistence import Arrays, Facts, check_stored
from nearplane._targets import read_sample_weight
from nearplane._validation import check_n_neighbors
from nearplane.neighbors._base import NeighborsBase
from nearplane.neighbors._weights import (
    Weights,
    neighbour_weights,
    pack,
    share_places,
)

# Numbers worked on at a time behind the search: 16 MB in float64, whatever the number of queries.
_BLOCK_SIZE = 2**21

# Sums of fractional weights that ought to reach n_neighbors may miss it by this much.
_ROUNDING = 1e-9


class Neighbourhoods(NamedTuple):
    """Some of the queries, and for each the fitted rows that have a say, nearest first."""

    queries: NDArray[np.int64]
    """(n,): positions of the queries."""
    indices: NDArray[np.int64]
    """(n, n_rows): fitted rows."""
    weights: NDArray[np.float64]
    """(n, n_rows): their say, not negative; 0 is none, and no query has zeros only."""


class SupervisedNeighborsBase(MultiOutputMixin, NeighborsBase):  # type: ignore[misc]
    """Gather the neighbourhoods of queries; subclasses set `_y` and `_sample_weight` in `fit`."""

    _y: NDArray[Any]
    _sample_weight: NDArray[np.float64] | None

    def __init__(
        self,
        *,
        n_neighbors: int,
        weights: Weights,
        algorithm: str,
        metric: str,
        p: float,
        n_jobs: int | None,
        verbose: bool,
    ) -> None:
        super().__init__(
            n_neighbors=n_neighbors,
            algorithm=algorithm,
            metric=metric,
            p=p,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        self.weights = weights

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        facts, arrays = super()._fitted_state()
        arrays["targets"] = self._y
        if self._sample_weight is not None:
            arrays["sample_weight"] = self._sample_weight
        return facts, arrays

    def _restore_fitted(self, facts: Facts, arrays: Arrays, *, verify: bool) -> None:
        super()._restore_fitted(facts, arrays, verify=verify)
        self._sample_weight = None
        if "sample_weight" in arrays:
            weight = check_stored(arrays["sample_weight"], "sample_weight", "f", (None,))
            self._sample_weight = read_sample_weight(weight, self.n_samples_fit_)

    def _neighbourhoods(
        self, queries: NDArray[Any], *, leave_one_out: bool, size: int
    ) -> Iterator[Neighbourhoods]:
        """Search, and yield the neighbourhoods of all queries, block by block.

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_features)
            What `_read_queries` returned.
        leave_one_out : bool
            Whether the queries are the fitted rows, none of which has a say in its own answer.
        size : int
            Numbers the caller works on for each row of a neighbourhood.
        """
        k = check_n_neighbors(self.n_neighbors)
        if self._sample_weight is not None:
            yield from self._shared_places(queries, self._sample_weight, k, leave_one_out, size)
            return
        distances, indices = self._search(queries, k, exclude_self=leave_one_out)
        for block in blocks(np.arange(len(queries)), k * size):
            weights = neighbour_weights(self.weights, distances[block])
            yield Neighbourhoods(block, indices[block], weights)

    def _shared_places(
        self,
        queries: NDArray[Any],
        sample_weight: NDArray[np.float64],
        k: int,
        leave_one_out: bool,
        size: int,
    ) -> Iterator[Neighbourhoods]:
        """Yield neighbourhoods in which a row of weight w takes w of the `k` places.

        How many rows fill the places differs from query to query, so those with places left after
        a search are searched again for twice as many rows.
        """
        self._check_total_weight(sample_weight, k, leave_one_out)
        n_fit = self.n_samples_fit_
        reach = min(n_fit, ceil(k * n_fit / sample_weight.sum()) + leave_one_out)
        waiting = np.arange(len(queries))
        while len(waiting):
            unfilled = []
            for block in blocks(waiting, reach * size):
                distances, indices = self._search(queries[block], reach, exclude_self=False)
                weight = sample_weight[indices]
                if leave_one_out:
                    weight[indices == block[:, None]] = 0
                shares = share_places(weight, k)
                full = (shares.sum(axis=1) >= k * (1 - _ROUNDING)) | (reach == n_fit)
                unfilled.append(block[~full])
                if full.any():
                    shares, distances, indices = pack(shares[full], distances[full], indices[full])
                    weights = neighbour_weights(self.weights, distances)
                    yield Neighbourhoods(block[full], indices, shares * weights)
            waiting = np.concatenate(unfilled)
            reach = min(n_fit, 2 * reach)

    def _check_total_weight(
        self, sample_weight: NDArray[np.float64], k: int, leave_one_out: bool
    ) -> None:
        total = sample_weight.sum() - (sample_weight.max() if leave_one_out else 0)
        if total < k * (1 - _ROUNDING):
            without = " without the query's own row" if leave_one_out else ""
            raise ValueError(
                "a row of weight w counts as w rows, so sample_weight must sum to at least "
                f"n_neighbors = {k}; it sums to {total:g}{without}. Weights meant to be relative "
                "can be multiplied by n_samples / sum."
            )


def blocks(positions: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """Split `positions` so that a block of `size` numbers each stays within `_BLOCK_SIZE`."""
    step = max(1, _BLOCK_SIZE // size)
    for start in range(0, len(positions), step):
        yield positions[start : start + step]
