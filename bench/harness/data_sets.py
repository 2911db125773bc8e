"""The rows in which the nearest are searched: photographs, digits, imitations, embeddings, noise.

Everything made here comes from a fixed seed, queries first, so that they stay the same whatever
the number of base rows.
"""

import argparse
import re

import numpy as np

from harness.options import DTYPES, Images, as_rows, load_images
from nearplane.datasets import load_dataset, make_natural_images

_NAMED = ("cifar10", "digits", "natural", "noise")
_SIZED = re.compile(r"(natural|embeddings)-([1-9]\d*)")
_USUAL_EMBEDDINGS = ("embeddings-128", "embeddings-512", "embeddings-2048")
HELP = f"{', '.join(_NAMED)}, natural-S with S x S pixels, embeddings-D with D dimensions"

_CIFAR10_TRAIN, _CIFAR10_TEST = 50_000, 10_000
_NOISE_ROWS, _NOISE_FEATURES = 20_000, 512

_N_CLUSTERS = 100
# The variance along the i-th principal direction falls as 1/i, in each cluster and between them: as
# drawn, 32 directions hold 81 % of it in 128 dimensions and 60 % in 2,048. This is within clusters:
_WITHIN_SHARE = 0.3
# Values made at a time: 16 MB of float32.
_BLOCK_VALUES = 2**22


def data_name(text: str) -> str:
    """Return the name of a data set, as argparse wants it."""
    if text not in _NAMED and not _SIZED.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is none of {HELP}")
    return text


def main_name(data_dir: str | None) -> str:
    """Return the data set of the questions that need only one."""
    return "natural" if data_dir is None else "cifar10"


def usual_names(data_dir: str | None) -> list[str]:
    """Return all data sets that are there."""
    named = [name for name in _NAMED if name != "cifar10" or data_dir is not None]
    return [*named, *_USUAL_EMBEDDINGS]


def load_rows(name: str, data_dir: str | None, n_query: int, n_train: int) -> Images:
    """Load or make a data set of at most so many rows."""
    if name == "cifar10":
        if data_dir is None:
            raise SystemExit("cifar10 needs --data-dir")
        return load_images(data_dir, min(n_query, _CIFAR10_TEST), min(n_train, _CIFAR10_TRAIN))
    if name == "natural":
        return load_images(None, n_query, n_train)
    if name == "digits":
        return _digits(n_query, n_train)
    if name == "noise":
        return _noise(n_query, min(n_train, _NOISE_ROWS))
    kind, _, size = name.partition("-")
    make = _natural if kind == "natural" else _embeddings
    return make(int(size), n_query, n_train)


def dtypes_of(rows: Images, choice: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """Return the types to ask about: one that is chosen, or all usual ones, if they hold the data.

    Bytes fit into every type; what is not whole numbers does not fit into bytes.
    """
    types = DTYPES if rows.base.dtype == np.uint8 else DTYPES[1:]
    wanted = usual if choice == "all" else (choice,)
    return tuple(dtype for dtype in types if dtype in wanted)


def _digits(n_query: int, n_train: int) -> Images:
    digits = load_dataset("digits")
    queries, base = as_rows(digits.X_test)[:n_query], as_rows(digits.X_train)[:n_train]
    return Images(queries, base, digits.description)


def _noise(n_query: int, n_train: int) -> Images:
    rng = np.random.default_rng(0)
    rows = rng.integers(256, size=(n_query + n_train, _NOISE_FEATURES), dtype=np.uint8)
    return Images(
        rows[:n_query], rows[n_query:], "Independent, uniformly distributed bytes: no structure."
    )


def _natural(side: int, n_query: int, n_train: int) -> Images:
    images, _ = make_natural_images(n_query + n_train, (side, side, 3), random_state=0)
    rows = as_rows(images)
    description = f"Synthetic {side} x {side} colour images with the spectrum of natural ones."
    return Images(rows[:n_query], rows[n_query:], description)


def _embeddings(n_features: int, n_query: int, n_train: int) -> Images:
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.standard_normal((n_features, n_features)))[0]
    # Directions of a length each, so that noise times these has the spectrum wanted.
    spread = (directions / np.sqrt(np.arange(1, n_features + 1))).T.astype(np.float32)
    centers = rng.standard_normal((_N_CLUSTERS, n_features), np.float32) @ spread
    centers *= np.float32(np.sqrt(1 - _WITHIN_SHARE))
    spread *= np.float32(np.sqrt(_WITHIN_SHARE))
    rows = np.empty((n_query + n_train, n_features), np.float32)
    clusters = np.random.default_rng(1).integers(_N_CLUSTERS, size=len(rows))
    step = max(1, _BLOCK_VALUES // n_features)
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        np.matmul(rng.standard_normal(block.shape, np.float32), spread, out=block)
        block += centers[clusters[start : start + step]]
    return Images(rows[:n_query], rows[n_query:], _describe(n_features))


def _describe(n_features: int) -> str:
    return (
        f"Imitated embeddings: float32 vectors of {n_features:,} dimensions in {_N_CLUSTERS} "
        f"Gaussian clusters, which hold {_WITHIN_SHARE:.0%} of the variance; along the i-th "
        "principal direction it falls as 1/i."
    )
