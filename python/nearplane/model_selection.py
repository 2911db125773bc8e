"""Splitting data for choosing between models and for judging the one chosen."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, check_random_state, indexable

from nearplane._validation import check_flag, check_integer, check_real

__all__ = ["train_val_test_split"]


def train_val_test_split(
    *arrays: Any,
    val_size: float = 0.1,
    test_size: float = 0.2,
    stratify: ArrayLike | None = None,
    shuffle: bool = True,
    random_state: Any = None,
) -> list[Any]:
    """Split arrays into rows for training, for validation and for testing.

    Settings are chosen by what they do on the validation rows; the test rows, used once and last,
    then tell how good the choice is. Rows are drawn by scikit-learn's ``train_test_split``, first
    those for testing, then those for validation.

    Parameters
    ----------
    *arrays : sequence of array-like
        At least one; all of the same length: arrays of any dimensions, lists, data frames or
        sparse matrices.
    val_size, test_size : float or int, default=0.1 and 0.2
        As a float, the share of all rows, between 0 and 1, rounded up to whole rows; as an int,
        the number of rows. Training takes the others, of which there must be one.
    stratify : array-like of shape (n_samples,), default=None
        Labels; each of the three parts then has them in the same proportions.
    shuffle : bool, default=True
        Whether to draw rows at random. Otherwise the first rows are for training and the last for
        testing, and of NumPy's arrays the parts are views.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same split every time.

    Returns
    -------
    list, length=3 * len(arrays)
        Training, validation and test part of the first array, then of the second, and so on.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of the type or in the range given above, the arrays differ in length,
        a label of `stratify` is too rare to be in every part, or rows are to be stratified but not
        shuffled.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.model_selection import train_val_test_split
    >>> X, y = np.arange(20).reshape(10, 2), np.array([0, 1] * 5)
    >>> X_train, X_val, X_test, y_train, y_val, y_test = train_val_test_split(
    ...     X, y, val_size=2, test_size=0.2, stratify=y, random_state=0
    ... )
    >>> y_train, y_val, y_test
    (array([0, 1, 1, 0, 0, 1]), array([1, 0]), array([0, 1]))
    """
    if not arrays:
        raise ValueError("train_val_test_split needs at least one array; got none.")
    *checked, labels = indexable(*arrays, stratify)
    n_rows = checked[0].shape[0] if hasattr(checked[0], "shape") else len(checked[0])
    sizes = _count_parts(n_rows, val_size, test_size)
    parts: Sequence[slice | NDArray[np.intp]]
    if check_flag("shuffle", shuffle):
        parts = _draw(sizes, labels, check_random_state(random_state))
    elif labels is None:
        first, second = sizes[0], sizes[0] + sizes[1]
        parts = [slice(0, first), slice(first, second), slice(second, n_rows)]
    else:
        raise ValueError("stratify must be None if shuffle is False; the order decides the parts.")
    return [_safe_indexing(array, part) for array in checked for part in parts]


def _count_parts(n_rows: int, val_size: float, test_size: float) -> tuple[int, int, int]:
    """Return how many rows are for training, validation and testing."""
    n_val, n_test = (
        _count_rows(name, size, n_rows)
        for name, size in (("val_size", val_size), ("test_size", test_size))
    )
    if n_val + n_test >= n_rows:
        raise ValueError(
            f"val_size and test_size must leave at least one row for training; got {val_size!r} "
            f"and {test_size!r}, which are {n_val} and {n_test} of {n_rows} rows."
        )
    return n_rows - n_val - n_test, n_val, n_test


def _count_rows(name: str, size: object, n_rows: int) -> int:
    if isinstance(size, float | np.floating):
        # Rounded up as scikit-learn does.
        return ceil(check_real(name, size, above=0, below=1) * n_rows)
    return check_integer(name, size, at_least=1)


def _draw(
    sizes: tuple[int, int, int], labels: Any, rng: np.random.RandomState
) -> list[NDArray[np.intp]]:
    """Return the rows of each part."""
    _, n_val, n_test = sizes
    if labels is not None:
        labels = np.asarray(labels)
        _check_classes(labels, sizes)
    rows = np.arange(sum(sizes))
    rest, test = train_test_split(rows, test_size=n_test, stratify=labels, random_state=rng)
    left = None if labels is None else labels[rest]
    train, val = train_test_split(rest, test_size=n_val, stratify=left, random_state=rng)
    return [train, val, test]


def _check_classes(labels: NDArray[Any], sizes: tuple[int, int, int]) -> None:
    if labels.ndim != 1:
        raise ValueError(f"stratify must be a list of labels; got shape {labels.shape}.")
    classes, counts = np.unique(labels, return_counts=True)
    rarest = counts.argmin()
    if counts[rarest] < 3:
        raise ValueError(
            f"stratify must have each label at least 3 times, once for each part; got "
            f"{classes.tolist()[rarest]!r} {counts[rarest]} times."
        )
    for name, size in zip(("train", "val", "test"), sizes, strict=True):
        if size < len(classes):
            raise ValueError(
                f"stratify has {len(classes)} labels, for which {size} {name} rows are too few; "
                "change val_size or test_size."
            )
