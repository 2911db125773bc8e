"""Python threads share one fitted estimator of every kind: all get what one alone would get.

They ask everything at once, beginning with the first search, which may have to build a sketch, and
save what is fitted meanwhile. Then rows are appended while others search: each answer is that of
the rows before, or that of all.
"""

import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import nearplane
from harness.child import call_in_child
from harness.methods import Array
from harness.promise import Finding, Options, Promise
from promises.estimators import Case, digest, every_estimator, load_data

_K = 5
_N_APPENDED = 10  # times
_TIMEOUT_SECONDS = 1800.0
# Images; the tests' threads are fewer, and what they share is smaller.
_ROWS, _ROWS_OF_PART = 600, 200
_METRICS = ("euclidean", "manhattan", "cosine")


def share(argument: dict[str, Any]) -> dict[str, Any]:
    """Let so many threads use each kind of estimator at once; count right answers and others."""
    data = load_data(argument["data_dir"], argument["n_rows"])
    n_threads, n_jobs = argument["n_threads"], argument["n_jobs"]
    results: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(n_threads) as pool:
        for case in every_estimator(data, n_jobs):
            # Of another one, so that the first search is theirs.
            expected = case.answers(case.fit())
            fitted = case.fit()

            def ask(number: int, case: Case = case, fitted: Any = fitted) -> str:
                if case.load is None:
                    return case.answers(fitted)
                path = Path(folder) / str(number)
                if number % 2:
                    fitted.save(path)
                    return case.answers(case.load(path))
                answers = case.answers(fitted)
                fitted.save(path)
                return answers

            results[case.name] = _count(_at_once(pool, ask, n_threads), {expected})
        for metric in _METRICS:
            for algorithm in ("brute", "pruned"):
                found, right = _append(pool, data.rows, metric, algorithm, n_threads)
                results[f"appending, {algorithm} {metric}"] = _count(found, right)
    return {"results": results}


def _at_once(
    pool: ThreadPoolExecutor, ask: Callable[[int], Any], n_threads: int
) -> list[str | BaseException]:
    """Return what each of the threads got, or its exception, having started together."""
    barrier = threading.Barrier(n_threads)

    def wait_and_ask(number: int) -> Any:
        barrier.wait()
        return ask(number)

    futures = [pool.submit(wait_and_ask, number) for number in range(n_threads)]
    return [future.exception() or future.result() for future in futures]


def _append(
    pool: ThreadPoolExecutor, rows: Array, metric: str, algorithm: str, n_threads: int
) -> tuple[list[Any], set[str]]:
    """Return the answers of threads that search while one appends rows, and those that are right.

    An answer is right if it is that of the rows there were at some time.
    """
    queries = rows[:_K]
    begin = len(rows) // 2
    ends = np.linspace(begin, len(rows), _N_APPENDED + 1).astype(int)

    def fitted(end: int) -> Any:
        return nearplane.NearestNeighbors(n_neighbors=_K, metric=metric, algorithm=algorithm).fit(
            rows[:end]
        )

    right = {digest(fitted(end).kneighbors(queries)) for end in ends}
    shared = fitted(begin)
    is_over = threading.Event()

    def use(number: int) -> Any:
        if number == 0:
            for first, last in pairwise(ends):
                shared.partial_fit(rows[first:last])
            is_over.set()
            return [digest(shared.kneighbors(queries))]
        answers = [digest(shared.kneighbors(queries))]
        while not is_over.is_set():
            answers.append(digest(shared.kneighbors(queries)))
        return answers

    found: list[Any] = []
    for answers in _at_once(pool, use, n_threads):
        found += answers if isinstance(answers, list) else [answers]
    return found, right


def _count(found: list[Any], right: set[str]) -> dict[str, int]:
    """Count right answers, wrong ones, and errors by what they say."""
    fates: Counter[str] = Counter()
    for answer in found:
        if isinstance(answer, BaseException):
            fates[f"{type(answer).__name__}: {answer}"] += 1
        else:
            fates["right" if answer in right else "wrong"] += 1
    return dict(fates)


def _run(options: Options) -> list[Finding]:
    promise = f"{options.count} threads share a fitted estimator"
    argument = {
        "data_dir": options.data_dir,
        "n_rows": _ROWS_OF_PART if options.part else _ROWS,
        "n_threads": options.count,
        "n_jobs": options.threads,
    }
    outcome = call_in_child("promises.shared:share", argument, timeout=_TIMEOUT_SECONDS)
    if outcome.failure:
        return [Finding(promise, 1, 0, outcome.failure)]
    results: dict[str, dict[str, int]] = outcome.result["results"]
    n_tried = sum(sum(fates.values()) for fates in results.values())
    n_right = sum(fates.get("right", 0) for fates in results.values())
    others = {name: fates for name, fates in results.items() if set(fates) != {"right"}}
    text = f"{len(results)} kinds; all answers equal to the last bit those of one thread"
    if others:
        text = f"not so: {others}"
    return [Finding(promise, n_tried, n_right, text, results)]


PROMISE = Promise(_run, full=32, part=8, unit="threads")
