"""Time whole jobs alternately: fit anew, then answer all queries for the first time.

A search that decides by its first queries how to go on cannot be judged by its later ones.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from harness.methods import Array, Compute
from harness.plans import Plan, plan_of
from harness.timing import REST_SECONDS


@dataclass(frozen=True)
class Job:
    """What to fit, and the queries to answer; without queries only the fit is timed."""

    label: str
    build: Callable[[], Compute]
    queries: Array | None


@dataclass(frozen=True)
class JobTiming:
    """The seconds of each round, in order, and what each said of its search afterwards."""

    label: str
    fit_seconds: tuple[float, ...]
    search_seconds: tuple[float, ...]
    plans: tuple[Plan | None, ...]

    @property
    def seconds(self) -> tuple[float, ...]:
        """Return the seconds of the whole job in each round."""
        pairs = zip(self.fit_seconds, self.search_seconds, strict=True)
        return tuple(fit + search for fit, search in pairs)

    @property
    def median_seconds(self) -> float:
        """Return the median of the whole job."""
        return median(self.seconds)


def race_jobs(jobs: Sequence[Job], repeats: int, report: Callable[[str], None]) -> list[JobTiming]:
    """Do every job once a round; they have been done before, so that nothing is cold."""
    rounds: list[list[tuple[float, float, Plan | None]]] = [[] for _ in jobs]
    for number in range(1, repeats + 1):
        for job, done in zip(jobs, rounds, strict=True):
            report(f"whole jobs, round {number} of {repeats}: {job.label}")
            time.sleep(REST_SECONDS)
            done.append(_do(job))
    return [
        JobTiming(job.label, *(tuple(column) for column in zip(*done, strict=True)))
        for job, done in zip(jobs, rounds, strict=True)
    ]


def _do(job: Job) -> tuple[float, float, Plan | None]:
    start = time.perf_counter()
    search = job.build()
    fitted = time.perf_counter()
    answer = None if job.queries is None else search(job.queries)
    end = time.perf_counter()
    plan = plan_of(search)
    del answer, search
    return fitted - start, end - fitted, plan


def as_facts(timing: JobTiming) -> dict[str, Any]:
    """Return a timing for the JSON file."""
    return {
        "seconds": list(timing.seconds),
        "fit_seconds": list(timing.fit_seconds),
        "search_seconds": list(timing.search_seconds),
        "plans": list(timing.plans),
    }
