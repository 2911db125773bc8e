"""Which rows a sweep learns from, and which it judges its settings by."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state

from nearplane._validation import check_integer
from nearplane.linear_model._data import ClassWeight, LabelledData, split_validation
from nearplane.linear_model._problem import Samples


@dataclass(frozen=True)
class Split:
    """One way to part the data."""

    data: LabelledData
    """Without class weights."""
    rows: NDArray[np.int64]
    """Those to learn from."""
    validation: Samples
    """Those to be judged by, of this data or of other; each counts the same."""

    @property
    def trains_on_all(self) -> bool:
        """Whether training reads every row, and in order."""
        return np.array_equal(self.rows, np.arange(len(self.data.y)))

    def training(self, class_weight: ClassWeight) -> Samples:
        """Return what to learn from, with weights as if there were no other rows."""
        weight = self.data.sample_weight
        part = replace(
            self.data,
            y=self.data.y[self.rows],
            sample_weight=None if weight is None else weight[self.rows],
        ).weighted_by_class(class_weight)
        if part.sample_weight is None:
            return self.data.samples(self.rows)
        weight = np.zeros(len(self.data.y))
        weight[self.rows] = part.sample_weight
        return replace(self.data, sample_weight=weight).samples(self.rows)


def draw_split(data: LabelledData, fraction: float, seed: int) -> Split:
    """Keep the same part of each class for validation; rows of weight 0 are left out.

    Raises
    ------
    ValueError
        If there are less than two rows.
    """
    kept = _with_weight(data)
    if len(kept) < 2:
        raise ValueError(
            "a part of X is kept for validation, so X must have at least 2 rows (with a weight); "
            f"got n_samples = {len(kept)}. Or give X_val and y_val."
        )
    training, validation = split_validation(data.y[kept], fraction, check_random_state(seed))
    return _part(data, kept[training], kept[validation])


def cross_validation_splits(cv: Any, data: LabelledData, groups: ArrayLike | None) -> list[Split]:
    """Return the splits that scikit-learn makes of `cv`.

    Parameters
    ----------
    cv : int, splitter or iterable
        As `sklearn.model_selection.check_cv` takes it.
    data : LabelledData
        What to part.
    groups : array-like of shape (n_samples,), or None
        For splitters that want it.

    Raises
    ------
    TypeError, ValueError
        If `cv` is something else, or has a part without rows or with rows that do not exist.
    """
    if isinstance(cv, Integral | bool):
        cv = check_integer("cv", cv, at_least=2)
    elif isinstance(cv, str) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise TypeError(
            "cv must be None, a number of folds, a splitter such as StratifiedKFold(5), or a list "
            f"of pairs of training and validation rows; got {cv!r} of type {type(cv).__name__}."
        )
    splitter = check_cv(cv, data.y, classifier=True)
    counts = np.isin(np.arange(len(data.y)), _with_weight(data))
    splits: list[Split] = []
    for training, validation in splitter.split(data.X, data.y, groups):
        parts = [_read_rows(rows, len(data.y)) for rows in (training, validation)]
        training_rows, validation_rows = (rows[counts[rows]] for rows in parts)
        if not (len(training_rows) and len(validation_rows)):
            raise ValueError(
                f"cv must leave rows with a weight to learn from and others to be judged by; split "
                f"{len(splits)} has {len(training_rows)} and {len(validation_rows)}."
            )
        splits.append(_part(data, training_rows, validation_rows))
    if not splits:
        raise ValueError(f"cv must make at least one split; {cv!r} makes none.")
    return splits


def _part(data: LabelledData, rows: NDArray[np.int64], validation: NDArray[np.int64]) -> Split:
    return Split(data, rows, Samples(data.X, data.y, validation))


def _with_weight(data: LabelledData) -> NDArray[np.int64]:
    if data.sample_weight is None:
        return np.arange(len(data.y))
    return np.flatnonzero(data.sample_weight)


def _read_rows(rows: ArrayLike, n_rows: int) -> NDArray[np.int64]:
    array = np.asarray(rows)
    if array.dtype == bool and array.shape == (n_rows,):
        return np.flatnonzero(array)
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(
            f"cv must yield pairs of vectors of row numbers; got an array of {array.dtype} of "
            f"shape {array.shape}."
        )
    wrong = array[(array < 0) | (array >= n_rows)]
    if len(wrong):
        raise ValueError(f"cv names row {wrong[0]}; X has the rows 0 to {n_rows - 1}.")
    return array.astype(np.int64)
