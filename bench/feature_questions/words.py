"""Ask how many images a second are encoded by visual words.

Everybody gets the same codebook, and does the same: all patches, contrast normalisation, whitening,
distances to all words, triangle assignment, sums over quadrants. Peers are what one would write
with NumPy and with torch: a few images at a time, so that what they hold stays in some 100 MB.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from feature_questions._speed import judge_features
from harness.contest import Verdict, as_results, race, table_rows
from harness.methods import Array
from harness.output import print_table, watching
from harness.timing import Contender
from nearplane.datasets import ImageDataset
from nearplane.features import VisualWords

PEERS = ["torch"]

_N_WORDS = 800
# Each second is worth some hundred images to a peer.
_N_PEER = 100
_N_OURS = 2_000
_IMAGES_A_STEP = 16
# Of the largest feature of an image; sums of 196 distances in float32.
_TOLERANCE = 1e-4


def ask(dataset: ImageDataset, options: argparse.Namespace) -> dict[str, Any]:
    """Learn a codebook, compare what everybody makes of it, then race."""
    torch.set_num_threads(options.threads)
    images = dataset.X_train
    few, more = images[:_N_PEER], images[:_N_OURS]
    title = f"Visual words: {_N_WORDS} words of 6 x 6 pixels, triangle assignment, quadrants"
    with watching(title) as report:
        report("learning the words")
        words = VisualWords(_N_WORDS, random_state=0, n_jobs=options.threads, n_patches=100_000)
        words.fit(images)
        single = VisualWords(**words.get_params() | {"n_jobs": 1})
        single.__dict__.update(words.__dict__ | {"n_jobs": 1})
        peers: dict[str, Callable[[Array], Array]] = {
            "torch": partial(_by_torch, words),
            "NumPy": partial(_by_numpy, words),
        }
        report("comparing")
        found = words.transform(few)
        verdicts: list[Verdict] = [
            judge_features(name, found, peer(few), _TOLERANCE) for name, peer in peers.items()
        ]
        none: Verdict = (dict.fromkeys(verdicts[0][0], ""), {})
        contenders = [
            Contender("nearplane", partial(words.transform, more), len(more)),
            Contender("nearplane, 1 thread", partial(single.transform, more), len(more)),
            *(Contender(name, partial(peer, few), len(few)) for name, peer in peers.items()),
        ]
        lines = race(contenders, [none, none, *verdicts], options.repeats, report)
    print_table(title, *table_rows(lines, "images", 2))
    return {"n_words": _N_WORDS, "lines": as_results(lines, 2)}


def _by_numpy(words: VisualWords, images: Array) -> Array:
    codebook = words.words_.reshape(len(words.words_), -1)
    size = words.words_.shape[1:3]
    return np.concatenate(
        [
            _encode(_numpy_patches(images[i : i + _IMAGES_A_STEP], size), words, codebook, np)
            for i in range(0, len(images), _IMAGES_A_STEP)
        ]
    )


def _by_torch(words: VisualWords, images: Array) -> Array:
    size = words.words_.shape[1:3]
    codebook = torch.from_numpy(words.words_.reshape(len(words.words_), -1))
    parts = []
    for i in range(0, len(images), _IMAGES_A_STEP):
        pixels = torch.from_numpy(images[i : i + _IMAGES_A_STEP])
        windows = pixels.unfold(1, size[0], 1).unfold(2, size[1], 1)  # n, y, x, c, height, width
        patches = windows.permute(0, 1, 2, 4, 5, 3).reshape(*windows.shape[:3], -1).float()
        parts.append(_encode(patches, words, codebook, torch).numpy())
    return np.concatenate(parts)


def _numpy_patches(images: Array, size: tuple[int, ...]) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(images, size, axis=(1, 2))
    patches: Array = np.moveaxis(windows, 3, -1).reshape(*windows.shape[:3], -1)
    return patches.astype(np.float32)


def _encode(patches: Any, words: VisualWords, codebook: Any, library: Any) -> Any:
    """Encode patches of shape (n, rows, columns, n_features), by NumPy or by torch."""
    as_array = library.asarray
    patches = patches - patches.mean(-1)[..., None]
    patches = patches / library.sqrt((patches**2).mean(-1)[..., None] + words.contrast_)
    patches = (patches - as_array(words.patch_mean_)) @ as_array(words.whitening_)
    lengths = (patches**2).sum(-1)[..., None] + (codebook**2).sum(-1)
    squared = lengths - 2 * (patches @ codebook.T)
    distances = library.sqrt(squared.clip(0))
    says = (distances.mean(-1)[..., None] - distances).clip(0)
    middle = (says.shape[1] + 1) // 2, (says.shape[2] + 1) // 2
    quadrants = [
        half.sum(1).sum(1)
        for rows in (says[:, : middle[0]], says[:, middle[0] :])
        for half in (rows[:, :, : middle[1]], rows[:, :, middle[1] :])
    ]
    return library.concatenate(quadrants, -1)
