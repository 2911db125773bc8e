"""Blends of pairs of images, and what they are labelled."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, column_or_1d

from nearplane._blocks import blocks
from nearplane._images import read_images
from nearplane._validation import check_real


class Mixed(NamedTuple):
    """Blends of two images each."""

    X: NDArray[Any]
    """(n_samples, ...): share * the image + (1 - share) * its partner."""
    y: NDArray[Any]
    """(n_samples,): labels of the images."""
    y_partner: NDArray[Any]
    """(n_samples,): labels of their partners."""
    share: NDArray[np.float64]
    """(n_samples,): between 0 and 1."""


class MixUp(BaseEstimator):  # type: ignore[misc]
    """Blend each training image with another one, and their labels likewise.

    A blend of the share s of a cat and 1 - s of a dog is to be called both, with these shares. A
    loss that is linear in the label, as the softmax's is, is then s times that of "cat" plus 1 - s
    times that of "dog". So `fit_resample` returns each blend twice, once with each label, and the
    shares as sample weights: the loss is exactly that of the mixed labels, and a classifier need
    not know of such. The squared error gains a constant, which leaves its gradient as it is.

    Parameters
    ----------
    alpha : float, default=1.0
        Shares are drawn from Beta(alpha, alpha): all alike for 1, near 0 or 1 for less.
    random_state : int, RandomState or None, default=None
        Draws partners and shares. The same integer gives the same blends in each call; a
        RandomState goes on to others.

    See Also
    --------
    RandomHorizontalFlip, RandomCrop, Cutout : Changes that leave the labels, for pipelines.

    Notes
    -----
    It is no transformer, since a pipeline knows nothing of the weights. uint8 images stay uint8:
    blends are rounded to the nearest integer, of two equally near to the even one.

    References
    ----------
    H. Zhang, M. Cisse, Y. N. Dauphin and D. Lopez-Paz, "mixup: Beyond empirical risk minimization",
    ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.preprocessing import MixUp
    >>> images = np.array([[[0, 0]], [[100, 200]]], dtype=np.uint8)  # two of one line
    >>> X, y, sample_weight = MixUp(random_state=1).fit_resample(images, ["cat", "dog"])
    >>> y.tolist()
    ['cat', 'dog', 'cat', 'dog']
    >>> bool(np.all(sample_weight[:2] + sample_weight[2:] == 1))
    True
    """

    def __init__(self, alpha: float = 1.0, *, random_state: Any = None) -> None:
        self.alpha = alpha
        self.random_state = random_state

    def fit_resample(
        self, X: ArrayLike, y: ArrayLike
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
        """Blend images, and return each blend with both labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images, or flat rows.
        y : array-like of shape (n_samples,)
            Labels.

        Returns
        -------
        X : ndarray of shape (2 * n_samples, ...)
            The blends, twice.
        y : ndarray of shape (2 * n_samples,)
            The labels of the images, then those of their partners.
        sample_weight : ndarray of shape (2 * n_samples,), float64
            The shares; those of a blend sum to 1. A share may be 0.

        Raises
        ------
        TypeError, ValueError
            If `X` is not numeric or not finite, if `y` has not one label for each row, or if
            `alpha` is not as described.
        """
        mixed = self._mixed(X, y, n_times=2)
        labels = np.concatenate([mixed.y, mixed.y_partner])
        return mixed.X, labels, np.concatenate([mixed.share, 1 - mixed.share])

    def mix(self, X: ArrayLike, y: ArrayLike) -> Mixed:
        """Blend images, and return each blend once.

        Parameters
        ----------
        X, y : array-like
            As in `fit_resample`.

        Returns
        -------
        Mixed
            A tuple of the blends, the labels of the images and of their partners, and the shares.

        Raises
        ------
        TypeError, ValueError
            As in `fit_resample`.
        """
        return self._mixed(X, y, n_times=1)

    def _mixed(self, X: ArrayLike, y: ArrayLike, n_times: int) -> Mixed:
        alpha = check_real("alpha", self.alpha, above=0)
        matrix, given = read_images(X)
        labels = column_or_1d(y).copy()  # which are given away
        n = len(matrix)
        if len(labels) != n:
            raise ValueError(
                f"y must hold one label for each of the {n} rows of X; got {len(labels)}."
            )
        rng = check_random_state(self.random_state)
        partner = rng.permutation(n)
        share = rng.beta(alpha, alpha, n)
        out = np.empty((n_times * n, matrix.shape[1]), matrix.dtype)
        for block in blocks(n, matrix.shape[1]):
            blend = _blend(matrix[block], matrix[partner[block]], share[block, np.newaxis])
            out[block] = np.rint(blend) if matrix.dtype == np.uint8 else blend
        for copy in range(1, n_times):
            out[copy * n : (copy + 1) * n] = out[:n]
        return Mixed(out.reshape(-1, *given), labels, labels[partner], share)


def _blend(A: NDArray[Any], B: NDArray[Any], share: NDArray[np.float64]) -> NDArray[np.float64]:
    blend: NDArray[np.float64] = share * A + (1 - share) * B
    return blend
