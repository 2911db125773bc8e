"""Searches drawn at random: with the codes of a sketch as by brute force, to the last bit."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np


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
