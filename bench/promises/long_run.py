"""An hour of everything mixed, in one process: memory, threads and open files do not grow.

Every kind of estimator is fitted, asked, saved and loaded again and again, on data that stays the
same, by one thread and by several, between mistakes, signals, forks and plots. All answers are
compared with the first ones.
"""

import os
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import threadpoolctl

import nearplane
from harness.child import call_in_child
from harness.held import COUNTS, MEASURES, measure, return_what_is_free
from harness.methods import Array
from harness.promise import Finding, Options, Promise, not_tried
from nearplane import display
from promises.estimators import Case, Data, every_estimator, load_data

_Work = Callable[[], bool]

_FULL_SECONDS, _PART_SECONDS = 3600, 8
_SPARE_SECONDS = 600.0
# Of a full run, and of the tests' few seconds, within which a round must be over.
_N_JOBS, _N_JOBS_OF_PART = (1, 2), (2,)
_ROWS, _ROWS_OF_PART = 600, 200
_N_THREADS = 4
_TENTHS = 10
# Of the run; the first tenth is the warm-up.
_MOST_SAMPLES = 500
_LARGEST_GROWTH = 0.01
# Of what is resident, in a run that ends before malloc's free lists have settled. What malloc has
# given away is held to 1 % in any case.
_LARGEST_EARLY_GROWTH = 0.1
_SETTLED_SECONDS = 600.0
_LONG_ROWS = 20_000_000


def use(argument: dict[str, Any]) -> dict[str, Any]:
    """Use everything for so many seconds; return what was measured, and what went wrong."""
    mpl.use("Agg")
    warnings.simplefilter("ignore")  # of convergence, and Python's own about forks and threads
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threadpoolctl.threadpool_limits(limits=max(argument["n_jobs"]))
    return_what_is_free()
    with tempfile.TemporaryDirectory() as folder:
        data = load_data(argument["data_dir"], argument["n_rows"])
        works = _works(data, argument["n_jobs"], Path(folder) / "model")
        run = _Run(works, argument["seconds"])
        run.go()
    return {
        "n_tried": run.n_tried,
        "n_right": run.n_right,
        "wrong": sorted(run.wrong),
        "curve": run.samples.tolist(),
    }


class _Run:
    """The works in random order, round after round, and samples between them."""

    def __init__(self, works: dict[str, _Work], seconds: float) -> None:
        self.works, self.seconds = works, seconds
        self.n_tried = self.n_right = 0
        self.wrong: set[str] = set()
        # Made at once, to hold the same from the first sample to the last.
        self._samples = np.zeros((len(works) + _MOST_SAMPLES, 1 + len(MEASURES)))
        self._n_samples = 0
        self._start = 0.0

    def go(self) -> None:
        rng = random.Random(0)
        names = list(self.works)
        for name in names:  # what is imported, cached and started at the first use
            self._do(name)
            self._take_sample(-1.0)
        self._start = time.perf_counter()
        due = 0.0
        while True:
            rng.shuffle(names)
            for name in names:
                if self._elapsed() >= self.seconds:
                    return
                self._do(name)
                if due <= self._elapsed() < self.seconds:
                    self._take_sample(self._elapsed())
                    due = self._elapsed() + self.seconds / _MOST_SAMPLES

    def _elapsed(self) -> float:
        return time.perf_counter() - self._start

    def _do(self, name: str) -> None:
        self.n_tried += 1
        if self.works[name]():
            self.n_right += 1
        else:
            self.wrong.add(name)

    def _take_sample(self, seconds: float) -> None:
        self._samples[self._n_samples] = [seconds, *measure()]
        self._n_samples += 1

    @property
    def samples(self) -> Array:
        """A row for each sample: seconds since the warm-up (in it: -1), and the measures."""
        return self._samples[: self._n_samples]


def _works(data: Data, every_n_jobs: Sequence[int], path: Path) -> dict[str, _Work]:
    cases = [(n_jobs, case) for n_jobs in every_n_jobs for case in every_estimator(data, n_jobs)]
    works: dict[str, _Work] = {
        f"{case.name}, n_jobs={n_jobs}": _Same(partial(_use, case, path)) for n_jobs, case in cases
    }
    search = next(case for _, case in cases if case.name == "search pruned euclidean uint8")
    train = next(case for _, case in cases if case.name == "softmax")
    works |= {
        f"threads: {case.name}": _Same(partial(_ask_by_threads, case, case.fit()))
        for case in (search, train)
    }
    works |= {
        f"fork: {case.name}": partial(_fork, case, case.answers(case.fit()))
        for case in (search, train)
    }
    works |= {f"mistake: {name}": partial(_err, call) for name, call in _mistakes(data).items()}
    works["interrupt: search"] = partial(_interrupt, _long_search)
    works["interrupt: training"] = partial(_interrupt, partial(_long_training, data))
    works["matrix"] = _Same(
        lambda: nearplane.pairwise_distances(data.query_rows, data.rows).tobytes()
    )
    works["plot"] = partial(_plot, train.fit())
    return works


