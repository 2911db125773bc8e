"""The labels that every k would predict, from one search."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from nearplane._validation import check_each_n_neighbors
from nearplane.neighbors._classification import KNeighborsClassifier
from nearplane.neighbors._supervised import blocks
from nearplane.neighbors._vote import count_votes, elect, elect_each_k
from nearplane.neighbors._weights import Weights, neighbour_weights

# Each number of a block is looked at so often that the block had better fit into cache: it is taken
# as many times smaller than blocks that are read once.
_PASSES = 8


def predict_each_k(
    estimator: KNeighborsClassifier, X: ArrayLike | None, n_neighbors: ArrayLike
) -> NDArray[Any]:
    """Predict the labels of the queries with each of several k, from one search.

    Neighbours have one order, so the first k of many are those that a search for k would find. What
    is predicted with each k is therefore exactly what `estimator.predict` would return if its
    `n_neighbors` were k; only the vote is held anew.

    Parameters
    ----------
    estimator : KNeighborsClassifier
        Fitted to one output, without sample weights. Its own `n_neighbors` is not used.
    X : array-like of shape (n_queries, n_features), or images, or None
        The queries. None: the fitted rows, each judged by the others (leave one out).
    n_neighbors : array-like of int, shape (n_k,)
        The values of k, in any order.

    Returns
    -------
    ndarray of shape (n_k, n_queries)
        One row of labels for each k, of the type of `estimator.classes_`.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        Before `estimator.fit`.
    TypeError, ValueError
        As `estimator.predict`; also if `estimator` is none of nearplane's classifiers, was fitted
        to several outputs, or with sample weights, which decide how many rows have a say.

    See Also
    --------
    nearplane.display.AccuracyCurveDisplay : Draws the accuracy of each k.

    Examples
    --------
    >>> from nearplane import KNeighborsClassifier
    >>> from nearplane.neighbors import predict_each_k
    >>> X, y = [[0], [1], [2], [3], [10], [11], [12], [13]], list("aababbbb")
    >>> model = KNeighborsClassifier().fit(X, y)
    >>> predict_each_k(model, [[2.2], [11.5]], n_neighbors=[1, 3])
    array([['b', 'b'],
           ['a', 'b']], dtype='<U1')

    The leave-one-out accuracy of both:

    >>> (predict_each_k(model, None, n_neighbors=[1, 3]) == y).mean(axis=1)
    array([0.75 , 0.875])
    """
    ks = check_each_n_neighbors(n_neighbors)
    _check_votes_by_k_alone(estimator)
    distances, indices = estimator.kneighbors(X, n_neighbors=max(ks))
    return vote_each_k(estimator, distances, indices, ks)


def vote_each_k(
    estimator: KNeighborsClassifier,
    distances: NDArray[np.float64],
    indices: NDArray[np.int64],
    ks: Sequence[int],
) -> NDArray[Any]:
    """Hold the vote among the first k of neighbours already found, for each k.

    Parameters
    ----------
    estimator : KNeighborsClassifier
        As in `predict_each_k`.
    distances, indices : ndarray of shape (n_queries, n_found)
        Fitted rows, from the nearest to the farthest.
    ks : sequence of int
        None larger than n_found.

    Returns
    -------
    ndarray of shape (n_k, n_queries)
        Labels.
    """
    winners = winners_each_k(
        estimator._y[:, 0],
        distances,
        indices,
        ks,
        n_classes=len(estimator.classes_),
        weights=estimator.weights,
        ties=estimator.ties,
    )
    predicted: NDArray[Any] = estimator.classes_[winners]
    return predicted


def winners_each_k(
    codes: NDArray[np.intp],
    distances: NDArray[np.float64],
    indices: NDArray[np.int64],
    ks: Sequence[int],
    *,
    n_classes: int,
    weights: Weights,
    ties: str,
) -> NDArray[np.intp]:
    """Return the number of the class that wins with each k.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,), integers from 0 to n_classes - 1
        The class of each row that may be a neighbour.
    distances, indices : ndarray of shape (n_queries, n_found)
        Rows, from the nearest to the farthest.
    ks : sequence of int
        In any order; none larger than n_found.
    n_classes : int
        Number of classes.
    weights : {"uniform", "distance"} or callable
        As of `nearplane.KNeighborsClassifier`.
    ties : {"smallest", "nearest"}
        As there.

    Returns
    -------
    ndarray of shape (n_k, n_queries), int
    """
    increasing, position = np.unique(np.asarray(ks), return_inverse=True)
    ks, nearest = increasing.tolist(), ties == "nearest"
    winners = np.empty((len(ks), len(indices)), dtype=np.intp)
    n_counted = n_classes if callable(weights) else min(ks[-1], n_classes)
    for block in blocks(np.arange(len(indices)), _PASSES * (ks[-1] + n_counted)):
        labels, far = codes[indices[block, : ks[-1]]], distances[block, : ks[-1]]
        if callable(weights):  # and may weigh the same neighbour differently for another k
            winners[:, block] = [
                _winner(labels[:, :k], far[:, :k], n_classes, weights, nearest) for k in ks
            ]
        else:
            # What a neighbour weighs by distance does not depend on those behind it.
            says = None if weights == "uniform" else neighbour_weights(weights, far)
            winners[:, block] = elect_each_k(labels, says, ks, n_classes, nearest=nearest)
    return winners[position]


def _winner(
    labels: NDArray[np.intp],
    distances: NDArray[np.float64],
    n_classes: int,
    weights: Weights,
    nearest: bool,
) -> NDArray[np.intp]:
    """Return the winners of the vote of these neighbours."""
    says = neighbour_weights(weights, distances)
    return elect(count_votes(labels, says, n_classes), labels, says, nearest=nearest)


def _check_votes_by_k_alone(estimator: KNeighborsClassifier) -> None:
    if not isinstance(estimator, KNeighborsClassifier):
        raise TypeError(
            "estimator must be nearplane's KNeighborsClassifier; got "
            f"{type(estimator).__module__}.{type(estimator).__qualname__}."
        )
    check_is_fitted(estimator)
    estimator._check_rules()
    if estimator.outputs_2d_:
        raise ValueError(
            f"estimator was fitted to several outputs, {len(estimator.classes_)} of them; "
            "predictions for each k need it fitted to one."
        )
    if estimator._sample_weight is not None:
        raise ValueError(
            "estimator was fitted with sample_weight, which decides how many rows have a say; "
            "predictions for each k need it fitted without."
        )
