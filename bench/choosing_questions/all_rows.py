"""Ask what it takes to choose k and the metric on all rows: seconds, and the peak of memory.

It runs in a child process that does nothing else, once for each round. The scores must be those of
separate fits: they are compared for the smallest and the largest k, on the first fold.
"""

import argparse
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from harness.child import call_in_child
from harness.environment import set_threads
from harness.options import METRICS, as_rows, chosen
from harness.output import print_table, watching
from nearplane import KNeighborsClassifier, KNeighborsClassifierCV
from nearplane.datasets import ImageDataset
from nearplane.report._memory import peak_memory_bytes

_TIMEOUT_SECONDS = 3_600.0


def ask(dataset: ImageDataset, options: argparse.Namespace) -> dict[str, Any]:
    """Choose in child processes, and tell what the median one took."""
    ks = options.k or list(range(1, 21))
    metrics = chosen(options.metric, METRICS)
    title = (
        f"Choosing k of {len(ks)} up to {max(ks)} and the metric of {len(metrics)} by "
        f"{options.folds} folds of {len(dataset.X_train):,} rows"
    )
    with watching(title) as report, TemporaryDirectory() as folder:
        np.save(Path(folder) / "X.npy", as_rows(dataset.X_train))
        np.save(Path(folder) / "y.npy", dataset.y_train)
        argument = {
            "folder": folder,
            "ks": ks,
            "metrics": list(metrics),
            "folds": options.folds,
            "n_threads": options.threads,
        }
        runs = []
        for number in range(options.repeats):
            report(f"round {number + 1} of {options.repeats}")
            outcome = call_in_child(
                "choosing_questions.all_rows:choose", argument, timeout=_TIMEOUT_SECONDS
            )
            if outcome.failure:
                raise SystemExit(f"{title}: {outcome.failure}")
            runs.append(outcome.result)
    print_table(title, ["metrics", "seconds", "peak MB", "beside the rows", "best"], [_row(runs)])
    return {"k": ks, "metrics": list(metrics), "runs": runs}


def choose(argument: dict[str, Any]) -> dict[str, Any]:
    """Choose once, and check some of the scores."""
    set_threads(argument["n_threads"])
    folder = Path(argument["folder"])
    X, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
    before = peak_memory_bytes()
    start = time.perf_counter()
    model = KNeighborsClassifierCV(
        argument["ks"], metric=argument["metrics"], cv=argument["folds"]
    ).fit(X, y)
    seconds = time.perf_counter() - start
    after = peak_memory_bytes()
    _check(model, X, y, argument["folds"])
    return {
        "seconds": seconds,
        "peak_bytes": after,
        "peak_before": before,
        "best": model.best_params_ | {"score": model.best_score_},
    }


def _check(model: KNeighborsClassifierCV, X: Any, y: Any, folds: int) -> None:
    training, held_out = next(iter(StratifiedKFold(folds).split(X, y)))
    scores = model.cv_results_["split0_test_score"]
    for place in (0, len(scores) - 1):
        params = model.cv_results_["params"][place]
        alone = KNeighborsClassifier(**params).fit(X[training], y[training])
        if alone.score(X[held_out], y[held_out]) != scores[place]:
            raise SystemExit(f"the score of {params} differs from that of a separate fit")


def _row(runs: list[dict[str, Any]]) -> list[str]:
    best = runs[0]["best"]
    metrics = f"best: {best['metric']}"
    peak, before = (
        median(run[name] or 0 for run in runs) for name in ("peak_bytes", "peak_before")
    )
    return [
        metrics,
        f"{median(run['seconds'] for run in runs):.3g}",
        f"{peak / 1e6:,.0f}",
        f"{(peak - before) / 1e6:,.0f}",
        f"k = {best['n_neighbors']}: {best['score']:.2%}",
    ]
