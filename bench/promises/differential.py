"""Cases drawn at random for every operation, at every ISA level, against NumPy in float64 or int64.

Distances, neighbours, votes, losses, steps of training, clusters and features of images; sizes
around all tiles, any layout and type in memory, and values from denormal numbers to overflow.
"""

import importlib
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from harness.child import call_in_child
from harness.promise import Finding, Options, Promise
from nearplane import _core

# The tests take the first seeds; a child draws so many cases.
_FIRST_SEED = 1_000_000
_CASES_AT_ONCE = 500
# A case takes some 20 ms; whatever takes so much longer hangs.
_START_SECONDS, _CASE_SECONDS = 60.0, 2.0
_SHOWN_PROBLEMS = 20


def compare(argument: dict[str, Any]) -> dict[str, Any]:
    """Ask so many cases from a first seed on, all levels; tell what they were, and what differs."""
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    differential = importlib.import_module("tests.differential")
    seeds = range(argument["first"], argument["first"] + argument["count"])
    found = [differential.problem_of(seed) for seed in seeds]
    return {
        "subjects": Counter(subject for subject, _ in found),
        "problems": [problem for _, problem in found if problem],
    }


def _compare_in_child(first: int, count: int, subjects: Counter[str]) -> list[str]:
    """Return what is wrong with so many cases; one that ends or blocks its process is singled out.

    Where a child fails, its cases are halved until one is left to blame.
    """
    argument = {"first": first, "count": count}
    timeout = _START_SECONDS + _CASE_SECONDS * count
    outcome = call_in_child("promises.differential:compare", argument, timeout=timeout)
    if not outcome.failure:
        subjects.update(outcome.result["subjects"])
        problems: list[str] = outcome.result["problems"]
        return problems
    if count == 1:
        return [f"seed {first}: {outcome.failure}"]
    half = count // 2
    found = _compare_in_child(first, half, subjects)
    found += _compare_in_child(first + half, count - half, subjects)
    return found or [f"seeds from {first}: {outcome.failure}"]


def _run(options: Options) -> list[Finding]:
    problems: list[str] = []
    subjects: Counter[str] = Counter()
    for begin in range(0, options.count, _CASES_AT_ONCE):
        options.report(f"{begin:,} of {options.count:,}")
        count = min(_CASES_AT_ONCE, options.count - begin)
        problems += _compare_in_child(_FIRST_SEED + begin, count, subjects)
    text = f"of {len(subjects)} kinds, each at the levels {', '.join(_core.available_levels())}"
    for problem in problems[:_SHOWN_PROBLEMS]:
        seed = problem.split()[1].rstrip(",:")
        text += f"; {problem} (python -m tests.differential {seed})"
    promise = "every operation answers as a few lines of NumPy do, exactly or as docs/numerics says"
    facts = {"subjects": subjects, "problems": problems}
    return [Finding(promise, options.count, options.count - len(problems), text, facts)]


PROMISE = Promise(_run, full=20_000, part=400, unit="cases")
