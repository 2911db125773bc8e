"""A plane through the neighbours, evaluated at the query."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._blas import whole_products

_EPSILON = float(np.finfo(np.float64).eps)


@whole_products()
def local_linear(
    queries: NDArray[Any],
    neighbours: NDArray[Any],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Fit a plane to each query's neighbours by weighted least squares; return its height there.

    Of all planes that fit equally well - there are many if the neighbours do not span the space, as
    when they are no more than the features - it is the least steep one.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_features)
        Where to evaluate.
    neighbours : ndarray of shape (n_queries, n_neighbors, n_features)
        The rows each plane is fitted to.
    targets : ndarray of shape (n_queries, n_neighbors, n_outputs)
        Their heights.
    weights : ndarray of shape (n_queries, n_neighbors)
        Not negative, not all 0 for any query.

    Returns
    -------
    ndarray of shape (n_queries, n_outputs), float64

    Notes
    -----
    Cleveland's local regression of degree one [1]_. The plane passes through the weighted means m
    of the neighbours and b of the targets and has the slope A^+ B, where the rows of A and B are
    the deviations from them, times the root of the weights: its height at q is b + (q - m)' A^+ B.
    One orthogonal triangularisation [A' | q - m] = Q [R | c] moves both into as many dimensions as
    there are neighbours, and R' = U S V' gives b + c' V S^-1 U' B. Unlike A'A and A A', whose
    condition is the square of A's, this loses no digits.

    .. [1] W. S. Cleveland, "Robust Locally Weighted Regression and Smoothing Scatterplots", Journal
       of the American Statistical Association 74 (1979), 829-836.
    """
    # Halving is exact and lets the difference of any two finite numbers be finite. Measured from
    # the query and in units of the farthest neighbour, neither offset nor scale costs digits.
    offsets = 0.5 * neighbours.astype(np.float64) - 0.5 * queries.astype(np.float64)[:, None, :]
    reach = np.abs(offsets).max(axis=(1, 2), keepdims=True)
    offsets /= np.where(reach > 0, reach, 1)

    shares = (weights / weights.sum(axis=1, keepdims=True))[:, :, None]
    roots = np.sqrt(shares)
    mean_offset = (shares * offsets).sum(axis=1, keepdims=True)
    mean_target = (shares * targets).sum(axis=1)
    rows = np.concatenate([roots * (offsets - mean_offset), -mean_offset], axis=1)
    triangle = np.asarray(np.linalg.qr(rows.transpose(0, 2, 1), mode="r"))
    u, s, vt = np.linalg.svd(triangle[:, :, :-1].transpose(0, 2, 1), full_matrices=False)

    # What is left of a direction in which the neighbours do not differ is the rounding of their
    # coordinates, whose size that of the uncentred rows bounds.
    extent = np.sqrt((shares * offsets**2).sum(axis=(1, 2)))[:, None]
    noise = max(offsets.shape[1:]) * _EPSILON * extent
    inverse = np.where(s > noise, 1 / np.where(s > noise, s, 1), 0)

    along = (vt @ triangle[:, :, -1:])[:, :, 0] * inverse
    heights = u.transpose(0, 2, 1) @ (roots * (targets - mean_target[:, None, :]))
    predicted: NDArray[np.float64] = mean_target + (along[:, :, None] * heights).sum(axis=1)
    return predicted
