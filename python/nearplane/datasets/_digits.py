"""scikit-learn's handwritten digits, as images."""

from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.utils import Bunch

from nearplane._validation import check_flag


def load_digits(*, return_X_y: bool = False) -> Any:
    """Load the 1,797 handwritten digits that come with scikit-learn, as uint8 images.

    Parameters
    ----------
    return_X_y : bool, default=False
        If `True`, return ``(data, target)`` instead of a `Bunch`.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        images : ndarray of shape (1797, 8, 8), dtype uint8
            The pixels, 0 (paper) to 16 (ink).
        data : ndarray of shape (1797, 64), dtype uint8
            The same memory, one image a row.
        target : ndarray of shape (1797,), dtype int64
            The digit of each image.
        target_names : list of str
            ``"0"`` to ``"9"``.
        image_shape : tuple of int
            ``(8, 8)``.
        DESCR : str
            scikit-learn's description of the data set.
    (data, target) : tuple
        If `return_X_y` is `True`.

    Raises
    ------
    TypeError
        If `return_X_y` is neither `True` nor `False`.

    Examples
    --------
    >>> from nearplane.datasets import load_digits
    >>> digits = load_digits()
    >>> digits.images.shape, digits.images.dtype
    ((1797, 8, 8), dtype('uint8'))
    """
    wants_pair = check_flag("return_X_y", return_X_y)
    bundled = datasets.load_digits()
    # The bundled floats are whole numbers from 0 to 16.
    images = bundled.images.astype(np.uint8)
    data = images.reshape(len(images), -1)
    target = bundled.target.astype(np.int64)
    if wants_pair:
        return data, target
    return Bunch(
        data=data,
        images=images,
        target=target,
        target_names=[str(name) for name in bundled.target_names],
        image_shape=images.shape[1:],
        DESCR=bundled.DESCR,
    )
