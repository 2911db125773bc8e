"""Histograms of colours by NumPy's own, with matplotlib's hues; soft ones by a sum of triangles."""

import numpy as np
from matplotlib.colors import rgb_to_hsv


def in_space(image, space, high=255):
    """Return pixels by channels, and the limits of each channel."""
    pixels = image.reshape(-1, 3).astype(float)
    if space == "rgb":
        return pixels, (0, high)
    if space == "gray":
        return (0.299 * pixels[:, 0] + 0.587 * pixels[:, 1] + 0.114 * pixels[:, 2])[:, None], (
            0,
            high,
        )
    hsv = rgb_to_hsv(pixels / high)
    return hsv[:, :1] if space == "hue" else hsv, (0, 1)


def joint_counts(image, space, bins, high=255):
    pixels, limits = in_space(image, space, high)
    each = [bins] * pixels.shape[1] if isinstance(bins, int) else bins
    return np.histogramdd(pixels, each, [limits] * pixels.shape[1])[0]


def soft_weights(values, n_bins, low, high, is_cyclic):
    """Return what each value gives to each bin: a triangle around the middle of each."""
    places = (values - low) / (high - low) * n_bins - 0.5
    if not is_cyclic or n_bins == 1:
        places = np.clip(places, 0, n_bins - 1)
    apart = np.abs(places[:, None] - np.arange(n_bins))
    if is_cyclic:
        apart = np.minimum(apart, n_bins - apart)
    return np.maximum(1 - apart, 0)


def soft_counts(image, space, bins, high=255):
    pixels, limits = in_space(image, space, high)
    weights = [
        soft_weights(column, n, *limits, space in ("hsv", "hue") and k == 0)
        for k, (column, n) in enumerate(zip(pixels.T, bins, strict=True))
    ]
    if len(weights) == 1:
        return weights[0].sum(axis=0)
    return np.einsum("pi,pj,pk->ijk", *weights)
