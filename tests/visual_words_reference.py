"""Visual words in a few lines of NumPy: slow, simple, float64."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def patches_of(image, patch_size, stride):
    """Patches of an image of shape (h, w, c): (rows, columns, n_features)."""
    windows = sliding_window_view(image, patch_size, axis=(0, 1))[::stride, ::stride]
    return np.moveaxis(windows, 2, -1).reshape(*windows.shape[:2], -1).astype(np.float64)


def normalized(patches, contrast):
    centred = patches - patches.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + contrast)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)


def assigned(distances, assignment, bandwidth):
    """What one patch adds to each word."""
    if assignment == "triangle":
        return np.maximum(0, distances.mean() - distances)
    if assignment == "hard":
        return np.eye(len(distances))[distances.argmin()]
    weights = np.exp((distances.min() ** 2 - distances**2) / (2 * bandwidth**2))
    return weights / weights.sum()


def encode(
    image, *, patch_size, stride, grid, contrast, center, whitening, words, assignment, bandwidth
):
    """Features of one image: regions by words, flat."""
    patches = patches_of(image, patch_size, stride)
    if contrast is not None:
        patches = normalized(patches, contrast)
    if whitening is not None:
        patches = (patches - center) @ whitening.T.astype(np.float64)
    rows, columns = patches.shape[:2]
    features = np.zeros((*grid, len(words)))
    for r in range(rows):
        for c in range(columns):
            distances = np.sqrt(((patches[r, c] - words.astype(np.float64)) ** 2).sum(axis=1))
            region = features[r * grid[0] // rows, c * grid[1] // columns]
            region += assigned(distances, assignment, bandwidth)
    return features.ravel()
