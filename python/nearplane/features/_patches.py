"""Patches of images drawn at random, and what is done to them before they meet a codebook."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from nearplane._blocks import blocks

# Squares of pixels and their sums over a patch must stay within float32.
_LARGEST_PIXEL = 1e15


def check_pixels(matrix: NDArray[Any]) -> None:
    """Raise unless distances of patches of these flat images can be computed in float32.

    Raises
    ------
    ValueError
        If there are pixels too far from zero, naming the first row that has one.
    """
    if matrix.dtype.kind != "f":
        return
    for block in blocks(*matrix.shape):
        beyond = (np.abs(matrix[block]) > _LARGEST_PIXEL).any(axis=1)
        if beyond.any():
            limit = f"{_LARGEST_PIXEL:g}"
            raise ValueError(
                f"X must hold pixels between -{limit} and {limit}; those of row "
                f"{block.start + int(beyond.argmax())} go beyond."
            )


def draw_patches(
    images: NDArray[Any],
    patch_size: tuple[int, int],
    n_patches: int,
    rng: np.random.RandomState,
) -> NDArray[np.float32]:
    """Return patches from random places of random images.

    Parameters
    ----------
    images : ndarray of shape (n, h, w, c)
        Images.
    patch_size : tuple of int
        Height and width of a patch.
    n_patches : int
        How many; no two come from the same place of the same image. All there are, if fewer.
    rng : RandomState
        Draws the places.

    Returns
    -------
    ndarray of shape (n_patches, patch_height * patch_width * c), float32
        Each row by row, the channels of a pixel together; in the order of the images.
    """
    windows = sliding_window_view(images, patch_size, axis=(1, 2))
    places = windows.shape[:3]
    n_places = int(np.prod(places))
    drawn = np.sort(_distinct(n_places, min(n_patches, n_places), rng))
    n_features = int(np.prod(windows.shape[3:]))
    patches = np.empty((len(drawn), n_features), np.float32)
    for block in blocks(len(drawn), n_features):
        chosen = windows[np.unravel_index(drawn[block], places)]
        patches[block] = np.moveaxis(chosen, 1, -1).reshape(len(chosen), -1)
    return patches


def normalize_patches(patches: NDArray[np.float32], contrast: float) -> None:
    """Take the mean out of each patch and divide by sqrt(variance + contrast), in place."""
    for block in blocks(*patches.shape):
        centred = patches[block] - patches[block].mean(axis=1, dtype=np.float64, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + contrast)
        np.divide(centred, spread, out=centred, where=spread > 0)
        patches[block] = centred


def mean_patch_variance(patches: NDArray[np.float32]) -> float:
    """Return the mean over patches of the variance within each."""
    total = 0.0
    for block in blocks(*patches.shape):
        total += float(patches[block].var(axis=1, dtype=np.float64).sum())
    return total / len(patches)


def _distinct(n: int, size: int, rng: np.random.RandomState) -> NDArray[np.int64]:
    """Return `size` different numbers below `n`, without the memory of a permutation."""
    if size > n // 4:
        return rng.permutation(n)[:size].astype(np.int64)
    drawn = np.unique(rng.randint(n, size=size + size // 2, dtype=np.int64))
    while len(drawn) < size:
        drawn = np.unique(np.concatenate([drawn, rng.randint(n, size=size, dtype=np.int64)]))
    return rng.permutation(drawn)[:size]
