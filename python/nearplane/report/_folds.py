"""The folds that every choice of the report is judged by."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold

from nearplane.report._results import Folds

Splits = list[tuple[NDArray[np.intp], NDArray[np.intp]]]
"""For each fold the rows to learn from, and those to be judged by."""

_DEFAULT_MOST_NEIGHBORS = 20


def make_folds(y: NDArray[np.int64], n_folds: int, random_state: int) -> tuple[Folds, Splits]:
    """Part the training rows into folds, each of which is once held out.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    n_folds : int
        At least 2. There are as many folds as rows if those are fewer.
    random_state : int
        Seed of the order in which rows are dealt out.

    Returns
    -------
    folds : Folds
        What there is to say of them.
    splits : list of (training rows, held-out rows)
        Each class is spread over the folds as evenly as it can be, as scikit-learn's
        ``StratifiedKFold`` does it; by ``KFold`` if no class has a row for every fold.

    Raises
    ------
    ValueError
        If there are fewer than 2 rows.
    """
    if len(y) < 2:
        raise ValueError(f"cross-validation needs at least 2 training rows, got {len(y)}")
    n_folds = min(n_folds, len(y))
    stratified = bool(np.bincount(y).max() >= n_folds)
    kind = StratifiedKFold if stratified else KFold
    splitter = kind(n_folds, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():
        # Of rare classes, which not every fold can have: the page shows how many rows each has.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        splits = list(splitter.split(np.empty((len(y), 0)), y))
    sizes = [len(held_out) for _, held_out in splits]
    folds = Folds(
        n_folds=n_folds,
        stratified=stratified,
        random_state=random_state,
        n_held_out=sizes,
        n_fit=[len(y) - size for size in sizes],
    )
    return folds, splits


def check_ks(ks: Sequence[int] | None, n_fit: int) -> list[int]:
    """Return the values of k to try, ascending and each once.

    Parameters
    ----------
    ks : sequence of int or None
        None means 1 to 20, or to `n_fit` if that is less.
    n_fit : int
        How many rows the held-out ones are searched in.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        If `ks` is empty or holds a value below 1 or above `n_fit`.
    """
    if ks is None:
        return list(range(1, min(_DEFAULT_MOST_NEIGHBORS, n_fit) + 1))
    chosen = sorted(set(ks))
    if not chosen:
        raise ValueError("no value of k to try: give at least one")
    if chosen[0] < 1:
        raise ValueError(f"k must be at least 1, got {chosen[0]}")
    if chosen[-1] > n_fit:
        raise ValueError(
            f"k = {chosen[-1]} is more than the {n_fit} training rows left for the search once "
            "a fold is held out: use a smaller k or more training rows"
        )
    return chosen
