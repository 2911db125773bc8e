"""How much each neighbour counts."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Weights = str | Callable[[NDArray[np.float64]], ArrayLike]


def check_weights(weights: object) -> None:
    """Raise unless `weights` is a rule `neighbour_weights` knows."""
    if not (callable(weights) or (isinstance(weights, str) and weights in ("uniform", "distance"))):
        raise ValueError(f"weights must be 'uniform', 'distance' or a callable; got {weights!r}.")


def neighbour_weights(weights: Weights, distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weight of every neighbour, the largest of each query being 1.

    Parameters
    ----------
    weights : {"uniform", "distance"} or callable
        See `nearplane.KNeighborsClassifier`.
    distances : ndarray of shape (n_queries, n_neighbors)
        Ascending in every row.

    Returns
    -------
    ndarray of shape (n_queries, n_neighbors), float64
        Not negative.

    Raises
    ------
    ValueError
        If a callable returns another shape, a negative weight, one that is not finite, or only
        zeros for some query.
    """
    if callable(weights):
        return _called_weights(weights, distances)
    if weights == "uniform":
        return np.ones_like(distances)
    # Relative to the nearest neighbour, 1 / distance can neither overflow nor vanish altogether.
    # Neighbours as far as the nearest weigh 1 even where the ratio would be 0 / 0 or inf / inf.
    nearest = distances[:, :1]
    with np.errstate(invalid="ignore"):
        ratio = nearest / distances
    return np.where(distances == nearest, 1.0, ratio)


def _called_weights(
    weights: Callable[[NDArray[np.float64]], ArrayLike], distances: NDArray[np.float64]
) -> NDArray[np.float64]:
    result = np.asarray(weights(distances), dtype=np.float64)
    if result.shape != distances.shape:
        raise ValueError(
            "the weights callable must return one weight for each distance, in shape "
            f"{distances.shape}; it returned shape {result.shape}."
        )
    if not (np.isfinite(result) & (result >= 0)).all():
        wrong = result[~(np.isfinite(result) & (result >= 0))][0]
        raise ValueError(
            f"the weights callable must return finite weights that are not negative; it returned "
            f"{wrong}. weights='distance' takes care of distances of 0."
        )
    largest = result.max(axis=1, keepdims=True)
    if (largest == 0).any():
        query = int((largest == 0).argmax())
        raise ValueError(
            f"the weights callable gave all neighbours of a query the weight 0, at the distances "
            f"{distances[query]}."
        )
    scaled: NDArray[np.float64] = result / largest
    return scaled


def share_places(weight: NDArray[np.float64], n_places: int) -> NDArray[np.float64]:
    """Deal out `n_places` places to each query's rows, as many to a row as it has weight.

    Parameters
    ----------
    weight : ndarray of shape (n_queries, n_rows)
        The rows' weights, from the nearest to the farthest.
    n_places : int
        How many places there are; the last row to get one may get a part of its weight only.

    Returns
    -------
    ndarray of shape (n_queries, n_rows)
        The share of each row.
    """
    before = np.zeros_like(weight)
    np.cumsum(weight[:, :-1], axis=1, out=before[:, 1:])
    return np.clip(n_places - before, 0, weight)


def pack(shares: NDArray[np.float64], *others: NDArray[Any]) -> list[NDArray[Any]]:
    """Move the rows with a share to the front, in their order, and cut off what nobody needs.

    The rows left over behind them have the share 0 and repeat the last one that has a share, so
    that no rule ever sees the distance of a row that does not take part.
    """
    taking_part = shares > 0
    count = taking_part.sum(axis=1, keepdims=True)
    order = np.argsort(~taking_part, axis=1, kind="stable")[:, : count.max(initial=1)]
    last = np.take_along_axis(order, count - 1, axis=1)
    within = np.arange(order.shape[1]) < count
    order = np.where(within, order, last)
    packed = [np.take_along_axis(array, order, axis=1) for array in (shares, *others)]
    packed[0][~within] = 0
    return packed
