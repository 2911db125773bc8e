"""Times that can be told again, of work of any length."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import TypeVar

LEAST_SECONDS = 0.2
"""Work that takes less is repeated until so much time has passed."""

_Result = TypeVar("_Result")


def timed(work: Callable[[], _Result]) -> tuple[_Result, float]:
    """Run `work` once or, if it is short, as often as fills `LEAST_SECONDS`.

    A single short run would mostly measure what only the first one pays: waking threads, filling
    caches.

    Parameters
    ----------
    work : callable
        Gives the same result each time.

    Returns
    -------
    result
        What `work` returned.
    seconds : float
        The median duration of a run.
    """
    durations: list[float] = []
    while not durations or sum(durations) < LEAST_SECONDS:
        start = perf_counter()
        result = work()
        durations.append(perf_counter() - start)
    return result, median(durations)
