"""What all random changes share: they act on training images only, block by block."""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from nearplane._blocks import blocks
from nearplane._images import ImageTransformer, Shape, as_stack, check_is_image
from nearplane._validation import check_integer, check_real

# Of each of some images: what happens to it.
Draws = tuple[NDArray[Any], ...]


class RandomTransformer(ImageTransformer):
    """Alter training images at random, and leave queries alone.

    Subclasses have a `random_state` and say what is drawn for an image, and what that does.
    """

    random_state: Any

    def fit_transform(self, X: ArrayLike, y: object = None) -> NDArray[Any]:
        """Alter training images at random.

        This is what a pipeline does with the rows it is fitted to; others it gives to `transform`.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images, or flat rows of the parameter `image_shape`.
        y : ignored
            For pipelines.

        Returns
        -------
        ndarray
            As many images, or flat rows, as `X` holds; uint8 stays uint8.

        Raises
        ------
        TypeError, ValueError
            If `X` is not numeric or not finite, or a parameter not as described.
        """
        return self._augmented(X, n_copies=1)

    def augment(
        self, X: ArrayLike, y: ArrayLike | None = None, *, n_copies: int = 1
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[Any]]:
        """Make several altered versions of each training image.

        A pipeline has as many rows behind a step as before it, so this is for use without one.

        Parameters
        ----------
        X : array-like
            As in `fit_transform`.
        y : array-like of shape (n_samples, ...), default=None
            What belongs to the images: labels or weights.
        n_copies : int, default=1
            Versions of each image.

        Returns
        -------
        X : ndarray of n_copies * n_samples images, or flat rows
            A version of every image, then the next one of every image.
        y : ndarray of shape (n_copies * n_samples, ...)
            Only if `y` is given.

        Raises
        ------
        TypeError, ValueError
            As in `fit_transform`; also if `y` has another length than `X`.
        """
        n_copies = check_integer("n_copies", n_copies, at_least=1)
        if y is None:
            return self._augmented(X, n_copies)
        labels = np.asarray(y)
        n_labels = len(labels) if labels.ndim else 0
        augmented = self._augmented(X, n_copies)
        if n_labels * n_copies != len(augmented):
            raise ValueError(
                f"y must hold one entry for each of the {len(augmented) // n_copies} rows of X; "
                f"got shape {labels.shape}."
            )
        return augmented, np.concatenate([labels] * n_copies)

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return images as they are, for queries are not altered.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images of the fitted shape, or flat rows.

        Returns
        -------
        ndarray
            The values of `X`, and `X` itself if it can be.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite, or of another size than what was fitted.
        """
        matrix, given = self._read_queries(X)
        return matrix.reshape(-1, *given)

    def _learn(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        check_is_image(shape, self)
        return self._prepare(matrix, shape)

    def _augmented(self, X: ArrayLike, n_copies: int) -> NDArray[Any]:
        self.fit(X)
        matrix, given = self._read_queries(X)
        rng = check_random_state(self.random_state)
        height, width = self._size_out(self.image_shape_)
        n = len(matrix)
        size = (height, width, prod(self.image_shape_[2:]))
        out = np.empty((n_copies * n, *size), matrix.dtype)
        for copy in range(n_copies):
            # All at once, so that they do not depend on how the rows are split into blocks.
            draws = self._draw(n, self.image_shape_, rng)
            altered = out[copy * n : (copy + 1) * n]
            for block in blocks(n, self._work_size(self.image_shape_)):
                images = as_stack(matrix[block], self.image_shape_)
                altered[block] = self._alter(images, tuple(drawn[block] for drawn in draws))
        return like_given(out, given)

    def _prepare(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        """Check the parameters, and return what is learned from images of that shape."""
        raise NotImplementedError

    def _size_out(self, shape: Shape) -> tuple[int, int]:
        """Return height and width of the altered images."""
        return shape[0], shape[1]

    def _work_size(self, shape: Shape) -> int:
        """Return how many numbers are held at a time to alter one image."""
        return prod(shape)

    def _draw(self, n: int, shape: Shape, rng: np.random.RandomState) -> Draws:
        """Decide what happens to each of `n` images."""
        raise NotImplementedError

    def _alter(self, images: NDArray[Any], draws: Draws) -> NDArray[Any]:
        """Return altered images; both are of shape (n, h, w, c)."""
        raise NotImplementedError


def like_given(images: NDArray[Any], given: Shape) -> NDArray[Any]:
    """Return images of shape (n, h, w, c) in the layout of the rows they were made of."""
    if len(given) == 1:
        return images.reshape(len(images), -1)
    return images[..., 0] if len(given) == 2 else images


def check_fill(fill: object, dtype: np.dtype[Any]) -> float:
    """Return the value of pixels that show nothing, which images of that type must hold."""
    value = check_real("fill", fill)
    if dtype.kind == "f" and abs(value) > float(np.finfo(dtype).max):
        raise ValueError(f"fill must be a number that {dtype} holds; got {fill!r}.")
    if dtype == np.uint8 and not (0 <= value <= 255 and value == int(value)):
        raise ValueError(f"fill must be an integer from 0 to 255 for uint8 images; got {fill!r}.")
    return value
