"""Windows of images."""

from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin

from nearplane._blocks import blocks
from nearplane._images import Shape, as_stack, check_size
from nearplane._validation import check_choice, check_integer
from nearplane.preprocessing._altering import (
    Draws,
    RandomTransformer,
    check_fill,
    like_given,
)


class RandomCrop(ClassNamePrefixFeaturesOutMixin, RandomTransformer):  # type: ignore[misc]
    """Pad training images and cut a window out of each, at random; queries lose their margins.

    With the size left as it is, images are shifted by up to `padding` pixels each way, and queries
    are not changed at all.

    Parameters
    ----------
    size : int or tuple of int, default=None
        Side, or height and width, of the window; None: the size of the images.
    padding : int, default=4
        Pixels added to each side of a training image beforehand.
    padding_mode : {"constant", "edge", "reflect", "symmetric"}, default="constant"
        What is added: `fill`, or pixels of the image, as in `numpy.pad`.
    fill : float, default=0
        Value of the pixels that "constant" adds.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flat rows; not needed for images.
    random_state : int, RandomState or None, default=None
        Decides where. The same integer gives the same windows in each call; a RandomState goes on
        to others.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of an image before.
    n_features_in_ : int
        Features of an image before.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    RandomHorizontalFlip, Cutout, MixUp : Other changes.

    Notes
    -----
    `transform` cuts the window out of the middle. Where it cannot be quite in the middle it is
    half a pixel above, or to the left.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.preprocessing import RandomCrop
    >>> images = np.arange(1, 10, dtype=np.uint8).reshape(1, 3, 3)
    >>> crop = RandomCrop(padding=1, random_state=0)
    >>> crop.fit_transform(images)[0]
    array([[0, 0, 0],
           [1, 2, 3],
           [4, 5, 6]], dtype=uint8)
    >>> crop.transform(images).tolist() == images.tolist()
    True
    >>> RandomCrop(1).fit(images).transform(images)
    array([[[5]]], dtype=uint8)
    """

    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        padding: int = 4,
        *,
        padding_mode: str = "constant",
        fill: float = 0,
        image_shape: tuple[int, ...] | None = None,
        random_state: Any = None,
    ) -> None:
        self.size = size
        self.padding = padding
        self.padding_mode = padding_mode
        self.fill = fill
        self.image_shape = image_shape
        self.random_state = random_state

    @property
    def _n_features_out(self) -> int:
        return prod(self._size_out(self.image_shape_)) * prod(self.image_shape_[2:])

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Cut the window out of the middle of each image.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images of the fitted shape, or flat rows.

        Returns
        -------
        ndarray
            Images of the window's size, or flat rows; `X` itself if there is nothing to cut.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite, or of another size than what was fitted.
        """
        matrix, given = self._read_queries(X)
        shape, size = self.image_shape_, self._size_out(self.image_shape_)
        if size == shape[:2]:
            return matrix.reshape(-1, *given)
        middle = [np.array([room // 2]) for room in self._rooms(shape)]
        out = np.empty((len(matrix), *size, prod(shape[2:])), matrix.dtype)
        for block in blocks(len(matrix), self._work_size(shape)):
            images = as_stack(matrix[block], shape)
            out[block] = self._alter(images, tuple(np.repeat(at, len(images)) for at in middle))
        return like_given(out, given)

    def _prepare(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        padding = check_integer("padding", self.padding, at_least=0)
        check_choice(
            "padding_mode", self.padding_mode, ("constant", "edge", "reflect", "symmetric")
        )
        check_fill(self.fill, matrix.dtype)
        if min(self._rooms(shape)) < 0:
            raise ValueError(
                f"size must be at most that of the padded images, {shape[0] + 2 * padding} x "
                f"{shape[1] + 2 * padding}; got {self.size}."
            )
        return {}

    def _size_out(self, shape: Shape) -> tuple[int, int]:
        return (shape[0], shape[1]) if self.size is None else check_size("size", self.size)

    def _work_size(self, shape: Shape) -> int:
        # An image with its margins, of which the window is a part.
        return prod(length + 2 * self.padding for length in shape[:2]) * prod(shape[2:])

    def _rooms(self, shape: Shape) -> tuple[int, int]:
        """Return how far windows in a padded image can lie apart, down and across."""
        height, width = self._size_out(shape)
        return shape[0] + 2 * self.padding - height, shape[1] + 2 * self.padding - width

    def _draw(self, n: int, shape: Shape, rng: np.random.RandomState) -> Draws:
        down, across = self._rooms(shape)
        return rng.randint(0, down + 1, n), rng.randint(0, across + 1, n)

    def _alter(self, images: NDArray[Any], draws: Draws) -> NDArray[Any]:
        tops, lefts = draws
        n, _, _, n_channels = images.shape
        height, width = self._size_out(images.shape[1:])
        padded = self._padded(images)
        # Lines of pixels and channels in one, so that a window's lines are copied whole.
        lines = padded.reshape(*padded.shape[:2], -1)
        windows = sliding_window_view(lines, (height, width * n_channels), axis=(1, 2))
        cut: NDArray[Any] = windows[np.arange(n), tops, lefts * n_channels]
        return cut.reshape(n, height, width, n_channels)

    def _padded(self, images: NDArray[Any]) -> NDArray[Any]:
        p = self.padding
        widths = ((0, 0), (p, p), (p, p), (0, 0))
        # Any: NumPy's types want the mode, and what goes with it, spelled out.
        options: Any = {"mode": self.padding_mode}
        if self.padding_mode == "constant":
            options["constant_values"] = self.fill
        padded: NDArray[Any] = np.pad(images, widths, **options)
        return padded
