"""Sizes beyond 31 and 32 bits, and sums at the limits of their types, give right answers.

Sparse files are mapped whose elements, rows or bytes are more than 2^31 and 2^32, and rows planted
at their ends and where those numbers fall are searched for, learned, clustered, saved and loaded.
Matrices, features and answers of as many numbers are written. Rows of zeros and 255 are as wide as
sums of 16 and 32 bits bear, a feature less and one more, at every ISA level; the oracle adds in 64
bits. What needs more memory than there is, is not tried, and said not to be.

A full run takes 20 GB on the disk, 9 GB of memory, and what is free for the cache of files; but for
k times the queries beyond 2^31, whose answer takes 34 GB of memory, or of memory and swap.
"""

import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from harness.child import call_in_child
from harness.promise import Finding, Options, Promise, not_tried
from large_sizes import answers, files, widths
from large_sizes.case import Case, free_gigabytes
from nearplane import _core

_TIMEOUT_SECONDS = 1_800.0
_SHOWN_PROBLEMS = 5
_MODULES = {"widths": widths.CASES, "answers": answers.CASES, "files": files.CASES}
# What takes no more than this is what the tests repeat; what takes more, up to the next, shares a
# child with others, and all else has one of its own.
_SMALL_GIGABYTES, _MEDIUM_GIGABYTES = 0.3, 1.0

_PROMISES = {
    "widths": "rows as wide as sums bear, and wider, have exact distances",
    "answers": "answers of more than 2^31 and 2^32 numbers are right",
    "files": "rows of more than 2^31 and 2^32 elements, or rows, are searched, learned and saved",
}


class _Trial(NamedTuple):
    """A case, and the ISA level that it is tried at, if not at the best."""

    group: str
    level: str | None
    name: str

    @property
    def case(self) -> Case:
        return _MODULES[self.group][self.name]


def _trials() -> list[_Trial]:
    """Return all that is tried, small cases first."""
    best = [_Trial(group, None, name) for group, cases in _MODULES.items() for name in cases]
    small = [trial for trial in best if trial.case.gigabytes <= _SMALL_GIGABYTES]
    others = [
        _Trial("widths", level, name)
        for level in _core.available_levels()[:-1]
        for name in widths.CASES
    ]
    large = sorted(set(best) - set(small), key=lambda trial: (trial.case.gigabytes, trial.name))
    return [*small, *others, *large]


def run_cases(argument: dict[str, Any]) -> dict[str, str]:
    """Run some cases of a group; return what was wrong with each that was."""
    problems = {}
    for name in argument["names"]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                _MODULES[argument["group"]][name].run(Path(folder))
            except Exception as error:
                problems[name] = f"{type(error).__name__}: {error}"[:300]
    return problems


def _run(options: Options) -> list[Finding]:
    free = free_gigabytes()
    wanted = _trials()[: options.count]
    chosen = [trial for trial in wanted if trial.case.at_once <= free]
    problems: dict[_Trial, str] = {}
    for (group, level), trials in groupby(chosen, lambda trial: (trial.group, trial.level)):
        problems |= _run_group(options, group, level, list(trials))
    findings = [
        _finding(group, [trial for trial in chosen if trial.group == group], problems)
        for group in dict.fromkeys(trial.group for trial in chosen)
    ]
    too_large = [trial for trial in wanted if trial not in chosen]
    return findings + [
        not_tried(trial.name, f"needs {trial.case.at_once:g} GB of memory, there are {free:.0f}")
        for trial in too_large
    ]


def _run_group(
    options: Options, group: str, level: str | None, trials: list[_Trial]
) -> dict[_Trial, str]:
    """Run cases, the smaller ones in one child unless that ends; return what was wrong."""
    together = [trial for trial in trials if trial.case.gigabytes < _MEDIUM_GIGABYTES]
    problems: dict[str, str] = {}
    if together:
        outcome = _call(options, group, level, [trial.name for trial in together])
        if outcome.failure is None:
            problems |= outcome.result
            trials = [trial for trial in trials if trial not in together]
    for trial in trials:
        outcome = _call(options, group, level, [trial.name])
        problems |= {trial.name: outcome.failure} if outcome.failure else outcome.result
    return {_Trial(group, level, name): problem for name, problem in problems.items()}


def _call(options: Options, group: str, level: str | None, names: list[str]) -> Any:
    options.report(f"{group}: {names[0]}")
    argument = {"group": group, "names": names}
    return call_in_child(
        "promises.sizes:run_cases", argument, timeout=_TIMEOUT_SECONDS, level=level
    )


def _finding(group: str, tried: list[_Trial], problems: dict[_Trial, str]) -> Finding:
    shown = [
        f"{trial.name}{f' at level {trial.level}' if trial.level else ''}: {problem}"
        for trial, problem in problems.items()
        if trial.group == group
    ]
    levels = {trial.level or _core.available_levels()[-1] for trial in tried}
    largest = max(trial.case.gigabytes for trial in tried)
    text = (
        f"at the levels {', '.join(sorted(levels))}"
        if len(levels) > 1
        else f"the largest of {largest:g} GB"
    )
    text = "; ".join([text, *shown[:_SHOWN_PROBLEMS]])
    return Finding(_PROMISES[group], len(tried), len(tried) - len(shown), text, shown)


PROMISE = Promise(
    _run,
    full=len(_trials()),
    part=sum(not trial.level and trial.case.gigabytes <= _SMALL_GIGABYTES for trial in _trials()),
    unit="cases",
)
