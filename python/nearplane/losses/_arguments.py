"""What the losses accept, checked and brought into the form the core reads."""

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane._targets import read_sample_weight
from nearplane._validation import as_matrix, check_choice, check_real, read_array

Loss = Literal[
    "softmax",
    "hinge",
    "squared_hinge",
    "crammer_singer",
    "ovr_hinge",
    "ovr_logistic",
    "squared_error",
]
LOSSES: tuple[Loss, ...] = get_args(Loss)


class LossOptions(NamedTuple):
    """The options of a loss as the core takes them."""

    loss: Loss
    margin: float
    class_mean: bool


def read_options(loss: Any, margin: object, class_reduction: object) -> LossOptions:
    """Check a loss's name and its options."""
    check_choice("loss", loss, LOSSES)
    check_choice("class_reduction", class_reduction, ("sum", "mean"))
    return LossOptions(loss, check_real("margin", margin, at_least=0), class_reduction == "mean")


def read_weights(W: ArrayLike, X: NDArray[Any]) -> NDArray[Any]:
    """Return `W`, one row a feature of `X` and one column a class, in the type to compute in.

    That is float32 if `W` is float32 and `X` needs no wider type, else float64.
    """
    array = read_array(W, "W")
    n_features = X.shape[1]
    if array.ndim != 2 or array.shape[0] != n_features:
        hint = " Is it transposed?" if array.shape[1:] == (n_features,) else ""
        raise ValueError(
            f"W must have shape (n_features, n_classes), and X has {n_features} features; got W of "
            f"shape {array.shape}.{hint}"
        )
    single = array.dtype == np.float32 and X.dtype != np.float64
    matrix = as_matrix(array, "W", n_threads=1)
    return matrix.astype(np.float32 if single else np.float64, copy=False)


def read_scores(scores: ArrayLike, n_threads: int) -> NDArray[Any]:
    """Return `scores`, one row a sample and one column a class, contiguous; float32 stays so."""
    array = read_array(scores, "scores")
    if array.ndim != 2:
        raise ValueError(f"scores must have shape (n_samples, n_classes); got shape {array.shape}.")
    matrix = as_matrix(array, "scores", n_threads=n_threads, min_rows=1)
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    return np.ascontiguousarray(matrix, dtype=dtype)


def read_labels(y: ArrayLike, n_samples: int, n_classes: int) -> NDArray[np.int64]:
    """Return one class, 0 to n_classes - 1, for every sample."""
    array = _read_vector(y, "y", n_samples, "sample")
    if array.dtype.kind not in "iu":
        raise TypeError(
            f"y must hold integers, the number of each sample's class from 0 on; got dtype "
            f"{array.dtype}. np.unique(y, return_inverse=True) numbers any labels."
        )
    labels = array.astype(np.int64)  # a copy: what is checked here no other thread can change
    wrong = (labels < 0) | (labels >= n_classes)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"y must hold classes 0 to {n_classes - 1}, of which there are n_classes = "
            f"{n_classes}; got {array[row]} at position {row}."
        )
    return labels


def read_bias(b: ArrayLike | None, n_classes: int) -> NDArray[np.float64]:
    """Return one number for every class, 0 if there is no bias."""
    if b is None:
        return np.zeros(n_classes)
    array = _read_vector(b, "b", n_classes, "class")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"b must hold real numbers; got dtype {array.dtype}.")
    finite = np.isfinite(array)
    if not finite.all():
        place = int(finite.argmin())
        raise ValueError(f"b must be finite; got {array[place]} at position {place}.")
    return array.astype(np.float64)


def share_weights(
    sample_weight: ArrayLike | None, n_samples: int, reduction: str
) -> NDArray[np.float64]:
    """Return what each sample's loss is multiplied by so that the sum is what is asked for.

    For "mean" that is sample_weight / sum(sample_weight), else `sample_weight` itself; None is 1
    for every sample.
    """
    weights = read_sample_weight(sample_weight, n_samples)
    if weights is None:
        weights = np.ones(n_samples)
    if reduction == "mean":
        weights /= weights.max()  # so that the sum of huge weights stays finite
        weights /= weights.sum()
    return weights


def _read_vector(values: ArrayLike, name: str, length: int, counted: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a vector of numbers: {error}") from error
    if array.shape != (length,):
        raise ValueError(
            f"{name} must have shape ({length},), one value for each {counted}; got shape "
            f"{array.shape}."
        )
    return array
