"""`CosineSearcher`: the search by angles, by way of a search among rows of length 1."""

from math import inf
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._blocks import blocks
from nearplane._progress import Progress
from nearplane._validation import Groups
from nearplane.neighbors._cosine import OF_ZEROS, measure, unit_rows
from nearplane.neighbors._cosine_exact import exact_neighbours
from nearplane.neighbors._cosine_job import Job, k_nearest, without_own
from nearplane.neighbors._rows import GrowingRows
from nearplane.neighbors._searcher import Answer, Searcher
from nearplane.neighbors._sketch import SearchPlan, Sketch

# A search for more rows than are wanted costs next to nothing, and the first that is not wanted
# tells that those before it are the answer. Some more get over a handful of duplicates.
_SPARE = 8

# How many times as many rows a second search returns.
_MORE = 8

# So many numbers are brought to length 1 at a time: 2 MB in float64, which a cache holds.
_UNIT_SIZE = 2**18

# A greater part of the queries than this is not searched for if it is of rows of zeros.
_FEW_ZEROS = 0.01

# Where rows of zeros are put: behind all rows of length 1, which are at most 2 from each other.
_FAR = 4.0
_NEARER_THAN_FAR = 2.5

# Queries are brought to length 1 so many numbers at a time, 256 MB, unless they are the rows.
_QUERY_SIZE = 2**26


