"""Searches drawn at random: with the codes of a sketch as by brute force, to the last bit."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from harness.child import call_in_child
from harness.promise import Finding, Options, Promise
from nearplane import _core

# The tests take the first seeds; a child draws so many searches.
_FIRST_SEED = 1_000_000
_SEARCHES_AT_ONCE = 1_000
_TIMEOUT_SECONDS = 600.0
_SHOWN_PROBLEMS = 20


def compare(argument: dict[str, Any]) -> dict[str, Any]:
    """Compare so many searches from a first seed on; tell what differs, and what codes spared.

    They are the searches that the tests draw, at all the levels this machine can run.
    """
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    cases = importlib.import_module("tests.pruned_cases")
    seeds = range(argument["first"], argument["first"] + argument["count"])
    found = [cases.problem_of(cases.random_case(seed)) for seed in seeds]
    counts = np.array([[counts[0], counts[-1]] for counts, _ in found])
    return {
        "problems": [problem for _, problem in found if problem],
        "n_pairs": int(counts[:, 0].sum()),
        "n_measured": int(counts[:, 1].sum()),
    }


def _run(options: Options) -> list[Finding]:
    problems: list[str] = []
    n_pairs = n_measured = n_lost = 0
    for begin in range(0, options.count, _SEARCHES_AT_ONCE):
        options.report(f"{begin:,} of {options.count:,}")
        count = min(_SEARCHES_AT_ONCE, options.count - begin)
        argument = {"first": _FIRST_SEED + begin, "count": count}
        outcome = call_in_child("promises.pruned:compare", argument, timeout=_TIMEOUT_SECONDS)
        if outcome.failure:
            n_lost += count
            problems.append(f"seeds from {argument['first']}: {outcome.failure}")
            continue
        n_lost += len(outcome.result["problems"])
        problems += outcome.result["problems"]
        n_pairs += outcome.result["n_pairs"]
        n_measured += outcome.result["n_measured"]
    text = (
        f"at the levels {', '.join(_core.available_levels())}; "
        f"{n_measured / max(n_pairs, 1):.0%} of the pairs were measured"
    )
    text += "".join(f"; {problem}" for problem in problems[:_SHOWN_PROBLEMS])
    promise = "pruned searches find what brute force finds, byte for byte"
    return [Finding(promise, options.count, options.count - n_lost, text, problems)]


PROMISE = Promise(_run, full=20_000, part=200, unit="searches")
