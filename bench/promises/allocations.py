"""When memory runs out: MemoryError, nothing leaks, and the next call is right.

A preloaded library lets the i-th allocation of an operation fail, for every i until none is left,
and in a second round also all that follow; in a third only allocations of worker threads count.
What counts are the allocations of nearplane's modules, by malloc or operator new, and those of
NumPy's arrays; not Python's small objects, nor what OpenMP takes for its threads, without which it
ends the process. After each failure the operation runs undisturbed, and must give the same bytes as
before; at the end of a round as much memory must be held as at its beginning.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from faults import obstacle, preloaded
from faults.allocations import Allocations, Failing
from faults.operations import OPERATIONS, Operation, digest
from harness.child import call_in_child
from harness.promise import Finding, Options, Promise, evenly_spaced, not_tried

_SURVIVES = "survives any failing allocation"
_REACHES = "exceptions of worker threads reach the caller"
_LEAKS = "no leak after failing allocations"

_ROUNDS: dict[str, Callable[[int], Failing]] = {
    "one": Failing,
    "all that follow": lambda i: Failing(i, onwards=True),
    "a worker's": lambda i: Failing(i, workers_alone=True),
}
# How many allocations there are may differ a little from run to run, as threads share the work
# anew: a round is over when so many attempts in a row had too few.
_ENDS_AFTER = 3
_START_SECONDS = 120.0
_EACH_SECONDS = 900.0
_SHOWN_PROBLEMS = 10
# Of every operation in its part, so many allocations fail in each round.
_TRIED_OF_A_PART = 4
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "2"}


@dataclass
class _Found:
    """What became of the failures in an operation."""

    operation: str
    tried: int = 0
    tried_on_workers: int = 0
    survived_on_workers: int = 0
    rounds: int = 0
    leaks: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def fail(argument: dict[str, Any]) -> list[dict[str, Any]]:
    """Let allocations of the named operations fail; return what was found for each."""
    allocations = Allocations()
    found = []
    for name in argument["operations"]:
        trial = _Trial(name, OPERATIONS[name](), allocations)
        for which in _ROUNDS:
            trial.play(which, argument["at_most"])
        found.append(vars(trial.found))
    return found


class _Trial:
    def __init__(self, name: str, operation: Operation, allocations: Allocations) -> None:
        self.found = _Found(name)
        self._operation = operation
        self._allocations = allocations
        self._answer = digest(operation.run())
        self._afterwards = {digest(answer) for answer in operation.answers}

    def play(self, which: str, at_most: int | None) -> None:
        """Let every allocation fail, or `at_most` so many, evenly spaced."""
        failing = _ROUNDS[which]
        step = 1 if at_most is None else max(1, self._n_calls(failing) // at_most)
        held = self._held()
        first, misses = 1, 0
        while misses < _ENDS_AFTER:
            misses = 0 if self._try(which, failing(first)) else misses + 1
            first += step
        self.found.rounds += 1
        if (now := self._held()) != held:
            self.found.leaks.append(f"{which}: {held} bytes before, {now} after")

    def _n_calls(self, failing: Callable[[int], Failing]) -> int:
        """Return how many allocations there are of those that would fail."""
        with self._allocations.failing(failing(2**62)) as counts:
            self._operation.run()
        return counts.calls

    def _held(self) -> tuple[int, int]:
        if digest(self._operation.run()) != self._answer:
            raise AssertionError(f"{self.found.operation} does not give the same twice")
        gc.collect()
        return self._allocations.live_bytes()

    def _try(self, which: str, failing: Failing) -> bool:
        """Return whether there was an allocation to fail."""
        problem = ""
        try:
            with self._allocations.failing(failing) as counts:
                answer = self._operation.run()
        except MemoryError:
            pass
        except BaseException as error:
            problem = f"{type(error).__name__}: {error}"
        else:
            problem = "" if digest(answer) == self._answer else "a wrong answer"
        problem = problem or self._problem_afterwards()
        self.found.tried += counts.failures > 0
        self.found.tried_on_workers += counts.failures_on_workers > 0
        self.found.survived_on_workers += counts.failures_on_workers > 0 and not problem
        if problem:
            what = f"{self.found.operation}, allocation {failing.first}, {which}"
            self.found.problems.append(f"{what}: {problem}")
        return counts.failures > 0

    def _problem_afterwards(self) -> str:
        afterwards = self._operation.afterwards
        if afterwards is not None and digest(afterwards()) not in self._afterwards:
            return "left in between"
        return "" if digest(self._operation.run()) == self._answer else "a wrong next answer"


def _run(options: Options) -> list[Finding]:
    if reason := obstacle():
        return [not_tried(promise, reason) for promise in (_SURVIVES, _REACHES, _LEAKS)]
    names = evenly_spaced(list(OPERATIONS), options.count)
    at_once = [names] if options.part else [[name] for name in names]
    found, problems = [], []
    with preloaded("allocations") as environment:
        for together in at_once:
            options.report(together[0])
            outcome = call_in_child(
                "promises.allocations:fail",
                {"operations": together, "at_most": _TRIED_OF_A_PART if options.part else None},
                timeout=_START_SECONDS + _EACH_SECONDS * len(together),
                environment=environment | _ENVIRONMENT,
            )
            if outcome.failure:
                problems.append(f"{', '.join(together)}: {outcome.failure}")
            found += [_Found(**one) for one in outcome.result or []]
    return _findings(found, problems, len(names))


def _findings(found: list[_Found], ended: list[str], n_operations: int) -> list[Finding]:
    problems = [problem for one in found for problem in one.problems]
    leaks = [f"{one.operation}, {leak}" for one in found for leak in one.leaks]
    tried = sum(one.tried for one in found)
    on_workers = sum(one.tried_on_workers for one in found)
    among = f"{len(found)} of {n_operations} operations"
    return [
        # A child that did not live to tell counts as one failure more, not survived.
        Finding(
            _SURVIVES,
            tried + len(ended),
            tried - len(problems),
            _text(f"failures of an allocation in {among}", problems + ended),
            [vars(one) for one in found],
        ),
        Finding(
            _REACHES,
            on_workers,
            sum(one.survived_on_workers for one in found),
            f"failures on worker threads in {sum(one.tried_on_workers > 0 for one in found)} "
            "operations that have such",
        ),
        Finding(
            _LEAKS,
            sum(one.rounds for one in found),
            sum(one.rounds for one in found) - len(leaks),
            _text(f"rounds of failures in {among}", leaks),
        ),
    ]


def _text(what: str, problems: list[str]) -> str:
    return "; ".join([what, *problems[:_SHOWN_PROBLEMS]])


PROMISE = Promise(_run, full=len(OPERATIONS), part=12, unit="operations")
