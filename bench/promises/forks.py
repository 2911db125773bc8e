"""After fork() the children work on, and their answers are right; nothing hangs.

Eight children at a time search, train, cluster and compute features, with estimators that the
parent has fitted and with their own. Some are forked by a Python thread, some fork a child
themselves, and the parent has used its threads before, or another thread is using them at each
fork. Processes that are started in other ways, by multiprocessing and by joblib, work as well.
"""

import multiprocessing
import os
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import joblib

from harness.child import call_in_child
from harness.promise import Finding, Options, Promise, not_tried
from promises.estimators import Case, Data, every_estimator, load_data

_AT_ONCE = 8
_SEARCHES = ("search auto euclidean uint8", "search pruned manhattan float32")
_TRAININGS = ("softmax", "lbfgs", "clusters")
_FEATURES = ("hog", "visual words")
_ROWS = 200
_TIMEOUT_SECONDS = 300.0
_LOOK_SECONDS = 0.01
# Loading data and first answers; then so long for each eight children, at the worst.
_START_SECONDS = 600.0
_EACH_SECONDS = 60.0

_Expected = list[tuple[Case, Any, str]]


def fork(argument: dict[str, Any]) -> dict[str, int]:
    """Fork so many times eight children; count what became of them.

    With ``during`` another Python thread of the parent is at work in the core at each fork.
    """
    warnings.simplefilter("ignore")  # of convergence, and Python's own about forks and threads
    data = load_data(argument["data_dir"], _ROWS)
    expected = _expected(data, argument["n_jobs"])
    fates: Counter[str] = Counter()
    with _working(expected, enabled=argument["during"]):
        for number in range(argument["n_forks"]):
            # Every other time from a thread: there the core has not begun to share work yet.
            forks = _fork_all if number % 2 == 0 else _fork_in_thread
            fates.update(_wait(forks(lambda child: _check(expected, child))))
    return {name: fates[name] for name in ("right", "wrong", "hung")}


def start(argument: dict[str, Any]) -> dict[str, int]:
    """Let processes that are started in other ways fit and ask each kind of estimator once."""
    data = load_data(argument["data_dir"], _ROWS)
    n_jobs = argument["n_jobs"]
    names = [case.name for case, _, _ in _expected(data, n_jobs)]
    answers = [answer for _, _, answer in _expected(data, n_jobs)]
    found = {}
    asked = [(data, n_jobs, name) for name in names]
    for method in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context(method).Pool(2) as pool:
            found[method] = pool.starmap(_answer_of, asked)
    parallel = joblib.Parallel(n_jobs=2, backend="loky")
    found["loky"] = parallel(joblib.delayed(_answer_of)(*some) for some in asked)
    return {
        method: sum(a == b for a, b in zip(some, answers, strict=True))
        for method, some in found.items()
    } | {"tried": len(found) * len(answers)}


def _expected(data: Data, n_jobs: int) -> _Expected:
    """Return what children are asked: how to fit it, a fitted one, and its answers."""
    cases = {case.name: case for case in every_estimator(data, n_jobs)}
    fitted = [(cases[name], cases[name].fit()) for name in (*_SEARCHES, *_TRAININGS, *_FEATURES)]
    return [(case, model, case.answers(model)) for case, model in fitted]


def _answer_of(data: Data, n_jobs: int, name: str) -> str:
    case = next(case for case in every_estimator(data, n_jobs) if case.name == name)
    return case.answers(case.fit())


def _check(expected: _Expected, number: int) -> bool:
    """Return whether a child answers as its parent; some let a child of theirs say so too."""
    case, fitted, answers = expected[number % len(expected)]
    is_right = case.answers(fitted) == answers and case.answers(case.fit()) == answers
    if number == 0:
        children = [_fork_one(lambda _: case.answers(case.fit()) == answers, 0)]
        is_right = is_right and _wait(children)["right"] == 1
    return is_right


def _fork_all(check: Callable[[int], bool]) -> list[int]:
    return [_fork_one(check, number) for number in range(_AT_ONCE)]


def _fork_in_thread(check: Callable[[int], bool]) -> list[int]:
    children: list[int] = []
    thread = threading.Thread(target=lambda: children.extend(_fork_all(check)))
    thread.start()
    thread.join()
    return children


def _fork_one(check: Callable[[int], bool], number: int) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if check(number) else 1
        finally:
            os._exit(status)
    return child


def _wait(children: list[int]) -> Counter[str]:
    """Return the fates of children; what takes too long is ended."""
    end = time.perf_counter() + _TIMEOUT_SECONDS
    fates: Counter[str] = Counter()
    for child in children:
        status = None
        while status is None:
            found, value = os.waitpid(child, os.WNOHANG)
            if found:
                status = value
            elif time.perf_counter() > end:
                os.kill(child, 9)
                os.waitpid(child, 0)
                break
            else:
                time.sleep(_LOOK_SECONDS)
        fates["hung" if status is None else "wrong" if status else "right"] += 1
    return fates


@contextmanager
def _working(expected: _Expected, *, enabled: bool) -> Iterator[None]:
    """Fit and ask again and again in another thread while the block runs, if enabled."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            for case, fitted, _ in expected:
                case.answers(fitted)
                case.fit()

    thread = threading.Thread(target=work)
    if enabled:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if enabled:
            thread.join()


def _run(options: Options) -> list[Finding]:
    findings = [_starts(options)]
    if "fork" not in multiprocessing.get_all_start_methods():
        return [*findings, not_tried("safe after fork", "this system has no fork")]
    return findings + [
        _forks(f"safe to fork {moment}", options, during=during)
        for during, moment in ((False, "after use"), (True, "while another thread works"))
    ]


def _forks(promise: str, options: Options, *, during: bool) -> Finding:
    argument = _argument(options) | {"n_forks": options.count, "during": during}
    timeout = _START_SECONDS + _EACH_SECONDS * options.count
    outcome = call_in_child("promises.forks:fork", argument, timeout=timeout)
    n_children = options.count * _AT_ONCE
    if outcome.failure:
        return Finding(promise, n_children, 0, outcome.failure)
    found = outcome.result
    text = (
        f"{_AT_ONCE} children at a time, {options.count} times: {found['wrong']} wrong answers, "
        f"{found['hung']} hangs"
    )
    return Finding(promise, n_children, found["right"], text, found)


def _starts(options: Options) -> Finding:
    promise = "processes started by multiprocessing and joblib"
    outcome = call_in_child("promises.forks:start", _argument(options), timeout=_START_SECONDS)
    if outcome.failure:
        return Finding(promise, 1, 0, outcome.failure)
    found = outcome.result
    n_tried = found.pop("tried")
    text = "fits and answers in processes started by " + ", ".join(found)
    return Finding(promise, n_tried, sum(found.values()), text, found)


def _argument(options: Options) -> dict[str, Any]:
    return {"data_dir": options.data_dir, "n_jobs": max(options.threads, 2)}


PROMISE = Promise(_run, full=100, part=2, unit="times eight children")
