"""Train classifiers on one kind of features, in a process that does nothing else."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.environment import set_threads
from harness.methods import Array
from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.features import HOG, ColorHistogram, VisualWords
from nearplane.report._memory import peak_memory_bytes

# Adam's steps suit features that vary together, as distances to words do: plain SGD needs three
# times as many epochs for the same loss.
_LINEAR = partial(
    LinearClassifier,
    "softmax",
    optimizer="adam",
    schedule="cosine",
    random_state=0,
)
# Rows whose accuracy shows how far a classifier could still go.
_N_TRAINING_ROWS = 10_000


@dataclass(frozen=True)
class Kind:
    """Features by name, and the classifiers that get them."""

    label: str
    features: Callable[[int], list[Any]]
    classifiers: Mapping[str, Callable[[], Any]]


def _words(n_words: int) -> Callable[[int], list[Any]]:
    return lambda n_jobs: [VisualWords(n_words, random_state=0, n_jobs=n_jobs)]


def _hog_and_colours(n_jobs: int) -> list[Any]:
    return [
        HOG(18, signed=True, cells_per_block=(2, 2), n_jobs=n_jobs),
        ColorHistogram(4, grid=2, normalize="sqrt", n_jobs=n_jobs),
    ]


_ON_WORDS = {"linear": partial(_LINEAR, alpha=1e-3, learning_rate=5e-3, max_epochs=80)}
KINDS = {
    "hog": Kind(
        "HOG and colours",
        _hog_and_colours,
        {
            "5 neighbours, cosine": partial(KNeighborsClassifier, 5, metric="cosine"),
            "linear": partial(_LINEAR, alpha=1e-4, learning_rate=2e-3, max_epochs=30),
        },
    ),
    "words-400": Kind("400 words", _words(400), _ON_WORDS),
    "words-800": Kind("800 words", _words(800), _ON_WORDS),
    "words-1600": Kind("1,600 words", _words(1_600), _ON_WORDS),
}


def run(argument: dict[str, Any]) -> list[dict[str, Any]]:
    """Compute the features of all images, and train and score each classifier."""
    kind = KINDS[argument["kind"]]
    set_threads(argument["n_threads"])
    images = {
        part: np.load(Path(argument["folder"]) / f"{part}.npy")
        for part in ("X_train", "y_train", "X_test", "y_test")
    }
    some = kind.features(argument["n_threads"])
    fit, _ = _timed(lambda: [features.fit(images["X_train"]) for features in some])
    compute, (train, test) = _timed(
        lambda: [_joined(some, images[part]) for part in ("X_train", "X_test")]
    )
    lines = []
    for name, make in kind.classifiers.items():
        classifier = make()
        seconds, _ = _timed(partial(classifier.fit, train, images["y_train"]))
        scoring, accuracy = _timed(partial(classifier.score, test, images["y_test"]))
        rows = slice(_N_TRAINING_ROWS)
        lines.append(
            {
                "n_features": train.shape[1],
                "classifier": name,
                "accuracy": accuracy,
                "training_accuracy": classifier.score(train[rows], images["y_train"][rows]),
                "fit": fit,
                "compute": compute,
                "train": seconds,
                "score": scoring,
                "peak_bytes": peak_memory_bytes(),
            }
        )
    return lines


def _joined(some: list[Any], images: Array) -> Array:
    """Return all features beside each other, without a copy if there is one kind."""
    found = [features.transform(images) for features in some]
    return found[0] if len(found) == 1 else np.hstack(found)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result
