"""`Searcher`: rows, and all that is known about how to search them."""

import os
from dataclasses import dataclass, replace
from threading import Lock
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._progress import Progress
from nearplane._validation import CoreMetric, Groups, as_common_dtype
from nearplane.neighbors._rows import GrowingRows
from nearplane.neighbors._sketch import SearchPlan, Sketch, plan_search

ALGORITHMS = ("auto", "brute", "pruned")

# Rows may grow to twice their number before what was decided for them is decided anew.
_LONG_GROWN = 2

Answer = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class _Job:
    """One search; queries and rows are of the same type."""

    queries: NDArray[Any]
    rows: NDArray[Any]
    k: int
    exclude_self: bool
    groups: Groups | None
    n_threads: int
    progress: Progress | None


class Searcher:
    """Answer searches among the same rows, for any number of threads.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        What is searched: finite, of a type of the core's. Not copied.
    metric : {"euclidean", "sqeuclidean", "manhattan"}
        How far rows are from each other.
    algorithm : {"auto", "brute", "pruned"}
        Whether to search by way of a sketch: if that pays, never, or always.
    sketch : Sketch, default=None
        A sketch of the rows, or of the first of them.

    Attributes
    ----------
    plan : SearchPlan or None
        How the last search was done, or the next will be; None if that is still to be decided.
    sketch : Sketch or None
        The sketch, once there is one. Rows that have been appended enter it in the next search:
        it reads all of the sketch anyway, so to copy it costs little then, however few rows came.
    """

    def __init__(
        self, rows: NDArray[Any], metric: CoreMetric, algorithm: str, sketch: Sketch | None = None
    ) -> None:
        self.metric = metric
        self.algorithm = algorithm
        self.sketch = sketch
        self.plan: SearchPlan | None = None
        if algorithm == "brute":
            self.plan = SearchPlan.asked_for("brute")
        elif algorithm == "pruned" and sketch is not None:
            self.plan = SearchPlan.asked_for("pruned", sketch)
        self._growing = GrowingRows(rows)
        self._n_asked = 0  # queries of all searches
        self._n_planned = 0  # rows that there were when the plan was made
        self._lock, self._process = Lock(), os.getpid()

    @property
    def rows(self) -> NDArray[Any]:
        """What is searched."""
        return self._growing.rows

    def build(self, *, n_threads: int, progress: Progress | None = None) -> None:
        """Build the sketch of rows that are searched by way of one in any case."""
        start = perf_counter()
        self.sketch = Sketch.build(self.rows, self.metric, n_threads=n_threads, progress=progress)
        self.plan = SearchPlan.asked_for("pruned", self.sketch, perf_counter() - start)

    def append(self, rows: NDArray[Any]) -> "Searcher":
        """Return a searcher of these rows followed by others; this one stays as it is."""
        other = Searcher(self.rows, self.metric, self.algorithm)
        other._growing = self._growing.append(rows)
        with self._locked():
            other.sketch, other.plan = self.sketch, self.plan
            other._n_asked, other._n_planned = self._n_asked, self._n_planned
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

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_features)
            Finite, of a type of the core's.
        k : int
            How many; every query has so many rows to choose from.
        exclude_self : bool, default=False
            Whether the queries are the rows, none of which is its own neighbour.
        groups : tuple of two ndarrays of int64, default=None
            A number for each query and one for each row: rows of a query's own group are skipped.
        n_threads : int
            Number of threads.
        progress : callable, default=None
            Told the fraction done.
        """
        queries, rows = as_common_dtype(queries, self.rows)
        job = _Job(queries, rows, k, exclude_self, groups, n_threads, progress)
        with self._locked():
            self.plan = plan = self._decide(job)
            self._n_asked += len(queries)
            sketch = self.sketch if plan.algorithm == "pruned" else None
        start = perf_counter()
        answer, counts = _answer(job, self.metric, sketch)
        measured = plan.measured(perf_counter() - start, len(queries), counts)
        with self._locked():
            if self.plan is plan:  # and no other thread has decided anew
                self.plan = measured
        return answer

    def _decide(self, job: _Job) -> SearchPlan:
        """Return how to do a search, after building the sketch that it takes."""
        self._catch_up(job)
        if self.algorithm == "auto":
            return self._plan_and_build(job)
        if self.algorithm == "pruned" and self.sketch is None:
            self.build(n_threads=job.n_threads, progress=_noted(job.progress))
        assert self.plan is not None  # it was made with the searcher, or with the sketch
        return self.plan

    def _plan_and_build(self, job: _Job) -> SearchPlan:
        is_known = len(self.rows) < _LONG_GROWN * self._n_planned
        plan, design = plan_search(
            job.queries,
            job.rows,
            job.k,
            self.metric,
            exclude_self=job.exclude_self,
            groups=job.groups,
            n_queries_before=self._n_asked,
            sketch=self.sketch,
            previous=self.plan if is_known else None,
            n_threads=job.n_threads,
        )
        if not is_known:
            self._n_planned = len(self.rows)
        if plan.algorithm == "pruned" and self.sketch is None:
            start, progress = perf_counter(), _noted(job.progress)
            self.sketch = Sketch.build(
                self.rows, self.metric, design, n_threads=job.n_threads, progress=progress
            )
            plan = replace(plan, build_seconds=perf_counter() - start)
        return plan

    def _catch_up(self, job: _Job) -> None:
        """Let appended rows enter the sketch, or drop it if they do not fit into it."""
        if self.sketch is None or self.sketch.n_rows == len(self.rows):
            return
        longer = self.sketch.extend(
            self.rows[self.sketch.n_rows :],
            n_threads=job.n_threads,
            progress=_noted(job.progress),
        )
        if longer.is_loose:
            self.sketch, self.plan, self._n_planned = None, None, 0
        else:
            self.sketch = longer

    def _locked(self) -> Lock:
        # A forked child would wait for ever for a thread of its parent's that was deciding.
        if self._process != os.getpid():
            self._lock, self._process = Lock(), os.getpid()
        return self._lock

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"], state["_process"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock, self._process = Lock(), os.getpid()


def _answer(
    job: _Job, metric: CoreMetric, sketch: Sketch | None
) -> tuple[Answer, NDArray[np.int64] | None]:
    """Search; also return how many pairs each level of the sketch compared, if there is one."""
    if sketch is None:
        query_groups, base_groups = (None, None) if job.groups is None else job.groups
        answer = _core.argkmin(
            job.queries,
            job.rows,
            job.k,
            metric,
            exclude_self=job.exclude_self,
            query_groups=query_groups,
            base_groups=base_groups,
            n_threads=job.n_threads,
            progress=job.progress,
        )
        return answer, None
    distances, indices, counts = sketch.search(
        job.queries,
        job.rows,
        job.k,
        metric,
        exclude_self=job.exclude_self,
        groups=job.groups,
        n_threads=job.n_threads,
        progress=job.progress,
    )
    return (distances, indices), counts


def _noted(progress: Progress | None) -> Progress | None:
    """Let the bar say what it shows before the search itself begins."""
    if progress is None:
        return None

    def show(fraction: float, note: str = "(sketch)") -> None:
        progress(fraction, note)

    return show
