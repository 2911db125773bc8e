"""Targets, and how much each of them counts, as estimators take them."""

from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, column_or_1d


def read_targets(
    estimator: object, y: ArrayLike | None, *, numeric: bool, name: str = "y"
) -> NDArray[Any]:
    """Return `y` as an array of one or two dimensions, refusing missing and infinite targets."""
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires {name} to be passed, but the "
            f"target {name} is None."
        )
    dtype = "numeric" if numeric else None
    targets = check_array(
        y,
        dtype=dtype,
        ensure_2d=False,
        ensure_min_samples=0,
        input_name=name,
        estimator=estimator,
    )
    if targets.ndim == 0 or len(targets) == 0:
        raise ValueError(f"{name} must hold one target for each row of X; got {y!r}.")
    return np.asarray(targets)


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


def read_sample_weight(
    sample_weight: ArrayLike | None, n_samples: int
) -> NDArray[np.float64] | None:
    """Return the weights of the fitted rows, or None if all are 1.

    Raises
    ------
    ValueError
        If there is not one finite weight for each row, if one is negative, or all are 0.
    """
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape ({n_samples},), one weight for each row; got shape "
            f"{weight.shape}."
        )
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"sample_weight must be finite and not negative; got {weight[row]} for row {row}."
        )
    if not weight.any():
        raise ValueError("sample_weight must hold at least one weight that is not zero.")
    return None if (weight == 1).all() else weight.copy()
