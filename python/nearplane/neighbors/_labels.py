"""Class labels of any type, as the numbers the vote works with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
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
