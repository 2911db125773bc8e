"""Images a second: nearplane and the functions of others, which take one image at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import joblib
import numpy as np

from harness.contest import Verdict, as_results, race, table_rows
from harness.methods import Array
from harness.output import print_table, watching
from harness.timing import Contender
from nearplane.features._base import ImageFeatures

# Some 50 images in 10 milliseconds: what joblib hands to its processes at a time.
_IMAGES_A_TASK = 250


@dataclass(frozen=True)
class Case:
    """One kind of features: ours, and the function of a peer that turns one image into a row."""

    label: str
    ours: ImageFeatures
    peer: str
    theirs: Callable[[Array], Array]


def compare(
    title: str,
    cases: Sequence[Case],
    images: Array,
    *,
    n_peer: int,
    n_threads: int,
    repeats: int,
    tolerance: float,
) -> list[dict[str, Any]]:
    """Compare features with those of peers, then race for images a second.

    A peer does `n_peer` of the images, by one process and by as many as we have threads.
    """
    results = []
    for case in cases:
        few = images[:n_peer]
        with watching(f"{title}, {case.label}") as report, joblib.Parallel(n_threads) as pool:
            report("comparing")
            expected = _all(case.theirs, few)
            found = case.ours.set_params(n_jobs=n_threads).fit_transform(images)
            single = case.ours.__class__(**case.ours.get_params() | {"n_jobs": 1}).fit(images)
            verdict = judge_features(case.label, found[: len(few)], expected, tolerance)
            _by_processes(pool, case.theirs, few)  # which starts them
            contenders = [
                Contender("nearplane", partial(case.ours.transform, images), len(images)),
                Contender("nearplane, 1 thread", partial(single.transform, images), len(images)),
                Contender(
                    f"{case.peer}, {n_threads} processes",
                    partial(_by_processes, pool, case.theirs, few),
                    len(few),
                ),
                Contender(f"{case.peer}, 1 process", partial(_all, case.theirs, few), len(few)),
            ]
            no_verdict: Verdict = (dict.fromkeys(verdict[0], ""), {})
            verdicts = [no_verdict, no_verdict, verdict, verdict]
            lines = race(contenders, verdicts, repeats, report)
        print_table(f"{title}: {case.label}", *table_rows(lines, "images", 2))
        results.append({"case": case.label, "lines": as_results(lines, 2)})
    return results


def _all(function: Callable[[Array], Array], images: Array) -> Array:
    return np.array([function(image) for image in images], dtype=np.float32)


def _by_processes(
    pool: joblib.Parallel, function: Callable[[Array], Array], images: Array
) -> Array:
    parts = np.array_split(images, max(len(images) // _IMAGES_A_TASK, 1))
    return np.concatenate(pool(joblib.delayed(_all)(function, part) for part in parts))


def judge_features(label: str, found: Array, expected: Array, tolerance: float) -> Verdict:
    """Stop unless all features are equal but for rounding, relative to the largest of an image."""
    size = np.maximum(np.abs(expected).max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    apart = float((np.abs(found.astype(np.float64) - expected) / size).max())
    if not apart <= tolerance:
        raise SystemExit(f"{label}: features differ by {apart:.1e}")
    return {"differs by": f"{apart:.0e}"}, {"largest_difference": apart}
