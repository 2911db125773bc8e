"""Ctrl-C at any moment of any work: it ends at once, and the next answer is right.

Signals come at random moments of searches, sketches, training, clustering, features, whitening,
saving and loading. A reaction that is too slow is measured again, twice at most: another process
may have had the processors. How many were is told.
"""

import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from harness.child import call_in_child
from harness.promise import Finding, Options, Promise, image_options
from harness.timing import seconds_of
from promises.estimators import load_data
from promises.long_works import Work, every_work

# A signal that has not arrived after so long is lost.
_PATIENCE_SECONDS = 5.0
_LIMIT_SECONDS = 0.2
_MOST_TRIES = 3
# Loading data and a first round; then so long for each signal, at the worst.
_START_SECONDS = 1200.0
_EACH_SECONDS = 60.0


def interrupt(argument: dict[str, Any]) -> dict[str, Any]:
    """Send so many SIGINTs at random moments; return the reactions, and what went wrong."""
    warnings.simplefilter("ignore")  # of convergence
    # A shell lets the programs it starts in the background ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    data = load_data(argument["data_dir"], argument["n_train"], argument["n_query"])
    with tempfile.TemporaryDirectory() as folder:
        works = every_work(data, Path(folder))[:: argument["every"]]
        trials = _Trials(works)
        turns = cycle(works)
        while trials.n_interrupted < argument["n_interrupts"]:
            trials.interrupt(next(turns))
    return {
        "reactions": trials.reactions,
        "works": trials.durations,
        "n_late": trials.n_late,
        "n_again": trials.n_again,
        "wrong": trials.wrong,
    }


class _Trials:
    """Works that have been done once, and what came of interrupting them."""

    def __init__(self, works: list[Work]) -> None:
        self.expected = {work.name: work.short() for work in works}
        self.durations = {work.name: seconds_of(work.long) for work in works}
        self.reactions: dict[str, list[float]] = {work.name: [] for work in works}
        self.wrong: list[str] = []
        self.n_late = self.n_again = 0
        self._rng = np.random.default_rng(0)

    @property
    def n_interrupted(self) -> int:
        return sum(map(len, self.reactions.values()))

    def interrupt(self, work: Work) -> None:
        """Interrupt work at a random moment, and check the next answer."""
        found: list[float] = []
        for _ in range(_MOST_TRIES):
            reaction = _reaction(work.long, self._rng.uniform(0, self.durations[work.name]))
            if work.short() != self.expected[work.name]:
                self.wrong.append(work.name)
            if reaction is None:
                self.n_late += 1
                continue
            found.append(reaction)
            if reaction <= _LIMIT_SECONDS:
                break
        self.n_again += max(len(found) - 1, 0)
        if found:
            self.reactions[work.name].append(min(found))


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
        time.sleep(delay + _PATIENCE_SECONDS)
    except KeyboardInterrupt:
        return None if done else time.perf_counter() - sent_at[0]
    raise RuntimeError("a signal was lost")


def _run(options: Options) -> list[Finding]:
    promise = f"Ctrl-C ends the work within {_LIMIT_SECONDS} s"
    argument = image_options(options) | {
        "n_interrupts": options.count,
        "every": 3 if options.part else 1,  # of the works
    }
    timeout = _START_SECONDS + _EACH_SECONDS * options.count
    outcome = call_in_child("promises.interrupts:interrupt", argument, timeout=timeout)
    if outcome.failure:
        return [Finding(promise, options.count, 0, outcome.failure)]
    result = outcome.result
    reactions = [seconds for some in result["reactions"].values() for seconds in some]
    n_in_time = sum(seconds <= _LIMIT_SECONDS for seconds in reactions)
    text = (
        f"{len(result['works'])} kinds of work of {min(result['works'].values()):.2g} to "
        f"{max(result['works'].values()):.2g} s ({result['n_late']} more signals came too late, "
        f"{result['n_again']} were sent again): longest reaction {1e3 * max(reactions):.0f} ms, "
        f"median {1e3 * median(reactions):.0f} ms"
    )
    n_answers = len(reactions) + result["n_late"] + result["n_again"]
    return [
        Finding(promise, len(reactions), n_in_time, text, result),
        Finding(
            "the next answer after Ctrl-C is right",
            n_answers,
            n_answers - len(result["wrong"]),
            "of the same kind as the work interrupted; wrong: "
            + (", ".join(result["wrong"]) or "none"),
        ),
    ]


PROMISE = Promise(_run, full=200, part=12, unit="signals")
