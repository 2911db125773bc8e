"""Pixels as PNGs inside the page."""

import base64
import io
from typing import Any

from numpy.typing import NDArray

from nearplane.display._images import to_bytes


def data_uri(image: NDArray[Any], value_range: tuple[float, float] = (0.0, 255.0)) -> str:
    """Return an image as a ``data:`` address.

    Parameters
    ----------
    image : ndarray of shape (h, w), (h, w, 3) or, with opacity, (h, w, 4)
    value_range : tuple of float, default=(0.0, 255.0)
        The values shown as black and as full brightness.

    Returns
    -------
    str
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(to_bytes(image, value_range)).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
