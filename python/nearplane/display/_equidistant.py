"""Copies of an image that are all equally far from it, pixel by pixel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Image = NDArray[np.float64]
Range = tuple[float, float]

# What a tint adds to red, green and blue, as parts of its strength: the first that is strong enough
# serves. Light and dark reach farther than colours.
_TINTS = ((-0.5, -0.1, 1.0), (1.0, 0.1, -0.8), (1.0, 1.0, 1.0), (-1.0, -1.0, -1.0))
_ROUNDING_SEED = 0


def shift_image(image: NDArray[Any], shift: int) -> NDArray[Any]:
    """Move an image to the right and down by so many pixels; its upper and left edges stretch."""
    height, width = image.shape[:2]
    margin = [(shift, 0), (shift, 0), *[(0, 0)] * (image.ndim - 2)]
    return np.pad(image, margin, mode="edge")[:height, :width]


def box_image(image: Image, distance: float, value_range: Range) -> Image | None:
    """Blacken, or else whiten, a box in the middle until the image is so far from the original.

    Parameters
    ----------
    image : ndarray of float64, shape (h, w[, c])
    distance : float
    value_range : tuple of float
        Black and full brightness.

    Returns
    -------
    ndarray or None
        The smallest black box that can be far enough, and just as opaque as it must be for it; a
        white one if a black one would cover more than half of a side. None if no box can be.
    """
    height, width = image.shape[:2]
    half = max(height, width) // 2
    for sizes in (range(1, half + 1), range(half + 1, max(height, width) + 1)):
        for fill in value_range:
            for size in sizes:
                box = _middle(height, size), _middle(width, size)
                change = fill - image[box]
                if np.linalg.norm(change) >= distance:
                    copy = image.copy()
                    copy[box] += distance / np.linalg.norm(change) * change
                    return copy
    return None


def tint_image(image: Image, distance: float, value_range: Range) -> tuple[Image, str] | None:
    """Add one colour, or grey, to every pixel until the image is so far from the original.

    Parameters
    ----------
    image : ndarray of float64, shape (h, w[, c])
    distance : float
    value_range : tuple of float
        Values beyond are cut off; what that takes away, more of the colour makes up for.

    Returns
    -------
    copy : ndarray
    name : str
        What it is: tinted, lighter or darker.

    or None if no colour is far enough.
    """
    low, high = value_range
    tints = [np.array(tint) for tint in _TINTS] if image.ndim == 3 else [np.array(1), np.array(-1)]

    def tinted(strength: float, tint: NDArray[Any]) -> Image:
        return np.clip(image + strength * tint, low, high)

    def excess(strength: float, tint: NDArray[Any]) -> float:
        return float(np.linalg.norm(tinted(strength, tint) - image)) - distance

    most = 2 * (high - low)
    for tint in tints:
        # The distance never sinks as the strength grows, so there is one root at most.
        if excess(most, tint) >= 0:
            strength = float(brentq(excess, 0, most, args=(tint,), xtol=1e-12 * most, rtol=1e-14))
            name = (
                "tinted" if len(np.unique(tint)) > 1 else "lighter" if tint.max() > 0 else "darker"
            )
            return tinted(strength, tint), name
    return None


def round_image(copy: Image, image: Image, distance: float, value_range: Range) -> Image:
    """Round an image to whole numbers so that its distance from another stays what it is.

    Rounding every pixel to the nearest would turn a tint of 20.4 into one of 20. Here so many
    pixels, spread evenly, are rounded away from the original, and all others towards it, that the
    squared distance is met as closely as one pixel allows; a further step of two pixels makes up
    for what is left of it.

    Parameters
    ----------
    copy, image : ndarray of float64, shape (h, w[, c])
        `image` holds whole numbers.
    distance : float
        That of `copy` from `image`.
    value_range : tuple of float
        Whole numbers that no value may leave.

    Returns
    -------
    ndarray of float64
        Whole numbers.
    """
    original, change = image.ravel(), (copy - image).ravel()
    near = np.trunc(change)
    far = near + np.sign(change) * (change != near)
    gain = far**2 - near**2
    order = np.random.default_rng(_ROUNDING_SEED).permutation(gain.size)
    reached = np.concatenate([[0.0], np.cumsum(gain[order])]) + (near**2).sum()
    count = int(np.abs(reached - distance**2).argmin())
    change = near
    change[order[:count]] = far[order[:count]]
    _make_up(change, original, distance**2 - float(reached[count]), value_range)
    rounded: Image = (original + change).reshape(image.shape)
    return rounded


def _make_up(change: Image, original: Image, rest: float, value_range: Range) -> None:
    """Let two pixels change by one more or one less, so that the squares gain about `rest`."""
    changed = np.flatnonzero(change)
    outwards = np.sign(change[changed])
    further = original[changed] + change[changed] + outwards
    free = (further >= value_range[0]) & (further <= value_range[1])
    entries = np.concatenate([changed[free], changed])
    steps = np.concatenate([outwards[free], -outwards])
    gains = (change[entries] + steps) ** 2 - change[entries] ** 2
    values, first = np.unique(gains, return_index=True)
    last = len(gains) - 1 - np.unique(gains[::-1], return_index=True)[1]
    miss = np.abs(values[:, np.newaxis] + values - rest)
    miss[entries[first][:, np.newaxis] == entries[last]] = np.inf  # one pixel cannot take both
    one, other = np.unravel_index(miss.argmin(), miss.shape)
    if miss[one, other] < abs(rest):
        pair = [first[one], last[other]]
        change[entries[pair]] += steps[pair]


def _middle(length: int, size: int) -> slice:
    size = min(size, length)
    first = (length - size) // 2
    return slice(first, first + size)
