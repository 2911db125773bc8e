"""One image, where most displays take many."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane.display._images import as_images


def as_image(image: ArrayLike, name: str) -> NDArray[Any]:
    """Check the shape of an image; a single channel is dropped.

    Parameters
    ----------
    image : array-like of shape (h, w), (h, w, 1) or (h, w, 3)
    name : str
        What error messages call `image`.

    Returns
    -------
    ndarray of shape (h, w) or (h, w, 3)
        A view where the input is an array.

    Raises
    ------
    ValueError
        If the shape is none of these, or there is no pixel.
    """
    array = np.asarray(image)
    n_axes, channels = array.ndim, array.shape[2:]
    if n_axes not in (2, 3) or (n_axes == 3 and channels not in ((1,), (3,))) or not array.size:
        raise ValueError(
            f"{name} has shape {array.shape}; a single image has (height, width) for grey or "
            "(height, width, 3) for colour: take images[0] in place of images[:1], and reshape "
            "flattened rows first"
        )
    single: NDArray[Any] = as_images(array[np.newaxis], name)[0]
    return single
