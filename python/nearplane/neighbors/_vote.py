"""The vote: one count of what the neighbours say, and one rule for who wins it."""

from collections.abc import Sequence
from typing import Any

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
    return np.where(votes >= _least_of_the_tied(top, k), top, votes)


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


def elect_each_k(
    labels: NDArray[np.intp],
    weights: NDArray[np.float64] | None,
    ks: Sequence[int],
    n_classes: int,
    *,
    nearest: bool,
) -> NDArray[np.intp]:
    """Return the class that wins the vote of the first k neighbours, for each k.

    It is what `elect` finds in what `count_votes` counts for that k alone, to the last bit of every
    vote: the votes are counted once, in the order of the neighbours, and looked at on the way.

    Parameters
    ----------
    labels : ndarray of shape (n_queries, n_neighbors), integers from 0 to n_classes - 1
        The class of each neighbour, from the nearest to the farthest.
    weights : ndarray of shape (n_queries, n_neighbors) or None
        Its say whatever k is, not negative, and positive for the first. None: all count the same.
    ks : sequence of int
        Increasing; none larger than n_neighbors.
    n_classes : int
        Number of classes.
    nearest : bool
        As for `elect`.

    Returns
    -------
    ndarray of shape (n_k, n_queries), int
    """
    if n_classes > labels.shape[1]:  # few of which any query has seen
        places, seen = _number_by_query(labels)
        winners = elect_each_k(places, weights, ks, labels.shape[1], nearest=nearest)
        return np.take_along_axis(seen.T, winners, axis=0)
    n_queries, n_found = labels.shape
    # A row for each class, so that what is done class by class is done for many queries at once.
    cells = (labels * n_queries + np.arange(n_queries)[:, None]).T
    says = None if weights is None else np.ascontiguousarray(weights.T)
    votes = np.zeros((n_classes, n_queries), dtype=np.intp if says is None else np.float64)
    preference = _nearness(cells, says, n_classes) if nearest else _firstness(n_classes)
    winners = np.empty((len(ks), n_queries), dtype=np.intp)
    start = 0
    for k, won in zip(ks, winners, strict=True):
        _add_votes(votes, cells[start:k], None if says is None else says[start:k])
        top = votes.max(axis=0)
        tied = votes >= (top if says is None else _least_of_the_tied(top, k))
        preferred = (tied * preference).max(axis=0).astype(np.intp)
        if nearest:
            won[:] = labels[np.arange(n_queries), n_found - preferred]
        else:
            won[:] = n_classes - preferred
        start = k
    return winners


def _least_of_the_tied(top: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return what votes count as equal to the largest from; see `count_votes`."""
    return top * (1 - 2 * (k + 1) * _EPSILON)


def _add_votes(
    votes: NDArray[Any], cells: NDArray[np.intp], says: NDArray[np.float64] | None
) -> None:
    """Add the votes of some neighbours, those of each query one after the other."""
    if says is None:
        votes += np.bincount(cells.ravel(), minlength=votes.size).reshape(votes.shape)
    else:
        np.add.at(votes.reshape(-1), cells.ravel(), says.ravel())


def _firstness(n_classes: int) -> NDArray[np.unsignedinteger]:
    """Return a number for each class, the larger the earlier it comes, the last of them 1."""
    return np.arange(n_classes, 0, -1, dtype=np.min_scalar_type(n_classes))[:, None]


def _nearness(
    cells: NDArray[np.intp], says: NDArray[np.float64] | None, n_classes: int
) -> NDArray[np.unsignedinteger]:
    """Return for each class and query n_neighbors minus the place of the first that has a say.

    That one may come after the first k; but its class has no vote among them then.
    """
    n_found, n_queries = cells.shape
    nearness = np.zeros((n_classes, n_queries), dtype=np.min_scalar_type(n_found))
    left = np.broadcast_to(np.arange(n_found, 0, -1)[:, None], cells.shape)
    voting = slice(None) if says is None else says > 0
    np.maximum.at(
        nearness.reshape(-1), cells[voting].ravel(), left[voting].ravel().astype(nearness.dtype)
    )
    return nearness


def _number_by_query(
    labels: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the labels of each query as places among those it has in order, and these."""
    order = np.argsort(labels, axis=1)
    in_order = np.take_along_axis(labels, order, axis=1)
    places_in_order = np.zeros_like(labels)
    np.cumsum(in_order[:, 1:] != in_order[:, :-1], axis=1, out=places_in_order[:, 1:])
    places, seen = np.empty_like(labels), np.zeros_like(labels)
    np.put_along_axis(places, order, places_in_order, axis=1)
    np.put_along_axis(seen, places_in_order, in_order, axis=1)
    return places, seen
