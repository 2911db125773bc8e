"""Arrays of images as bytes a screen can show."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_COLOUR_CHANNELS = 3


def as_images(images: ArrayLike, name: str) -> NDArray[Any]:
    """Check the shape of a stack of images; a single channel is dropped.

    Parameters
    ----------
    images : array-like of shape (n, h, w), (n, h, w, 1) or (n, h, w, 3)
    name : str
        What error messages call `images`.

    Returns
    -------
    ndarray of shape (n, h, w) or (n, h, w, 3)
        A view where the input is an array.

    Raises
    ------
    ValueError
        If the shape is none of these.
    """
    stack = np.asarray(images)
    if stack.ndim == 4 and stack.shape[3] == 1:
        stack = stack[..., 0]
    if stack.ndim == 3 or (stack.ndim == 4 and stack.shape[3] == _COLOUR_CHANNELS):
        return stack
    raise ValueError(
        f"{name} has shape {stack.shape}; images are drawn from (n, height, width) for grey or "
        "(n, height, width, 3) for colour: reshape flattened rows first"
    )


def display_range(*stacks: NDArray[Any]) -> tuple[float, float]:
    """Choose the values shown as black and as full brightness, one pair for all the stacks.

    uint8 colour uses its whole range and floats within [0, 1] use that; anything else, such as
    digits stored as 0 to 16, is stretched over the range that holds its values and 0.

    Parameters
    ----------
    *stacks : ndarray
        Images that will be shown side by side.

    Returns
    -------
    tuple of float
        ``(low, high)`` with ``low < high``.

    Raises
    ------
    ValueError
        If a stack holds NaN or infinity.
    """
    if all(stack.dtype == np.uint8 and stack.ndim == 4 for stack in stacks):
        return 0.0, 255.0
    filled = [stack for stack in stacks if stack.size]
    low = min((float(stack.min()) for stack in filled), default=0.0)
    high = max((float(stack.max()) for stack in filled), default=1.0)
    if not np.isfinite([low, high]).all():
        raise ValueError("images hold NaN or infinity, which cannot be drawn")
    low, high = min(low, 0.0), max(high, 0.0)
    if low == 0.0 and high <= 1.0:
        return 0.0, 1.0
    return low, high


def to_bytes(images: NDArray[Any], value_range: tuple[float, float]) -> NDArray[np.uint8]:
    """Map values linearly from `value_range` to 0..255.

    Parameters
    ----------
    images : ndarray
    value_range : tuple of float
        As `display_range` returns it; values outside are clipped.

    Returns
    -------
    ndarray of uint8
        Of the same shape.
    """
    low, high = value_range
    if images.dtype == np.uint8 and value_range == (0.0, 255.0):
        return images
    scaled = (images.astype(np.float64) - low) * (255.0 / (high - low))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
