"""The splits of a cross-validation: what users may give as `cv`, and the rows that come of it."""

import reprlib
from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import check_cv

from nearplane._validation import check_integer

Rows = NDArray[np.int64]


def resolve_cv(cv: Any, y: NDArray[Any]) -> Any:
    """Return the splitter that `cv` stands for.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        A number of stratified folds, None for five of them; a scikit-learn splitter; or pairs of
        training and validation rows.
    y : ndarray of shape (n_samples,)
        Labels.

    Raises
    ------
    TypeError, ValueError
        If `cv` is something else.
    """
    if isinstance(cv, Integral | bool | np.bool_):
        cv = check_integer("cv", cv, at_least=2)
    elif cv is not None and (
        isinstance(cv, str) or not (hasattr(cv, "split") or isinstance(cv, Iterable))
    ):
        raise TypeError(
            "cv must be None, a number of folds, a splitter such as StratifiedKFold(5), or a list "
            f"of pairs of training and validation rows; got {cv!r} of type {type(cv).__name__}."
        )
    if isinstance(cv, Iterable) and not hasattr(cv, "split"):
        cv = [_read_pair(split) for split in cv]
    return check_cv(cv, y, classifier=True)


def read_splits(
    splits: Iterable[tuple[ArrayLike, ArrayLike]], n: int
) -> Iterator[tuple[Rows, Rows]]:
    """Yield the row numbers of each split's two parts, as a splitter of `n` rows gives them.

    Raises
    ------
    ValueError
        If a split is no pair of parts; if a part is empty, names rows that do not exist, or is no
        vector of row numbers; and if there is no split.
    """
    n_splits = 0
    for n_splits, split in enumerate(splits, start=1):
        training, test = (_read_rows(rows, n) for rows in _read_pair(split))
        if not (len(training) and len(test)):
            raise ValueError(
                f"cv must leave rows to learn from and others to be judged by; split "
                f"{n_splits - 1} has {len(training)} and {len(test)}."
            )
        yield training, test
    if not n_splits:
        raise ValueError("cv must make at least one split; it makes none.")


def _read_pair(split: Any) -> tuple[ArrayLike, ArrayLike]:
    try:
        training, test = split
    except (TypeError, ValueError):
        raise ValueError(
            "cv must yield pairs of vectors of row numbers, those to learn from and those to be "
            f"judged; got {reprlib.repr(split)}."
        ) from None
    return training, test


def _read_rows(rows: ArrayLike, n: int) -> Rows:
    array = np.asarray(rows)
    if array.dtype == bool and array.shape == (n,):
        return np.flatnonzero(array)
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(
            f"cv must yield pairs of vectors of row numbers; got an array of {array.dtype} of "
            f"shape {array.shape}."
        )
    if array.min() < 0 or array.max() >= n:
        wrong = array[(array < 0) | (array >= n)][0]
        raise ValueError(f"cv names row {wrong}; X has the rows 0 to {n - 1}.")
    return array.astype(np.int64, copy=False)
