"""The vote: one count of what the neighbours say, and one rule for who wins it."""

import numpy as np
from numpy.typing import NDArray

_EPSILON = float(np.finfo(np.float64).eps)


def count_votes(
    labels: NDArray[np.intp], weights: NDArray[np.float64], n_classes: int
) -> NDArray[np.float64]:
    """Return what each class has got from each query's neighbours.

    Equal votes are equal to the last bit here: a vote that falls short of the query's largest by no
    more than rounding can explain is set to the largest. A weight carries a relative error of two
    roundings (square root and division) and a sum of k of them gains k - 1 more, so two sums of the
    same exact value differ by less than 2 (k + 1) roundings of eps / 2 each: (k + 1) eps is the
    bound, doubled for good measure. Whole weights, up to 2**50 in sum, are never affected.

    Parameters
    ----------
    labels : ndarray of shape (n_queries, n_neighbors), integers from 0 to n_classes - 1
        The class of each neighbour.
    weights : ndarray of shape (n_queries, n_neighbors)
        Its say, not negative.
    n_classes : int
        Number of classes.

    Returns
    -------
    ndarray of shape (n_queries, n_classes), float64
    """
    n_queries, k = labels.shape
    cells = labels + n_classes * np.arange(n_queries)[:, None]
    votes = np.bincount(cells.ravel(), weights.ravel(), minlength=n_queries * n_classes)
    votes = votes.reshape(n_queries, n_classes)
    top = votes.max(axis=1, keepdims=True)
    tied = votes >= top * (1 - 2 * (k + 1) * _EPSILON)
    return np.where(tied, top, votes)


def elect(
    votes: NDArray[np.float64],
    labels: NDArray[np.intp],
    weights: NDArray[np.float64],
    *,
    nearest: bool,
) -> NDArray[np.intp]:
    """Return the class with the most votes.

    Parameters
    ----------
    votes : ndarray of shape (n_queries, n_classes)
        From `count_votes`.
    labels, weights : ndarray of shape (n_queries, n_neighbors)
        What was counted, from the nearest neighbour to the farthest.
    nearest : bool
        Among classes with equal votes, whether the one of the nearest neighbour that has a say
        wins, or else the first.

    Returns
    -------
    ndarray of shape (n_queries,), int
    """
    winners: NDArray[np.intp]
    if not nearest:
        winners = votes.argmax(axis=1)
        return winners
    votes_of_own_class = np.take_along_axis(votes, labels, axis=1)
    in_the_lead = (votes_of_own_class == votes.max(axis=1, keepdims=True)) & (weights > 0)
    first = in_the_lead.argmax(axis=1, keepdims=True)
    winners = np.take_along_axis(labels, first, axis=1)[:, 0]
    return winners
