"""Class labels of any type, as the numbers the vote works with."""

from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets


def encode_labels(y: NDArray[Any]) -> tuple[NDArray[np.intp], list[NDArray[Any]]]:
    """Return the labels as positions in the sorted classes, and these, for every output.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Labels.

    Returns
    -------
    codes : ndarray of shape (n_samples, n_outputs), int
        ``classes[j][codes[i, j]]`` is label j of sample i.
    classes : list of ndarray
        The sorted labels of each output.
    """
    check_classification_targets(y)
    outputs = [np.unique(column, return_inverse=True) for column in y.reshape(len(y), -1).T]
    codes = np.stack([inverse for _, inverse in outputs], axis=1)
    return codes, [classes for classes, _ in outputs]


def plain_labels(y: NDArray[Any]) -> NDArray[Any]:
    """Return labels in the type that fits them: a column as a vector, boxed numbers unboxed.

    scikit-learn takes an array of objects for labels only if these are text, but numbers too arrive
    boxed when they come out of a data frame or a list of mixed origin.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if y.dtype == object and all(isinstance(label, Number | np.bool_) for label in y.ravel()):
        return np.array(y.tolist())
    return y
