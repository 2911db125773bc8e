"""Means and variances of features, block by block in float64."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._blocks import blocks


def feature_means(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of each column; of a constant one it is exactly the constant.

    Raises
    ------
    ValueError
        If values are too large for their sum.
    """
    # Measured from the first row, so that the sums of a constant column are all 0.
    origin = matrix[0].astype(np.float64)
    total = np.zeros_like(origin)
    with np.errstate(over="ignore", invalid="ignore"):
        for block in blocks(*matrix.shape):
            total += np.subtract(matrix[block], origin).sum(axis=0)
    return checked(origin + total / len(matrix))


def feature_variances(matrix: NDArray[Any], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean squared distance of each column from `means`.

    Raises
    ------
    ValueError
        If values are too large for their squares.
    """
    total = np.zeros_like(means)
    with np.errstate(over="ignore", invalid="ignore"):
        for block in blocks(*matrix.shape):
            differences = np.subtract(matrix[block], means)
            total += np.einsum("ij,ij->j", differences, differences)
    return checked(total / len(matrix))


def checked(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `numbers`, all of which must be finite.

    Raises
    ------
    ValueError
        If they are not.
    """
    if not np.isfinite(numbers).all():
        raise ValueError(
            "X holds values too large to be added up or squared in float64; scale them down."
        )
    return numbers
