"""Ask what features are worth to classifiers, and what they cost.

Every line is a child process of its own: it reads the images, fits the features, computes those of
all training and test images, and trains. So each has its own peak of memory, in which the images
and the features of all of them are.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from feature_questions.accuracy_child import KINDS
from harness.child import call_in_child
from harness.output import print_table, watching
from nearplane.datasets import ImageDataset

PEERS: list[str] = []

_TIMEOUT_SECONDS = 3_600.0
_COLUMNS = [
    "features",
    "of an image",
    "classifier",
    "test accuracy",
    "on training rows",
    "s to fit features",
    "s to compute",
    "s to train",
    "s to score",
    "peak MB",
]


def ask(dataset: ImageDataset, options: argparse.Namespace) -> dict[str, Any]:
    """Train a classifier on each kind of features, and print what came of it."""
    title = f"Accuracy on test images by features: {dataset.description}"
    found = []
    with watching(title) as report, TemporaryDirectory() as folder:
        for part in ("X_train", "y_train", "X_test", "y_test"):
            np.save(Path(folder) / f"{part}.npy", getattr(dataset, part))
        for kind in options.kinds:
            report(KINDS[kind].label)
            argument = {"folder": folder, "kind": kind, "n_threads": options.threads}
            outcome = call_in_child(
                "feature_questions.accuracy_child:run", argument, timeout=_TIMEOUT_SECONDS
            )
            if outcome.failure:
                raise SystemExit(f"{KINDS[kind].label}: {outcome.failure}")
            found += [{"kind": kind, **line} for line in outcome.result]
    print_table(title, _COLUMNS, [_row(line) for line in found])
    return {"data": dataset.description, "lines": found}


def _row(line: dict[str, Any]) -> list[str]:
    peak = line["peak_bytes"]
    return [
        KINDS[line["kind"]].label,
        f"{line['n_features']:,}",
        line["classifier"],
        f"{line['accuracy']:.2%}",
        f"{line['training_accuracy']:.2%}",
        *(f"{line[name]:.3g}" for name in ("fit", "compute", "train", "score")),
        "-" if peak is None else f"{peak / 1e6:,.0f}",
    ]
