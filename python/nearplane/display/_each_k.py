"""The labels that every k would predict, from one search."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.neighbors import KNeighborsClassifier
from nearplane.neighbors._vote import count_votes, elect
from nearplane.neighbors._weights import neighbour_weights


def predict_each_k(
    model: KNeighborsClassifier,
    distances: NDArray[np.float64],
    indices: NDArray[np.int64],
    ks: Sequence[int],
) -> NDArray[Any]:
    """Hold the vote of `model` among the first k neighbours, for each k.

    Neighbours have one order, so the first k of many are those a search for k would find, and one
    search serves all.

    Parameters
    ----------
    model : KNeighborsClassifier
        Fitted to one output, without sample weights. Its `n_neighbors` is not used.
    distances, indices : ndarray of shape (n_queries, n_neighbors)
        What its `kneighbors` found.
    ks : sequence of int
        None larger than n_neighbors.

    Returns
    -------
    ndarray of shape (n_k, n_queries)
        Labels, as `model.predict` returns them.

    Raises
    ------
    ValueError
        If `model` was fitted to several outputs or with sample weights, which decide how many rows
        have a say.
    """
    if model.outputs_2d_:
        raise ValueError("the classifier has several outputs; accuracy against k needs one")
    if model._sample_weight is not None:
        raise ValueError("the classifier was fitted with sample_weight, which k does not count")
    labels = model._y[indices, 0]
    winners = []
    for k in ks:
        first, weights = labels[:, :k], neighbour_weights(model.weights, distances[:, :k])
        votes = count_votes(first, weights, len(model.classes_))
        winners.append(elect(votes, first, weights, nearest=model.ties == "nearest"))
    predicted: NDArray[Any] = model.classes_[np.array(winners)]
    return predicted
