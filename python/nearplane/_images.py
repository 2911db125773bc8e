"""Images and flat rows: what transformers are given, checked, and what shape they give back."""

from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from nearplane._validation import (
    as_matrix,
    check_counts_images,
    check_integer,
    float_dtype,
    read_array,
    resolve_n_jobs,
    with_names,
)

Shape = tuple[int, ...]


class ImageTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Check what is fitted and transformed; subclasses compute with flat rows."""

    image_shape: Shape | None
    image_shape_: Shape

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "image_shape_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn from training images what `transform` needs.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images, or flat rows, of any real numbers.
        y : ignored
            For pipelines.

        Returns
        -------
        object
            The transformer itself.

        Raises
        ------
        TypeError, ValueError
            If `X` is not numeric or not finite, or a parameter not as described.
        """
        matrix, given = read_images(X)
        shape = self._shape_of_images(given)
        attributes = self._learn(matrix, shape)
        # n_features_in_ and feature_names_in_
        validate_data(self, with_names(X, matrix), reset=True, skip_check_array=True)
        self.__dict__.update(attributes, image_shape_=shape)
        return self

    def _learn(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        """Check the parameters, and return what is learned from images of that shape."""
        raise NotImplementedError

    def _shape_of_images(self, given: Shape) -> Shape:
        """Return the shape of the images, which is not that of the rows if these are flat."""
        stated = _check_image_shape(self.image_shape)
        if stated is None:
            return given
        if len(given) == 1 and prod(stated) != given[0]:
            raise ValueError(
                f"image_shape={stated} makes {prod(stated)} features of an image; X has {given[0]}."
            )
        if len(given) > 1 and _plain(stated) != _plain(given):
            raise ValueError(
                f"image_shape must be None or the shape of the images of X, which is {given}; got "
                f"{stated}."
            )
        return stated

    def _read_queries(self, X: ArrayLike) -> tuple[NDArray[Any], Shape]:
        """Return rows like those fitted, and the shape in which each was given."""
        check_is_fitted(self)
        array = read_array(X, "X")
        check_counts_images(array, self.image_shape_, "X")
        given = array.shape[1:]
        are_images = len(given) > 1 and len(self.image_shape_) > 1
        if are_images and _plain(given) != _plain(self.image_shape_):
            turned = given[1:] + given[:1] == self.image_shape_
            raise ValueError(
                f"X holds images of shape {given}; {type(self).__name__} was fitted to images of "
                f"shape {self.image_shape_}." + (" Pass X.transpose(0, 2, 3, 1)." if turned else "")
            )
        matrix = as_matrix(array, "X", n_threads=resolve_n_jobs(None), min_rows=1)
        validate_data(self, with_names(X, matrix), reset=False, skip_check_array=True)
        return matrix, given


def read_images(X: ArrayLike) -> tuple[NDArray[Any], Shape]:
    """Return `X` as finite rows, and the shape in which each of them was given.

    Parameters
    ----------
    X : array-like of shape (n, n_features), (n, h, w) or (n, h, w, c)
        Images or flat rows.

    Returns
    -------
    matrix : ndarray of shape (n, n_features)
        uint8, float32 or float64; not a copy if `X` can be read where it lies.
    shape : tuple of int

    Raises
    ------
    TypeError, ValueError
        If `X` is not numeric, not finite, or empty.
    """
    array = read_array(X, "X")
    matrix = as_matrix(array, "X", n_threads=resolve_n_jobs(None), min_rows=1)
    return matrix, array.shape[1:]


def real_dtype(matrix: NDArray[Any]) -> np.dtype[Any]:
    """Return the type of numbers computed from `matrix`: float32 holds a difference of bytes."""
    return float_dtype(np.float32 if matrix.dtype == np.uint8 else matrix.dtype)


def as_stack(rows: NDArray[Any], shape: Shape) -> NDArray[Any]:
    """Return flat rows as images of shape (n, h, w, c), where c is 1 for grey ones."""
    return rows.reshape(len(rows), *shape[:2], prod(shape[2:]))


def check_size(name: str, size: object) -> tuple[int, int]:
    """Return a size in pixels, which is an integer or (height, width)."""
    pair = size if isinstance(size, tuple | list) else (size, size)
    if len(pair) != 2:
        raise ValueError(f"{name} must be an integer or (height, width); got {size!r}.")
    height, width = (check_integer(name, length, at_least=1) for length in pair)
    return height, width


def check_is_image(shape: Shape, estimator: object) -> None:
    """Raise unless `shape` is that of images.

    Raises
    ------
    ValueError
        If it is that of flat rows, of which nobody has said what images they are.
    """
    if len(shape) < 2:
        raise ValueError(
            f"{type(estimator).__name__} must know what images the rows of X are, each of which "
            f"has {shape[0]} features: set image_shape=(height, width) or (height, width, "
            "channels), or pass images."
        )


def _check_image_shape(image_shape: object) -> Shape | None:
    if image_shape is None:
        return None
    if not isinstance(image_shape, tuple | list) or len(image_shape) not in (2, 3):
        raise ValueError(
            "image_shape must be None, (height, width) or (height, width, channels); got "
            f"{image_shape!r}."
        )
    return tuple(check_integer("image_shape", length, at_least=1) for length in image_shape)


def _plain(shape: Shape) -> Shape:
    """Return the shape without an axis for a single channel."""
    return shape[:2] if len(shape) == 3 and shape[2] == 1 else shape
