"""Ask how many images a second histograms of oriented gradients are taken of."""

import argparse
from functools import partial
from typing import Any

from skimage.feature import hog

from feature_questions._speed import Case, compare
from nearplane.datasets import ImageDataset
from nearplane.features import HOG

PEERS = ["scikit-image"]

# scikit-image needs a second for so many.
_N_PEER = 4_000
_TOLERANCE = 1e-5


def ask(dataset: ImageDataset, options: argparse.Namespace) -> dict[str, Any]:
    """Compare with scikit-image, which takes one image at a time."""
    cases = [
        _case("cells of 8 x 8, blocks of 3 x 3", {}),
        _case(
            "cells of 4 x 4, blocks of 2 x 2",
            {"pixels_per_cell": (4, 4), "cells_per_block": (2, 2)},
        ),
    ]
    lines = compare(
        "Oriented gradients",
        cases,
        dataset.X_train,
        n_peer=_N_PEER,
        n_threads=options.threads,
        repeats=options.repeats,
        tolerance=_TOLERANCE,
    )
    return {"cases": lines}


def _case(label: str, parameters: dict[str, Any]) -> Case:
    theirs = partial(hog, channel_axis=-1, **parameters)
    return Case(label, HOG(**parameters), "scikit-image", theirs)
