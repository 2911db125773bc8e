"""What `load_dataset` returns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, repr=False)
class ImageDataset:
    """Labelled images, or vectors such as embeddings of images, in a training and a test set.

    Attributes
    ----------
    name : str
        The name under which `load_dataset` knows it.
    X_train, X_test : ndarray of shape (n, height, width[, channels]) or (n, n_features)
        The images: uint8, and for ``"arrays"`` also float32 or float64.
    y_train, y_test : ndarray of shape (n,), dtype int64
        Their classes: positions in `class_names`.
    class_names : list of str
        The names of the classes.
    image_shape : tuple of int
        ``(height, width)`` or ``(height, width, channels)``; for vectors ``(n_features,)``.
    description : str
        One line on where the images come from and how they are split.
    """

    name: str
    X_train: NDArray[Any]
    y_train: NDArray[np.int64]
    X_test: NDArray[Any]
    y_test: NDArray[np.int64]
    class_names: list[str]
    image_shape: tuple[int, ...]
    description: str

    @property
    def is_image(self) -> bool:
        """Whether a row can be drawn: is an image, in shades of grey or in three colours."""
        return len(self.image_shape) == 2 or (
            len(self.image_shape) == 3 and self.image_shape[2] in (1, 3)
        )

    def __repr__(self) -> str:
        rows = "images" if self.is_image else "rows"
        return (
            f"{type(self).__name__}({self.name!r}: {len(self.X_train)} training and "
            f"{len(self.X_test)} test {rows} of shape {self.image_shape}, "
            f"{len(self.class_names)} classes)"
        )
