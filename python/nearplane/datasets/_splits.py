"""The official subsets of a data set, and how rows are drawn for a split or a subset."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Subset = Literal["train", "test", "all"]


def check_subset(subset: object) -> None:
    """Refuse what is no `Subset`."""
    if not (isinstance(subset, str) and subset in get_args(Subset)):
        raise ValueError(f"subset must be 'train', 'test' or 'all', got {subset!r}")


def stratified_order(labels: NDArray[np.int64], rng: np.random.RandomState) -> NDArray[np.intp]:
    """Return a random order of the rows of which every beginning is stratified.

    Within its class a random row has a rank; ranks are spread evenly over (0, 1), each class from
    a random start, and rows are ordered by them. So a beginning of any length holds each class in
    its proportion, to within one row - which no drawing of one fixed size gives.

    Parameters
    ----------
    labels : ndarray of shape (n,), int
        Not negative.
    rng : RandomState
        Decides the order.

    Returns
    -------
    ndarray of shape (n,), int
        Every row once.
    """
    shuffled = rng.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels)
    ranks = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = np.repeat(rng.random_sample(len(counts)), counts)
    return by_class[np.argsort((ranks + starts) / np.repeat(counts, counts), kind="stable")]
