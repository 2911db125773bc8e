"""Centring and scaling of features, which the weights see and the data never undergo."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.linear_model._problem import Samples

PREPROCESS = ("none", "center", "standardize")

# Numbers converted to float64 at a time: 1 MB, which stays in the cache for the passes over them.
_BLOCK_SIZE = 2**17

# A centre is off by half of its last digit at most, which shall be little beside the spread.
_ROUNDINGS = 8


@dataclass(frozen=True)
class Preprocessing:
    """What is subtracted from each feature, and what it is then divided by.

    Weights belong to the features so changed. `fold` and `unfold` convert between them and the
    coefficients of the raw features: the scores W (x - mean) / scale + b are those of the
    coefficients W / scale and the intercept b - (W / scale) mean.
    """

    mean: NDArray[np.float64] | None
    """(n_features,); None: nothing is subtracted."""
    scale: NDArray[np.float64] | None
    """(n_features,), none of them 0; None: nothing is divided."""

    @property
    def factor(self) -> NDArray[np.float64] | None:
        """What a centred feature is multiplied by."""
        return None if self.scale is None else 1 / self.scale

    def apply(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return the features as the weights see them; for a few rows only."""
        Z = X.astype(np.float64)
        if self.mean is not None:
            Z -= self.mean
        if self.scale is not None:
            Z /= self.scale
        return Z

    def fold(self, weights: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the coefficients and intercepts that give raw features the same scores."""
        coef = weights[:, :-1].astype(np.float64)
        if self.scale is not None:
            coef /= self.scale
        intercept = weights[:, -1].astype(np.float64)
        if self.mean is not None:
            intercept -= dot(coef, self.mean)
        return coef, intercept

    def unfold(
        self, coef: NDArray[np.float64], intercept: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the weights, the bias in the last column, that `fold` makes these of."""
        bias = intercept if self.mean is None else intercept + dot(coef, self.mean)
        weights = coef if self.scale is None else coef * self.scale
        return np.ascontiguousarray(np.column_stack([weights, bias]))


def measure(samples: Samples, preprocess: str) -> Preprocessing:
    """Return the preprocessing of that name for the training rows.

    Parameters
    ----------
    samples : Samples
        Means and standard deviations are those of its rows, weighted.
    preprocess : {"none", "center", "standardize"}
        Constant features are centred and left at that, as are those whose spread is lost in the
        rounding of their mean.

    Raises
    ------
    ValueError
        If values are too large for their squares.
    """
    if preprocess == "none":
        return Preprocessing(None, None)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, variance = _moments(samples)
    check_squares(variance.max())
    if preprocess == "center":
        return Preprocessing(mean, None)
    spread = np.sqrt(variance)
    dtype = samples.X.dtype if samples.X.dtype.kind == "f" else np.float32  # of the arithmetic
    varies = spread > _ROUNDINGS * np.finfo(dtype).eps * np.abs(mean)
    return Preprocessing(mean, np.where(varies, spread, 1.0))


def dot(matrix: NDArray[np.float64], vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``matrix @ vector``, with the same bits on any number of threads.

    The libraries behind NumPy's ``@`` share the sums out among their own threads.
    """
    return np.asarray(np.einsum("ij,j->i", matrix, vector))


def check_squares(largest: float) -> None:
    """Raise unless the largest of some squares of features is finite.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not np.isfinite(largest):
        raise ValueError("X holds values too large to be squared in float64; scale them down.")


def _moments(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of each feature over the rows, block by block in float64.

    The blocks' means and sums of squares are merged by the formula of Chan, Golub and LeVeque
    (1979). Everything is measured from the first row, so that a constant feature has variance 0
    exactly.
    """
    X, _, rows, sample_weight = samples
    step = max(1, _BLOCK_SIZE // X.shape[1])
    origin = X[rows[0]].astype(np.float64)
    mean, squares, total = np.zeros_like(origin), np.zeros_like(origin), 0.0
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        weight = np.ones(len(block)) if sample_weight is None else sample_weight[block]
        differences = X[block] - origin
        weight_sum = weight.sum()
        block_mean = dot(differences.T, weight) / weight_sum
        differences -= block_mean
        shift = block_mean - mean
        part = weight_sum / (total + weight_sum)
        np.square(differences, out=differences)
        squares += dot(differences.T, weight) + shift**2 * (total * part)
        mean += shift * part
        total += weight_sum
    return origin + mean, squares / total
