"""Fit one classifier, in a process that does nothing else."""

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import linear_peers
from harness.environment import set_threads
from harness.methods import Array
from harness.training import LinearAdapter
from linear_peers.nearplane_linear import ADAPTER as OURS
from nearplane.report._memory import peak_memory_bytes


def fit(argument: dict[str, Any]) -> dict[str, Any]:
    """Load the rows, fit, and score on the test images."""
    adapter = adapter_of(argument["library"])
    set_threads(argument["n_threads"], [adapter])
    classifier = adapter.classifiers(argument["n_threads"])[argument["classifier"]]
    libraries = peak_memory_bytes()
    X, y = (_load(argument, part)[: argument["n_rows"]] for part in ("X_train", "y_train"))
    with_rows = peak_memory_bytes()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        classifier.fit(X, y)
        seconds = time.perf_counter() - start
    fitted = peak_memory_bytes()
    return {
        "accuracy": float(classifier.score(_load(argument, "X_test"), _load(argument, "y_test"))),
        "seconds": seconds,
        "peak_bytes": {"libraries": libraries, "rows": with_rows, "fit": fitted},
        "warnings": sorted({warning.category.__name__ for warning in caught}),
    }


def adapter_of(library: str) -> LinearAdapter:
    """Return our own adapter, or that of a peer that is known to be there."""
    return OURS if library == "nearplane" else linear_peers.load([library])[0][library]


def _load(argument: dict[str, Any], part: str) -> Array:
    name = f"{part}_{argument['dtype']}" if part.startswith("X") else part
    array: Array = np.load(Path(argument["folder"]) / f"{name}.npy")
    return array
