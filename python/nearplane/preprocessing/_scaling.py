"""Subtracting means, and dividing by standard deviations."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin

from nearplane._blocks import blocks
from nearplane._decorators import available_if
from nearplane._images import ImageTransformer, Shape, real_dtype
from nearplane._validation import check_choice
from nearplane.preprocessing._moments import checked, feature_means, feature_variances

# A spread of no more than so many roundings of the mean is none, as for `LinearClassifier`.
_ROUNDINGS = 8


def _keeps_what_it_subtracts(estimator: Any) -> bool:
    if estimator.per != "image":
        return True
    raise AttributeError(
        "per='image' has no inverse: the mean and the spread of each image are not kept."
    )


class _Scaling(OneToOneFeatureMixin, ImageTransformer):  # type: ignore[misc]
    """Subtract `mean_`, and divide by `scale_` if that is not None."""

    per: str
    mean_: NDArray[np.float64] | None
    scale_: NDArray[np.float64] | None

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Subtract, and divide.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images of the fitted shape, or flat rows.

        Returns
        -------
        ndarray of the shape of X
            float32 for uint8 and float32, float64 for others.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite, or of another size than what was fitted.
        """
        matrix, given = self._read_queries(X)
        mean, scale = self._of_each_feature(self.mean_), self._of_each_feature(self.scale_)
        out = np.empty(matrix.shape, real_dtype(matrix))
        for block in blocks(*matrix.shape):
            # In float64 until the end, so that a result is rounded once.
            Z = matrix[block].astype(np.float64)
            if mean is None:
                standardize_each(Z, matrix.dtype)
            else:
                Z -= mean
            if scale is not None:
                Z /= scale
            out[block] = Z
        return out.reshape(-1, *given)

    @available_if(_keeps_what_it_subtracts)
    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Undo `transform`, but for roundings.

        Parameters
        ----------
        X : array-like
            What `transform` returned, or the like of it.

        Returns
        -------
        ndarray of the shape of X
            float32 for uint8 and float32, float64 for others.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `transform`.
        """
        matrix, given = self._read_queries(X)
        mean, scale = self._of_each_feature(self.mean_), self._of_each_feature(self.scale_)
        out = np.empty(matrix.shape, real_dtype(matrix))
        for block in blocks(*matrix.shape):
            Z = matrix[block].astype(np.float64)
            if scale is not None:
                Z *= scale
            if mean is not None:
                Z += mean
            out[block] = Z
        return out.reshape(-1, *given)

    def _of_each_feature(self, numbers: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        """Return what belongs to features or channels as a flat row."""
        return None if numbers is None else np.broadcast_to(numbers, self.image_shape_).ravel()


class MeanImage(_Scaling):
    """Subtract the mean of the training images.

    Parameters
    ----------
    per : {"feature", "channel"}, default="feature"
        Whether each feature has its own mean, which together are the mean image, or each colour
        channel has one mean over all pixels.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flat rows. None: flat rows have one channel.

    Attributes
    ----------
    mean_ : ndarray, float64
        The mean image, of the shape `image_shape_`; for "channel" of shape (n_channels,).
    image_shape_ : tuple of int
        Shape of an image.
    n_features_in_ : int
        Features of an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    Standardize : Divides by the standard deviation besides.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.preprocessing import MeanImage
    >>> images = np.array([[[10, 20]], [[30, 60]]], dtype=np.uint8)  # two of one line
    >>> MeanImage().fit_transform(images)
    array([[[-10., -20.]],
    <BLANKLINE>
           [[ 10.,  20.]]], dtype=float32)
    """

    def __init__(self, *, per: str = "feature", image_shape: tuple[int, ...] | None = None) -> None:
        self.per = per
        self.image_shape = image_shape

    def _learn(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        check_choice("per", self.per, ("feature", "channel"))
        means = feature_means(matrix)
        if self.per == "channel":
            return {"mean_": channel_means(means, shape), "scale_": None}
        return {"mean_": means.reshape(shape), "scale_": None}


class Standardize(_Scaling):
    """Subtract means and divide by standard deviations.

    Features, channels or images that are constant become 0, as do those whose spread is lost in
    the rounding of their mean.

    Parameters
    ----------
    per : {"feature", "channel", "image"}, default="feature"
        What has a mean and a standard deviation of its own: each feature, over the training
        images; each colour channel, over all their pixels; or each image by itself, which evens
        out brightness and contrast and learns nothing.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flat rows. None: flat rows have one channel.

    Attributes
    ----------
    mean_ : ndarray, float64
        Of the shape `image_shape_`; for "channel" of shape (n_channels,), for "image" None.
    scale_ : ndarray, float64
        Standard deviations over the training images, 1 where there is none; of the same shape.
    image_shape_ : tuple of int
        Shape of an image.
    n_features_in_ : int
        Features of an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    MeanImage : Subtracts only.
    ZCAWhitening : Takes the correlations out too.
    nearplane.LinearClassifier : Standardises features by itself, without a copy.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.preprocessing import Standardize
    >>> images = np.array([[[10, 20]], [[30, 60]]], dtype=np.uint8)  # two of one line
    >>> Standardize().fit_transform(images)
    array([[[-1., -1.]],
    <BLANKLINE>
           [[ 1.,  1.]]], dtype=float32)
    """

    def __init__(self, *, per: str = "feature", image_shape: tuple[int, ...] | None = None) -> None:
        self.per = per
        self.image_shape = image_shape

    def _learn(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        check_choice("per", self.per, ("feature", "channel", "image"))
        if self.per == "image":
            return {"mean_": None, "scale_": None}
        mean = feature_means(matrix)
        variance = feature_variances(matrix, mean)
        if self.per == "channel":
            # Squared distances from the channel's mean: from the feature's own, and that one's.
            of_pixels, mean = mean, channel_means(mean, shape)
            variance += np.square(of_pixels - np.resize(mean, of_pixels.shape))
            variance = _by_channel(variance, shape).mean(axis=0)
            return {"mean_": mean, "scale_": spreads(mean, variance, matrix.dtype)}
        scale = spreads(mean, variance, matrix.dtype)
        return {"mean_": mean.reshape(shape), "scale_": scale.reshape(shape)}


def channel_means(means: NDArray[np.float64], shape: Shape) -> NDArray[np.float64]:
    """Return the mean of each channel from those of features, exact if all are the same."""
    of_pixels = _by_channel(means, shape)
    mean: NDArray[np.float64] = of_pixels[0] + (of_pixels - of_pixels[0]).mean(axis=0)
    return mean


def _by_channel(numbers: NDArray[np.float64], shape: Shape) -> NDArray[np.float64]:
    """Return numbers of features as (n_pixels, n_channels)."""
    return numbers.reshape(-1, shape[2] if len(shape) == 3 else 1)


def spreads(
    mean: NDArray[np.float64], variance: NDArray[np.float64], dtype: np.dtype[Any]
) -> NDArray[np.float64]:
    """Return standard deviations, with 1 for those that rounding may have made of nothing."""
    spread = np.sqrt(variance)
    rounding = np.finfo(dtype if dtype.kind == "f" else np.float32).eps
    return np.where(spread > _ROUNDINGS * rounding * np.abs(mean), spread, 1.0)


def standardize_each(Z: NDArray[np.float64], dtype: np.dtype[Any]) -> None:
    """Standardise each row by its own mean and standard deviation, in place.

    Parameters
    ----------
    Z : ndarray of shape (n, n_features), float64
    dtype : dtype
        The type the rows were given in.

    Raises
    ------
    ValueError
        If values are too large for their squares.
    """
    # From the first number on, so that a constant row is exactly 0 throughout.
    first = Z[:, :1].copy()
    with np.errstate(over="ignore", invalid="ignore"):
        Z -= first
        offset = Z.mean(axis=1, keepdims=True)
        Z -= offset
        variance = checked(np.einsum("ij,ij->i", Z, Z)[:, np.newaxis] / Z.shape[1])
    Z /= spreads(first + offset, variance, dtype)
