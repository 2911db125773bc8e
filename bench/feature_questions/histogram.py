"""Ask how many images a second histograms of colours are taken of."""

import argparse
from typing import Any

import numpy as np
from matplotlib.colors import rgb_to_hsv

from feature_questions._speed import Case, compare
from harness.methods import Array
from nearplane.datasets import ImageDataset
from nearplane.features import ColorHistogram

PEERS = ["matplotlib"]

# NumPy needs some seconds for so many.
_N_PEER = 4_000
# An image of 32 x 32 pixels has 1,024 shares: a pixel in another bin would be ten times as much.
_TOLERANCE = 1e-4


def ask(dataset: ImageDataset, options: argparse.Namespace) -> dict[str, Any]:
    """Compare with NumPy's histograms; hues are matplotlib's."""
    cases = [
        Case(
            "8 x 8 x 8 bins of RGB, hard",
            ColorHistogram(8, soft=False),
            "NumPy",
            _joint,
        ),
        Case(
            "10 bins of hue, hard",
            ColorHistogram(10, space="hue", soft=False),
            "matplotlib and NumPy",
            _hues,
        ),
    ]
    lines = compare(
        "Colours",
        cases,
        dataset.X_train,
        n_peer=_N_PEER,
        n_threads=options.threads,
        repeats=options.repeats,
        tolerance=_TOLERANCE,
    )
    return {"cases": lines}


def _joint(image: Array) -> Array:
    pixels = image.reshape(-1, 3)
    counts: Array = np.histogramdd(pixels, bins=8, range=[(0, 255)] * 3)[0].ravel()
    return counts / len(pixels)


def _hues(image: Array) -> Array:
    hues = rgb_to_hsv(image / 255)[..., 0].ravel()
    counts: Array = np.histogram(hues, bins=10, range=(0, 1))[0]
    return counts / len(hues)
