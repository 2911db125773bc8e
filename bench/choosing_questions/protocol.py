"""Ask what the courses' protocol costs: five folds, ten values of k, by L2.

Everybody fits on the same folds and finds a score for each k and fold. Peers get their rows in
float32 and in float64, as they would convert bytes anew for each candidate, and all the threads.
Before anything is timed the scores are compared: ours are exact, and peers may differ where
rounding makes a tie of two distances or breaks one.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from harness.contest import Verdict, as_results, race, table_rows
from harness.methods import Array
from harness.options import as_rows
from harness.output import print_table, watching
from harness.timing import Contender
from nearplane import KNeighborsClassifierCV
from nearplane.datasets import ImageDataset

_COURSE_KS = [1, 3, 5, 8, 10, 12, 15, 20, 50, 100]
# Scores that differ by more than this on any fold are not those of the same neighbours: 1 % of the
# images of a fold.
_LARGEST_DIFFERENCE = 0.01
_N_OURS = 2


@dataclass(frozen=True)
class Peer:
    """A library whose classifier has scikit-learn's conventions."""

    distribution: str
    make: Callable[[], Any]


def _scikit_learn() -> Peer:
    from sklearn.neighbors import KNeighborsClassifier

    return Peer("scikit-learn", partial(KNeighborsClassifier, algorithm="brute"))


def _scikit_learn_intelex() -> Peer:
    from sklearnex.neighbors import KNeighborsClassifier

    return Peer("scikit-learn-intelex", partial(KNeighborsClassifier, algorithm="brute"))


_MAKERS = {"scikit-learn": _scikit_learn, "scikit-learn-intelex": _scikit_learn_intelex}
PEERS = list(_MAKERS)


def load_peers(names: Sequence[str]) -> tuple[list[Peer], list[str]]:
    """Import the named peers; also return why others were skipped."""
    peers, skipped = [], []
    for name in _MAKERS if "all" in names else names:
        try:
            peers.append(_MAKERS[name]())
        except ImportError as error:
            skipped.append(f"{name} skipped: {error}")
    return peers, skipped


def ask(
    dataset: ImageDataset, peers: Sequence[Peer], options: argparse.Namespace
) -> dict[str, Any]:
    """Time the choice of k on some of the rows."""
    ks = options.k or _COURSE_KS
    n_rows = min(options.n_rows, len(dataset.X_train))
    X, y = as_rows(dataset.X_train[:n_rows]), dataset.y_train[:n_rows]
    folds = list(StratifiedKFold(options.folds).split(X, y))

    def ours(metrics: Sequence[str]) -> Any:
        model = KNeighborsClassifierCV(ks, metric=metrics, cv=folds, n_jobs=options.threads)
        return model.fit(X, y)

    def theirs(peer: Peer, rows: Array) -> Any:
        grid = GridSearchCV(
            peer.make(), {"n_neighbors": ks}, cv=folds, n_jobs=options.threads, refit=False
        )
        return grid.fit(rows, y)

    runs: dict[str, Callable[[], Any]] = {
        "nearplane, L2": partial(ours, ["euclidean"]),
        "nearplane, L1 and L2": partial(ours, ["euclidean", "manhattan"]),
    }
    for peer in peers:
        for dtype in ("float32", "float64"):
            runs[f"{peer.distribution}, L2, {dtype}"] = partial(theirs, peer, X.astype(dtype))
    title = f"Choosing k of {len(ks)} by {options.folds} folds of {n_rows:,} rows"
    with watching(title) as report:
        contenders, verdicts = [], []
        truth = None
        for label, run in runs.items():
            report(f"checking {label}")
            scores = _scores(run())[: len(ks)]
            truth = scores if truth is None else truth
            verdicts.append(_judge(label, scores, truth))
            contenders.append(Contender(label, run, n_rows))
        lines = race(contenders, verdicts, options.repeats, report)
    print_table(title, *table_rows(lines, "rows", _N_OURS))
    return {"k": ks, "lines": as_results(lines, _N_OURS)}


def _scores(model: Any) -> Array:
    """Return the score of every candidate on every fold; those of L2 come first."""
    results = model.cv_results_
    columns = [results[f"split{split}_test_score"] for split in range(model.n_splits_)]
    return np.column_stack(columns)


def _judge(label: str, scores: Array, truth: Array) -> Verdict:
    apart = float(np.abs(scores - truth).max())
    if not apart <= _LARGEST_DIFFERENCE:
        raise SystemExit(f"{label}: scores differ by up to {apart:.3f}")
    n_other = int((scores != truth).sum())
    texts = {"other scores": f"{n_other} of {scores.size}", "by at most": f"{apart:.4f}"}
    return texts, {"n_other_scores": n_other, "largest_difference": apart}
