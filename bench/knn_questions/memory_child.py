"""Fit and search once, in a process that does nothing else."""

from pathlib import Path
from typing import Any

import numpy as np

from harness.environment import set_threads
from harness.methods import Array, Task
from nearplane.report._memory import peak_memory_bytes
from peers.nearplane_search import search_method


def search(argument: dict[str, Any]) -> dict[str, int | None]:
    """Return the peak of memory after each step, in bytes; the later ones hold the earlier."""
    task = Task(**argument["task"])
    set_threads(task.n_threads)
    libraries = peak_memory_bytes()
    base = _load(argument, "base", argument["n_rows"])
    queries = _load(argument, "queries", argument["n_queries"])
    with_rows = peak_memory_bytes()
    fitted = search_method(task, argument["k"], argument["algorithm"]).build(base)
    after_fit = peak_memory_bytes()
    fitted(queries)
    return {
        "libraries": libraries,
        "rows": with_rows,
        "fit": after_fit,
        "search": peak_memory_bytes(),
    }


def _load(argument: dict[str, Any], part: str, n_rows: int) -> Array:
    n_features = argument["n_features"]
    dtype = argument["task"]["dtype"]
    values = np.fromfile(Path(argument["folder"]) / part, dtype, count=n_rows * n_features)
    return values.reshape(n_rows, n_features)
