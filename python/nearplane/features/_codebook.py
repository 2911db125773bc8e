"""Codebooks: whitening of patches, and words that stand for them."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from nearplane.cluster import KMeans
from nearplane.distances import argkmin
from nearplane.preprocessing import ZCAWhitening

# Patches that tell how far a patch is from its word: an error of about one per cent.
_BANDWIDTH_PATCHES = 10_000


@dataclass(frozen=True)
class Codebook:
    """Words, and how patches become what is compared with them."""

    words: NDArray[np.float32]  # n_words x n_features
    mean: NDArray[np.float32] | None
    whitening: NDArray[np.float32] | None
    bandwidth: float | None
    n_iter: int  # of k-means


def learn_codebook(
    patches: NDArray[np.float32],
    n_words: int,
    *,
    method: str,
    regularisation: float | None,
    max_iter: int,
    with_bandwidth: bool,
    rng: np.random.RandomState,
    n_jobs: int | None,
    verbose: bool,
) -> Codebook:
    """Return words for patches, which are whitened unless `regularisation` is None.

    Raises
    ------
    ValueError
        If there are fewer patches than words.
    """
    if len(patches) < n_words:
        raise ValueError(
            f"n_words={n_words} needs as many patches at least; n_patches and the images of X "
            f"allow {len(patches)}."
        )
    mean = whitening = None
    if regularisation is not None:
        zca = ZCAWhitening(regularisation=regularisation, verbose=verbose)
        zca.set_output(transform="default").fit(patches)
        mean = zca.mean_.astype(np.float32)
        whitening = zca.whitening_.astype(np.float32)
        patches = zca.transform(patches)
    words = patches[np.sort(rng.permutation(len(patches))[:n_words])]
    n_iter = 0
    if method == "kmeans":
        kmeans = KMeans(
            n_words, init=words, n_init=1, max_iter=max_iter, n_jobs=n_jobs, verbose=verbose
        )
        with warnings.catch_warnings():  # a few iterations are meant to be enough
            warnings.filterwarnings("ignore", "The centers still move", ConvergenceWarning)
            words = kmeans.fit(patches).cluster_centers_
        n_iter = kmeans.n_iter_
    bandwidth = _deviation(patches, words, n_jobs) if with_bandwidth else None
    return Codebook(words, mean, whitening, bandwidth, n_iter)


def _deviation(
    patches: NDArray[np.float32], words: NDArray[np.float32], n_jobs: int | None
) -> float:
    """Return the standard deviation of a feature about that of the nearest word.

    Where patches are words, as if all differed a little, for the deviation is divided by.
    """
    step = max(1, len(patches) // _BANDWIDTH_PATCHES)
    squared, _ = argkmin(patches[::step], words, 1, metric="sqeuclidean", n_jobs=n_jobs)
    variance = float(squared.mean()) / patches.shape[1]
    smallest = float(np.finfo(np.float32).eps) * float(np.abs(patches).max(initial=0)) or 1.0
    return float(max(variance**0.5, smallest))
