"""Ask how accurate classifiers get, how soon, and in how much memory.

Every classifier is trained in a child process of its own, which loads the rows, fits once and
labels the test images. So its peak of memory is its own; two columns say how much of it came after
Python and the libraries, and how much in `fit`. A peer that takes longer than --slow-seconds is
ended, and gets --slow-rows rows instead. What ends with a warning, such as of no convergence, says
so.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from harness.child import Outcome, call_in_child
from harness.options import as_rows
from harness.output import print_table, watching
from harness.training import LINEAR_DTYPES, LinearAdapter
from linear_peers.nearplane_linear import ADAPTER as OURS
from nearplane.datasets import ImageDataset, load_dataset

_OURS = "nearplane"
_TIMEOUT_SECONDS = 3_600.0
_COLUMNS = [
    "classifier",
    "input",
    "rows",
    "test accuracy",
    "seconds",
    "peak MB",
    "of rows and fit",
    "of fit alone",
    "remark",
]


@dataclass(frozen=True)
class _Task:
    """What a child is to do."""

    library: str
    classifier: str
    folder: str
    dtype: str
    n_rows: int
    n_threads: int


def ask(
    dataset: ImageDataset, adapters: dict[str, LinearAdapter], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Train everybody on the data and on digits, and print two tables."""
    results = []
    for images in (dataset, load_dataset("digits")):
        title = f"Accuracy on test images, and what it takes: {images.description}"
        with watching(title) as report, _saved(images) as folder:
            found = []
            for task in _tasks(adapters, folder, len(images.X_train), options):
                report(f"{task.classifier}, {task.dtype}")
                found.append(_result(task, options))
        print_table(title, _COLUMNS, [_row(result) for result in found], n_texts=2)
        results.append({"data": images.description, "lines": found})
    return results


@contextmanager
def _saved(images: ImageDataset) -> Iterator[str]:
    """Put the images where children find them: what a data set needs to be read is not counted."""
    with TemporaryDirectory() as folder:
        for part, dtype in product(("X_train", "X_test"), LINEAR_DTYPES):
            rows = as_rows(getattr(images, part)).astype(dtype)
            np.save(Path(folder) / f"{part}_{dtype}.npy", rows)
        for part in ("y_train", "y_test"):
            np.save(Path(folder) / f"{part}.npy", getattr(images, part))
        yield folder


def _tasks(
    adapters: dict[str, LinearAdapter], folder: str, n_rows: int, options: argparse.Namespace
) -> list[_Task]:
    def tasks(library: str, adapter: LinearAdapter, dtypes: Sequence[str]) -> list[_Task]:
        return [
            _Task(library, name, folder, dtype, n_rows, options.threads)
            for dtype in dtypes
            for name in adapter.classifiers(options.threads)
        ]

    found = tasks(_OURS, OURS, options.dtypes)
    for library, adapter in adapters.items():
        found += tasks(library, adapter, ["float32"])
    return found


def _result(task: _Task, options: argparse.Namespace) -> dict[str, Any]:
    """Train in a child: nearplane as often as asked, a peer once, on fewer rows if it is slow."""
    if task.library == _OURS:
        outcomes = [_call(task, _TIMEOUT_SECONDS) for _ in range(options.repeats)]
    else:
        outcomes = [_call(task, options.slow_seconds)]
        if outcomes[0].hung:
            task = replace(task, n_rows=min(task.n_rows, options.slow_rows))
            outcomes = [_call(task, _TIMEOUT_SECONDS)]
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    if failures:
        raise SystemExit(f"{task.classifier}: {failures[0]}")
    return {**asdict(task), "runs": [outcome.result for outcome in outcomes]}


def _call(task: _Task, timeout: float) -> Outcome:
    return call_in_child("linear_questions.accuracy_child:fit", asdict(task), timeout=timeout)


def _row(result: dict[str, Any]) -> list[str]:
    runs = result["runs"]
    accuracies = [run["accuracy"] for run in runs]
    low, high = min(accuracies), max(accuracies)
    spread = f" ({low:.2%} .. {high:.2%})" if high > low else ""
    return [
        result["classifier"],
        result["dtype"],
        f"{result['n_rows']:,}",
        f"{median(accuracies):.2%}{spread}",
        f"{median(run['seconds'] for run in runs):.3g}",
        _megabytes(runs, None),
        _megabytes(runs, "libraries"),
        _megabytes(runs, "rows"),
        ", ".join(runs[0]["warnings"]),
    ]


def _megabytes(runs: Sequence[dict[str, Any]], since: str | None) -> str:
    """Return the median peak beyond an earlier one, in MB; nothing on systems that do not tell."""
    peaks = [run["peak_bytes"] for run in runs]
    if peaks[0]["fit"] is None:
        return "-"
    return f"{median(peak['fit'] - peak.get(since, 0) for peak in peaks) / 1e6:,.0f}"