class CosineSearcher:
    """Answer searches by cosine distance among the same rows, as `Searcher` does by other metrics.

    The rows are also held divided by their lengths and rounded to float32, and searched so by a
    `Searcher`, whose answer is exact for them. Rounding moves a row so little that this answer
    nearly always tells the nearest for certain. They are then measured in float64, from the rows
    that were given. What it leaves undecided is searched for again, for more candidates, and at
    last in float64.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        What is searched: finite, of a type of the core's. Not copied.
    algorithm : {"auto", "brute", "pruned"}
        As of `Searcher`.
    sketch : Sketch, default=None
        A sketch of the first of the rows, divided by their lengths, that a file has held.
    """

    metric: Literal["cosine"] = "cosine"

    def __init__(self, rows: NDArray[Any], algorithm: str, sketch: Sketch | None = None) -> None:
        self._growing = GrowingRows(rows)
        self._units = Searcher(_searchable(rows), "euclidean", algorithm, sketch)
        self._zeros = _rows_of_zeros(self._units.rows)
        d = rows.shape[1]
        # By how much the computed distance of two rows may differ from that of what was searched,
        # twice 2^-24 and some for the roundings of float64; docs/numerics.md derives it.
        self._slack = 1.001 * 2.0**-23 + (d / 4 + 64) * 2.0**-52

    @property
    def rows(self) -> NDArray[Any]:
        """What is searched, as it was given."""
        return self._growing.rows

    @property
    def algorithm(self) -> str:
        """How to search."""
        return self._units.algorithm

    @property
    def plan(self) -> SearchPlan | None:
        """How the rows of length 1 were searched last, or will be next."""
        return self._units.plan

    @property
    def sketch(self) -> Sketch | None:
        """The sketch of the rows of length 1, once there is one."""
        return self._units.sketch

    def build(self, *, n_threads: int, progress: Progress | None = None) -> None:
        """Build the sketch of rows that are searched by way of one in any case."""
        self._units.build(n_threads=n_threads, progress=progress)

    def append(self, rows: NDArray[Any]) -> "CosineSearcher":
        """Return a searcher of these rows followed by others; this one stays as it is."""
        other = object.__new__(CosineSearcher)
        other._growing = self._growing.append(rows)
        other._units = self._units.append(_searchable(rows))
        other._zeros = _rows_of_zeros(other._units.rows)
        other._slack = self._slack
        return other

    def search(
        self,
        queries: NDArray[Any],
        k: int,
        *,
        exclude_self: bool = False,
        groups: Groups | None = None,
        n_threads: int,
        progress: Progress | None = None,
    ) -> Answer:
        """Return the distances and indices of the `k` rows nearest to each query.

        All as in `Searcher.search`.
        """
        n = len(queries)
        job = Job.read(
            queries,
            k,
            len(self.rows),
            exclude_self=exclude_self,
            groups=groups,
            n_threads=n_threads,
            progress=progress,
        )
        is_rows = queries is self.rows
        size = queries.size if is_rows else _QUERY_SIZE
        distances, indices = np.empty((n, k)), np.empty((n, k), np.int64)
        for block in blocks(n, queries.shape[1], size=size):
            units = self._units.rows if is_rows else _searchable(queries[block])
            distances[block], indices[block] = self._answer(job.part(block), units)
        return distances, indices

    def _answer(self, job: Job, units: NDArray[np.float32]) -> Answer:
        """Return the neighbours of queries, given of length 1 too."""
        zeros = _rows_of_zeros(units)
        if len(zeros) <= len(units) * _FEW_ZEROS:
            distances, indices, undecided = self._search_units(job, units)
            undecided = np.setdiff1d(undecided, zeros)
        else:  # which would all be equally far from rows of zeros
            others = np.setdiff1d(np.arange(len(units)), zeros)
            shape = len(units), job.k
            distances, indices = np.empty(shape), np.empty(shape, np.int64)
            undecided = others
            if len(others):
                *found, undecided = self._search_units(job.part(others), units[others])
                distances[others], indices[others] = found
                undecided = others[undecided]
        if len(zeros):  # they are as far from every row
            distances[zeros] = OF_ZEROS
            indices[zeros] = job.part(zeros).first_of(np.arange(len(self.rows)))
        if len(undecided):
            some = job.part(undecided)
            *again, still = self._search_units(some, units[undecided], is_again=True)
            distances[undecided], indices[undecided] = again
            undecided = undecided[still]
        if len(undecided):
            exact = exact_neighbours(job.part(undecided), self.rows, self._zeros)
            distances[undecided], indices[undecided] = exact
        return distances, indices

    def _search_units(
        self, job: Job, units: NDArray[np.float32], *, is_again: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return neighbours by way of a search in float32, and the queries that it left undecided.

        The first search is that of the searcher, which plans it; a second one, which is for more
        candidates of few queries, is by brute force.
        """
        reach = job.k + _SPARE if not is_again else _MORE * (job.k + _SPARE)
        excludes_self = job.own is not None and len(units) == len(self.rows)
        # Else the query's own row is found as well, and dropped.
        extra = int(job.own is not None and not excludes_self)
        reach = min(reach, int(job.left.min()) - (extra if job.groups else 0))
        if reach < job.k:  # which is so if there is nothing to spare
            shape = len(units), job.k
            return np.empty(shape), np.empty(shape, np.int64), np.arange(len(units))
        if not is_again:
            found = self._units.search(
                units,
                reach + extra,
                exclude_self=excludes_self,
                groups=job.groups,
                n_threads=job.n_threads,
                progress=job.progress,
            )
        else:
            of_queries, of_rows = job.groups or (None, None)
            found = _core.argkmin(
                units,
                self._units.rows,
                reach + extra,
                "euclidean",
                exclude_self=excludes_self,
                query_groups=of_queries,
                base_groups=of_rows,
                n_threads=job.n_threads,
                progress=None,
            )
        if extra and job.own is not None:
            found = without_own(*found, job.own)
        return self._settle(job, *found)

    def _settle(
        self,
        job: Job,
        lengths: NDArray[np.float64],
        candidates: NDArray[np.int64],
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the answers that the candidates hold for certain, and the queries of no answer.

        `lengths` are those of the differences of rows of length 1, in float32.
        """
        shape = len(lengths), job.k
        distances, indices = np.empty(shape), np.empty(shape, np.int64)
        k, reach, slack = job.k, lengths.shape[1], self._slack
        lengths = np.where(lengths < _NEARER_THAN_FAR, lengths, inf)
        kth = lengths[:, k - 1]
        # Whatever is longer is certainly behind the k-th. If that is in opposite direction, nothing
        # is: all such rows are equally far.
        limit = kth + 2 * slack
        n_needed = np.count_nonzero(lengths <= limit[:, None], axis=1)
        is_all = (job.left == reach) | np.isinf(lengths[:, -1])
        settled = is_all | (n_needed < reach)
        plain = settled & (n_needed == k)
        for chosen, width in ((plain, k), (settled & ~plain, reach)):
            place = np.flatnonzero(chosen)
            if not len(place):
                continue
            some = job.part(place)
            rows = candidates[place, :width]
            measured = measure(some.queries, some.places, self.rows, rows)
            measured[np.isinf(lengths[place, :width])] = inf  # of zeros, which enter by themselves
            if len(self._zeros):
                measured, rows = self._with_zeros(some, measured, rows)
            distances[place], indices[place] = k_nearest(measured, rows, k)
        return distances, indices, np.flatnonzero(~settled)

    def _with_zeros(
        self, job: Job, measured: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> Answer:
        """Return candidates, and behind them rows of zeros where these may be among the nearest."""
        late = np.sort(measured, axis=1)[:, job.k - 1] >= OF_ZEROS
        zeros = np.full((len(rows), job.k), -1)
        if late.any():
            zeros[late] = job.part(late).first_of(self._zeros)
        of_zeros = np.where(zeros < 0, inf, OF_ZEROS)
        return np.hstack([measured, of_zeros]), np.hstack([rows, zeros])


def _searchable(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Return rows divided by their lengths, in float32; rows of zeros are far from all others."""
    units = np.empty(rows.shape, np.float32)
    for block in blocks(*rows.shape, size=_UNIT_SIZE):
        exact = unit_rows(rows[block])
        exact[~exact.any(axis=1), 0] = _FAR
        with np.errstate(under="ignore"):
            units[block] = exact
    return units


def _rows_of_zeros(units: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.flatnonzero(units[:, 0] == _FAR)
