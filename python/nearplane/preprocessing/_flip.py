"""Mirrored images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OneToOneFeatureMixin

from nearplane._images import Shape
from nearplane._validation import check_real
from nearplane.preprocessing._altering import Draws, RandomTransformer


class RandomHorizontalFlip(OneToOneFeatureMixin, RandomTransformer):  # type: ignore[misc]
    """Mirror training images at random, left to right.

    Parameters
    ----------
    p : float, default=0.5
        The probability that an image is mirrored.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flat rows; not needed for images.
    random_state : int, RandomState or None, default=None
        Decides which. The same integer gives the same images in each call; a RandomState goes on
        to others.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of an image.
    n_features_in_ : int
        Features of an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    RandomCrop, Cutout, MixUp : Other changes.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.preprocessing import RandomHorizontalFlip
    >>> images = np.array([[[1, 2, 3]], [[4, 5, 6]]], dtype=np.uint8)  # two of one line
    >>> flip = RandomHorizontalFlip(random_state=1)
    >>> flip.fit_transform(images).tolist()  # training images
    [[[3, 2, 1]], [[4, 5, 6]]]
    >>> flip.transform(images).tolist()  # queries
    [[[1, 2, 3]], [[4, 5, 6]]]
    """

    def __init__(
        self,
        p: float = 0.5,
        *,
        image_shape: tuple[int, ...] | None = None,
        random_state: Any = None,
    ) -> None:
        self.p = p
        self.image_shape = image_shape
        self.random_state = random_state

    def _prepare(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        check_real("p", self.p, at_least=0, at_most=1)
        return {}

    def _draw(self, n: int, shape: Shape, rng: np.random.RandomState) -> Draws:
        return (rng.random_sample(n) < self.p,)

    def _alter(self, images: NDArray[Any], draws: Draws) -> NDArray[Any]:
        (mirrored,) = draws
        altered = images.copy()
        altered[mirrored] = images[mirrored, :, ::-1]
        return altered