class _Same:
    """Work whose answer is right if it is that of the first time; None never is."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.expected: object = None

    def __call__(self) -> bool:
        found = self.work()
        if self.expected is None:
            self.expected = found
        return found is not None and found == self.expected


def _use(case: Case, path: Path) -> str | None:
    """Fit, ask, save, load and map; return the answers, or None if a loaded one has others."""
    fitted = case.fit()
    answers = case.answers(fitted)
    if case.load is not None:
        fitted.save(path)
        for mmap in (False, True):
            if case.answers(case.load(path, mmap=mmap)) != answers:
                return None
    return answers


def _ask_by_threads(case: Case, fitted: Any) -> list[str]:
    with ThreadPoolExecutor(_N_THREADS) as pool:
        return list(pool.map(lambda _: case.answers(fitted), range(_N_THREADS)))


def _fork(case: Case, expected: str) -> bool:
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException):
            status = int(case.answers(case.fit()) != expected)
        os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def _mistakes(data: Data) -> dict[str, Callable[[], object]]:
    rows = data.rows
    bad = rows.copy()
    bad[-1, -1] = np.nan
    search = nearplane.NearestNeighbors().fit(rows)
    return {
        "not a number": lambda: nearplane.KMeans(2).fit(bad),
        "other width": lambda: search.kneighbors(rows[:, 1:]),
        "too many neighbours": lambda: search.kneighbors(rows, len(rows) + 1),
        "labels missing": lambda: nearplane.LinearClassifier().fit(rows, data.y[1:]),
        "unknown loss": lambda: nearplane.LinearClassifier(loss="no").fit(rows, data.y),
        "no file": lambda: nearplane.KMeans.load("no file"),
        "wrong file": lambda: nearplane.KMeans.load(__file__),
        "callback": lambda: _with_callback(data),
    }


def _with_callback(data: Data) -> None:
    def fail(times: Any, n_epochs: float) -> Any:
        raise ValueError(f"no rates for {n_epochs} epochs of {len(times)} steps")

    nearplane.LinearClassifier(schedule=fail).fit(data.X, data.y)


def _err(call: Callable[[], object]) -> bool:
    try:
        call()
    except (ValueError, OSError):
        return True
    return False


def _interrupt(work: Callable[[], object]) -> bool:
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    try:
        timer.start()
        work()
        timer.join()
    except KeyboardInterrupt:
        timer.join()
        return True
    return False


def _long_search() -> None:
    rows = np.broadcast_to(np.uint8(1), (_LONG_ROWS, 100))
    nearplane.argkmin(rows, rows, 3, n_jobs=-1)


def _long_training(data: Data) -> None:
    nearplane.LinearClassifier(max_epochs=10**6, n_jobs=-1).fit(data.X, data.y)


def _plot(fitted: Any) -> bool:
    display.LossCurveDisplay.from_estimator(fitted).plot()
    plt.close("all")
    return not plt.get_fignums()


def _run(options: Options) -> list[Finding]:
    title = "mixed use for a long time"
    if sys.platform != "linux":
        return [not_tried(title, "only Linux tells what a process holds")]
    seconds = options.count
    outcome = call_in_child(
        "promises.long_run:use",
        {
            "data_dir": options.data_dir,
            "n_rows": _ROWS_OF_PART if options.part else _ROWS,
            "n_jobs": _N_JOBS_OF_PART if options.part else _N_JOBS,
            "seconds": seconds,
        },
        timeout=seconds + _SPARE_SECONDS,
    )
    if outcome.failure:
        return [Finding(title, 1, 0, outcome.failure)]
    found = outcome.result
    right = Finding(
        f"{title}: right answers",
        found["n_tried"],
        found["n_right"],
        f"{seconds} s; wrong: {', '.join(found['wrong']) or 'none'}",
    )
    return [right, _growth_finding(f"{title}: nothing grows", seconds, found["curve"])]


def _growth_finding(title: str, seconds: float, curve: list[list[float]]) -> Finding:
    """Compare the second tenth of a run with the last: medians, and of what is counted peaks."""
    samples = np.array(curve)
    bounds = dict.fromkeys(MEASURES, _LARGEST_GROWTH) | dict.fromkeys(COUNTS, 0.0)
    if seconds < _SETTLED_SECONDS:
        bounds |= {"rss": _LARGEST_EARLY_GROWTH, "uss": _LARGEST_EARLY_GROWTH}
    medians = _of_tenths(samples, seconds, np.median)
    growth = dict(zip(MEASURES, medians[-1] / np.maximum(medians[1], 1) - 1, strict=True))
    # A fork ends threads that the next work starts again, so before is all that was before.
    last = _of_tenths(samples, seconds, np.max)[-1]
    before = samples[samples[:, 0] < seconds / 2, 1:].max(axis=0)
    for name in COUNTS:
        column = MEASURES.index(name)
        growth[name] = last[column] / before[column] - 1
    n_within = sum(growth[name] <= bound for name, bound in bounds.items())
    changes = ", ".join(f"{name} {growth[name]:+.2%}" for name in MEASURES)
    facts = {
        "columns": ["seconds", *MEASURES],
        "curve": curve,
        "medians of tenths": medians.tolist(),
        "growth": growth,
        "bounds": bounds,
    }
    text = f"{seconds} s, from the second tenth to the last: {changes}"
    return Finding(title, len(bounds), int(n_within), text, facts)


def _of_tenths(samples: Array, seconds: float, reduce: Callable[..., Array]) -> Array:
    """Return what each measure comes to in each tenth of the run that has a sample."""
    tenth = np.floor(samples[:, 0] / seconds * _TENTHS)
    parts = [part for part in np.unique(tenth) if part >= 0]
    return np.array([reduce(samples[tenth == part, 1:], axis=0) for part in parts])


PROMISE = Promise(_run, full=_FULL_SECONDS, part=_PART_SECONDS, unit="seconds")
