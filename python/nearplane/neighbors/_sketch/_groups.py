"""Nested groups of features that vary together."""

import numpy as np
from numpy.typing import NDArray

_POWER_ITERATIONS = 4


def nested_groups(
    loadings: NDArray[np.float32], n_groups: int
) -> tuple[NDArray[np.int64], dict[int, NDArray[np.int64]]]:
    """Halve the features again and again, each time across the direction of their largest spread.

    Halves, unlike clusters, have the same size, so no byte stands for many features while another
    stands for one; and they nest, so one order of the features serves every number of groups.

    Parameters
    ----------
    loadings : ndarray of shape (n_features, n_directions), float32
        Where the features lie: those that vary together lie together.
    n_groups : int
        The largest number of groups, a power of two, at most the number of features.

    Returns
    -------
    feature_order : ndarray of shape (n_features,), int64
        A permutation.
    starts : dict of int to ndarray of shape (number of groups + 1,), int64
        For 1, 2, 4, ... `n_groups` groups: group g holds feature_order[starts[g]:starts[g + 1]].
    """
    n_features = len(loadings)
    order = np.arange(n_features)
    starts = {1: np.array([0, n_features])}
    while (n := max(starts)) < n_groups:
        sizes = np.diff(starts[n])
        group = np.repeat(np.arange(n), sizes)
        place = _places(loadings[order], starts[n], group)
        order = order[np.lexsort((place, group))]
        middles = starts[n][:-1] + sizes // 2
        starts[2 * n] = np.append(np.column_stack([starts[n][:-1], middles]), n_features)
    return order, starts


def _places(
    points: NDArray[np.float32], starts: NDArray[np.int64], group: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return where each point lies along the principal direction of its group."""

    def sums(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(np.add.reduceat(values, starts[:-1], axis=0))

    sizes = np.diff(starts)[:, None].astype(np.float32)
    points = points - (sums(points) / sizes)[group]
    # The axis along which a group is widest cannot be at right angles to its principal direction
    # unless others are as wide.
    direction = np.zeros((len(sizes), points.shape[1]), np.float32)
    direction[np.arange(len(sizes)), sums(points * points).argmax(axis=1)] = 1
    for _ in range(_POWER_ITERATIONS):
        place = np.einsum("ij,ij->i", points, direction[group])
        direction = sums(points * place[:, None])
        length = np.linalg.norm(direction, axis=1, keepdims=True)
        direction /= np.where(length > 0, length, np.float32(1))
    return np.asarray(np.einsum("ij,ij->i", points, direction[group]))
