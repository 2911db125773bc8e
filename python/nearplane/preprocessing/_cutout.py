"""Images with a part of them hidden."""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OneToOneFeatureMixin

from nearplane._images import Shape, check_size
from nearplane._validation import check_choice, check_real
from nearplane.preprocessing._altering import Draws, RandomTransformer, check_fill
from nearplane.preprocessing._moments import feature_means
from nearplane.preprocessing._scaling import channel_means


class Cutout(OneToOneFeatureMixin, RandomTransformer):  # type: ignore[misc]
    """Blot out a square of each training image, at random.

    The middle of the square is any pixel, so part of it may lie outside the image.

    Parameters
    ----------
    size : int or tuple of int, default=16
        Side, or height and width, in pixels.
    p : float, default=1.0
        The probability that an image has a square.
    fill : float or "mean", default=0
        Value of its pixels; "mean": the mean of each channel over the training images, rounded for
        uint8.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flat rows; not needed for images.
    random_state : int, RandomState or None, default=None
        Decides where. The same integer gives the same squares in each call; a RandomState goes on
        to others.

    Attributes
    ----------
    fill_ : ndarray of shape (n_channels,), float64
        Value of the pixels of squares.
    image_shape_ : tuple of int
        Shape of an image.
    n_features_in_ : int
        Features of an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    RandomHorizontalFlip, RandomCrop, MixUp : Other changes.

    References
    ----------
    T. DeVries and G. W. Taylor, "Improved regularization of convolutional neural networks with
    cutout", arXiv:1708.04552, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.preprocessing import Cutout
    >>> images = np.full((1, 4, 4), 9, dtype=np.uint8)
    >>> Cutout(2, random_state=0).fit_transform(images)[0]
    array([[0, 9, 9, 9],
           [0, 9, 9, 9],
           [9, 9, 9, 9],
           [9, 9, 9, 9]], dtype=uint8)
    """

    def __init__(
        self,
        size: int | tuple[int, int] = 16,
        *,
        p: float = 1.0,
        fill: float | str = 0,
        image_shape: tuple[int, ...] | None = None,
        random_state: Any = None,
    ) -> None:
        self.size = size
        self.p = p
        self.fill = fill
        self.image_shape = image_shape
        self.random_state = random_state

    def _prepare(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        check_size("size", self.size)
        check_real("p", self.p, at_least=0, at_most=1)
        if isinstance(self.fill, str):
            check_choice("fill", self.fill, ("mean",))
            fill = channel_means(feature_means(matrix), shape)
            return {"fill_": np.rint(fill) if matrix.dtype == np.uint8 else fill}
        fill = np.full(prod(shape[2:]), check_fill(self.fill, matrix.dtype), np.float64)
        return {"fill_": fill}

    def _draw(self, n: int, shape: Shape, rng: np.random.RandomState) -> Draws:
        has_square = rng.random_sample(n) < self.p
        return has_square, rng.randint(0, shape[0], n), rng.randint(0, shape[1], n)

    def _alter(self, images: NDArray[Any], draws: Draws) -> NDArray[Any]:
        has_square, rows, columns = draws
        height, width = check_size("size", self.size)
        down = _covered(rows, height, images.shape[1])
        across = _covered(columns, width, images.shape[2])
        altered = images.copy()
        altered[(has_square[:, np.newaxis] & down)[:, :, np.newaxis] & across[:, np.newaxis]] = (
            self.fill_.astype(images.dtype)
        )
        return altered


def _covered(middles: NDArray[Any], length: int, n_pixels: int) -> NDArray[np.bool_]:
    """Return which pixels of a line lie in a stretch around each of the middles."""
    first = middles[:, np.newaxis] - length // 2
    places = np.arange(n_pixels)
    return (places >= first) & (places < first + length)
