"""Ctrl-C at any moment: the work ends at once, and the next answer is right."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from typing import Any

import numpy as np

import nearplane
from harness.child import call_in_child
from harness.methods import Array
from harness.options import DTYPES, METRICS, Images, load_images
from harness.promise import Finding, Options, Promise, image_options
from harness.timing import seconds_of

_K = 10
_CHECKED_QUERIES = 20
# A signal that has not arrived after so long is lost.
_PATIENCE_SECONDS = 5.0
_LIMIT_SECONDS = 0.2
# Loading data and a first round; then so long for each signal, at the worst.
_START_SECONDS = 600.0
_EACH_SECONDS = 30.0


@dataclass(frozen=True)
class _Work:
    """Something long to interrupt, and a short piece of the same kind to be right afterwards."""

    name: str
    long: Callable[[], object]
    short: Callable[[], bytes]


def interrupt(argument: dict[str, Any]) -> dict[str, Any]:
    """Send so many SIGINTs at random moments; return the reactions, and what went wrong."""
    # A shell lets the programs it starts in the background ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    images = load_images(argument["data_dir"], argument["n_query"], argument["n_train"])
    works = [work for dtype in DTYPES for work in _works(images, dtype)]
    durations = [seconds_of(work.long) for work in works]
    expected = [work.short() for work in works]
    rng = np.random.default_rng(0)
    reactions: list[list[float]] = [[] for _ in works]
    n_late = n_wrong = 0
    turns = cycle(zip(works, durations, expected, reactions, strict=True))
    while sum(map(len, reactions)) < argument["n_interrupts"]:
        work, duration, answer, found = next(turns)
        reaction = _reaction(work.long, rng.uniform(0, duration))
        if reaction is None:
            n_late += 1
        else:
            found.append(reaction)
        n_wrong += work.short() != answer
    names = [work.name for work in works]
    return {
        "reactions": dict(zip(names, reactions, strict=True)),
        "n_late": n_late,
        "n_wrong": n_wrong,
        "works": dict(zip(names, durations, strict=True)),
    }


def _works(images: Images, dtype: str) -> list[_Work]:
    rows = Images(images.queries.astype(dtype), images.base.astype(dtype), dtype)
    return [make(rows, metric) for make in (_search, _matrix) for metric in METRICS]


def _search(rows: Images, metric: str) -> _Work:
    search = nearplane.NearestNeighbors(n_neighbors=_K, metric=metric, n_jobs=-1).fit(rows.base)

    def short() -> bytes:
        distances, indices = search.kneighbors(rows.queries[:_CHECKED_QUERIES])
        return distances.tobytes() + indices.tobytes()

    name = f"search {metric} {rows.description}"
    return _Work(name, lambda: search.kneighbors(rows.queries), short)


def _matrix(rows: Images, metric: str) -> _Work:
    def distances(n_queries: int) -> Array:
        queries = rows.queries[:n_queries]
        return nearplane.pairwise_distances(queries, rows.base, metric, n_jobs=-1)

    return _Work(
        f"matrix {metric} {rows.description}",
        lambda: distances(len(rows.queries)),
        lambda: distances(_CHECKED_QUERIES).tobytes(),
    )


def _reaction(work: Callable[[], object], delay: float) -> float | None:
    """Return the seconds from the signal to the exception; None if the work was over by then."""
    sent_at: list[float] = []

    def send() -> None:
        sent_at.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    done = False
    try:
        threading.Timer(delay, send).start()
        work()
        done = True
        time.sleep(_PATIENCE_SECONDS)
    except KeyboardInterrupt:
        return None if done else time.perf_counter() - sent_at[0]
    raise RuntimeError("a signal was lost")


def _run(options: Options) -> list[Finding]:
    promise = f"Ctrl-C ends the work within {_LIMIT_SECONDS} s"
    argument = image_options(options) | {"n_interrupts": options.count}
    timeout = _START_SECONDS + _EACH_SECONDS * options.count
    outcome = call_in_child("promises.interrupts:interrupt", argument, timeout=timeout)
    if outcome.failure:
        return [Finding(promise, options.count, 0, outcome.failure)]
    result = outcome.result
    reactions = [seconds for some in result["reactions"].values() for seconds in some]
    n_in_time = sum(seconds <= _LIMIT_SECONDS for seconds in reactions)
    text = (
        f"in the middle of work of {min(result['works'].values()):.2g} to "
        f"{max(result['works'].values()):.2g} s ({result['n_late']} more came too late): longest "
        f"reaction {1e3 * max(reactions):.0f} ms, median {1e3 * median(reactions):.0f} ms"
    )
    n_answers = len(reactions) + result["n_late"]
    return [
        Finding(promise, len(reactions), n_in_time, text, result),
        Finding(
            "the next answer after Ctrl-C is right",
            n_answers,
            n_answers - result["n_wrong"],
            "of the same kind as the work interrupted",
        ),
    ]


PROMISE = Promise(_run, full=200, part=20, unit="signals")
