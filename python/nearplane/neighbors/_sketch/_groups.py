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
        The largest number of groups, a power of two below 2**16, at most the number of features.

    Returns
    -------
    feature_order : ndarray of shape (n_features,), int64
        A permutation.
    starts : dict of int to ndarray of shape (number of groups + 1,), int64
        For 1, 2, 4, ... `n_groups` groups: group g holds feature_order[starts[g]:starts[g + 1]].
    """
    n_features = len(loadings)
    loadings = np.ascontiguousarray(loadings)  # they are fetched feature by feature
    order = np.arange(n_features)
    starts = {1: np.array([0, n_features])}
    while (n := max(starts)) < n_groups:
        sizes = np.diff(starts[n])
        place = _places(loadings[order], starts[n])
        # By group, and within a group by place; sorting small integers takes one pass.
        by_place = np.argsort(place)
        group = np.repeat(np.arange(n, dtype=np.uint16), sizes)[by_place]
        order = order[by_place[np.argsort(group, kind="stable")]]
        middles = starts[n][:-1] + sizes // 2
        starts[2 * n] = np.append(np.column_stack([starts[n][:-1], middles]), n_features)
    return order, starts


def _places(points: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return where each point lies along the principal direction of its group.

    The groups, whose sizes differ by one at most, lie one after the other.
    """
    sizes = np.diff(starts)
    means = np.add.reduceat(points, starts[:-1], axis=0) / sizes[:, None].astype(np.float32)
    points = points - np.repeat(means, sizes, axis=0)
    # The last point of a larger group hardly changes the direction of the others.
    members = points[starts[:-1, None] + np.arange(sizes.min())]
    spread = members.transpose(0, 2, 1) @ members
    direction = _leading(spread)
    return np.asarray(np.einsum("ij,ij->i", points, np.repeat(direction, sizes, axis=0)))


def _leading(matrices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return roughly the leading eigenvector of each of some positive semidefinite matrices."""
    # The axis with the largest element on the diagonal cannot be at right angles to it, unless
    # others lead as well.
    diagonals = np.einsum("gii->gi", matrices)
    vectors = np.zeros(diagonals.shape, np.float32)
    vectors[np.arange(len(vectors)), diagonals.argmax(axis=1)] = 1
    for _ in range(_POWER_ITERATIONS):
        vectors = (matrices @ vectors[:, :, None])[:, :, 0]
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(length > 0, length, np.float32(1))
    return vectors
